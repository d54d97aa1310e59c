// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host-managed zoned disks (VIRTIO_BLK_F_ZONED). A host-aware or drive-managed
 * disk is driven as an ordinary one (BLK-009, BLK-010).
 */
#include <linux/log2.h>

#include "blk.h"

/* One page-backed buffer per report, larger where memory allows. */
#define VPV_BLK_REPORT_ORDER 4

/* The kernel's zone structures say "guest endian on legacy devices", which ours never are. */
static u64 vpv_blk_le64(__virtio64 value)
{
	return le64_to_cpu((__force __le64)value);
}

int vpv_blk_zones_read(struct vpv_dev *vdev, const struct vpv_blk_wire_config *wire,
		       struct vpv_blk_config *cfg)
{
	if (!vpv_has_feature(vdev, VIRTIO_BLK_F_ZONED) || wire->model != VIRTIO_BLK_Z_HM)
		return 0;

	cfg->zoned = true;
	cfg->zone_sectors = le32_to_cpu(wire->zone_sectors);
	cfg->max_open_zones = le32_to_cpu(wire->max_open_zones);
	cfg->max_active_zones = le32_to_cpu(wire->max_active_zones);
	cfg->max_append_sectors = le32_to_cpu(wire->max_append_sectors);
	cfg->write_granularity = le32_to_cpu(wire->write_granularity);
	/* Discard was not agreed (BLK-006). */
	cfg->max_discard_sectors = 0;

	/* The block layer's zones are powers of two. */
	if (!is_power_of_2(cfg->zone_sectors)) {
		dev_err(vdev->dev, "zones of %u sectors, not a power of two, are not supported\n",
			cfg->zone_sectors);
		return -EINVAL;
	}
	if (!is_power_of_2(cfg->write_granularity) ||
	    cfg->write_granularity < cfg->blk_size || cfg->write_granularity > SZ_64K) {
		dev_err(vdev->dev, "write granularity of %u bytes is not supported\n",
			cfg->write_granularity);
		return -EINVAL;
	}
	/* Without zone append the block layer would have to do it, and not all can. */
	if (cfg->max_append_sectors < cfg->write_granularity >> SECTOR_SHIFT) {
		dev_err(vdev->dev, "zone append of at most %u sectors is not supported\n",
			cfg->max_append_sectors);
		return -EINVAL;
	}
	/* BLK-X11: whole zones only, and so many of them in a request. */
	cfg->max_secure_erase_sectors = round_down(cfg->max_secure_erase_sectors,
						   cfg->zone_sectors);
	/* An open zone is an active one too (5.2.6). */
	if (cfg->max_active_zones)
		cfg->max_open_zones = min_not_zero(cfg->max_open_zones, cfg->max_active_zones);
	return 0;
}

void vpv_blk_zones_limits(const struct vpv_blk_config *cfg, struct queue_limits *lim)
{
	lim->features |= BLK_FEAT_ZONED;
	lim->chunk_sectors = cfg->zone_sectors;
	lim->max_open_zones = cfg->max_open_zones;
	lim->max_active_zones = cfg->max_active_zones;
	lim->max_hw_zone_append_sectors = cfg->max_append_sectors;
	lim->zone_write_granularity = cfg->write_granularity;
	lim->physical_block_size = max(lim->physical_block_size, cfg->write_granularity);
	lim->io_min = max(lim->io_min, cfg->write_granularity);
}

int vpv_blk_zones_revalidate(struct vpv_blk *vb)
{
	return vb->cfg.zoned ? blk_revalidate_disk_zones(vb->disk) : 0;
}

/* What the block layer does not look at (BLK-033, BLK-X11). */
bool vpv_blk_zones_size_ok(struct request *rq)
{
	struct vpv_blk_hctx *vq = rq->mq_hctx->driver_data;
	const struct vpv_blk_config *cfg = &vq->vb->cfg;

	if (!cfg->zoned)
		return true;
	if (req_op(rq) == REQ_OP_SECURE_ERASE)
		return !((blk_rq_pos(rq) | blk_rq_sectors(rq)) & (cfg->zone_sectors - 1));
	return !(blk_rq_bytes(rq) & (cfg->write_granularity - 1));
}

