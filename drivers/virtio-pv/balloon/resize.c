// SPDX-License-Identifier: GPL-2.0-only
/*
 * Towards the target. A batch of page frame numbers is filled while others are
 * with the device; the target is looked at between batches, and is what the last
 * configuration change said. Pages are the guest's again only when the device has
 * acknowledged that, or has been reset.
 */
#include "balloon.h"

/* Pause after a lack of memory: doubled each time. */
#define RETRY_MIN_MS 200
#define RETRY_MAX_MS 10000
/* Pages given between two looks at what is left: 16 MiB. */
#define FLOOR_STEP 4096UL

/* ---- batches ---- */

int vpv_bal_batch_init(struct vpv_bal *vb, struct vpv_bal_batch *b, unsigned int max)
{
	INIT_LIST_HEAD(&b->blocks);
	b->max = max;
	b->pfns = vpv_alloc_shared(vb->vdev, max * sizeof(*b->pfns), &b->addr);
	return b->pfns ? 0 : -ENOMEM;
}

void vpv_bal_batch_destroy(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	vpv_free_shared(vb->vdev, b->max * sizeof(*b->pfns), b->pfns, b->addr);
}

static unsigned long batch_room(const struct vpv_bal_batch *b)
{
	return (b->max - b->nr) / VPV_BAL_PER_PAGE;
}

void vpv_bal_batch_add(struct vpv_bal_batch *b, unsigned long pfn, unsigned long pages)
{
	unsigned long i;

	for (i = 0; i < pages * VPV_BAL_PER_PAGE; i++)
		b->pfns[b->nr++] = cpu_to_le32(pfn * VPV_BAL_PER_PAGE + i);
	b->pages += pages;
}

int vpv_bal_batch_send(struct vpv_bal *vb, enum vpv_bal_queue_index i, struct vpv_bal_batch *b)
{
	struct vpv_seg seg = { .addr = b->addr, .len = b->nr * sizeof(*b->pfns) };

	b->queue = i;
	return vpv_bal_send(&vb->vq[i], &b->buf, &seg, 1, 0);
}

void vpv_bal_batch_reset(struct vpv_bal_batch *b)
{
	unsigned int i;

	INIT_LIST_HEAD(&b->blocks);
	for (i = 0; i < VPV_BAL_AHEAD; i++)
		b->ahead[i].state = VPV_BAL_IDLE;
	b->nr = 0;
	b->pages = 0;
	b->buf.state = VPV_BAL_IDLE;
}

/* Up to @max pages out of the balloon and into the batch. */
unsigned long vpv_bal_batch_take(struct vpv_bal *vb, struct vpv_bal_batch *b, unsigned long max)
{
	struct page *page;
	unsigned long n;

	n = vpv_bal_pages_take(vb, &b->blocks, min(max, batch_room(b)));
	list_for_each_entry(page, &b->blocks, lru)
		vpv_bal_batch_add(b, page_to_pfn(page), vpv_bal_block_pages(page));
	return n;
}

/* What could not be sent is held as before. */
void vpv_bal_batch_put(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	vpv_bal_pages_keep(vb, &b->blocks);
	vpv_bal_batch_reset(b);
}

static struct vpv_bal_batch *free_batch(struct vpv_bal *vb)
{
	unsigned int i;

	for (i = 0; i < VPV_BAL_BATCHES; i++)
		if (READ_ONCE(vb->batch[i].buf.state) == VPV_BAL_IDLE)
			return &vb->batch[i];
	return NULL;
}

static bool in_flight(const struct vpv_bal_batch *b)
{
	return vpv_bal_sent(&b->buf) || vpv_bal_ahead_sent(b);
}

static unsigned int nr_in_flight(struct vpv_bal *vb)
{
	unsigned int i, n = 0;

	for (i = 0; i < VPV_BAL_BATCHES; i++)
		n += in_flight(&vb->batch[i]);
	return n;
}

static bool half_is_back(void *ctx)
{
	vpv_bal_ahead_reap(ctx);
	return nr_in_flight(ctx) <= VPV_BAL_BATCHES / 2;
}

static bool all_is_back(void *ctx)
{
	vpv_bal_ahead_reap(ctx);
	return !nr_in_flight(ctx);
}

/* ---- what becomes of an answered batch ---- */

static void inflated(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	vb->flying -= b->pages;
	atomic64_add(b->pages, &vb->inflated);
	/* Lost in a reset: held still, and told again with all others. */
	vpv_bal_batch_put(vb, b);
}

unsigned long vpv_bal_deflated(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	unsigned long pages = b->pages;

	/* Of a device that does not stop, nothing may be used again. */
	if (b->buf.state == VPV_BAL_STUCK) {
		dev_err_ratelimited(vb->vdev->dev, "%lu pages stay with the device for ever\n",
				    pages);
		vpv_bal_batch_reset(b);
		return 0;
	}
	vpv_bal_pages_free(&b->blocks);
	atomic64_add(pages, &vb->deflated);
	vpv_bal_batch_reset(b);
	return pages;
}

