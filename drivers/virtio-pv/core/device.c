// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device in steps, each with its inverse: negotiate/reset,
 * go_live/go_down, start/stop, pause/unpause, bind/unbind.
 */
#include <linux/delay.h>
#include <linux/virtio_config.h>

#include "vpv_core.h"
#include "vpv_trace.h"

static int wait_for_reset(struct vpv_dev_core *d)
{
	unsigned long end = jiffies + msecs_to_jiffies(VPV_RESET_TIMEOUT_MS);
	unsigned int polls = 0;
	u8 status;

	for (;;) {
		status = d->ops->status(d);
		if (!status)
			return 0;
		if (status == 0xff && !d->ops->present(d))
			return -ENODEV;
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		if (polls++ < 20)
			usleep_range(50, 100);
		else
			msleep(20);
	}
}

/*
 * Reset, bounded in time (2.4, PCI-018). A device that does not acknowledge it is
 * kept from memory by means of the bus, and memory it knows is never freed.
 */
int vpv_dev_reset(struct vpv_dev_core *d)
{
	int err;

	if (d->untrusted)
		return -EIO;
	d->ops->set_status(d, 0);
	err = wait_for_reset(d);
	trace_reset(&d->vdev, -1, err);
	if (err == -ETIMEDOUT) {
		d->ops->dma(d, false);
		d->untrusted = true;
		dev_err(d->vdev.dev, "device does not acknowledge a reset within %u ms: given up\n",
			VPV_RESET_TIMEOUT_MS);
	}
	return err;
}

/* DRIVER_OK, then believe interrupts: none is due before the first buffer. */
static void go_live(struct vpv_dev_core *d)
{
	d->ops->set_status(d, d->ops->status(d) | VIRTIO_CONFIG_S_DRIVER_OK);
	vpv_queues_live(d, true);
	/* Pairs with the acquire in vpv_config_irq() and vpv_config_poll(). */
	smp_store_release(&d->up, true);
	d->state = VPV_LIVE;
}

/* No interrupt is believed, nothing moves. The device does not know yet. */
static void go_down(struct vpv_dev_core *d)
{
	unsigned long flags;

	/* Under the lock: nobody is changing the configuration any more. */
	spin_lock_irqsave(&d->config_lock, flags);
	/* Pairs with the acquire in vpv_config_irq() and vpv_config_poll(). */
	smp_store_release(&d->up, false);
	spin_unlock_irqrestore(&d->config_lock, flags);
	vpv_queues_live(d, false);
	vpv_queues_kill(d);
}

/*
 * Down, reset, and no handler runs any more: from here on the buffers are the
 * driver's again.
 */
static int take_back(struct vpv_dev_core *d)
{
	int err;

	go_down(d);
	err = vpv_dev_reset(d);
	d->ops->vectors_sync(d);
	return err;
}

/* LIVE to STOPPED. */
int vpv_dev_stop(struct vpv_dev_core *d, bool drain)
{
	int err;

	/* A sick device gets nothing more, and submitters do not wait for room. */
	if (!drain)
		vpv_queues_kill(d);
	d->vdev.drv->quiesce(&d->vdev);
	if (drain && !vpv_queues_drain(d))
		dev_warn(d->vdev.dev, "buffers still in flight: they will be sent again\n");
	err = take_back(d);
	d->state = VPV_STOPPED;
	d->resets++;
	vpv_queues_drop(d, !err);
	return err;
}

/* STOPPED to LIVE, or an error and still STOPPED; -ESTALE: another device. */
int vpv_dev_start(struct vpv_dev_core *d)
{
	struct vpv_dev *vdev = &d->vdev;
	unsigned int i;
	int err;

	if (d->untrusted)
		return -EIO;
	d->ops->dma(d, true);
	err = vpv_dev_negotiate(d, true);
	if (err)
		return err;
	for (i = 0; i < vdev->nr_queues; i++)
		vpv_queue_restart(&vdev->queues[i]);
	err = d->ops->vectors_program(d);
	if (!err)
		err = vpv_queues_activate(d);
	if (!err && vdev->drv->revalidate)
		err = vdev->drv->revalidate(vdev);
	if (err) {
		d->ops->set_status(d, d->ops->status(d) | VIRTIO_CONFIG_S_FAILED);
		take_back(d);
		return err;
	}
	d->recover_flags = 0;	/* what was wrong is over; nobody is there to add to it */
	go_live(d);
	vdev->drv->resume(vdev);
	vpv_config_poll(d);
	return 0;
}

