/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Queue limits as one struct, features among them, for kernels that have a
 * setter per limit and flags on the queue.
 *
 * As on new kernels a limit of zero is the default in blk_mq_alloc_disk(), and
 * queue_limits_start_update() gives what is in force. There is no lock between
 * the two: these kernels have none that their own sysfs files would take.
 */
#ifndef VPV_COMPAT_LIMITS_H
#define VPV_COMPAT_LIMITS_H

typedef unsigned int __bitwise blk_features_t;

#define BLK_FEAT_WRITE_CACHE	((__force blk_features_t)(1u << 0))
#define BLK_FEAT_FUA		((__force blk_features_t)(1u << 1))
#define BLK_FEAT_ROTATIONAL	((__force blk_features_t)(1u << 2))
#define BLK_FEAT_STABLE_WRITES	((__force blk_features_t)(1u << 5))
#define BLK_FEAT_ZONED		((__force blk_features_t)(1u << 10))

struct vpv_queue_limits {
	blk_features_t		features;
	unsigned long		seg_boundary_mask;
	unsigned long		virt_boundary_mask;
	unsigned int		max_hw_sectors;
	unsigned int		chunk_sectors;
	unsigned int		max_segment_size;
	unsigned int		physical_block_size;
	unsigned int		logical_block_size;
	unsigned int		alignment_offset;
	unsigned int		io_min;
	unsigned int		io_opt;
	unsigned int		max_hw_discard_sectors;
	unsigned int		max_secure_erase_sectors;
	unsigned int		max_write_zeroes_sectors;
	unsigned int		max_hw_zone_append_sectors;
	unsigned int		discard_granularity;
	unsigned int		discard_alignment;
	unsigned int		zone_write_granularity;
	unsigned int		max_open_zones;
	unsigned int		max_active_zones;
	unsigned int		dma_alignment;
	unsigned short		max_segments;
	unsigned short		max_discard_segments;
};

static inline struct vpv_queue_limits
queue_limits_start_update(struct request_queue *q)
{
	const struct queue_limits *now = &q->limits;
	struct vpv_queue_limits lim = {
		.seg_boundary_mask = now->seg_boundary_mask,
		.virt_boundary_mask = now->virt_boundary_mask,
		.max_hw_sectors = now->max_hw_sectors,
		.chunk_sectors = now->chunk_sectors,
		.max_segment_size = now->max_segment_size,
		.physical_block_size = now->physical_block_size,
		.logical_block_size = now->logical_block_size,
		.alignment_offset = now->alignment_offset,
		.io_min = now->io_min,
		.io_opt = now->io_opt,
		.max_hw_discard_sectors = now->max_hw_discard_sectors,
		.max_secure_erase_sectors = now->max_secure_erase_sectors,
		.max_write_zeroes_sectors = now->max_write_zeroes_sectors,
		.discard_granularity = now->discard_granularity,
		.discard_alignment = now->discard_alignment,
		.zone_write_granularity = now->zone_write_granularity,
		.dma_alignment = now->dma_alignment,
		.max_segments = now->max_segments,
		.max_discard_segments = now->max_discard_segments,
		.max_hw_zone_append_sectors = now->max_zone_append_sectors,
	};

	if (test_bit(QUEUE_FLAG_WC, &q->queue_flags))
		lim.features |= BLK_FEAT_WRITE_CACHE;
	if (test_bit(QUEUE_FLAG_FUA, &q->queue_flags))
		lim.features |= BLK_FEAT_FUA;
	if (!blk_queue_nonrot(q))
		lim.features |= BLK_FEAT_ROTATIONAL;
	if (blk_queue_stable_writes(q))
		lim.features |= BLK_FEAT_STABLE_WRITES;
	if (blk_queue_is_zoned(q))
		lim.features |= BLK_FEAT_ZONED;
#ifdef CONFIG_BLK_DEV_ZONED
	if (q->disk) {
		lim.max_open_zones = q->disk->max_open_zones;
		lim.max_active_zones = q->disk->max_active_zones;
	}
#endif
	return lim;
}

static inline void queue_limits_cancel_update(struct request_queue *q)
{
}

static inline void vpv_queue_flag(struct request_queue *q, unsigned int flag,
				  bool on)
{
	if (on)
		blk_queue_flag_set(flag, q);
	else
		blk_queue_flag_clear(flag, q);
}

static inline void vpv_limits_set_features(struct request_queue *q,
					   blk_features_t features)
{
	blk_queue_write_cache(q, !!(features & BLK_FEAT_WRITE_CACHE),
			      !!(features & BLK_FEAT_FUA));
	vpv_queue_flag(q, QUEUE_FLAG_NONROT, !(features & BLK_FEAT_ROTATIONAL));
	vpv_queue_flag(q, QUEUE_FLAG_STABLE_WRITES,
		       !!(features & BLK_FEAT_STABLE_WRITES));
}

