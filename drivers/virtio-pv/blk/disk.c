// SPDX-License-Identifier: GPL-2.0-only
/*
 * The disk: number and name, capacity, geometry, birth and death.
 *
 * Names. udev rules, installers and boot loaders know virtio disks as vd*, so
 * ours begin so too; the kernel's own virtio_blk may serve other disks of the
 * same guest and counts vda, vdb, ... vdz, vdaa, ... A name is taken for good
 * when a disk is added, so looking for a free one would only move the clash to
 * whoever comes later. Ours are "vdp" and at least one letter: vdpa, vdpb, ...;
 * virtio_blk reaches vdpa with its 417th disk.
 */
#include <linux/backing-dev.h>
#include <linux/hdreg.h>
#include <linux/idr.h>

#include "blk.h"

#define VPV_BLK_DISK_PREFIX "vdp"
#define VPV_BLK_PART_BITS 4
#define VPV_BLK_MAX_INDEX ((int)((1U << (MINORBITS - VPV_BLK_PART_BITS)) - 1))

static DEFINE_IDA(vpv_blk_ida);
static int vpv_blk_major;

int vpv_blk_disks_init(void)
{
	vpv_blk_major = register_blkdev(0, "virtio_pv_blk");
	return vpv_blk_major < 0 ? vpv_blk_major : 0;
}

void vpv_blk_disks_exit(void)
{
	unregister_blkdev(vpv_blk_major, "virtio_pv_blk");
	ida_destroy(&vpv_blk_ida);
}

/* 0 -> a, 25 -> z, 26 -> aa: letters count without a zero. */
static int vpv_blk_disk_name(char *name, size_t size, int index)
{
	char letters[8];
	int i = sizeof(letters) - 1;

	letters[i] = '\0';
	for (; index >= 0 && i > 0; index = index / 26 - 1)
		letters[--i] = 'a' + index % 26;
	if (index >= 0 || snprintf(name, size, VPV_BLK_DISK_PREFIX "%s", letters + i) >= size)
		return -EINVAL;
	return 0;
}

/* An opener may come after the device left: only what we checked is given. */
static int vpv_blk_getgeo(struct gendisk *disk, struct hd_geometry *geo)
{
	const struct vpv_blk *vb = disk->private_data;
	const struct vpv_blk_config *cfg = &vb->cfg;

	if (cfg->cylinders && cfg->heads && cfg->sectors) {
		geo->heads = cfg->heads;
		geo->sectors = cfg->sectors;
		geo->cylinders = cfg->cylinders;
	} else {
		/* What partitioning tools like best: 1 MiB cylinders. */
		geo->heads = 1 << 6;
		geo->sectors = 1 << 5;
		geo->cylinders = min_t(u64, get_capacity(disk) >> 11, USHRT_MAX);
	}
	return 0;
}

VPV_GETGEO_OP(vpv_blk_getgeo)
VPV_REPORT_ZONES_OP(vpv_blk_report_zones)

static void vpv_blk_free_disk(struct gendisk *disk)
{
	vpv_blk_put(disk->private_data);
}

static const struct block_device_operations vpv_blk_fops = {
	.owner = THIS_MODULE,
	.getgeo = vpv_getgeo_op(vpv_blk_getgeo),
	.report_zones = vpv_report_zones_op(vpv_blk_report_zones),
	.free_disk = vpv_blk_free_disk,
};

/*
 * Without an optimal size of the device's, read ahead two of the largest
 * requests, as newer kernels do for disks that call themselves rotational: a
 * sequential reader then costs few exits. Kernels that set their own value when
 * the disk is added do so here too.
 */
static void vpv_blk_set_readahead(struct vpv_blk *vb)
{
	struct backing_dev_info *bdi = vb->disk->bdi;
	unsigned long pages = queue_max_sectors(vb->disk->queue) >> (PAGE_SHIFT - SECTOR_SHIFT);

	if (!vb->cfg.io_opt)
		bdi->ra_pages = max(bdi->ra_pages, 2 * pages);
}

int vpv_blk_disk_create(struct vpv_blk *vb)
{
	struct queue_limits lim = {};
	int err;

	vpv_blk_set_limits(vb, &lim);
	vb->index = ida_alloc_max(&vpv_blk_ida, VPV_BLK_MAX_INDEX, GFP_KERNEL);
	if (vb->index < 0)
		return vb->index;

	vb->disk = blk_mq_alloc_disk(&vb->tag_set, &lim, vb);
	if (IS_ERR(vb->disk)) {
		err = PTR_ERR(vb->disk);
		goto free_index;
	}
	vb->disk->private_data = vb;
	vb->disk->fops = &vpv_blk_fops;
	vb->disk->major = vpv_blk_major;
	vb->disk->first_minor = vb->index << VPV_BLK_PART_BITS;
	vb->disk->minors = 1 << VPV_BLK_PART_BITS;
	err = vpv_blk_disk_name(vb->disk->disk_name, sizeof(vb->disk->disk_name), vb->index);
	if (err)
		goto free_disk;
	set_disk_ro(vb->disk, vpv_has_feature(vb->vdev, VIRTIO_BLK_F_RO));
	set_capacity(vb->disk, vb->capacity);
	vpv_blk_set_readahead(vb);
	return 0;

free_disk:
	put_disk(vb->disk);
free_index:
	ida_free(&vpv_blk_ida, vb->index);
	return err;
}

void vpv_blk_disk_destroy(struct vpv_blk *vb)
{
	put_disk(vb->disk);
	ida_free(&vpv_blk_ida, vb->index);
}

/* The device is live: from add on there are users, and I/O at once. */
int vpv_blk_disk_add(struct vpv_blk *vb)
{
	int err;

	err = vpv_blk_read_capacity(vb->vdev, vb->cfg.blk_size, &vb->capacity);
	if (err)
		return err;
	set_capacity(vb->disk, vb->capacity);

	err = vpv_blk_zones_revalidate(vb);
	if (err)
		return err;

	/* Its last user drops it: vpv_blk_free_disk(). */
	kref_get(&vb->ref);
	err = device_add_disk(vb->vdev->dev, vb->disk, vpv_blk_groups);
	if (err) {
		vpv_blk_put(vb);
		return err;
	}
	WRITE_ONCE(vb->added, true);
	/* Failed while it was being added: those who opened it have to know. */
	if (READ_ONCE(vb->failed))
		blk_mark_disk_dead(vb->disk);
	return 0;
}

void vpv_blk_disk_del(struct vpv_blk *vb)
{
	del_gendisk(vb->disk);
}

void vpv_blk_config_changed(struct vpv_dev *vdev)
{
	struct vpv_blk *vb = vdev->priv;
	u64 capacity;

	if (vb->failed || vpv_blk_read_capacity(vdev, vb->cfg.blk_size, &capacity))
		return;
	WRITE_ONCE(vb->capacity, capacity);
	set_capacity_and_notify(vb->disk, capacity);
}
