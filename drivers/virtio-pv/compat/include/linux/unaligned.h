/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_UNALIGNED_H
#define VPV_COMPAT_LINUX_UNALIGNED_H

#include <vpv_compat.h>

#ifdef HAVE_LINUX_UNALIGNED_H
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif /* VPV_COMPAT_LINUX_UNALIGNED_H */