/* Needs the block sizes and chunk_sectors in place. */
static inline int vpv_limits_set_zoned(struct request_queue *q,
				       const struct vpv_queue_limits *lim)
{
#ifdef CONFIG_BLK_DEV_ZONED
	if (!blk_queue_is_zoned(q)) {
		disk_set_zoned(q->disk, BLK_ZONED_HM);
		/* The one scheduler that keeps writes to a zone in order. */
		blk_queue_required_elevator_features(q, ELEVATOR_F_ZBD_SEQ_WRITE);
	}
	if (lim->zone_write_granularity)
		blk_queue_zone_write_granularity(q, lim->zone_write_granularity);
	if (lim->max_hw_zone_append_sectors)
		blk_queue_max_zone_append_sectors(q, lim->max_hw_zone_append_sectors);
	disk_set_max_open_zones(q->disk, lim->max_open_zones);
	disk_set_max_active_zones(q->disk, lim->max_active_zones);
	return 0;
#else
	return -EOPNOTSUPP;
#endif
}

/* The setters of these kernels round and complain; zero leaves the default. */
static inline void vpv_limits_set_sizes(struct request_queue *q,
					const struct vpv_queue_limits *lim)
{
	if (lim->logical_block_size)
		blk_queue_logical_block_size(q, lim->logical_block_size);
	if (lim->physical_block_size)
		blk_queue_physical_block_size(q, lim->physical_block_size);
	if (lim->alignment_offset)
		blk_queue_alignment_offset(q, lim->alignment_offset);
	if (lim->io_min)
		blk_queue_io_min(q, lim->io_min);
	if (lim->io_opt)
		blk_queue_io_opt(q, lim->io_opt);
	if (lim->dma_alignment)
		blk_queue_dma_alignment(q, lim->dma_alignment);
	if (lim->seg_boundary_mask)
		blk_queue_segment_boundary(q, lim->seg_boundary_mask);
	if (lim->virt_boundary_mask)
		blk_queue_virt_boundary(q, lim->virt_boundary_mask);
	if (lim->max_segments)
		blk_queue_max_segments(q, lim->max_segments);
	if (lim->max_segment_size)
		blk_queue_max_segment_size(q, lim->max_segment_size);
	/* The setter forgets a smaller limit of the user's: only on a change. */
	if (lim->max_hw_sectors && lim->max_hw_sectors != q->limits.max_hw_sectors)
		blk_queue_max_hw_sectors(q, lim->max_hw_sectors);
	if (lim->chunk_sectors)
		blk_queue_chunk_sectors(q, lim->chunk_sectors);
}

static inline void vpv_limits_set_discard(struct request_queue *q,
					  const struct vpv_queue_limits *lim)
{
	/* As for max_hw_sectors: there is a limit of the user's beside it. */
	if (lim->max_hw_discard_sectors != q->limits.max_hw_discard_sectors)
		blk_queue_max_discard_sectors(q, lim->max_hw_discard_sectors);
	if (lim->max_discard_segments)
		blk_queue_max_discard_segments(q, lim->max_discard_segments);
	q->limits.discard_alignment = lim->discard_alignment;
	/* Without a granularity these kernels refuse to discard. */
	q->limits.discard_granularity = lim->max_hw_discard_sectors ?
		max(lim->discard_granularity, q->limits.physical_block_size) :
		lim->discard_granularity;
	blk_queue_max_secure_erase_sectors(q, lim->max_secure_erase_sectors);
	blk_queue_max_write_zeroes_sectors(q, lim->max_write_zeroes_sectors);
}

static inline int queue_limits_commit_update(struct request_queue *q,
					     struct vpv_queue_limits *lim)
{
	vpv_limits_set_sizes(q, lim);
	vpv_limits_set_discard(q, lim);
	vpv_limits_set_features(q, lim->features);
	if (lim->features & BLK_FEAT_ZONED)
		return vpv_limits_set_zoned(q, lim);
	return 0;
}

static inline int queue_limits_commit_update_frozen(struct request_queue *q,
						    struct vpv_queue_limits *lim)
{
	int err;

	blk_mq_freeze_queue(q);
	err = queue_limits_commit_update(q, lim);
	blk_mq_unfreeze_queue(q);
	return err;
}

static inline struct gendisk *
vpv_blk_mq_alloc_disk(struct blk_mq_tag_set *set, struct vpv_queue_limits *lim,
		      void *queuedata, struct lock_class_key *key)
{
	struct gendisk *disk = __blk_mq_alloc_disk(set, queuedata, key);
	int err;

	if (IS_ERR(disk) || !lim)
		return disk;
	err = queue_limits_commit_update(disk->queue, lim);
	if (err) {
		put_disk(disk);
		return ERR_PTR(err);
	}
	return disk;
}

#undef blk_mq_alloc_disk
#define blk_mq_alloc_disk(_set, _lim, _queuedata)			\
({									\
	static struct lock_class_key __key;				\
									\
	vpv_blk_mq_alloc_disk(_set, _lim, _queuedata, &__key);		\
})

#define queue_limits vpv_queue_limits

#endif /* VPV_COMPAT_LIMITS_H */
