/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_HRTIMER_H
#define VPV_COMPAT_LINUX_HRTIMER_H

#include_next <linux/hrtimer.h>
#include <vpv_compat.h>

#ifndef HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

#endif /* VPV_COMPAT_LINUX_HRTIMER_H */
