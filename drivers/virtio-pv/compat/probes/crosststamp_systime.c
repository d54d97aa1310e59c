// SPDX-License-Identifier: GPL-2.0-only
/* Does a cross-timestamp name the system clock it wants? */
#include <linux/ktime.h>

void probe(struct system_device_crosststamp *xts, struct system_time_snapshot *snap);
void probe(struct system_device_crosststamp *xts, struct system_time_snapshot *snap)
{
#ifdef PROBE_NEW
	ktime_get_snapshot_id(xts->clock_id, snap);
	xts->sys_systime = snap->systime;
	xts->sys_monoraw = snap->monoraw;
#else
	ktime_get_snapshot(snap);
	xts->sys_realtime = snap->real;
	xts->sys_monoraw = snap->raw;
#endif
}
