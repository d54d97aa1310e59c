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

void vpv_bal_batch_add(struct vpv_bal_batch *b, struct page *page)
{
	unsigned long pages = vpv_bal_block_pages(page);
	u32 pfn = page_to_pfn(page) * VPV_BAL_PER_PAGE;
	unsigned long i;

	for (i = 0; i < pages * VPV_BAL_PER_PAGE; i++)
		b->pfns[b->nr++] = cpu_to_le32(pfn + i);
	b->pages += pages;
	list_add_tail(&page->lru, &b->blocks);
}

int vpv_bal_batch_send(struct vpv_bal *vb, enum vpv_bal_queue_index i, struct vpv_bal_batch *b)
{
	struct vpv_seg seg = { .addr = b->addr, .len = b->nr * sizeof(*b->pfns) };

	return vpv_bal_send(&vb->vq[i], &b->buf, &seg, 1, 0);
}

static void batch_reset(struct vpv_bal_batch *b)
{
	INIT_LIST_HEAD(&b->blocks);
	b->nr = 0;
	b->pages = 0;
	b->buf.state = VPV_BAL_IDLE;
}

static struct vpv_bal_batch *free_batch(struct vpv_bal *vb)
{
	unsigned int i;

	for (i = 0; i < VPV_BAL_BATCHES; i++)
		if (READ_ONCE(vb->batch[i].buf.state) == VPV_BAL_IDLE)
			return &vb->batch[i];
	return NULL;
}

static bool none_in_flight(struct vpv_bal *vb)
{
	unsigned int i;

	for (i = 0; i < VPV_BAL_BATCHES; i++)
		if (vpv_bal_sent(&vb->batch[i].buf))
			return false;
	return true;
}

static bool half_is_back(void *ctx)
{
	struct vpv_bal *vb = ctx;
	unsigned int i, sent = 0;

	for (i = 0; i < VPV_BAL_BATCHES; i++)
		sent += vpv_bal_sent(&vb->batch[i].buf);
	return sent <= VPV_BAL_BATCHES / 2;
}

static bool all_is_back(void *ctx)
{
	return none_in_flight(ctx);
}

/* ---- what becomes of an answered batch ---- */

static void inflated(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	struct page *page, *next;

	vb->flying -= b->pages;
	atomic64_add(b->pages, &vb->inflated);
	/* Lost in a reset: held still, and told again with all others. */
	list_for_each_entry_safe(page, next, &b->blocks, lru)
		vpv_bal_block_keep(vb, page);
	batch_reset(b);
}

unsigned long vpv_bal_deflated(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	struct page *page, *next;
	unsigned long pages = b->pages;

	/* Of a device that does not stop, nothing may be used again. */
	if (b->buf.state == VPV_BAL_STUCK) {
		dev_err_ratelimited(vb->vdev->dev, "%lu pages stay with the device for ever\n",
				    pages);
		batch_reset(b);
		return 0;
	}
	list_for_each_entry_safe(page, next, &b->blocks, lru)
		vpv_bal_block_free(vb, page);
	atomic64_add(pages, &vb->deflated);
	batch_reset(b);
	return pages;
}

/* Takes in what the device has answered; says how many batches that were. */
static unsigned int collect(struct vpv_bal *vb, enum vpv_bal_queue_index q)
{
	unsigned int i, n = 0;

	vpv_bal_reap(&vb->vq[q]);
	for (i = 0; i < VPV_BAL_BATCHES; i++) {
		struct vpv_bal_batch *b = &vb->batch[i];

		if (READ_ONCE(b->buf.state) == VPV_BAL_IDLE || vpv_bal_sent(&b->buf))
			continue;
		if (q == VPV_BAL_INFLATE)
			inflated(vb, b);
		else
			vpv_bal_deflated(vb, b);
		n++;
	}
	return n;
}

void vpv_bal_write_actual(struct vpv_bal *vb)
{
	if (READ_ONCE(vb->live))
		vpv_config_write32(vb->vdev, offsetof(struct virtio_balloon_config, actual),
				   vpv_bal_held(vb) * VPV_BAL_PER_PAGE);
}

/* A batch to fill. Direction changes only when nothing is in flight. */
static struct vpv_bal_batch *next_batch(struct vpv_bal *vb, enum vpv_bal_queue_index q)
{
	collect(vb, q);
	if (!free_batch(vb)) {
		if (vpv_bal_wait(&vb->vq[q], half_is_back, vb))
			return NULL;
		collect(vb, q);
		vpv_bal_write_actual(vb);
	}
	return free_batch(vb);
}

static int finish(struct vpv_bal *vb, enum vpv_bal_queue_index q)
{
	int err = 0;

	if (!none_in_flight(vb))
		err = vpv_bal_wait(&vb->vq[q], all_is_back, vb);
	collect(vb, q);
	vpv_bal_write_actual(vb);
	return err;
}

/* ---- inflate ---- */

static bool stopped(struct vpv_bal *vb)
{
	return !READ_ONCE(vb->live) || READ_ONCE(vb->gone) || READ_ONCE(vb->leaving);
}

