// SPDX-License-Identifier: GPL-2.0-only
/* Is the memory behind the fragments of an XDP packet noted beside their size? */
#include <linux/skbuff.h>

unsigned int probe(struct skb_shared_info *shared);
unsigned int probe(struct skb_shared_info *shared)
{
#ifdef PROBE_NEW
	return shared->xdp_frags_truesize;
#else
	return shared->xdp_frags_size;
#endif
}
