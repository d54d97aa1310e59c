// SPDX-License-Identifier: GPL-2.0-only
/* Does net_dim() take a pointer to a sample? Since 6.13 */
#include <linux/dim.h>

void probe(struct dim *dim, struct dim_sample *sample);
void probe(struct dim *dim, struct dim_sample *sample)
{
#ifdef PROBE_NEW
	net_dim(dim, sample);
#else
	net_dim(dim, *sample);
#endif
}
