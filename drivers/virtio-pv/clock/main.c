// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module and life cycle. The clocks are known only once the device answers
 * requests, that is after DRIVER_OK: attach() asks, and after each reset a work
 * item asks again before readers get at the clocks.
 */
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/virtio_ids.h>

#include "clock.h"

/* ---- users of the clocks ---- */

static void hide(struct vpv_clock_dev *vc)
{
	unsigned int i;

	for (i = 0; i < vc->nr_clocks; i++) {
		vpv_clock_rtc_del(&vc->clocks[i]);
		vpv_clock_sysfs_del(&vc->clocks[i]);
		vpv_clock_ptp_del(&vc->clocks[i]);
	}
}

static int show(struct vpv_clock_dev *vc)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < vc->nr_clocks && !err; i++) {
		struct vpv_clock *c = &vc->clocks[i];

		if (!c->caps.known)
			continue;
		err = vpv_clock_ptp_add(c);
		if (!err)
			err = vpv_clock_sysfs_add(c);
		if (!err)
			err = vpv_clock_rtc_add(c);
	}
	if (err) {
		dev_err(vc->vdev->dev, "clock %u: cannot be shown to user space: error %d\n",
			i - 1, err);
		hide(vc);
	}
	return err;
}

/* ---- from DRIVER_OK on ---- */

static void set_live(struct vpv_clock_dev *vc, bool live)
{
	unsigned long flags;

	/* With the lock no submitter is inside afterwards. */
	spin_lock_irqsave(&vc->q->submit_lock, flags);
	WRITE_ONCE(vc->live, live);
	if (!live)
		WRITE_ONCE(vc->checked, false);
	spin_unlock_irqrestore(&vc->q->submit_lock, flags);
	if (live)
		wake_up_all(&vc->wait);
}

static void set_gone(struct vpv_clock_dev *vc)
{
	WRITE_ONCE(vc->gone, true);
	wake_up_all(&vc->wait);
}

/*
 * A device may keep alarms over a reset. Ours are set before it gets the buffers
 * to tell of expired ones, so that it tells of none but ours (5.23.6.6).
 */
static int start_alarms(struct vpv_clock_dev *vc)
{
	unsigned int i;
	int err;

	if (!vc->alarmq)
		return 0;
	for (i = 0; i < vc->nr_clocks; i++) {
		if (!vc->clocks[i].caps.alarm)
			continue;
		err = vpv_clock_alarm_set(&vc->clocks[i], true);
		if (err) {
			dev_err(vc->vdev->dev, "clock %u: alarm cannot be set: error %d\n", i,
				err);
			return err;
		}
	}
	vpv_clock_alarm_feed(vc);
	return 0;
}

static void open_clocks(struct vpv_clock_dev *vc)
{
	unsigned int i;

	/* A monotonic clock may begin anew with a reset. */
	for (i = 0; i < vc->nr_clocks; i++) {
		vc->clocks[i].last = 0;
		vpv_clock_extrapolate_forget(&vc->clocks[i]);
	}
	WRITE_ONCE(vc->checked, true);
	wake_up_all(&vc->wait);
}

static void restart_work(struct work_struct *work)
{
	struct vpv_clock_dev *vc = container_of(work, struct vpv_clock_dev, restart);
	int err;

	err = vpv_clock_caps_same(vc);
	if (!err)
		err = start_alarms(vc);
	if (!err) {
		open_clocks(vc);
	} else if (err == -ESTALE) {
		dev_err(vc->vdev->dev, "clocks have changed over a reset: no more readings\n");
		set_gone(vc);
	} else if (!READ_ONCE(vc->gone)) {
		vpv_dev_recover(vc->vdev, "clocks not known after a reset");
	}
}

static int attach(struct vpv_dev *vdev)
{
	struct vpv_clock_dev *vc = vdev->priv;
	int err;

	vpv_clock_park(vc);
	set_live(vc, true);
	err = vpv_clock_caps_read(vc);
	if (!err)
		err = start_alarms(vc);
	if (err)
		return err;
	open_clocks(vc);
	return show(vc);
}