/* LIVE or STOPPED to FAILED: users see errors instead of waiting. */
void vpv_dev_give_up(struct vpv_dev_core *d, const char *why)
{
	if (d->state != VPV_LIVE && d->state != VPV_STOPPED)
		return;
	dev_err(d->vdev.dev, "device failed for good: %s\n", why);
	WRITE_ONCE(d->dead, true);
	if (d->state == VPV_LIVE) {
		vpv_queues_kill(d);
		d->vdev.drv->quiesce(&d->vdev);
		take_back(d);
		vpv_queues_drop(d, false);
	}
	d->state = VPV_FAILED;
	d->vdev.drv->failed(&d->vdev);
}

/* Suspend and PCI reset: stopped until vpv_dev_unpause(), whatever happens. */
void vpv_dev_pause(struct vpv_dev_core *d, bool drain)
{
	vpv_dev_lock(d);
	d->paused = true;
	if (d->state == VPV_LIVE && vpv_dev_stop(d, drain))
		vpv_dev_give_up(d, "no reset");
	vpv_dev_unlock(d);
}

void vpv_dev_unpause(struct vpv_dev_core *d)
{
	int err;

	vpv_dev_lock(d);
	d->paused = false;
	if (d->state == VPV_STOPPED) {
		err = vpv_dev_start(d);
		if (err == -ESTALE)
			vpv_dev_give_up(d, "not the same device as before");
		else if (err)
			vpv_dev_recover(&d->vdev, "no start after a pause");
	}
	vpv_dev_unlock(d);
}

bool vpv_dev_dead(struct vpv_dev *vdev)
{
	return READ_ONCE(vpv_core(vdev)->dead);
}
EXPORT_SYMBOL_GPL(vpv_dev_dead);

bool vpv_dev_untrusted(struct vpv_dev *vdev)
{
	return READ_ONCE(vpv_core(vdev)->untrusted);
}
EXPORT_SYMBOL_GPL(vpv_dev_untrusted);

void vpv_dev_init(struct vpv_dev_core *d, struct device *dev, const struct vpv_driver *drv,
		  const struct vpv_transport_ops *ops)
{
	d->ops = ops;
	d->vdev.dev = dev;
	d->vdev.drv = drv;
	d->vdev.core = d;
	mutex_init(&d->lock);
	vpv_recover_init(d);
	vpv_config_init(d);
}

/* The device is reset, its buffers dropped, and nobody will start it again. */
static void wind_down(struct vpv_dev_core *d)
{
	vpv_dev_lock(d);
	d->leaving = true;
	vpv_dev_unlock(d);
	cancel_delayed_work_sync(&d->recover_work);
	cancel_delayed_work_sync(&d->config_work);

	vpv_dev_lock(d);
	take_back(d);
	vpv_queues_drop(d, false);
	d->state = VPV_BINDING;
	vpv_dev_unlock(d);

	vpv_debugfs_remove(d);
	if (d->vdev.drv->remove)
		d->vdev.drv->remove(&d->vdev);
	vpv_dev_lock(d);
	vpv_queues_destroy(d);
	vpv_dev_unlock(d);

	/* An interrupt may have asked for either until its vector was gone. */
	cancel_delayed_work_sync(&d->recover_work);
	cancel_delayed_work_sync(&d->config_work);
}

static int make_ready(struct vpv_dev_core *d)
{
	int err;

	d->ops->dma(d, true);
	err = vpv_dev_negotiate(d, false);
	if (err)
		return err;
	err = d->vdev.drv->probe(&d->vdev);
	if (err) {
		d->ops->set_status(d, d->ops->status(d) | VIRTIO_CONFIG_S_FAILED);
		vpv_dev_reset(d);
		vpv_queues_destroy(d);
		return err;
	}
	go_live(d);
	return 0;
}

int vpv_dev_bind(struct vpv_dev_core *d)
{
	int err;

	vpv_dev_lock(d);
	err = make_ready(d);
	vpv_dev_unlock(d);
	if (err)
		return err;

	vpv_debugfs_add(d);
	if (d->vdev.drv->attach)
		err = d->vdev.drv->attach(&d->vdev);
	if (err) {
		wind_down(d);
		return err;
	}
	vpv_dev_lock(d);
	d->attached = true;
	vpv_dev_unlock(d);
	vpv_config_poll(d);
	return 0;
}

void vpv_dev_unbind(struct vpv_dev_core *d)
{
	vpv_dev_lock(d);
	d->attached = false;
	if (!d->ops->present(d))
		vpv_dev_give_up(d, "removed");
	vpv_dev_unlock(d);

	if (d->vdev.drv->detach)
		d->vdev.drv->detach(&d->vdev);
	wind_down(d);
}

/*
 * The machine goes down or another kernel takes over: no DMA from now on. Nothing
 * is freed and nobody told; users that are still there get no answer.
 */
void vpv_dev_shutdown(struct vpv_dev_core *d)
{
	vpv_dev_lock(d);
	d->paused = true;
	if (d->state == VPV_LIVE) {
		take_back(d);
		d->ops->dma(d, false);
	}
	vpv_dev_unlock(d);
}
