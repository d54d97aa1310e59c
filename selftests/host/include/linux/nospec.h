/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOST_LINUX_NOSPEC_H
#define HOST_LINUX_NOSPEC_H

/* As the kernel does it, so that instruction counts are its own. */
static inline unsigned long array_index_mask_nospec(unsigned long index, unsigned long size)
{
#if defined(__x86_64__)
	unsigned long mask;

	__asm__("cmp %1,%2; sbb %0,%0" : "=r" (mask) : "g" (size), "r" (index) : "cc");
	return mask;
#else
	return (unsigned long)(~(long)(index | (size - 1 - index)) >> 63);
#endif
}

#define array_index_nospec(index, size) \
	((__typeof__(index))((index) & array_index_mask_nospec(index, size)))

#endif
