/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_WORKQUEUE_H
#define VPV_COMPAT_LINUX_WORKQUEUE_H

#include_next <linux/workqueue.h>
#include <vpv_compat.h>

/* The old name still works on newer kernels; they complain about it. */
#ifndef HAVE_SYSTEM_DFL_WQ
#define system_dfl_wq system_unbound_wq
#endif

#endif /* VPV_COMPAT_LINUX_WORKQUEUE_H */
