// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device configuration: read in one consistent snapshot, checked field by
 * field, and turned into queue limits. A device may write anything there, so
 * each field has a least and a most; a value outside is refused when the disk
 * could not be driven right, else ignored or clamped, with one message.
 */
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/overflow.h>

#include "blk.h"

#define VPV_BLK_FIELD(_member, _feature) \
	VPV_CONFIG(vpv_blk_wire_config, _member, VIRTIO_BLK_F_##_feature)

static const struct vpv_config_field vpv_blk_capacity_field =
	VPV_CONFIG(vpv_blk_wire_config, capacity, VPV_NO_BIT);

static const struct vpv_config_field vpv_blk_writeback_field =
	VPV_BLK_FIELD(writeback, CONFIG_WCE);

static const struct vpv_config_field vpv_blk_fields[] = {
	VPV_CONFIG(vpv_blk_wire_config, capacity, VPV_NO_BIT),
	VPV_BLK_FIELD(size_max, SIZE_MAX),
	VPV_BLK_FIELD(seg_max, SEG_MAX),
	VPV_BLK_FIELD(cylinders, GEOMETRY),
	VPV_BLK_FIELD(heads, GEOMETRY),
	VPV_BLK_FIELD(sectors, GEOMETRY),
	VPV_BLK_FIELD(blk_size, BLK_SIZE),
	VPV_BLK_FIELD(physical_block_exp, TOPOLOGY),
	VPV_BLK_FIELD(alignment_offset, TOPOLOGY),
	VPV_BLK_FIELD(min_io_size, TOPOLOGY),
	VPV_BLK_FIELD(opt_io_size, TOPOLOGY),
	VPV_BLK_FIELD(writeback, CONFIG_WCE),
	VPV_BLK_FIELD(num_queues, MQ),
	VPV_BLK_FIELD(max_discard_sectors, DISCARD),
	VPV_BLK_FIELD(max_discard_seg, DISCARD),
	VPV_BLK_FIELD(discard_sector_alignment, DISCARD),
	VPV_BLK_FIELD(max_write_zeroes_sectors, WRITE_ZEROES),
	VPV_BLK_FIELD(max_secure_erase_sectors, SECURE_ERASE),
	VPV_BLK_FIELD(max_secure_erase_seg, SECURE_ERASE),
	VPV_BLK_FIELD(secure_erase_sector_alignment, SECURE_ERASE),
	VPV_BLK_FIELD(zone_sectors, ZONED),
	VPV_BLK_FIELD(max_open_zones, ZONED),
	VPV_BLK_FIELD(max_active_zones, ZONED),
	VPV_BLK_FIELD(max_append_sectors, ZONED),
	VPV_BLK_FIELD(write_granularity, ZONED),
	VPV_BLK_FIELD(model, ZONED),
};

/* The block layer's own limit on a disk's size, in sectors. */
#define VPV_BLK_MAX_CAPACITY ((u64)LLONG_MAX >> SECTOR_SHIFT)

static u64 vpv_blk_clean_capacity(u64 sectors, u32 blk_size)
{
	u32 per_block = blk_size >> SECTOR_SHIFT;

	return round_down(min(sectors, VPV_BLK_MAX_CAPACITY), per_block);
}

static int vpv_blk_check_sizes(struct vpv_dev *vdev, const struct vpv_blk_wire_config *wire,
			       struct vpv_blk_config *cfg)
{
	cfg->blk_size = SECTOR_SIZE;
	if (vpv_has_feature(vdev, VIRTIO_BLK_F_BLK_SIZE))
		cfg->blk_size = le32_to_cpu(wire->blk_size);
	if (blk_validate_block_size(cfg->blk_size)) {
		dev_err(vdev->dev, "block size %u is none this kernel can use\n", cfg->blk_size);
		return -EINVAL;
	}

	/* The block layer needs a piece to hold a page. */
	cfg->size_max = UINT_MAX;
	if (vpv_has_feature(vdev, VIRTIO_BLK_F_SIZE_MAX))
		cfg->size_max = le32_to_cpu(wire->size_max);
	if (cfg->size_max < PAGE_SIZE) {
		dev_err(vdev->dev, "largest data piece of %u bytes is less than a page\n",
			cfg->size_max);
		return -EINVAL;
	}

	cfg->seg_max = 1;
	if (vpv_has_feature(vdev, VIRTIO_BLK_F_SEG_MAX))
		cfg->seg_max = clamp_t(u32, le32_to_cpu(wire->seg_max), 1, USHRT_MAX);

	cfg->capacity = vpv_blk_clean_capacity(le64_to_cpu(wire->capacity), cfg->blk_size);
	return 0;
}

static int vpv_blk_check_queues(struct vpv_dev *vdev, const struct vpv_blk_wire_config *wire,
				struct vpv_blk_config *cfg)
{
	cfg->num_queues = 1;
	if (vpv_has_feature(vdev, VIRTIO_BLK_F_MQ))
		cfg->num_queues = le16_to_cpu(wire->num_queues);
	if (!cfg->num_queues) {
		dev_err(vdev->dev, "the device has several queues, but none\n");
		return -EINVAL;
	}
	return 0;
}

/* All of it is advice: what makes no sense is left out. */
static void vpv_blk_check_topology(struct vpv_dev *vdev, const struct vpv_blk_wire_config *wire,
				   struct vpv_blk_config *cfg)
{
	u32 physical, min_io, opt_io;

	cfg->physical_block_size = cfg->blk_size;
	cfg->io_min = cfg->blk_size;
	if (!vpv_has_feature(vdev, VIRTIO_BLK_F_TOPOLOGY))
		return;

	if (wire->physical_block_exp >= ilog2(SZ_1G / cfg->blk_size)) {
		dev_warn(vdev->dev, "physical block of 2^%u logical ones is ignored\n",
			 wire->physical_block_exp);
		return;
	}
	physical = cfg->blk_size << wire->physical_block_exp;
	cfg->physical_block_size = physical;
	cfg->alignment_offset = (wire->alignment_offset * cfg->blk_size) & (physical - 1);

	min_io = le16_to_cpu(wire->min_io_size);
	cfg->io_min = max(physical, min_io * cfg->blk_size);
	if (check_mul_overflow(le32_to_cpu(wire->opt_io_size), cfg->blk_size, &opt_io))
		opt_io = 0;
	cfg->io_opt = opt_io;
}

static void vpv_blk_check_geometry(struct vpv_dev *vdev, const struct vpv_blk_wire_config *wire,
				   struct vpv_blk_config *cfg)
{
	if (!vpv_has_feature(vdev, VIRTIO_BLK_F_GEOMETRY))
		return;
	cfg->cylinders = le16_to_cpu(wire->cylinders);
	cfg->heads = wire->heads;
	cfg->sectors = wire->sectors;
}

/* BLK-003: a cache that can be flushed and not be switched is a writeback one. */
static void vpv_blk_check_cache(struct vpv_dev *vdev, const struct vpv_blk_wire_config *wire,
				struct vpv_blk_config *cfg)
{
	if (!vpv_has_feature(vdev, VIRTIO_BLK_F_FLUSH))
		cfg->writeback = false;
	else if (vpv_has_feature(vdev, VIRTIO_BLK_F_CONFIG_WCE))
		cfg->writeback = wire->writeback != 0;
	else
		cfg->writeback = true;
}

static u32 vpv_blk_no_limit_is_max(__le32 limit)
{
	u32 v = le32_to_cpu(limit);

	return min_t(u32, v ? v : UINT_MAX, UINT_MAX >> SECTOR_SHIFT);
}

static void vpv_blk_check_discard(struct vpv_dev *vdev, const struct vpv_blk_wire_config *wire,
				  struct vpv_blk_config *cfg)
{
	u32 align = 0;

	if (vpv_has_feature(vdev, VIRTIO_BLK_F_DISCARD)) {
		cfg->max_discard_sectors = vpv_blk_no_limit_is_max(wire->max_discard_sectors);
		cfg->max_discard_seg = clamp_t(u32, le32_to_cpu(wire->max_discard_seg),
					       1, VPV_BLK_MAX_RANGES);
		align = le32_to_cpu(wire->discard_sector_alignment);
	}
	if (vpv_has_feature(vdev, VIRTIO_BLK_F_SECURE_ERASE)) {
		cfg->max_secure_erase_sectors =
			vpv_blk_no_limit_is_max(wire->max_secure_erase_sectors);
		align = max(align, le32_to_cpu(wire->secure_erase_sector_alignment));
	}
	if (align > UINT_MAX >> SECTOR_SHIFT) {
		dev_warn(vdev->dev, "discard alignment of %u sectors is ignored\n", align);
		align = 0;
	}
	cfg->discard_granularity = max(align << SECTOR_SHIFT, cfg->blk_size);

	if (vpv_has_feature(vdev, VIRTIO_BLK_F_WRITE_ZEROES))
		cfg->max_write_zeroes_sectors =
			vpv_blk_no_limit_is_max(wire->max_write_zeroes_sectors);
}

int vpv_blk_read_config(struct vpv_dev *vdev, struct vpv_blk_config *cfg)
{
	struct vpv_blk_wire_config wire = {};
	int err;

	memset(cfg, 0, sizeof(*cfg));
	err = vpv_config_read(vdev, vpv_blk_fields, ARRAY_SIZE(vpv_blk_fields), &wire);
	if (err) {
		dev_err(vdev->dev, "cannot read the device configuration: %d\n", err);
		return err;
	}

	err = vpv_blk_check_sizes(vdev, &wire, cfg);
	if (err)
		return err;
	err = vpv_blk_check_queues(vdev, &wire, cfg);
	if (err)
		return err;
	vpv_blk_check_topology(vdev, &wire, cfg);
	vpv_blk_check_geometry(vdev, &wire, cfg);
	vpv_blk_check_cache(vdev, &wire, cfg);
	vpv_blk_check_discard(vdev, &wire, cfg);
	return vpv_blk_zones_read(vdev, &wire, cfg);
}

int vpv_blk_read_capacity(struct vpv_dev *vdev, u32 blk_size, u64 *capacity)
{
	struct vpv_blk_wire_config wire = {};
	int err;

	err = vpv_config_read(vdev, &vpv_blk_capacity_field, 1, &wire);
	if (!err)
		*capacity = vpv_blk_clean_capacity(le64_to_cpu(wire.capacity), blk_size);
	return err;
}

int vpv_blk_read_writeback(struct vpv_dev *vdev, bool *writeback)
{
	struct vpv_blk_wire_config wire = {};
	int err;

	err = vpv_config_read(vdev, &vpv_blk_writeback_field, 1, &wire);
	if (!err)
		*writeback = wire.writeback != 0;
	return err;
}

/*
 * After a reset the limits the block layer was told still have to hold: what
 * shrank, or means something else now, makes it another device.
 */
int vpv_blk_same_config(struct vpv_dev *vdev, const struct vpv_blk_config *old,
			const struct vpv_blk_config *now)
{
	const char *what = NULL;

	if (now->blk_size != old->blk_size)
		what = "block size";
	else if (now->num_queues < old->num_queues)
		what = "number of queues";
	else if (now->size_max < old->size_max || now->seg_max < old->seg_max)
		what = "size of a request";
	else if (now->max_discard_sectors < old->max_discard_sectors ||
		 now->max_discard_seg < old->max_discard_seg)
		what = "size of a discard";
	else if (now->max_secure_erase_sectors < old->max_secure_erase_sectors)
		what = "size of a secure erase";
	else if (now->max_write_zeroes_sectors < old->max_write_zeroes_sectors)
		what = "size of a write-zeroes";
	else if (now->zoned != old->zoned || now->zone_sectors != old->zone_sectors ||
		 now->write_granularity != old->write_granularity ||
		 now->max_append_sectors < old->max_append_sectors)
		what = "zones";

	if (!what)
		return 0;
	dev_err(vdev->dev, "this is not the same disk as before the reset: %s changed\n", what);
	return -EINVAL;
}

/*
 * The rotational feature stays off: virtio has no means to tell, and a disk
 * behind a host's page cache and queues is not scheduled like a spindle.
 */
void vpv_blk_set_limits(struct vpv_blk *vb, struct queue_limits *lim)
{
	const struct vpv_blk_config *cfg = &vb->cfg;
	size_t piece = max_t(size_t, vpv_max_mapping(vb->vdev), PAGE_SIZE);

	lim->logical_block_size = cfg->blk_size;
	lim->physical_block_size = cfg->physical_block_size;
	lim->alignment_offset = cfg->alignment_offset;
	lim->io_min = cfg->io_min;
	lim->io_opt = cfg->io_opt;
	/* A buffer has at most 2^32 bytes, header and status included (2.7.5). */
	lim->max_hw_sectors = UINT_MAX >> SECTOR_SHIFT;
	lim->max_segments = vb->max_segments;
	lim->max_segment_size = min_t(size_t, cfg->size_max, piece);
	if (cfg->writeback)
		lim->features |= BLK_FEAT_WRITE_CACHE;

	lim->max_hw_discard_sectors = cfg->max_discard_sectors;
	lim->max_discard_segments = max_t(u32, cfg->max_discard_seg, 1);
	if (cfg->max_discard_sectors || cfg->max_secure_erase_sectors)
		lim->discard_granularity = cfg->discard_granularity;
	lim->max_write_zeroes_sectors = cfg->max_write_zeroes_sectors;
	lim->max_secure_erase_sectors = cfg->max_secure_erase_sectors;

	if (cfg->zoned)
		vpv_blk_zones_limits(cfg, lim);
}
