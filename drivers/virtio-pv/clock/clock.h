/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * virtio_pv_clock: clocks of the host (virtio 1.4, 5.23) as PTP clocks.
 *
 *	main.c		module, life cycle: probe, attach, detach, remove
 *	msg.c		request and response: slots, polling, waiting
 *	caps.c		which clocks there are, before and after a reset
 *	check.c		what can be true; pure
 *	ptp.c		PTP clocks: readings between two system times
 *	cross.c		PTP_SYS_OFFSET_PRECISE: readings tied to a hardware counter
 *	line.c		a clock as a line over that counter; pure
 *	extrapolate.c	readings from the line, on request
 *	alarm.c		the alarm queue
 *	rtc.c		rtc class devices for clocks with an alarm
 *	sysfs.c		attributes of the clocks
 *
 * Readings only: nothing here ever sets the system clock.
 */
#ifndef VPV_CLOCK_H
#define VPV_CLOCK_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/virtio_rtc.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../core/vpv.h"
#include "check.h"
#include "line.h"

struct platform_device;
struct rtc_device;

/* Requests in flight at most, however large the device's queue. */
#define VPV_CLOCK_SLOTS 16
/* Alarm notifications the device can have outstanding. */
#define VPV_CLOCK_ALARM_BUFS 8
/* Room for any request, response or notification. */
#define VPV_CLOCK_MSG_MAX 64

/**
 * struct vpv_clock_cell - memory shared with the device, for one request
 * @req: written by us
 * @resp: written by the device, in another cache line
 */
struct vpv_clock_cell {
	u8 req[VPV_CLOCK_MSG_MAX];
	u8 resp[VPV_CLOCK_MSG_MAX];
};

/**
 * struct vpv_clock_slot - a request under way
 * @cell: its memory
 * @addr: @cell as the device sees it
 * @done: answered, or dropped with @error
 * @done_at: when it was seen to be, CLOCK_MONOTONIC in ns
 * @error: -EAGAIN: dropped, send it again; -ENODEV: dropped for good
 * @len: bytes of response, at most the response's size
 * @asleep: its owner waits for an interrupt
 * @abandoned: its owner has gone; the slot is free when the device lets go of it
 *
 * All but @cell and @addr are protected by the queue's reap_lock while the device
 * has the request.
 */
struct vpv_clock_slot {
	struct vpv_clock_cell *cell;
	u64 addr;
	struct completion done;
	u64 done_at;
	int error;
	u32 len;
	bool asleep;
	bool abandoned;
};

/**
 * struct vpv_clock_caps - what the device says of a clock
 * @type: VIRTIO_RTC_CLOCK_...
 * @smearing: VIRTIO_RTC_SMEAR_...
 * @alarm: it has an alarm
 * @cross: it can be read together with this machine's counter
 * @known: it is of a type we understand, and answered
 */
struct vpv_clock_caps {
	u8 type;
	u8 smearing;
	bool alarm;
	bool cross;
	bool known;
};

/**
 * struct vpv_clock - a clock of the device
 * @vc: the device
 * @id: the device's number for it
 * @caps: what it can do
 * @info: for the PTP core
 * @ptp: the PTP clock, NULL: none
 * @rtc: the rtc class device, NULL: none
 * @rtc_parent: and what it hangs below
 * @last_lock: protects @last
 * @last: latest reading of a monotonic clock
 * @alarm_ns: alarm last set
 * @alarm_on: and enabled; both under the rtc's ops_lock or while there is no user
 * @line_lock: protects @line
 * @line: the clock over the counter, for readings without the device
 * @extrapolated: readings from it
 * @readings: good ones, these included
 * @refused: readings that could not be true
 * @attrs: its attributes
 */
struct vpv_clock {
	struct vpv_clock_dev *vc;
	u16 id;
	struct vpv_clock_caps caps;
	struct ptp_clock_info info;
	struct ptp_clock *ptp;
	struct rtc_device *rtc;
	struct platform_device *rtc_parent;
	spinlock_t last_lock;
	u64 last;
	u64 alarm_ns;
	bool alarm_on;
	spinlock_t line_lock;
	struct vpv_clock_line line;
	atomic64_t extrapolated;
	atomic64_t readings;
	atomic64_t refused;
	struct vpv_clock_attrs *attrs;
};

