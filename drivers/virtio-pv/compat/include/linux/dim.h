/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_DIM_H
#define VPV_COMPAT_LINUX_DIM_H

#include_next <linux/dim.h>
#include <vpv_compat.h>

#ifndef HAVE_NET_DIM_POINTER
#define net_dim(_dim, _sample) net_dim(_dim, *(_sample))
#endif

#endif /* VPV_COMPAT_LINUX_DIM_H */
