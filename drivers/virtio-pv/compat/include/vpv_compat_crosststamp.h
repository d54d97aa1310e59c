/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct system_device_crosststamp got a clock of the caller's choice, and with it
 * other names, as did the snapshot of system time.
 */
#ifndef VPV_COMPAT_CROSSTSTAMP_H
#define VPV_COMPAT_CROSSTSTAMP_H

#include <linux/ktime.h>
#include <vpv_compat.h>

#ifdef HAVE_CROSSTSTAMP_SYSTIME
static inline void vpv_crosststamp_now(const struct system_device_crosststamp *xts,
				       ktime_t *sys, ktime_t *raw)
{
	struct system_time_snapshot snap;

	ktime_get_snapshot_id(xts->clock_id, &snap);
	*sys = snap.systime;
	*raw = snap.monoraw;
}

static inline void vpv_crosststamp_fill(struct system_device_crosststamp *xts, ktime_t device,
					ktime_t sys, ktime_t raw)
{
	xts->device = device;
	xts->sys_systime = sys;
	xts->sys_monoraw = raw;
}
#else
static inline void vpv_crosststamp_now(const struct system_device_crosststamp *xts,
				       ktime_t *sys, ktime_t *raw)
{
	struct system_time_snapshot snap;

	ktime_get_snapshot(&snap);
	*sys = snap.real;
	*raw = snap.raw;
}

static inline void vpv_crosststamp_fill(struct system_device_crosststamp *xts, ktime_t device,
					ktime_t sys, ktime_t raw)
{
	xts->device = device;
	xts->sys_realtime = sys;
	xts->sys_monoraw = raw;
}
#endif

#endif /* VPV_COMPAT_CROSSTSTAMP_H */
