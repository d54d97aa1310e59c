// SPDX-License-Identifier: GPL-2.0-only
/*
 * rtc class devices, for clocks that tell the time of day and have an alarm. For
 * reading and alarms: the clock itself is the host's.
 */
#include <linux/platform_device.h>
#include <linux/pm_wakeup.h>
#include <linux/rtc.h>

#include "clock.h"

static bool time_of_day(const struct vpv_clock *c)
{
	switch (c->caps.type) {
	case VIRTIO_RTC_CLOCK_UTC:
	case VIRTIO_RTC_CLOCK_UTC_SMEARED:
	case VIRTIO_RTC_CLOCK_UTC_MAYBE_SMEARED:
		return true;
	default:
		return false;
	}
}

static int read_time(struct device *dev, struct rtc_time *tm)
{
	struct vpv_clock *c = dev_get_drvdata(dev);
	u64 ns;
	int err;

	err = vpv_clock_read(c, NULL, &ns);
	if (!err)
		rtc_time64_to_tm(div_u64(ns, NSEC_PER_SEC), tm);
	return err;
}

static int read_alarm(struct device *dev, struct rtc_wkalrm *alarm)
{
	struct vpv_clock *c = dev_get_drvdata(dev);
	struct virtio_rtc_req_read_alarm req = {
		.head.msg_type = cpu_to_le16(VIRTIO_RTC_REQ_READ_ALARM),
		.clock_id = cpu_to_le16(c->id),
	};
	struct virtio_rtc_resp_read_alarm resp;
	struct vpv_clock_msg msg = {
		.req = &req, .req_len = sizeof(req),
		.resp = &resp, .resp_len = sizeof(resp),
	};
	u64 ns;
	int err;

	err = vpv_clock_xfer(c->vc, &msg);
	if (err)
		return err;
	ns = le64_to_cpu(resp.alarm_time);
	err = vpv_clock_check_reading(ns);
	if (err)
		return err;
	rtc_time64_to_tm(div_u64(ns, NSEC_PER_SEC), &alarm->time);
	alarm->enabled = resp.flags & VIRTIO_RTC_FLAG_ALARM_ENABLED;
	return 0;
}

static int set_alarm(struct device *dev, struct rtc_wkalrm *alarm)
{
	struct vpv_clock *c = dev_get_drvdata(dev);
	time64_t seconds = rtc_tm_to_time64(&alarm->time);

	if (seconds < 0 || seconds > KTIME_SEC_MAX)
		return -ERANGE;
	c->alarm_ns = (u64)seconds * NSEC_PER_SEC;
	c->alarm_on = alarm->enabled;
	return vpv_clock_alarm_set(c, false);
}

static int alarm_irq_enable(struct device *dev, unsigned int enabled)
{
	struct vpv_clock *c = dev_get_drvdata(dev);
	struct virtio_rtc_req_set_alarm_enabled req = {
		.head.msg_type = cpu_to_le16(VIRTIO_RTC_REQ_SET_ALARM_ENABLED),
		.clock_id = cpu_to_le16(c->id),
		.flags = enabled ? VIRTIO_RTC_FLAG_ALARM_ENABLED : 0,
	};
	struct virtio_rtc_resp_set_alarm_enabled resp;
	struct vpv_clock_msg msg = {
		.req = &req, .req_len = sizeof(req),
		.resp = &resp, .resp_len = sizeof(resp),
	};

	c->alarm_on = enabled;
	return vpv_clock_xfer(c->vc, &msg);
}

static const struct rtc_class_ops rtc_ops = {
	.read_time = read_time,
	.read_alarm = read_alarm,
	.set_alarm = set_alarm,
	.alarm_irq_enable = alarm_irq_enable,
};

/*
 * The rtc core hands its functions the rtc's parent, so each clock has one of its
 * own below the PCI function. The group has the rtc go when we say so.
 */
static int add_below(struct vpv_clock *c, struct device *dev)
{
	struct rtc_device *rtc;
	int err;

	if (!devres_open_group(dev, c, GFP_KERNEL))
		return -ENOMEM;
	rtc = devm_rtc_allocate_device(dev);
	if (IS_ERR(rtc)) {
		err = PTR_ERR(rtc);
		goto release;
	}
	rtc->ops = &rtc_ops;
	rtc->range_max = KTIME_SEC_MAX;
	err = devm_rtc_register_device(rtc);
	if (err)
		goto release;
	devres_close_group(dev, c);
	smp_store_release(&c->rtc, rtc);	/* pairs with vpv_clock_rtc_expired() */
	return 0;

release:
	devres_release_group(dev, c);
	return err;
}

int vpv_clock_rtc_add(struct vpv_clock *c)
{
	struct platform_device *parent;
	int err;

	if (!c->caps.alarm || !time_of_day(c))
		return 0;
	parent = platform_device_alloc("virtio_pv_rtc", PLATFORM_DEVID_AUTO);
	if (!parent)
		return -ENOMEM;
	parent->dev.parent = c->vc->vdev->dev;
	platform_set_drvdata(parent, c);
	err = platform_device_add(parent);
	if (err) {
		platform_device_put(parent);
		return err;
	}
	device_init_wakeup(&parent->dev, true);
	err = add_below(c, &parent->dev);
	if (err) {
		platform_device_unregister(parent);
		return err;
	}
	c->rtc_parent = parent;
	return 0;
}

void vpv_clock_rtc_del(struct vpv_clock *c)
{
	struct vpv_queue *q = c->vc->alarmq;

	if (!c->rtc_parent)
		return;
	/* An alarm that expires from now on finds nobody; one on its way gets through. */
	WRITE_ONCE(c->rtc, NULL);
	spin_lock_irq(&q->reap_lock);
	spin_unlock_irq(&q->reap_lock);
	devres_release_group(&c->rtc_parent->dev, c);
	platform_device_unregister(c->rtc_parent);
	c->rtc_parent = NULL;
}

/* Before a suspend: is there an alarm to sleep until? */
bool vpv_clock_rtc_may_wake(struct vpv_clock *c)
{
	return c->rtc_parent && READ_ONCE(c->alarm_on) && device_may_wakeup(&c->rtc_parent->dev);
}

/*
 * Hard interrupt context, under the alarm queue's reap_lock. The rtc core reads the
 * clock and decides by it what has expired (RTC-012).
 */
void vpv_clock_rtc_expired(struct vpv_clock *c)
{
	struct rtc_device *rtc = smp_load_acquire(&c->rtc);	/* pairs with add_below() */

	if (!rtc)
		return;
	pm_wakeup_hard_event(rtc->dev.parent);
	rtc_update_irq(rtc, 1, RTC_AF | RTC_IRQF);
}
