// SPDX-License-Identifier: GPL-2.0-only
/*
 * Out of memory: rather than kill, the guest takes pages back (DEFLATE_ON_OOM). A
 * batch is kept for that; nothing here allocates, and it waits for the device for
 * a moment only. What comes back later counts the next time.
 */
#include <linux/oom.h>

#include "balloon.h"

#define WAIT_MS 2000

static unsigned long take_back(struct vpv_bal *vb)
{
	struct vpv_bal_batch *b = &vb->oom_batch;
	unsigned long want, pages;
	struct page *page;

	/* A batch that timed out the last time may be back by now. */
	if (vpv_bal_sent(&b->buf))
		return 0;
	if (READ_ONCE(b->buf.state) != VPV_BAL_IDLE)
		return vpv_bal_deflated(vb, b);

	while ((want = (b->max - b->nr) / VPV_BAL_PER_PAGE)) {
		page = vpv_bal_block_take(vb, want);
		if (!page)
			break;
		vpv_bal_batch_add(b, page);
	}
	if (!b->nr)
		return 0;
	if (vpv_bal_batch_send(vb, VPV_BAL_DEFLATE, b)) {
		struct page *next;

		list_for_each_entry_safe(page, next, &b->blocks, lru)
			vpv_bal_block_keep(vb, page);
		INIT_LIST_HEAD(&b->blocks);
		b->nr = 0;
		b->pages = 0;
		return 0;
	}
	if (!vpv_bal_wait_brief(&vb->vq[VPV_BAL_DEFLATE], &b->buf, WAIT_MS)) {
		vpv_queue_recover(vb->vq[VPV_BAL_DEFLATE].q, "buffer not acknowledged");
		return 0;
	}
	pages = vpv_bal_deflated(vb, b);
	atomic64_add(pages, &vb->oom_deflated);
	return pages;
}

static int oom(struct notifier_block *nb, unsigned long dummy, void *freed)
{
	struct vpv_bal *vb = container_of(nb, struct vpv_bal, oom_nb);
	unsigned long pages;

	if (!READ_ONCE(vb->live) || !mutex_trylock(&vb->oom_lock))
		return NOTIFY_OK;
	pages = take_back(vb);
	if (pages) {
		*(unsigned long *)freed += pages;
		vpv_bal_write_actual(vb);
	}
	mutex_unlock(&vb->oom_lock);
	return NOTIFY_OK;
}

int vpv_bal_oom_register(struct vpv_bal *vb)
{
	if (!vpv_has_feature(vb->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM))
		return 0;
	vb->oom_nb.notifier_call = oom;
	return register_oom_notifier(&vb->oom_nb);
}

/* Waits for a notifier that is inside. */
void vpv_bal_oom_unregister(struct vpv_bal *vb)
{
	if (vb->oom_nb.notifier_call)
		unregister_oom_notifier(&vb->oom_nb);
	vb->oom_nb.notifier_call = NULL;
}
