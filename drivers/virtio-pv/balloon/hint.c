// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free page hinting (5.5.6.5): while the guest is migrated the device asks which
 * memory is free, so as not to send it. Free pages are taken from the allocator,
 * hinted, and held until the device is done, so that nobody fills them meanwhile.
 * Neighbours make one hint, and many hints one kick.
 */
#include "balloon.h"

/* Longest hint: 1 GiB. */
#define RUN_BYTES (1U << 30)

enum { ID_BEGIN, ID_END };

/* Free memory as it lies: nothing is reclaimed to be hinted, and the floor stays. */
static struct page *take_block(struct vpv_bal *vb)
{
	const gfp_t gfp = __GFP_HIGHMEM | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	long spare = si_mem_available() - (long)vb->floor;

	if (spare < 1L << VPV_BAL_MAX_ORDER)
		return NULL;
	return alloc_pages(gfp, VPV_BAL_MAX_ORDER);
}

static void hold(struct vpv_bal_hinter *h, struct page *page)
{
	set_page_private(page, VPV_BAL_MAX_ORDER);
	list_add(&page->lru, &h->blocks);
	h->held += 1UL << VPV_BAL_MAX_ORDER;
}

/* Makes the piece longer by what lies beside it. */
bool vpv_bal_extend(struct vpv_seg *seg, u64 addr, u32 len)
{
	if (seg->len + len > RUN_BYTES)
		return false;
	if (addr + len == seg->addr)
		seg->addr = addr;
	else if (addr != seg->addr + seg->len)
		return false;
	seg->len += len;
	return true;
}

/* Fills up to @max runs; fewer: there is no more free memory, or no more wish for it. */
static unsigned int gather(struct vpv_bal *vb, u32 cmd, unsigned int max)
{
	const u32 len = PAGE_SIZE << VPV_BAL_MAX_ORDER;
	struct vpv_bal_hinter *h = &vb->hint;
	unsigned int n = 0;
	struct page *page;
	u64 addr;

	while (n < max && READ_ONCE(h->cmd) == cmd && !vpv_bal_stopped(vb)) {
		page = take_block(vb);
		if (!page)
			break;
		hold(h, page);
		if (vpv_map_page(vb->vdev, page, 0, len, DMA_FROM_DEVICE, &addr))
			break;
		/* Mapped ones are unmapped as they were mapped. */
		if (n && !vpv_dma_device(vb->vdev) &&
		    vpv_bal_extend(&h->run[n - 1].seg, addr, len))
			continue;
		h->run[n++].seg = (struct vpv_seg){ .addr = addr, .len = len };
		cond_resched();
	}
	return n;
}

static bool all_back(void *ctx)
{
	struct vpv_bal_hinter *h = ctx;
	unsigned int i;

	for (i = 0; i < VPV_BAL_HINTS; i++)
		if (vpv_bal_sent(&h->run[i].buf))
			return false;
	return !vpv_bal_sent(&h->id_buf[ID_BEGIN]) && !vpv_bal_sent(&h->id_buf[ID_END]);
}

/* What is back is unmapped; what a dead device has stays so. */
static void unmap(struct vpv_bal *vb)
{
	struct vpv_bal_hinter *h = &vb->hint;
	unsigned int i;

	for (i = 0; i < VPV_BAL_HINTS; i++) {
		struct vpv_bal_run *r = &h->run[i];

		if (vpv_bal_sent(&r->buf) || !r->seg.len)
			continue;
		if (!vpv_dev_untrusted(vb->vdev))
			vpv_unmap_page(vb->vdev, r->seg.addr, r->seg.len, DMA_FROM_DEVICE);
		atomic64_add(r->seg.len >> PAGE_SHIFT, &vb->hinted);
		r->seg.len = 0;
	}
}

/* A command id, the runs and the end of the round go together where they fit. */
static int send_round(struct vpv_bal *vb, unsigned int n, bool begin, bool end)
{
	struct vpv_bal_vq *vq = &vb->vq[VPV_BAL_HINT];
	struct vpv_seg id_seg[] = {
		{ .addr = vb->hint.id_addr, .len = sizeof(__le32) },
		{ .addr = vb->hint.id_addr + sizeof(__le32), .len = sizeof(__le32) },
	};
	struct vpv_buf bufs[VPV_BAL_HINTS + 2];
	struct vpv_bal_hinter *h = &vb->hint;
	unsigned int i, m = 0;
	int sent;

	if (begin)
		bufs[m++] = (struct vpv_buf){ .seg = &id_seg[ID_BEGIN], .nr_out = 1,
					      .token = &h->id_buf[ID_BEGIN] };
	for (i = 0; i < n; i++)
		bufs[m++] = (struct vpv_buf){ .seg = &h->run[i].seg, .nr_in = 1,
					      .token = &h->run[i].buf };
	if (end)
		bufs[m++] = (struct vpv_buf){ .seg = &id_seg[ID_END], .nr_out = 1,
					      .token = &h->id_buf[ID_END] };
	sent = vpv_bal_send_many(vq, bufs, m);
	if (sent > 0 && vpv_bal_wait(vq, all_back, h))
		return -ETIMEDOUT;
	unmap(vb);
	return sent == m ? 0 : -EAGAIN;
}

