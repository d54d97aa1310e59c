// SPDX-License-Identifier: GPL-2.0-only
/* Is a disk's zone state the block layer's alone? Since 6.11 */
#include <linux/blkdev.h>

int probe(struct gendisk *disk);
int probe(struct gendisk *disk)
{
#ifdef PROBE_NEW
	return blk_revalidate_disk_zones(disk);
#else
	return blk_revalidate_disk_zones(disk, NULL);
#endif
}