/* Takes in what the device has answered, or a reset has dropped. */
static void collect(struct vpv_bal *vb)
{
	unsigned int i;

	vpv_bal_reap(&vb->vq[VPV_BAL_INFLATE]);
	vpv_bal_reap(&vb->vq[VPV_BAL_DEFLATE]);
	vpv_bal_ahead_reap(vb);
	for (i = 0; i < VPV_BAL_BATCHES; i++) {
		struct vpv_bal_batch *b = &vb->batch[i];

		if (READ_ONCE(b->buf.state) == VPV_BAL_IDLE || in_flight(b))
			continue;
		if (b->queue == VPV_BAL_INFLATE)
			inflated(vb, b);
		else
			vpv_bal_deflated(vb, b);
	}
}

/* A device that is stopped is told again with the pages, after its start. */
void vpv_bal_write_actual(struct vpv_bal *vb)
{
	if (READ_ONCE(vb->live))
		vpv_config_change32(vb->vdev, offsetof(struct virtio_balloon_config, actual),
				    vpv_bal_held(vb) * VPV_BAL_PER_PAGE);
}

/* A batch to fill. Direction changes only when nothing is in flight. */
static struct vpv_bal_batch *next_batch(struct vpv_bal *vb, enum vpv_bal_queue_index q)
{
	collect(vb);
	if (!free_batch(vb)) {
		if (vpv_bal_wait(&vb->vq[q], half_is_back, vb))
			return NULL;
		collect(vb);
		vpv_bal_write_actual(vb);
	}
	return free_batch(vb);
}

static int finish(struct vpv_bal *vb, enum vpv_bal_queue_index q)
{
	int err = 0;

	if (nr_in_flight(vb))
		err = vpv_bal_wait(&vb->vq[q], all_is_back, vb);
	collect(vb);
	vpv_bal_write_actual(vb);
	return err;
}

/* ---- inflate ---- */

static unsigned long to_inflate(struct vpv_bal *vb)
{
	unsigned long target = READ_ONCE(vb->target), have = vpv_bal_held(vb) + vb->flying;

	return !vpv_bal_stopped(vb) && target > have ? target - have : 0;
}

static unsigned long above_floor(struct vpv_bal *vb)
{
	long available = si_mem_available();

	return available > (long)vb->floor ? available - vb->floor : 0;
}

/* False when there is no more memory to give. */
static bool fill(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	unsigned int order = VPV_BAL_MAX_ORDER;
	unsigned long want, room, budget = 0;
	struct page *page;

	while ((want = to_inflate(vb)) && (room = batch_room(b))) {
		if (!budget)
			budget = min(above_floor(vb), FLOOR_STEP);
		want = min3(want, room, budget);
		if (!want)
			return false;
		page = vpv_bal_block_alloc(want, &order);
		if (!page)
			return false;
		vpv_bal_batch_add(b, page_to_pfn(page), 1UL << order);
		vpv_bal_block_list(page, order, &b->blocks);
		vb->flying += 1UL << order;
		budget -= 1UL << order;
		cond_resched();
	}
	return true;
}

static void unfill(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	/* Held, and told after the reset that is due: as if lost in it. */
	if (!vpv_bal_ahead_wait(vb, b)) {
		b->buf.state = VPV_BAL_LOST;
		return;
	}
	vb->flying -= b->pages;
	vpv_bal_pages_free(&b->blocks);
	vpv_bal_batch_reset(b);
}

static int inflate(struct vpv_bal *vb)
{
	struct vpv_bal_batch *b;
	bool more = true;
	int err = 0;

	while (more && !err && to_inflate(vb)) {
		b = next_batch(vb, VPV_BAL_INFLATE);
		if (!b)
			return -ETIMEDOUT;
		more = fill(vb, b);
		if (!b->nr)
			break;
		vpv_bal_ahead(vb, b);
		err = vpv_bal_batch_send(vb, VPV_BAL_INFLATE, b);
		if (err)
			unfill(vb, b);
	}
	if (finish(vb, VPV_BAL_INFLATE))
		return -ETIMEDOUT;
	return err ?: more ? 0 : -ENOMEM;
}

/* ---- deflate ---- */

static unsigned long to_deflate(struct vpv_bal *vb)
{
	unsigned long target = READ_ONCE(vb->target), have = vpv_bal_held(vb);

	if (READ_ONCE(vb->leaving) && time_after(jiffies, vb->leave_by))
		return 0;
	/* After a reset the device has nothing to give back: retell() comes first. */
	if (READ_ONCE(vb->retell))
		return 0;
	return READ_ONCE(vb->live) && have > target ? have - target : 0;
}

static int send_deflate(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	int err;

	/* A page that was moved is asked back only when it was given (5.5.6.1). */
	err = vpv_bal_move_flush(vb);
	if (!err)
		err = vpv_bal_batch_send(vb, VPV_BAL_DEFLATE, b);
	if (err)
		vpv_bal_batch_put(vb, b);
	return err;
}