static unsigned long to_inflate(struct vpv_bal *vb)
{
	unsigned long target = READ_ONCE(vb->target), have = vb->held + vb->flying;

	return !stopped(vb) && target > have ? target - have : 0;
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
	unsigned long want, room;
	struct page *page;

	while ((want = to_inflate(vb)) && (room = batch_room(b))) {
		want = min3(want, room, above_floor(vb));
		if (!want)
			return false;
		page = vpv_bal_block_alloc(want, &order);
		if (!page)
			return false;
		vpv_bal_batch_add(b, page);
		vb->flying += vpv_bal_block_pages(page);
		cond_resched();
	}
	return true;
}

static void unfill(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	struct page *page, *next;

	vb->flying -= b->pages;
	list_for_each_entry_safe(page, next, &b->blocks, lru)
		vpv_bal_block_free(vb, page);
	batch_reset(b);
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

	return READ_ONCE(vb->live) && have > target ? have - target : 0;
}

static void take_back(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	unsigned long want;
	struct page *page;

	while ((want = min(to_deflate(vb), batch_room(b)))) {
		page = vpv_bal_block_take(vb, want);
		if (!page)
			return;
		vpv_bal_batch_add(b, page);
		cond_resched();
	}
}

/* What could not be sent is held as before. */
static void put_back(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &b->blocks, lru)
		vpv_bal_block_keep(vb, page);
	batch_reset(b);
}

static int deflate(struct vpv_bal *vb)
{
	struct vpv_bal_batch *b;
	int err = 0;

	while (!err && to_deflate(vb)) {
		b = next_batch(vb, VPV_BAL_DEFLATE);
		if (!b)
			return -ETIMEDOUT;
		take_back(vb, b);
		if (!b->nr)
			break;
		err = vpv_bal_batch_send(vb, VPV_BAL_DEFLATE, b);
		if (err)
			put_back(vb, b);
	}
	return finish(vb, VPV_BAL_DEFLATE) ?: err;
}

/* ---- after a reset ---- */

/* A device that was reset holds nothing: all that we hold is told to it again. */
static int retell(struct vpv_bal *vb)
{
	struct vpv_bal_batch *b;
	struct page *page;
	LIST_HEAD(all);
	unsigned int order;
	int err = 0;

	spin_lock_irq(&vb->pages_lock);
	for (order = 0; order < VPV_BAL_ORDERS; order++) {
		list_splice_init(&vb->blocks[order], &all);
		vb->count[order] = 0;
	}
	vb->held = 0;
	spin_unlock_irq(&vb->pages_lock);
	list_for_each_entry(page, &all, lru)
		if (!vpv_has_feature(vb->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM))
			adjust_managed_page_count(page, vpv_bal_block_pages(page));

	while (!list_empty(&all) && !err) {
		b = next_batch(vb, VPV_BAL_INFLATE);
		if (!b)
			break;
		while (!list_empty(&all)) {
			page = list_first_entry(&all, struct page, lru);
			if (vpv_bal_block_pages(page) > batch_room(b))
				break;
			list_del(&page->lru);
			vpv_bal_batch_add(b, page);
			vb->flying += vpv_bal_block_pages(page);
		}
		err = vpv_bal_batch_send(vb, VPV_BAL_INFLATE, b);
		if (err) {
			vb->flying -= b->pages;
			list_splice_init(&b->blocks, &all);
			batch_reset(b);
		}
	}
	/* Another reset came in between: held all the same, and told once more. */
	while (!list_empty(&all)) {
		page = list_first_entry(&all, struct page, lru);
		list_del(&page->lru);
		vpv_bal_block_keep(vb, page);
		err = err ?: -EAGAIN;
	}
	return finish(vb, VPV_BAL_INFLATE) ?: err;
}

/* ---- the work ---- */

static void try_later(struct vpv_bal *vb, int err)
{
	if (stopped(vb))
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

void vpv_bal_resize_work(struct work_struct *work)
{
	struct vpv_bal *vb = container_of(to_delayed_work(work), struct vpv_bal, resize);
	int err = 0;

	mutex_lock(&vb->resize_lock);
	if (!stopped(vb) && xchg(&vb->retell, false)) {
		err = retell(vb);
		if (err)
			WRITE_ONCE(vb->retell, true);
	}
	if (!err && !stopped(vb))
		err = vpv_bal_held(vb) > READ_ONCE(vb->target) ? deflate(vb) : inflate(vb);
	if (!err)
		vb->retry_ms = 0;
	/* The target may have moved to the other side while we worked. */
	if (err || to_deflate(vb) || to_inflate(vb))
		try_later(vb, err);
	mutex_unlock(&vb->resize_lock);
}

/* Unbind, the device is live: it gets to know. */
void vpv_bal_deflate_all(struct vpv_bal *vb)
{
	mutex_lock(&vb->resize_lock);
	WRITE_ONCE(vb->target, 0);
	if (!READ_ONCE(vb->retell))
		deflate(vb);
	mutex_unlock(&vb->resize_lock);
}

/* Unbind, the device has been reset: what is left is ours, if it did acknowledge. */
void vpv_bal_free_all(struct vpv_bal *vb)
{
	struct page *page;

	if (vpv_dev_untrusted(vb->vdev)) {
		if (vb->held)
			dev_err(vb->vdev->dev,
				"%lu pages are not given back: the device did not acknowledge a reset\n",
				vb->held);
		return;
	}
	while ((page = vpv_bal_block_take(vb, ULONG_MAX)))
		vpv_bal_block_free(vb, page);
}
