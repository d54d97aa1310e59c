/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOST_LINUX_LIMITS_H
#define HOST_LINUX_LIMITS_H

#include_next <linux/limits.h>
#include <stdint.h>

#define U32_MAX UINT32_MAX
#define S64_MAX INT64_MAX

#endif