/* Did the device append within the zone it was told to? */
bool vpv_blk_zones_append_ok(struct request *rq, u64 sector)
{
	struct vpv_blk_hctx *vq = rq->mq_hctx->driver_data;
	u64 start = blk_rq_pos(rq), size = vq->vb->cfg.zone_sectors;

	return sector >= start && sector - start < size &&
	       blk_rq_sectors(rq) <= size - (sector - start);
}

static int vpv_blk_zone_type(u8 type, struct blk_zone *zone)
{
	switch (type) {
	case VIRTIO_BLK_ZT_CONV:
		zone->type = BLK_ZONE_TYPE_CONVENTIONAL;
		return 0;
	case VIRTIO_BLK_ZT_SWR:
		zone->type = BLK_ZONE_TYPE_SEQWRITE_REQ;
		return 0;
	case VIRTIO_BLK_ZT_SWP:
		zone->type = BLK_ZONE_TYPE_SEQWRITE_PREF;
		return 0;
	default:
		return -EIO;
	}
}

static int vpv_blk_zone_cond(u8 state, struct blk_zone *zone)
{
	switch (state) {
	case VIRTIO_BLK_ZS_NOT_WP:
		zone->cond = BLK_ZONE_COND_NOT_WP;
		return 0;
	case VIRTIO_BLK_ZS_EMPTY:
		zone->cond = BLK_ZONE_COND_EMPTY;
		return 0;
	case VIRTIO_BLK_ZS_IOPEN:
		zone->cond = BLK_ZONE_COND_IMP_OPEN;
		return 0;
	case VIRTIO_BLK_ZS_EOPEN:
		zone->cond = BLK_ZONE_COND_EXP_OPEN;
		return 0;
	case VIRTIO_BLK_ZS_CLOSED:
		zone->cond = BLK_ZONE_COND_CLOSED;
		return 0;
	case VIRTIO_BLK_ZS_FULL:
		zone->cond = BLK_ZONE_COND_FULL;
		return 0;
	case VIRTIO_BLK_ZS_RDONLY:
		zone->cond = BLK_ZONE_COND_READONLY;
		return 0;
	case VIRTIO_BLK_ZS_OFFLINE:
		zone->cond = BLK_ZONE_COND_OFFLINE;
		return 0;
	default:
		return -EIO;
	}
}

/* The write pointer of such a zone is undefined (5.2.6): say "at the end". */
static bool vpv_blk_zone_wp_valid(const struct blk_zone *zone)
{
	return zone->cond != BLK_ZONE_COND_NOT_WP && zone->cond != BLK_ZONE_COND_FULL &&
	       zone->cond != BLK_ZONE_COND_READONLY && zone->cond != BLK_ZONE_COND_OFFLINE;
}

/* One descriptor; @expected is where its zone has to begin. */
static int vpv_blk_zone_parse(struct vpv_blk *vb,
			      const struct virtio_blk_zone_descriptor *shared, u64 expected,
			      struct blk_zone *zone)
{
	/* The device may still write: what was looked at has to be what is used (C7). */
	struct virtio_blk_zone_descriptor copy = *shared, *desc = &copy;
	u64 size = min_t(u64, vb->cfg.zone_sectors, get_capacity(vb->disk) - expected);
	u64 wp;

	barrier_data(desc);
	wp = vpv_blk_le64(desc->z_wp);
	memset(zone, 0, sizeof(*zone));
	zone->start = vpv_blk_le64(desc->z_start);
	zone->len = size;
	zone->capacity = vpv_blk_le64(desc->z_cap);
	if (zone->start != expected || zone->capacity > size ||
	    vpv_blk_zone_type(desc->z_type, zone) || vpv_blk_zone_cond(desc->z_state, zone))
		return -EIO;

