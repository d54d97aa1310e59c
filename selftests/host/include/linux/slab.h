/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOST_LINUX_SLAB_H
#define HOST_LINUX_SLAB_H

#include <stdlib.h>

#define GFP_KERNEL	0

/* Aligned as the kernel does for objects of this size. */
static inline void *kzalloc(size_t size, int gfp)
{
	void *p = NULL;

	(void)gfp;
	if (posix_memalign(&p, 64, size))
		return NULL;
	return __builtin_memset(p, 0, size);
}

#define kvcalloc(n, size, gfp)	calloc(n, size)
#define kfree(p)		free(p)
#define kvfree(p)		free(p)

#endif
