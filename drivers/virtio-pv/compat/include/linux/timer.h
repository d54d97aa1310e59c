/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_TIMER_H
#define VPV_COMPAT_LINUX_TIMER_H

#include_next <linux/timer.h>
#include <vpv_compat.h>

#ifndef HAVE_TIMER_CONTAINER_OF
#define timer_container_of(_var, _timer, _member) \
	container_of(_timer, typeof(*(_var)), _member)
#endif

#endif /* VPV_COMPAT_LINUX_TIMER_H */
