// SPDX-License-Identifier: GPL-2.0-only
/* Are the device's and the user's zone append limits two fields? Since 6.13 */
#include <linux/blkdev.h>

unsigned int probe(struct queue_limits *lim);
unsigned int probe(struct queue_limits *lim)
{
#ifdef PROBE_NEW
	return lim->max_hw_zone_append_sectors;
#else
	return lim->max_zone_append_sectors;
#endif
}
