// SPDX-License-Identifier: GPL-2.0-only
/* Does a zone report go through disk_report_zone()? Since 6.19 */
#include <linux/blkdev.h>

#ifdef PROBE_NEW
static int probe(struct gendisk *disk, sector_t sector, unsigned int nr_zones,
		 struct blk_report_zones_args *args)
{
	struct blk_zone zone = { .start = sector };

	return disk_report_zone(disk, &zone, 0, args);
}
#else
static int probe(struct gendisk *disk, sector_t sector, unsigned int nr_zones,
		 report_zones_cb cb, void *data)
{
	struct blk_zone zone = { .start = sector };

	return cb(&zone, 0, data);
}
#endif

struct block_device_operations probe_ops = { .report_zones = probe };
