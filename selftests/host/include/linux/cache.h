/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOST_LINUX_CACHE_H
#define HOST_LINUX_CACHE_H

#define ____cacheline_aligned	__attribute__((__aligned__(64)))

#endif