/* Beside the two command ids; a device may have a ring of one descriptor. */
static unsigned int room_for_runs(struct vpv_bal *vb)
{
	unsigned int room = vpv_queue_max_segs(vb->vq[VPV_BAL_HINT].q);

	return room > 2 ? min_t(unsigned int, VPV_BAL_HINTS, room - 2) : 0;
}

static void hint_round(struct vpv_bal *vb, u32 cmd)
{
	unsigned int n, max = room_for_runs(vb);
	struct vpv_bal_hinter *h = &vb->hint;
	bool begin = true;
	int err;

	if (!all_back(h))
		return;
	h->id[ID_BEGIN] = cpu_to_le32(cmd);
	h->id[ID_END] = cpu_to_le32(VIRTIO_BALLOON_CMD_ID_STOP);
	/* No page can be hinted, but the round ends all the same (BALLOON-029). */
	if (!max && !send_round(vb, 0, true, false))
		send_round(vb, 0, false, true);
	if (!max)
		return;
	do {
		n = gather(vb, cmd, max);
		err = send_round(vb, n, begin, n < max);
		begin = false;
	} while (!err && n == max);
}

static unsigned long release_locked(struct vpv_bal_hinter *h)
{
	unsigned long pages = h->held;
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &h->blocks, lru) {
		list_del(&page->lru);
		set_page_private(page, 0);
		__free_pages(page, VPV_BAL_MAX_ORDER);
	}
	h->held = 0;
	return pages;
}

/* For want of memory; not while a round is under way. The device minds no more (5.5.6.5.1). */
unsigned long vpv_bal_hint_release(struct vpv_bal *vb)
{
	unsigned long pages;

	if (!mutex_trylock(&vb->hint.lock))
		return 0;
	pages = all_back(&vb->hint) ? release_locked(&vb->hint) : 0;
	mutex_unlock(&vb->hint.lock);
	return pages;
}

static void hint_work(struct work_struct *work)
{
	struct vpv_bal *vb = container_of(work, struct vpv_bal, hint.work);
	struct vpv_bal_hinter *h = &vb->hint;
	u32 cmd;

	mutex_lock(&h->lock);
	unmap(vb);
	cmd = READ_ONCE(h->cmd);
	if (cmd == VIRTIO_BALLOON_CMD_ID_DONE || xchg(&h->release, false)) {
		release_locked(h);
		h->ran = VIRTIO_BALLOON_CMD_ID_DONE;
	}
	if (cmd > VIRTIO_BALLOON_CMD_ID_DONE && cmd != h->ran && !vpv_bal_stopped(vb)) {
		h->ran = cmd;
		hint_round(vb, cmd);
	}
	mutex_unlock(&h->lock);
}

/* What the configuration says now. */
void vpv_bal_hint_command(struct vpv_bal *vb, u32 cmd)
{
	if (!vb->hint.id || READ_ONCE(vb->leaving))
		return;
	if (xchg(&vb->hint.cmd, cmd) != cmd)
		queue_work(vpv_bal_wq, &vb->hint.work);
}

/* The device was reset, and with it what it knew of hints. */
void vpv_bal_hint_again(struct vpv_bal *vb)
{
	if (!vb->hint.id)
		return;
	WRITE_ONCE(vb->hint.release, true);
	queue_work(vpv_bal_wq, &vb->hint.work);
}

int vpv_bal_hint_init(struct vpv_bal *vb)
{
	struct vpv_bal_hinter *h = &vb->hint;

	mutex_init(&h->lock);
	INIT_WORK(&h->work, hint_work);
	INIT_LIST_HEAD(&h->blocks);
	if (!vpv_has_feature(vb->vdev, VIRTIO_BALLOON_F_FREE_PAGE_HINT))
		return 0;
	h->id = vpv_alloc_shared(vb->vdev, 2 * sizeof(*h->id), &h->id_addr);
	return h->id ? 0 : -ENOMEM;
}

/* The device has been reset. */
void vpv_bal_hint_destroy(struct vpv_bal *vb)
{
	struct vpv_bal_hinter *h = &vb->hint;

	if (!h->id)
		return;
	unmap(vb);
	if (vpv_dev_untrusted(vb->vdev) && h->held)
		dev_err(vb->vdev->dev, "%lu hinted pages stay with the device for ever\n",
			h->held);
	else
		release_locked(h);
	vpv_free_shared(vb->vdev, 2 * sizeof(*h->id), h->id, h->id_addr);
}
