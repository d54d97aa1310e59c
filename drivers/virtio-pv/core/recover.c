// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recovery: a queue the device broke, a device that asks for a reset, a buffer
 * that never comes back. One work item per device does it, in this order: reset
 * of the queue, reset of the device, later and later when it does not last, and
 * at last the end: failed().
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>

#include "vpv_core.h"
#include "vpv_trace.h"

#define VPV_RECOVER_TRIES 6
#define VPV_RECOVER_DELAY_MS 100
/* A device that ran for so long has its tries back. */
#define VPV_RECOVER_FORGET_S 60

static bool long_ago(unsigned long when)
{
	return time_after(jiffies, when + VPV_RECOVER_FORGET_S * HZ);
}

/* 0, 100, 200, 400, ... ms after the last try. */
static unsigned long backoff(struct vpv_dev_core *d)
{
	unsigned int tries = READ_ONCE(d->tries);
	unsigned long now = jiffies, next;

	if (!tries || long_ago(READ_ONCE(d->recovered_at)))
		return 0;
	next = READ_ONCE(d->recovered_at) +
	       msecs_to_jiffies(VPV_RECOVER_DELAY_MS << min(tries - 1, 8u));
	return time_before(now, next) ? next - now : 0;
}

void vpv_recover_schedule(struct vpv_dev_core *d)
{
	if (!READ_ONCE(d->leaving) && !READ_ONCE(d->dead))
		queue_delayed_work(vpv_wq, &d->recover_work, backoff(d));
}

void vpv_dev_recover(struct vpv_dev *vdev, const char *why)
{
	struct vpv_dev_core *d = vpv_core(vdev);

	WRITE_ONCE(d->recover_why, why);
	set_bit(VPV_RECOVER_DEVICE, &d->recover_flags);
	vpv_recover_schedule(d);
}
EXPORT_SYMBOL_GPL(vpv_dev_recover);

u32 vpv_queue_generation(struct vpv_queue *q)
{
	return smp_load_acquire(&q->core->generation);
}
EXPORT_SYMBOL_GPL(vpv_queue_generation);

void vpv_queue_recover(struct vpv_queue *q, u32 generation, const char *why)
{
	struct vpv_dev_core *d = vpv_core(q->vdev);

	if (generation != vpv_queue_generation(q))
		return;
	/* Should a reset come right now, then this is stale and says nothing. */
	WRITE_ONCE(q->core->overdue, generation);
	WRITE_ONCE(d->recover_why, why);
	set_bit(VPV_RECOVER_QUEUE, &d->recover_flags);
	vpv_recover_schedule(d);
}
EXPORT_SYMBOL_GPL(vpv_queue_recover);

/* ---- one queue (2.6.1) ---- */

/*
 * Nobody uses the queue. With @num it gets a ring of that size, where there is
 * memory for it. An error leaves it down.
 */
static int reset_queue(struct vpv_queue *q, u16 num)
{
	struct vpv_dev_core *d = vpv_core(q->vdev);
	int err;

	vpv_queue_live(q, false);
	vpv_ring_kill(q->ring);
	err = d->ops->queue_reset(d, q->index);
	trace_reset(q->vdev, q->index, err);
	if (err)
		return err;
	d->ops->vectors_sync(d);
	vpv_queue_drop(q, true);
	if (num)
		vpv_queue_remake(q, num);
	vpv_queue_restart(q);
	err = vpv_queue_activate(q);
	if (err)
		return err;
	q->core->queue_resets++;
	vpv_queue_live(q, true);
	return 0;
}

static bool overdue(const struct vpv_queue *q)
{
	return READ_ONCE(q->core->overdue) == q->core->generation;
}

static bool can_reset_queue(struct vpv_queue *q)
{
	return q->vdev->drv->queue_reset &&
	       vpv_has_feature(q->vdev, VIRTIO_F_RING_RESET) &&
	       vpv_ring_error(q->ring) == VPV_RING_OK;
}

/* A queue that needs it again and again: the device is sick. */
static bool may_mend_queue(struct vpv_queue *q)
{
	return can_reset_queue(q) && (!q->core->reset_at || long_ago(q->core->reset_at));
}

static int mend_queue(struct vpv_queue *q)
{
	dev_warn(q->vdev->dev, "queue %s: %s: resetting the queue\n", q->name,
		 READ_ONCE(vpv_core(q->vdev)->recover_why));
	q->core->reset_at = jiffies ?: 1;
	return reset_queue(q, 0);
}

/* True when queue resets were enough. */
static bool recover_queues(struct vpv_dev_core *d)
{
	struct vpv_dev *vdev = &d->vdev;
	bool any = false;
	unsigned int i;
	int err = 0;

	for (i = 0; i < vdev->nr_queues; i++)
		if (overdue(&vdev->queues[i])) {
			if (!may_mend_queue(&vdev->queues[i]))
				return false;
			any = true;
		}
	if (!any)
		return true;	/* a reset of all came first */

	vdev->drv->quiesce(vdev);
	for (i = 0; i < vdev->nr_queues && !err; i++)
		if (overdue(&vdev->queues[i]))
			err = mend_queue(&vdev->queues[i]);
	vdev->drv->resume(vdev);
	return !err;
}

/* ---- the device ---- */

/* With @nums, queues get rings of these sizes in between, where not 0. */
static int stop_and_start(struct vpv_dev_core *d, const u16 *nums)
{
	unsigned int i;
	int err = 0;

	if (d->state == VPV_LIVE)
		err = vpv_dev_stop(d, false);
	for (i = 0; !err && nums && i < d->vdev.nr_queues; i++)
		if (nums[i])
			vpv_queue_remake(&d->vdev.queues[i], nums[i]);
	return err ?: vpv_dev_start(d);
}