	zone->wp = expected + size;
	if (vpv_blk_zone_wp_valid(zone)) {
		if (wp < expected || wp - expected > size)
			return -EIO;
		zone->wp = wp;
	}
	return 0;
}

/* Ask for zones from @sector on; the answer is in the zeroed @pages. */
static int vpv_blk_ask_zones(struct vpv_blk *vb, u64 sector, struct page *pages,
			     unsigned int bytes, u32 *len)
{
	struct vpv_blk_req *vr;
	struct request *rq;
	int err;

	rq = blk_mq_alloc_request(vb->disk->queue, REQ_OP_DRV_IN, 0);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	vr = blk_mq_rq_to_pdu(rq);
	vr->cmd = VIRTIO_BLK_T_ZONE_REPORT;
	vr->cmd_sector = sector;
	bvec_set_page(&rq->special_vec, pages, bytes, 0);
	rq->rq_flags |= RQF_SPECIAL_PAYLOAD;

	err = blk_status_to_errno(blk_execute_rq(rq, false));
	*len = vr->len;
	rq->rq_flags &= ~RQF_SPECIAL_PAYLOAD;
	blk_mq_free_request(rq);
	return err;
}

/* Descriptors the device says it wrote, as many as it can have written. */
static unsigned int vpv_blk_zones_told(const struct virtio_blk_zone_report *report,
				       unsigned int bytes, u32 len)
{
	u64 told = vpv_blk_le64(report->nr_zones);

	/* The length counts the status byte too. */
	bytes = min(bytes, len ? len - 1 : 0);
	if (bytes < sizeof(*report))
		return 0;
	return min_t(u64, told, (bytes - sizeof(*report)) / sizeof(report->zones[0]));
}

static int vpv_blk_report_into(struct vpv_blk *vb, sector_t sector, unsigned int nr_zones,
			       struct blk_report_zones_args *args, struct page *pages,
			       unsigned int bytes)
{
	struct virtio_blk_zone_report *report = page_address(pages);
	unsigned int idx = 0;
	int err;

	sector = round_down(sector, vb->cfg.zone_sectors);
	while (idx < nr_zones && sector < get_capacity(vb->disk)) {
		unsigned int told;
		u32 len;

		memset(report, 0, bytes);
		err = vpv_blk_ask_zones(vb, sector, pages, bytes, &len);
		if (err)
			return err;
		told = vpv_blk_zones_told(report, bytes, len);
		if (!told)
			break;
		for (unsigned int i = 0; i < told && idx < nr_zones; i++, idx++) {
			struct blk_zone zone;

			if (sector >= get_capacity(vb->disk))
				return -EIO;
			err = vpv_blk_zone_parse(vb, &report->zones[i], sector, &zone);
			if (!err)
				err = disk_report_zone(vb->disk, &zone, idx, args);
			if (err)
				return err;
			sector += zone.len;
		}
	}
	return idx ? idx : -EIO;
}

int vpv_blk_report_zones(struct gendisk *disk, sector_t sector, unsigned int nr_zones,
			 struct blk_report_zones_args *args)
{
	struct vpv_blk *vb = disk->private_data;
	unsigned int order = VPV_BLK_REPORT_ORDER;
	struct page *pages;
	int ret;

	if (!vb->cfg.zoned)
		return -EOPNOTSUPP;

	do {
		pages = alloc_pages(GFP_NOIO | __GFP_ZERO | __GFP_NOWARN, order);
	} while (!pages && order--);
	if (!pages)
		return -ENOMEM;
	ret = vpv_blk_report_into(vb, sector, nr_zones, args, pages,
				  min_t(size_t, PAGE_SIZE << order,
					queue_max_segment_size(disk->queue)));
	__free_pages(pages, order);
	return ret;
}
