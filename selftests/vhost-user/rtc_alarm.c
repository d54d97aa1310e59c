// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alarms (5.23.6.6). The driver's buffers stay in the alarm queue until one
 * expires: nothing of the driver's is kept here.
 */
#include <endian.h>
#include <string.h>

#include "rtc.h"

#define ALARM_QUEUE 1
/* The host's clock may be set: look again after a while, however far the alarm. */
#define LOOK_NS 3600000000000ULL

static void expire(struct vu_dev *dev, struct rtc_clock *c)
{
	c->expired = true;
	c->pending = true;
	vu_queue_run(&dev->queues[ALARM_QUEUE]);
}

void rtc_alarm_look(struct vu_dev *dev, struct rtc_clock *c)
{
	uint64_t now = rtc_now(c), left;

	vu_timer_set(dev, &c->timer, 0);
	if (!c->enabled)
		return;
	if (now >= c->alarm) {
		if (!c->expired)
			expire(dev, c);
		return;
	}
	c->expired = false;
	left = c->alarm - now < LOOK_NS ? c->alarm - now : LOOK_NS;
	vu_timer_set(dev, &c->timer, vu_now() + left);
}

void rtc_alarm_set(struct vu_dev *dev, struct rtc_clock *c, uint64_t alarm, bool enabled)
{
	c->alarm = alarm;
	c->enabled = enabled;
	c->expired = false;
	c->pending = false;
	rtc_alarm_look(dev, c);
}

static void due(struct vu_timer *t)
{
	struct vu_dev *dev = t->ctx;

	for (unsigned int i = 0; i < rtc.nr_clocks; i++)
		if (t == &rtc.clock[i].timer)
			rtc_alarm_look(dev, &rtc.clock[i]);
}

void rtc_alarm_init(struct vu_dev *dev)
{
	for (unsigned int i = 0; i < rtc.nr_clocks; i++) {
		rtc.clock[i].timer.fire = due;
		rtc.clock[i].timer.ctx = dev;
	}
}

/* A retained alarm that is in the past expires with the reset. */
void rtc_alarm_reset(struct vu_dev *dev)
{
	for (unsigned int i = 0; i < rtc.nr_clocks; i++) {
		struct rtc_clock *c = &rtc.clock[i];

		if (rtc.retain)
			rtc_alarm_set(dev, c, c->alarm, c->enabled);
		else
			rtc_alarm_set(dev, c, 0, false);
	}
}

static struct rtc_clock *first_pending(void)
{
	for (unsigned int i = 0; i < rtc.nr_clocks; i++)
		if (rtc.clock[i].pending)
			return &rtc.clock[i];
	return NULL;
}

bool rtc_alarm_pending(void)
{
	return first_pending();
}

uint32_t rtc_alarm_notify(const struct vu_elem *e)
{
	struct rtc_clock *c = first_pending();
	uint64_t id = c - rtc.clock, type = VIRTIO_RTC_NOTIF_ALARM;
	struct virtio_rtc_notif_alarm n = { 0 };

	c->pending = false;
	rtc.bells++;
	rtc_lie(RTC_LIE_BELL_CLOCK, &id);
	rtc_lie(RTC_LIE_BELL_TYPE, &type);
	n.head.msg_type = htole16(type);
	n.clock_id = htole16(id);
	return vu_write(e, 0, &n, sizeof(n));
}