static void not_back(struct vpv_dev_core *d, int err)
{
	if (err == -ESTALE || err == -ENODEV || d->untrusted)
		vpv_dev_give_up(d, "it did not come back");
	else
		vpv_dev_recover(&d->vdev, "no start after a reset");
}

static void recover_device(struct vpv_dev_core *d)
{
	int err;

	if (long_ago(d->recovered_at))
		d->tries = 0;
	if (d->tries >= VPV_RECOVER_TRIES) {
		vpv_dev_give_up(d, READ_ONCE(d->recover_why));
		return;
	}
	d->tries++;
	dev_warn(d->vdev.dev, "%s: resetting the device, try %u of %u\n",
		 READ_ONCE(d->recover_why), d->tries, VPV_RECOVER_TRIES);

	err = stop_and_start(d, NULL);
	d->recovered_at = jiffies;
	if (err)
		not_back(d, err);
	else
		dev_info(d->vdev.dev, "device is back\n");
}

/* A reset that was wished for is no try, and the log has no complaint of it. */
static int restart_device(struct vpv_dev_core *d, const u16 *nums)
{
	int err = stop_and_start(d, nums);

	if (err || d->untrusted)
		not_back(d, err);
	return err;
}

int vpv_queue_reset(struct vpv_queue *q)
{
	struct vpv_dev_core *d = vpv_core(q->vdev);
	int err = -ENODEV;

	/* In any other state the device has nothing. */
	mutex_lock(&d->lock);
	if (d->state == VPV_LIVE) {
		err = can_reset_queue(q) ? reset_queue(q, 0) : -EOPNOTSUPP;
		if (err)
			err = restart_device(d, NULL);
	}
	mutex_unlock(&d->lock);
	return err;
}
EXPORT_SYMBOL_GPL(vpv_queue_reset);

/* ---- other sizes ---- */

/*
 * True when all queues that change can be reset alone. A quiesced driver has its
 * buffers back, but for the standing ones, unless the device is stuck: then only
 * its own reset is sure to help.
 */
static bool all_can_reset(struct vpv_dev *vdev, const u16 *nums)
{
	struct vpv_queue *q;
	unsigned int i;

	for (i = 0; i < vdev->nr_queues; i++) {
		q = &vdev->queues[i];
		if (nums[i] && (!can_reset_queue(q) ||
				(!q->core->standing && vpv_queue_in_flight(q))))
			return false;
	}
	return true;
}

static int resize(struct vpv_dev_core *d, const u16 *nums)
{
	struct vpv_dev *vdev = &d->vdev;
	unsigned int i;
	int err = 0;

	vdev->drv->quiesce(vdev);
	if (!all_can_reset(vdev, nums))
		return restart_device(d, nums);
	for (i = 0; i < vdev->nr_queues && !err; i++)
		if (nums[i])
			err = reset_queue(&vdev->queues[i], nums[i]);
	vdev->drv->resume(vdev);
	return err ? restart_device(d, nums) : 0;
}

/* What differs, rounded; an error when it is more than can be. */
static int check_sizes(struct vpv_dev *vdev, const u16 *nums, u16 *todo)
{
	unsigned int i;

	for (i = 0; i < vdev->nr_queues; i++) {
		if (nums[i] > vdev->queues[i].core->max_num)
			return -EINVAL;
		todo[i] = vpv_queue_round(&vdev->queues[i], nums[i]);
		if (todo[i] == vdev->queues[i].num)
			todo[i] = 0;
	}
	return 0;
}

int vpv_queues_resize(struct vpv_dev *vdev, const u16 *nums)
{
	struct vpv_dev_core *d = vpv_core(vdev);
	unsigned int i;
	u16 *todo;
	int err;

	todo = kcalloc(vdev->nr_queues, sizeof(*todo), GFP_KERNEL);
	if (!todo)
		return -ENOMEM;
	mutex_lock(&d->lock);
	err = d->state == VPV_LIVE ? check_sizes(vdev, nums, todo) : -ENODEV;
	if (!err && memchr_inv(todo, 0, vdev->nr_queues * sizeof(*todo)))
		err = resize(d, todo);
	for (i = 0; !err && i < vdev->nr_queues; i++)
		if (todo[i] && vdev->queues[i].num != todo[i])
			err = -ENOMEM;
	mutex_unlock(&d->lock);
	kfree(todo);
	return err;
}
EXPORT_SYMBOL_GPL(vpv_queues_resize);

static void recover_work(struct work_struct *work)
{
	struct vpv_dev_core *d = container_of(to_delayed_work(work), struct vpv_dev_core,
					      recover_work);
	bool device, queue;

	vpv_dev_lock(d);
	if (d->leaving || d->paused || (d->state != VPV_LIVE && d->state != VPV_STOPPED))
		goto unlock;
	device = test_and_clear_bit(VPV_RECOVER_DEVICE, &d->recover_flags);
	queue = test_and_clear_bit(VPV_RECOVER_QUEUE, &d->recover_flags);
	if (d->state == VPV_LIVE && !device && !queue)
		goto unlock;	/* a pause and a start came in between */
	if (!d->ops->present(d))
		vpv_dev_give_up(d, "removed");
	else if (device || d->state == VPV_STOPPED || !recover_queues(d))
		recover_device(d);
unlock:
	vpv_dev_unlock(d);
}

void vpv_recover_init(struct vpv_dev_core *d)
{
	INIT_DELAYED_WORK(&d->recover_work, recover_work);
	d->recover_why = "unknown";
	d->recovered_at = jiffies - (VPV_RECOVER_FORGET_S + 1) * HZ;
}
