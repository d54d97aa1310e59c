// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compaction wants a page of the balloon elsewhere: the device is given the new
 * page and asked for the old one. Compaction moves many at a time and calls for
 * each, so the numbers are collected and told together a moment later; until
 * that is acknowledged the old pages are kept from the allocator by a reference.
 */
#include "balloon.h"

/* How long to collect. */
#define MOVE_DELAY_MS 4

static bool room(const struct vpv_bal_move *m)
{
	return m->nr < VPV_BAL_MOVES;
}

static void adjust_zones(struct vpv_bal *vb, struct page *from, struct page *to)
{
	if (page_zone(from) == page_zone(to) ||
	    vpv_has_feature(vb->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM))
		return;
	adjust_managed_page_count(from, 1);
	adjust_managed_page_count(to, -1);
}

/* -ENOSPC: first what was collected has to be told. Any other error: not now. */
static int collect(struct vpv_bal *vb, struct page *to, struct page *from)
{
	struct vpv_bal_move *m = &vb->move[vb->filling];

	lockdep_assert_held(&vb->move_lock);
	if (vpv_bal_stopped(vb) || READ_ONCE(vb->retell) ||
	    page_to_pfn(to) >= U32_MAX / VPV_BAL_PER_PAGE)
		return -EAGAIN;
	if (!room(m))
		return -ENOSPC;
	vpv_bal_batch_add(&m->in, page_to_pfn(to), 1);
	vpv_bal_batch_add(&m->out, page_to_pfn(from), 1);
	get_page(from);
	m->old[m->nr++] = from;
	adjust_zones(vb, from, to);
	queue_delayed_work(vpv_bal_wq, &vb->move_work,
			   room(m) ? msecs_to_jiffies(MOVE_DELAY_MS) : 0);
	return 0;
}

static int try_move(struct vpv_bal *vb, struct page *to, struct page *from, bool may_wait)
{
	int err;

	if (may_wait)
		mutex_lock(&vb->move_lock);
	else if (!mutex_trylock(&vb->move_lock))
		return -EAGAIN;
	err = collect(vb, to, from);
	mutex_unlock(&vb->move_lock);
	return err;
}

/*
 * Of the kernel, with both pages locked. It puts the new one on the list. Who asks
 * for many pages and is told to come again has given up long before the device
 * has answered, so it waits here if it may.
 */
static int move_page(struct balloon_dev_info *info, struct page *to, struct page *from,
		     enum migrate_mode mode)
{
	struct vpv_bal *vb = container_of(info, struct vpv_bal, info);
	bool may_wait = mode != MIGRATE_ASYNC;
	int err = try_move(vb, to, from, may_wait);

	if (err == -ENOSPC && may_wait && !vpv_bal_move_flush(vb))
		err = try_move(vb, to, from, may_wait);
	return err ? -EAGAIN : vpv_balloon_moved(info, to, from);
}

static int tell(struct vpv_bal *vb, enum vpv_bal_queue_index q, struct vpv_bal_batch *b)
{
	int err;

	if (READ_ONCE(b->buf.state) == VPV_BAL_IDLE) {
		err = vpv_bal_batch_send(vb, q, b);
		if (err)
			return err;
	}
	err = vpv_bal_sent(&b->buf) ? vpv_bal_wait_buf(&vb->vq[q], &b->buf) : 0;
	if (err)
		return err;
	/* Of a reset: all is told again, and this is forgotten then. */
	return b->buf.state == VPV_BAL_ACKED ? 0 : -EAGAIN;
}

/* What was moved is the allocator's, unless the device may still write to it. */
static void let_go(struct vpv_bal *vb, struct vpv_bal_move *m)
{
	bool stuck = vpv_dev_untrusted(vb->vdev);
	unsigned int i;

	if (stuck && m->nr)
		dev_err_ratelimited(vb->vdev->dev, "%u pages stay with the device for ever\n",
				    m->nr);
	for (i = 0; i < m->nr && !stuck; i++)
		put_page(m->old[i]);
	m->nr = 0;
	vpv_bal_batch_reset(&m->in);
	vpv_bal_batch_reset(&m->out);
}

static int flush(struct vpv_bal *vb)
{
	struct vpv_bal_move *m;
	int err;

	lockdep_assert_held(&vb->flush_lock);
	if (!vb->telling) {
		mutex_lock(&vb->move_lock);
		m = &vb->move[vb->filling];
		if (m->nr) {
			vb->telling = m;
			vb->filling ^= 1;
		}
		mutex_unlock(&vb->move_lock);
	}
	m = vb->telling;
	if (!m)
		return 0;
	/* The new pages first: some of them may have moved on already (5.5.6.1). */
	err = tell(vb, VPV_BAL_INFLATE, &m->in) ?: tell(vb, VPV_BAL_DEFLATE, &m->out);
	if (err)
		return err;
	atomic64_add(m->nr, &vb->migrated);
	let_go(vb, m);
	vb->telling = NULL;
	return 0;
}

bool vpv_bal_move_pending(struct vpv_bal *vb)
{
	return READ_ONCE(vb->move[0].nr) || READ_ONCE(vb->move[1].nr);
}

/* The device knows of all pages that were moved before the call. */
int vpv_bal_move_flush(struct vpv_bal *vb)
{
	int err;

	mutex_lock(&vb->flush_lock);
	err = vb->telling ? flush(vb) : 0;
	if (!err)
		err = flush(vb);
	mutex_unlock(&vb->flush_lock);
	return err;
}

/* The device was reset: it knows of none of them, and will be told of what is held. */
void vpv_bal_move_forget(struct vpv_bal *vb)
{
	unsigned int i;

	mutex_lock(&vb->flush_lock);
	mutex_lock(&vb->move_lock);
	for (i = 0; i < ARRAY_SIZE(vb->move); i++) {
		struct vpv_bal_move *m = &vb->move[i];

		if (vpv_bal_sent(&m->in.buf) || vpv_bal_sent(&m->out.buf))
			continue;
		let_go(vb, m);
		if (vb->telling == m)
			vb->telling = NULL;
	}
	mutex_unlock(&vb->move_lock);
	mutex_unlock(&vb->flush_lock);
}

static void move_work(struct work_struct *work)
{
	struct vpv_bal *vb = container_of(to_delayed_work(work), struct vpv_bal, move_work);

	/* An error is one of a reset, which brings the next try. */
	if (!vpv_bal_stopped(vb) && !READ_ONCE(vb->retell))
		vpv_bal_move_flush(vb);
}

int vpv_bal_move_init(struct vpv_bal *vb)
{
	unsigned int i;
	int err = 0;

	mutex_init(&vb->flush_lock);
	mutex_init(&vb->move_lock);
	INIT_DELAYED_WORK(&vb->move_work, move_work);
	for (i = 0; i < ARRAY_SIZE(vb->move) && !err; i++) {
		err = vpv_bal_batch_init(vb, &vb->move[i].in, VPV_BAL_MOVES * VPV_BAL_PER_PAGE);
		if (!err)
			err = vpv_bal_batch_init(vb, &vb->move[i].out,
						 VPV_BAL_MOVES * VPV_BAL_PER_PAGE);
	}
	vb->info.migratepage = move_page;
	return err;
}

void vpv_bal_move_destroy(struct vpv_bal *vb)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vb->move); i++) {
		vpv_bal_batch_destroy(vb, &vb->move[i].in);
		vpv_bal_batch_destroy(vb, &vb->move[i].out);
	}
}
