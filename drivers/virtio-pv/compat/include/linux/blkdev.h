/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_BLKDEV_H
#define VPV_COMPAT_LINUX_BLKDEV_H

#include_next <linux/blkdev.h>
#include <vpv_compat.h>

/*
 * New kernels hand a zone report one opaque argument, older ones a callback and
 * its data. The block layer calls the driver, so the driver's function needs a
 * form that this kernel can call:
 *
 *	static int foo_report_zones(struct gendisk *disk, sector_t sector,
 *				    unsigned int nr_zones,
 *				    struct blk_report_zones_args *args)
 *	{ ... }
 *	VPV_REPORT_ZONES_OP(foo_report_zones)
 *
 *	.report_zones = vpv_report_zones_op(foo_report_zones),
 */
#ifdef HAVE_REPORT_ZONES_ARGS
#define VPV_REPORT_ZONES_OP(_fn)
#define vpv_report_zones_op(_fn) _fn
#else
struct blk_report_zones_args {
	report_zones_cb cb;
	void *data;
};

static inline int disk_report_zone(struct gendisk *disk, struct blk_zone *zone,
				   unsigned int idx,
				   struct blk_report_zones_args *args)
{
	return args->cb(zone, idx, args->data);
}

#define VPV_REPORT_ZONES_OP(_fn)					\
static int _fn##_op(struct gendisk *disk, sector_t sector,		\
		    unsigned int nr_zones, report_zones_cb cb, void *data) \
{									\
	struct blk_report_zones_args args = { .cb = cb, .data = data };	\
									\
	return _fn(disk, sector, nr_zones, &args);			\
}
#define vpv_report_zones_op(_fn) _fn##_op
#endif

/*
 * The same for getgeo(), which took a block device: VPV_GETGEO_OP(foo_getgeo)
 * and .getgeo = vpv_getgeo_op(foo_getgeo).
 */
#ifdef HAVE_GETGEO_GENDISK
#define VPV_GETGEO_OP(_fn)
#define vpv_getgeo_op(_fn) _fn
#else
#define VPV_GETGEO_OP(_fn)						\
static int _fn##_op(struct block_device *bdev, struct hd_geometry *geo)	\
{									\
	return _fn(bdev->bd_disk, geo);					\
}
#define vpv_getgeo_op(_fn) _fn##_op
#endif

#ifndef HAVE_BLK_REVALIDATE_DISK_ZONES_ONE_ARG
#define blk_revalidate_disk_zones(_disk) blk_revalidate_disk_zones(_disk, NULL)
#endif

/* The limits below need blk-mq.h, which includes this file. */
#include <linux/blk-mq.h>

#endif /* VPV_COMPAT_LINUX_BLKDEV_H */
