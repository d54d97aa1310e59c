// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free page reporting: the kernel hands over ranges of free pages and has them back
 * when the device has acknowledged them.
 *
 * A kernel that initialises free pages expects them to stay as they are. Then
 * reporting needs PAGE_POISON too, so that the device knows their contents
 * (BALLOON-003); a kernel that does not, does without PAGE_POISON (BALLOON-002).
 */
#include <linux/mm.h>

#include "balloon.h"

/* Pause after a full report. */
#define MORE_MS 100

bool vpv_bal_pages_are_initialised(void)
{
	return page_poisoning_enabled_static() || want_init_on_free();
}

u32 vpv_bal_poison_value(void)
{
	u32 value = 0;

	if (!want_init_on_free() && page_poisoning_enabled_static())
		memset(&value, 0xaa, sizeof(value));	/* as the kernel poisons */
	return value;
}

static int report(struct page_reporting_dev_info *prdev, struct scatterlist *sgl,
		  unsigned int nents)
{
	struct vpv_bal *vb = container_of(prdev, struct vpv_bal, prdev);
	struct vpv_bal_vq *vq = &vb->vq[VPV_BAL_REPORT];
	struct vpv_seg seg[VPV_BAL_RANGES];
	unsigned long pages = 0;
	struct scatterlist *sg;
	unsigned int i, n;
	int err;

	if (nents > VPV_BAL_RANGES || vpv_bal_sent(&vb->report_buf))
		return -EBUSY;
	n = vpv_map_sg(vb->vdev, sgl, nents, DMA_FROM_DEVICE);
	if (!n)
		return -EIO;
	for_each_sg(sgl, sg, n, i) {
		seg[i].addr = vpv_sg_addr(vb->vdev, sg);
		seg[i].len = vpv_sg_len(vb->vdev, sg);
		pages += seg[i].len >> PAGE_SHIFT;
	}
	err = vpv_bal_send(vq, &vb->report_buf, seg, 0, n);
	/* The caller takes the pages back in any case, so there is no leaving early. */
	if (!err)
		vpv_bal_wait_back(vq, &vb->report_buf);
	if (!err && vb->report_buf.state != VPV_BAL_ACKED)
		err = -EIO;
	vpv_unmap_sg(vb->vdev, sgl, nents, DMA_FROM_DEVICE);
	if (!err)
		atomic64_add(pages, &vb->reported);
	/*
	 * The kernel reports a part of what is free and goes on after its pause of two
	 * seconds. A full report means that there is more: go on sooner.
	 */
	if (!err && nents == VPV_BAL_RANGES)
		schedule_delayed_work(&prdev->work, msecs_to_jiffies(MORE_MS));
	return err;
}

int vpv_bal_report_register(struct vpv_bal *vb)
{
	struct vpv_queue *q = vb->vq[VPV_BAL_REPORT].q;
	int err;

	if (!q)
		return 0;
	if (vpv_queue_max_segs(q) < VPV_BAL_RANGES) {
		dev_notice(vb->vdev->dev,
			   "no free page reporting: queue of %u descriptors, %u are needed\n",
			   vpv_queue_max_segs(q), VPV_BAL_RANGES);
		return 0;
	}
	vb->prdev.report = report;
	err = page_reporting_register(&vb->prdev);
	if (err == -EBUSY) {
		dev_notice(vb->vdev->dev,
			   "no free page reporting: another balloon does it already\n");
		return 0;
	}
	vb->reporting = !err;
	return err;
}

/* Waits for a report that is under way. */
void vpv_bal_report_unregister(struct vpv_bal *vb)
{
	if (vb->reporting)
		page_reporting_unregister(&vb->prdev);
	vb->reporting = false;
}