static int deflate(struct vpv_bal *vb)
{
	struct vpv_bal_batch *b;
	unsigned long want;
	int err = 0;

	while (!err && (want = to_deflate(vb))) {
		b = next_batch(vb, VPV_BAL_DEFLATE);
		if (!b)
			return -ETIMEDOUT;
		if (!vpv_bal_batch_take(vb, b, want))
			break;
		err = send_deflate(vb, b);
	}
	return finish(vb, VPV_BAL_DEFLATE) ?: err;
}

/* ---- after a reset ---- */

/* Fills the batch from the list as far as it goes. */
static void fill_from(struct vpv_bal *vb, struct vpv_bal_batch *b, struct list_head *all)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, all, lru) {
		if (vpv_bal_block_pages(page) > batch_room(b))
			break;
		vpv_bal_batch_add(b, page_to_pfn(page), vpv_bal_block_pages(page));
		list_move_tail(&page->lru, &b->blocks);
	}
	vb->flying += b->pages;
}

/* A device that was reset holds nothing: all that we hold is told to it again. */
static int retell(struct vpv_bal *vb)
{
	struct vpv_bal_batch *b;
	LIST_HEAD(all);
	int err = 0;

	vpv_bal_move_forget(vb);
	if (!vpv_bal_pages_take_all(vb, &all))
		err = -EAGAIN;
	while (!list_empty(&all) && !err) {
		b = next_batch(vb, VPV_BAL_INFLATE);
		if (!b) {
			err = -ETIMEDOUT;
			break;
		}
		fill_from(vb, b, &all);
		err = vpv_bal_batch_send(vb, VPV_BAL_INFLATE, b);
		if (err) {
			vb->flying -= b->pages;
			vpv_bal_batch_put(vb, b);
		}
	}
	/* Another reset came in between: held all the same, and told once more. */
	vpv_bal_pages_keep(vb, &all);
	return finish(vb, VPV_BAL_INFLATE) ?: err;
}

/* ---- the work ---- */

static void try_later(struct vpv_bal *vb, int err)
{
	if (vpv_bal_stopped(vb))
		return;
	if (err == -ENOMEM && !vb->told) {
		dev_notice(vb->vdev->dev,
			   "%lu MiB of %lu MiB in the balloon: no more memory above the floor of %lu MiB\n",
			   vpv_bal_held(vb) >> (20 - PAGE_SHIFT),
			   READ_ONCE(vb->target) >> (20 - PAGE_SHIFT),
			   vb->floor >> (20 - PAGE_SHIFT));
		vb->told = true;
	}
	vb->retry_ms = clamp(vb->retry_ms * 2, RETRY_MIN_MS, RETRY_MAX_MS);
	queue_delayed_work(vpv_bal_wq, &vb->resize, msecs_to_jiffies(vb->retry_ms));
}

static int step(struct vpv_bal *vb)
{
	int err;

	/* Something of the last step may be with the device still. */
	collect(vb);
	if (nr_in_flight(vb))
		return -EAGAIN;
	if (READ_ONCE(vb->retell)) {
		err = retell(vb);
		if (err)
			return err;
		WRITE_ONCE(vb->retell, false);
	}
	return vpv_bal_held(vb) > READ_ONCE(vb->target) ? deflate(vb) : inflate(vb);
}

void vpv_bal_resize_work(struct work_struct *work)
{
	struct vpv_bal *vb = container_of(to_delayed_work(work), struct vpv_bal, resize);
	int err;

	mutex_lock(&vb->resize_lock);
	if (!vpv_bal_stopped(vb)) {
		err = step(vb);
		if (!err)
			vb->retry_ms = 0;
		/* The target may have moved to the other side while we worked. */
		if (err || to_deflate(vb) || to_inflate(vb))
			try_later(vb, err);
	}
	mutex_unlock(&vb->resize_lock);
}

/* Unbind, the device is live: it gets to know, if it answers. */
void vpv_bal_deflate_all(struct vpv_bal *vb)
{
	mutex_lock(&vb->resize_lock);
	WRITE_ONCE(vb->target, 0);
	vb->leave_by = jiffies + msecs_to_jiffies(VPV_BAL_LEAVE_MS);
	vpv_bal_set_wait(vb, VPV_BAL_LEAVE_ACK_MS);
	collect(vb);
	if (!nr_in_flight(vb) && !READ_ONCE(vb->retell))
		deflate(vb);
	mutex_unlock(&vb->resize_lock);
}

/* Unbind, the device has been reset: what is left is ours, if it did acknowledge. */
void vpv_bal_free_all(struct vpv_bal *vb)
{
	unsigned long held;
	LIST_HEAD(all);

	collect(vb);
	if (vb->oom_batch.nr)
		vpv_bal_deflated(vb, &vb->oom_batch);
	vpv_bal_move_forget(vb);
	held = vpv_bal_held(vb);
	/* Off the kernel's list in any case: it would call us to move a page. */
	while (!vpv_bal_pages_take_all(vb, &all))
		dev_warn(vb->vdev->dev, "waiting for %lu pages that compaction has\n",
			 vpv_bal_held(vb));
	if (!vpv_dev_untrusted(vb->vdev))
		vpv_bal_pages_free(&all);
	else if (held)
		dev_err(vb->vdev->dev,
			"%lu pages are not given back: the device did not acknowledge a reset\n",
			held);
}
