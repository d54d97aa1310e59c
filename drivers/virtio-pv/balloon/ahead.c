// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks on their way into the balloon are free memory: where the device takes free
 * page reports, they are reported before they are inflated. A device takes back what
 * is reported by the range and what is inflated by the page of 4 KiB, and that is
 * quick where nothing is left to take. Only advice: what is not reported is inflated
 * all the same.
 */
#include <linux/mm.h>
#include <linux/virtio_ring.h>

#include "balloon.h"

/*
 * Not with PAGE_POISON, as reported pages would have to hold the poison (5.5.6.7.1);
 * not by DMA addresses, which cost a mapping each; and not where a report takes a
 * descriptor for each range, so that those of the kernel always find room.
 */
static bool wanted(struct vpv_bal *vb)
{
	return vb->vq[VPV_BAL_REPORT].q && !vpv_dma_device(vb->vdev) &&
	       !vpv_has_feature(vb->vdev, VIRTIO_BALLOON_F_PAGE_POISON) &&
	       vpv_has_feature(vb->vdev, VIRTIO_RING_F_INDIRECT_DESC);
}

/* Neighbouring blocks are one range. A batch has no more blocks than there is room. */
static unsigned int gather(struct vpv_bal_batch *b)
{
	const u32 len = PAGE_SIZE << VPV_BAL_MAX_ORDER;
	struct vpv_seg *seg = b->range;
	unsigned int n = 0;
	struct page *page;

	list_for_each_entry(page, &b->blocks, lru) {
		u64 addr = page_to_phys(page);

		if (page_private(page) != VPV_BAL_MAX_ORDER)
			continue;
		if (n && vpv_bal_extend(&seg[n - 1], addr, len))
			continue;
		if (n == ARRAY_SIZE(b->range))
			break;
		seg[n++] = (struct vpv_seg){ .addr = addr, .len = len };
	}
	return n;
}

void vpv_bal_ahead(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	struct vpv_buf bufs[VPV_BAL_AHEAD];
	unsigned int i, n, m = 0;

	n = wanted(vb) ? gather(b) : 0;
	for (i = 0; i < n; i += VPV_BAL_RANGES, m++)
		bufs[m] = (struct vpv_buf){ .seg = &b->range[i], .token = &b->ahead[m],
					    .nr_in = min_t(unsigned int, n - i, VPV_BAL_RANGES) };
	if (m)
		vpv_bal_send_many(&vb->vq[VPV_BAL_REPORT], bufs, m);
}

/* Is any report with the device? Its pages must not be used before it is back. */
bool vpv_bal_ahead_sent(const struct vpv_bal_batch *b)
{
	unsigned int i;

	for (i = 0; i < VPV_BAL_AHEAD; i++)
		if (vpv_bal_sent(&b->ahead[i]))
			return true;
	return false;
}

/*
 * Takes in what is back. Nobody asks for its interrupt: a report has been sent first,
 * so it is usually back when the batch is. Others may wait for theirs.
 */
void vpv_bal_ahead_reap(struct vpv_bal *vb)
{
	struct vpv_bal_vq *vq = &vb->vq[VPV_BAL_REPORT];

	if (!vq->q)
		return;
	vpv_bal_reap(vq);
	wake_up_all(&vq->wait);
}

static bool ahead_is_back(void *b)
{
	return !vpv_bal_ahead_sent(b);
}

/* For a batch that is not sent after all. False: its pages are still not to be used. */
bool vpv_bal_ahead_wait(struct vpv_bal *vb, struct vpv_bal_batch *b)
{
	if (vpv_bal_ahead_sent(b) && vpv_bal_wait(&vb->vq[VPV_BAL_REPORT], ahead_is_back, b))
		return false;
	return !vpv_dev_untrusted(vb->vdev);
}