/**
 * struct vpv_clock_dev - a device
 * @vdev: it
 * @q: requests
 * @alarmq: alarm notifications, NULL: none
 * @cells: shared memory of all slots
 * @cells_addr: @cells as the device sees it
 * @slots: requests under way
 * @nr_slots: how many there can be
 * @free: bitmap of free slots
 * @wait: for a free slot, or for the device to be there
 * @sleepers: slots whose owner waits for an interrupt; q->reap_lock
 * @live: requests may be sent; q->submit_lock
 * @checked: the clocks are known to be those found at first
 * @gone: the device has failed or its clocks have changed; for good
 * @ewma_ns: time an answer takes after the kick; a hint, written without a lock
 * @polled: answers found by polling
 * @slept: answers waited for
 * @late: answers found by looking again after no interrupt came
 * @clocks: those it has, @nr_clocks of them, or NULL
 * @nr_clocks: how many
 * @detaching: no work any more
 * @restart: looks at the clocks again after a reset
 * @bells: shared memory of the alarm notifications
 * @bells_addr: @bells as the device sees it
 */
struct vpv_clock_dev {
	struct vpv_dev *vdev;
	struct vpv_queue *q;
	struct vpv_queue *alarmq;
	struct vpv_clock_cell *cells;
	u64 cells_addr;
	struct vpv_clock_slot slots[VPV_CLOCK_SLOTS];
	unsigned int nr_slots;
	unsigned long free;
	wait_queue_head_t wait;
	unsigned int sleepers;
	bool live;
	bool checked;
	bool gone;
	u64 ewma_ns;
	atomic64_t polled;
	atomic64_t slept;
	atomic64_t late;
	struct vpv_clock *clocks;
	unsigned int nr_clocks;
	bool detaching;
	struct work_struct restart;
	u8 (*bells)[VPV_CLOCK_MSG_MAX];
	u64 bells_addr;
};

/**
 * struct vpv_clock_msg - a request and where its answer goes
 * @req: the request
 * @req_len: its bytes
 * @resp: room for the response; filled in only when all is well
 * @resp_len: its bytes
 * @before: called with interrupts off right before the device can see the request,
 *	or NULL
 * @after: called right after the answer was seen, or NULL
 * @ctx: for both
 * @own: part of looking at the clocks: sent before they are known to be the same
 */
struct vpv_clock_msg {
	const void *req;
	u16 req_len;
	void *resp;
	u16 resp_len;
	void (*before)(void *ctx);
	void (*after)(void *ctx);
	void *ctx;
	bool own;
};

/* msg.c */
int vpv_clock_slots_create(struct vpv_clock_dev *vc);
void vpv_clock_slots_destroy(struct vpv_clock_dev *vc);
int vpv_clock_xfer(struct vpv_clock_dev *vc, const struct vpv_clock_msg *msg);
void vpv_clock_irq(struct vpv_queue *q);
void vpv_clock_drop(struct vpv_clock_dev *vc, struct vpv_clock_slot *slot, bool retry);
void vpv_clock_park(struct vpv_clock_dev *vc);

/* caps.c */
int vpv_clock_caps_read(struct vpv_clock_dev *vc);
int vpv_clock_caps_same(struct vpv_clock_dev *vc);

/* ptp.c */
int vpv_clock_read(struct vpv_clock *c, struct ptp_system_timestamp *sts, u64 *ns);
int vpv_clock_plausible(struct vpv_clock *c, u64 ns);
int vpv_clock_ptp_add(struct vpv_clock *c);
void vpv_clock_ptp_del(struct vpv_clock *c);

/* cross.c */
int vpv_clock_counter(void);	/* VIRTIO_RTC_COUNTER_..., negative: none the guest shares */
u64 vpv_clock_read_counter(void);
int vpv_clock_getcrosststamp(struct ptp_clock_info *info,
			     struct system_device_crosststamp *xts);
int vpv_clock_sample(struct vpv_clock *c, struct ptp_system_timestamp *sts,
		     struct vpv_clock_sample *s);

/* extrapolate.c */
bool vpv_clock_extrapolates(const struct vpv_clock *c);
int vpv_clock_extrapolate(struct vpv_clock *c, struct ptp_system_timestamp *sts, u64 *ns);
void vpv_clock_extrapolate_forget(struct vpv_clock *c);
u64 vpv_clock_extrapolate_bound(struct vpv_clock *c);

/* alarm.c */
int vpv_clock_alarm_create(struct vpv_clock_dev *vc);
void vpv_clock_alarm_destroy(struct vpv_clock_dev *vc);
void vpv_clock_alarm_irq(struct vpv_queue *q);
void vpv_clock_alarm_feed(struct vpv_clock_dev *vc);
int vpv_clock_alarm_set(struct vpv_clock *c, bool own);

/* rtc.c */
int vpv_clock_rtc_add(struct vpv_clock *c);
void vpv_clock_rtc_del(struct vpv_clock *c);
void vpv_clock_rtc_expired(struct vpv_clock *c);
bool vpv_clock_rtc_may_wake(struct vpv_clock *c);

/* sysfs.c */
int vpv_clock_sysfs_add(struct vpv_clock *c);
void vpv_clock_sysfs_del(struct vpv_clock *c);

#endif /* VPV_CLOCK_H */
