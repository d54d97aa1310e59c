// SPDX-License-Identifier: GPL-2.0-only
/* Is unaligned access no affair of an architecture? Since 6.12 */
#ifdef PROBE_NEW
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif
#include <linux/types.h>

u32 probe(const void *p);
u32 probe(const void *p)
{
	return get_unaligned_le32(p);
}
