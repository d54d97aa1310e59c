/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The RTC device (virtio 1.4, 5.23):
 *
 *	vu-rtc.c	messages, options
 *	rtc_clock.c	what time it is, and what the guest's counter shows then
 *	rtc_alarm.c	alarms
 *	rtc_lie.c	wrong answers on demand
 */
#ifndef VU_RTC_H
#define VU_RTC_H

#include <linux/types.h>

#include "../../include/uapi/linux/virtio_rtc.h"
#include "vu.h"

#define RTC_MAX_CLOCKS 16

/**
 * struct rtc_clock - a clock of the device
 * @type: VIRTIO_RTC_CLOCK_...
 * @smearing: VIRTIO_RTC_SMEAR_...
 * @has_alarm: it can have an alarm
 * @cross: it can be read with the counter
 * @from_counter: it tells the host's counter in place of a time, for calibration
 * @offset: ns added to what the host's clock says
 * @alarm: time of the alarm
 * @enabled: is it set?
 * @expired: it has been, since it was last set
 * @pending: and the driver is to be told
 * @timer: wakes us at the alarm
 */
struct rtc_clock {
	uint8_t type;
	uint8_t smearing;
	bool has_alarm;
	bool cross;
	bool from_counter;
	int64_t offset;
	uint64_t alarm;
	bool enabled;
	bool expired;
	bool pending;
	struct vu_timer timer;
};

enum rtc_lie {
	RTC_LIE_CLOCKS,
	RTC_LIE_TYPE,
	RTC_LIE_READING,
	RTC_LIE_BACK,
	RTC_LIE_AHEAD,
	RTC_LIE_BELL_CLOCK,
	RTC_LIE_BELL_TYPE,
	RTC_NR_LIES,
};

struct rtc {
	struct rtc_clock clock[RTC_MAX_CLOCKS];
	unsigned int nr_clocks;
	int64_t counter_offset;	/* the guest's counter less the host's */
	uint64_t counter_margin; /* cycles between a request, the look at the counter, the answer */
	bool retain;		/* alarms survive a reset */
	uint64_t bells;		/* alarm notifications sent */
};

extern struct rtc rtc;

/* ---- rtc_clock.c ---- */

/* "utc,alarm,offset=-5": NULL or what is wrong. */
const char *rtc_clock_parse(struct rtc_clock *c, const char *text);
const char *rtc_clock_name(const struct rtc_clock *c);

/* -1: this host has none */
int rtc_counter_id(void);
uint64_t rtc_counter(void);

uint64_t rtc_now(const struct rtc_clock *c);
/* The same, and the guest's counter at that moment. */
uint64_t rtc_now_cross(const struct rtc_clock *c, uint64_t *cycles);

/* ---- rtc_alarm.c ---- */

void rtc_alarm_init(struct vu_dev *dev);
void rtc_alarm_set(struct vu_dev *dev, struct rtc_clock *c, uint64_t alarm, bool enabled);
/* The clock stepped, or the driver came back: what has expired now? */
void rtc_alarm_look(struct vu_dev *dev, struct rtc_clock *c);
void rtc_alarm_reset(struct vu_dev *dev);
bool rtc_alarm_pending(void);
uint32_t rtc_alarm_notify(const struct vu_elem *e);

/* ---- rtc_lie.c ---- */

/* Tell this lie now? It changes *value as its argument says. */
void rtc_lie(enum rtc_lie lie, uint64_t *value);
void rtc_lie_stats(FILE *out);
extern const struct vu_command rtc_lie_command;

#endif /* VU_RTC_H */
