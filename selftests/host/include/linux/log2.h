/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOST_LINUX_LOG2_H
#define HOST_LINUX_LOG2_H

#define is_power_of_2(n)	((n) && !((n) & ((n) - 1)))

#endif