static void detach(struct vpv_dev *vdev)
{
	struct vpv_clock_dev *vc = vdev->priv;

	WRITE_ONCE(vc->detaching, true);
	cancel_work_sync(&vc->restart);
	hide(vc);
}

static void quiesce(struct vpv_dev *vdev)
{
	set_live(vdev->priv, false);
}

static void resume(struct vpv_dev *vdev)
{
	struct vpv_clock_dev *vc = vdev->priv;

	vpv_clock_park(vc);
	set_live(vc, true);
	if (!READ_ONCE(vc->detaching))
		queue_work(system_dfl_wq, &vc->restart);
}

static void failed(struct vpv_dev *vdev)
{
	set_gone(vdev->priv);
}

static bool may_wake(struct vpv_dev *vdev)
{
	struct vpv_clock_dev *vc = vdev->priv;
	unsigned int i;

	for (i = 0; i < vc->nr_clocks; i++)
		if (vpv_clock_rtc_may_wake(&vc->clocks[i]))
			return true;
	return false;
}

static void drop(struct vpv_queue *q, void *token, bool retry)
{
	struct vpv_clock_dev *vc = q->vdev->priv;

	/* Alarm buffers are offered anew after the reset, all of them. */
	if (q == vc->q)
		vpv_clock_drop(vc, token, retry);
}

/* ---- before DRIVER_OK, and after the last reset ---- */

static int create_queues(struct vpv_clock_dev *vc)
{
	const struct vpv_queue_desc descs[] = {
		/* Two pieces need no table, and a device is faster without. */
		{ .name = "request", .callback = vpv_clock_irq, .direct_max = 2 },
		{ .name = "alarm", .callback = vpv_clock_alarm_irq, .standing = true,
		  .num_max = VPV_CLOCK_ALARM_BUFS },
	};
	bool alarm = vpv_has_feature(vc->vdev, VIRTIO_RTC_F_ALARM);
	int err;

	err = vpv_queues_create(vc->vdev, descs, alarm ? 2 : 1, NULL);
	if (err)
		return err;
	vc->q = &vc->vdev->queues[0];
	vc->alarmq = alarm ? &vc->vdev->queues[1] : NULL;
	return 0;
}

static int probe(struct vpv_dev *vdev)
{
	struct vpv_clock_dev *vc;
	int err;

	vc = kzalloc(sizeof(*vc), GFP_KERNEL);
	if (!vc)
		return -ENOMEM;
	vc->vdev = vdev;
	vdev->priv = vc;
	init_waitqueue_head(&vc->wait);
	INIT_WORK(&vc->restart, restart_work);

	err = create_queues(vc);
	if (err)
		goto free;
	err = vpv_clock_slots_create(vc);
	if (err)
		goto free;
	if (vc->alarmq)
		err = vpv_clock_alarm_create(vc);
	if (err)
		goto destroy_slots;
	return 0;

destroy_slots:
	vpv_clock_slots_destroy(vc);
free:
	kfree(vc);
	return err;
}

static void remove(struct vpv_dev *vdev)
{
	struct vpv_clock_dev *vc = vdev->priv;

	/* attach() may have failed, or a reset come in between: nobody reads any more. */
	set_gone(vc);
	cancel_work_sync(&vc->restart);
	if (vc->alarmq)
		vpv_clock_alarm_destroy(vc);
	vpv_clock_slots_destroy(vc);
	kfree(vc->clocks);
	kfree(vc);
}

static const struct vpv_feature features[] = {
	VPV_FEATURE(VIRTIO_RTC_F_ALARM),
};

static struct vpv_driver vpv_clock_driver = {
	.name = "virtio_pv_clock",
	.device_id = VIRTIO_ID_CLOCK,
	.features = features,
	.nr_features = ARRAY_SIZE(features),
	.probe = probe,
	.attach = attach,
	.detach = detach,
	.remove = remove,
	.quiesce = quiesce,
	.resume = resume,
	.failed = failed,
	.may_wake = may_wake,
	.drop = drop,
	.polls = true,
};

module_vpv_driver(vpv_clock_driver);

MODULE_DESCRIPTION("Paravirtual clock (virtio-rtc): PTP clocks of the host");
MODULE_VERSION(VPV_VERSION);
MODULE_LICENSE("GPL");
