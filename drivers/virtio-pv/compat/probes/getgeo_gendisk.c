// SPDX-License-Identifier: GPL-2.0-only
/* Does getgeo() take the disk? Since 6.18 */
#include <linux/blkdev.h>

#ifdef PROBE_NEW
static int probe(struct gendisk *disk, struct hd_geometry *geo)
#else
static int probe(struct block_device *bdev, struct hd_geometry *geo)
#endif
{
	return 0;
}

struct block_device_operations probe_ops = { .getgeo = probe };
