// SPDX-License-Identifier: GPL-2.0-only
/*
 * Out of memory: rather than kill, the guest takes pages back (DEFLATE_ON_OOM). A
 * batch is kept for that; nothing here allocates, and it waits for the device for
 * a moment only. What comes back later counts the next time.
 */
#include <linux/delay.h>
#include <linux/oom.h>

#include "balloon.h"

/* For moved pages to be told. */
#define SETTLE_TRIES 100
/* Until pages taken back are offered again. */
#define AGAIN_MS 10000

/* Pages that were just moved cannot be asked back before they were given. */
static bool settled(struct vpv_bal *vb)
{
	unsigned int i;

	for (i = 0; i < SETTLE_TRIES && vpv_bal_move_pending(vb); i++) {
		mod_delayed_work(vpv_bal_wq, &vb->move_work, 0);
		msleep(10);
	}
	return !vpv_bal_move_pending(vb);
}

static unsigned long take_back(struct vpv_bal *vb)
{
	struct vpv_bal_batch *b = &vb->oom_batch;
	unsigned long pages;

	/* A batch that timed out the last time may be back by now. */
	if (vpv_bal_sent(&b->buf))
		return 0;
	if (READ_ONCE(b->buf.state) != VPV_BAL_IDLE)
		return vpv_bal_deflated(vb, b);

	if (READ_ONCE(vb->retell) || !vpv_bal_batch_take(vb, b, ULONG_MAX))
		return 0;
	if (!settled(vb) || vpv_bal_batch_send(vb, VPV_BAL_DEFLATE, b)) {
		vpv_bal_batch_put(vb, b);
		return 0;
	}
	if (!vpv_bal_wait_brief(&vb->vq[VPV_BAL_DEFLATE], &b->buf)) {
		vpv_bal_overdue(&vb->vq[VPV_BAL_DEFLATE], &b->buf);
		return 0;
	}
	pages = vpv_bal_deflated(vb, b);
	atomic64_add(pages, &vb->oom_deflated);
	return pages;
}

static int oom(struct notifier_block *nb, unsigned long dummy, void *freed)
{
	struct vpv_bal *vb = container_of(nb, struct vpv_bal, oom_nb);
	unsigned long pages, hinted;

	if (!READ_ONCE(vb->live) || !mutex_trylock(&vb->oom_lock))
		return NOTIFY_OK;
	hinted = vpv_bal_hint_release(vb);
	pages = 0;
	if (!hinted && vpv_has_feature(vb->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM))
		pages = take_back(vb);
	if (pages) {
		vpv_bal_write_actual(vb);
		/* The host still wants them: when there is memory again. */
		queue_delayed_work(vpv_bal_wq, &vb->resize, msecs_to_jiffies(AGAIN_MS));
	}
	*(unsigned long *)freed += pages + hinted;
	mutex_unlock(&vb->oom_lock);
	return NOTIFY_OK;
}

int vpv_bal_oom_register(struct vpv_bal *vb)
{
	if (!vpv_has_feature(vb->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM) && !vb->hint.id)
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
