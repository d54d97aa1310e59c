/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * virtio_pv_blk: a block device (virtio 1.4, 5.2) for blk-mq.
 *
 *	main.c		module, life cycle: probe, attach, detach, remove
 *	config.c	device configuration -> validated -> queue limits
 *	rq.c		struct request -> buffer, the submit side
 *	complete.c	buffer -> struct request, the completion side
 *	timeout.c	overdue, dropped and retried requests; stop and start
 *	disk.c		names, capacity, geometry
 *	sysfs.c		attributes: serial, cache_type, lifetime
 *	zoned.c		zone report and append
 */
#ifndef VPV_BLK_H
#define VPV_BLK_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>

#include "../core/vpv.h"
#include "wire.h"

/* Entries of the scatterlist kept within the request; longer ones are chained. */
#define VPV_BLK_INLINE_SG 2
/* 128 data pieces, header and status. */
#define VPV_BLK_TABLE_LEN 130
/* Header, one data piece, status. */
#define VPV_BLK_DIRECT_MAX 3
/* Completions taken per hold of the reap lock. */
#define VPV_BLK_REAP_MAX 32
/* How often a request is sent again after the device lost it. */
#define VPV_BLK_MAX_RETRIES 5
/* Ranges of one discard: a page of them. */
#define VPV_BLK_MAX_RANGES \
	((unsigned int)(PAGE_SIZE / sizeof(struct virtio_blk_discard_write_zeroes)))

/**
 * struct vpv_blk_config - the device configuration, checked and in our units
 * @capacity: 512-byte sectors, a multiple of @blk_size
 * @size_max: bytes of one data piece
 * @seg_max: data pieces of one request
 * @cylinders: geometry for HDIO_GETGEO; all 0: none given
 * @heads: see @cylinders
 * @sectors: see @cylinders
 * @blk_size: logical block, bytes
 * @physical_block_size: bytes
 * @alignment_offset: bytes
 * @io_min: bytes
 * @io_opt: bytes, 0: not given
 * @num_queues: request queues the device has
 * @writeback: writes are volatile until flushed
 * @max_discard_sectors: 0: no discard
 * @max_discard_seg: ranges of one request
 * @discard_granularity: bytes
 * @max_write_zeroes_sectors: 0: no write zeroes
 * @max_secure_erase_sectors: 0: no secure erase
 * @zoned: host-managed
 * @zone_sectors: sectors of a zone
 * @max_open_zones: 0: no limit
 * @max_active_zones: 0: no limit
 * @max_append_sectors: 0: no zone append
 * @write_granularity: bytes
 */
struct vpv_blk_config {
	u64 capacity;
	u32 size_max;
	u32 seg_max;
	u16 cylinders;
	u8 heads;
	u8 sectors;
	u32 blk_size;
	u32 physical_block_size;
	u32 alignment_offset;
	u32 io_min;
	u32 io_opt;
	u16 num_queues;
	bool writeback;
	u32 max_discard_sectors;
	u32 max_discard_seg;
	u32 discard_granularity;
	u32 max_write_zeroes_sectors;
	u32 max_secure_erase_sectors;
	bool zoned;
	u32 zone_sectors;
	u32 max_open_zones;
	u32 max_active_zones;
	u32 max_append_sectors;
	u32 write_granularity;
};

/**
 * struct vpv_blk_hctx - a virtqueue and what blk-mq hangs on it
 * @q: the virtqueue
 * @vb: the device
 * @hctx: the hardware queue; valid while @full may be set
 * @name: see &vpv_queue_desc.name
 * @polled: it has no interrupt
 * @full: @hctx was stopped for want of descriptors; see vpv_blk_wait_for_room()
 * @cells: one per tag
 * @cells_addr: @cells as the device sees it
 * @segs: scratch for one buffer, under the queue's submit_lock
 */
struct vpv_blk_hctx {
	struct vpv_queue *q;
	struct vpv_blk *vb;
	struct blk_mq_hw_ctx *hctx;
	char name[16];
	bool polled;
	bool full;
	struct vpv_blk_cell *cells;
	u64 cells_addr;
	struct vpv_seg *segs;
};

/**
 * struct vpv_blk - a block device
 * @ref: one for the driver, one for a disk that was added: an opener may keep
 *	the disk longer than the driver has the device
 * @vdev: the device; not valid for an opener that stayed
 * @disk: the disk, from probe to remove
 * @tag_set: requests of all queues
 * @cfg: validated configuration
 * @capacity: sectors as of the last look; cfg.capacity is that of probe
 * @queues: interrupt queues, then polled ones
 * @nr_irq_queues: how many of them interrupt
 * @nr_poll_queues: how many are polled
 * @depth: tags of each queue
 * @max_segments: data pieces of one request, ring and device considered
 * @index: number behind the disk's name
 * @added: the disk is visible
 * @quiesced: between quiesce() and resume() or failed()
 * @failed: the device will not come back
 * @attr_lock: serialises cache_type changes and protects @id
 * @have_id: @id was read
 * @id: the serial, NUL-terminated
 *
 * @added, @quiesced and @failed are written by life-cycle callbacks, which the
 * core serialises.
 */
struct vpv_blk {
	struct kref ref;
	struct vpv_dev *vdev;
	struct gendisk *disk;
	struct blk_mq_tag_set tag_set;
	struct vpv_blk_config cfg;
	u64 capacity;
	struct vpv_blk_hctx *queues;
	unsigned int nr_irq_queues;
	unsigned int nr_poll_queues;
	unsigned int depth;
	unsigned int max_segments;
	int index;
	bool added;
	bool quiesced;
	bool failed;
	struct mutex attr_lock;
	bool have_id;
	char id[VIRTIO_BLK_ID_BYTES + 1];
};

/**
 * enum vpv_blk_data - where a request's data is
 * @VPV_BLK_DATA_NONE: there is none
 * @VPV_BLK_DATA_SG: in the request's scatterlist
 * @VPV_BLK_DATA_CELL: in the cell's payload
 */
enum vpv_blk_data {
	VPV_BLK_DATA_NONE,
	VPV_BLK_DATA_SG,
	VPV_BLK_DATA_CELL,
};

/**
 * struct vpv_blk_req - our part of a struct request
 * @cell: the tag's cell, for the time of one submission
 * @table: scatterlist over the data
 * @nr_sg: pieces mapped, 0: @table is not in use
 * @need: least bytes a device has to report for success, status included
 * @len: bytes it reported
 * @error: outcome
 * @data: &enum vpv_blk_data
 * @payload_len: bytes of the cell's payload in use
 * @data_in: the device writes the data
 * @append: a zone append: the cell returns a sector
 * @retries: how often it was sent again
 * @cmd: type of a request of the driver's own (REQ_OP_DRV_IN)
 * @cmd_sector: its sector
 * @reply: its answer when that fits into the cell
 * @append_sector: where a zone append went
 * @sg: first pieces of @table
 */
struct vpv_blk_req {
	struct vpv_blk_cell *cell;
	struct sg_table table;
	unsigned int nr_sg;
	u32 need;
	u32 len;
	blk_status_t error;
	u8 data;
	u8 payload_len;
	bool data_in;
	bool append;
	u8 retries;
	u32 cmd;
	u64 cmd_sector;
	u8 reply[VIRTIO_BLK_ID_BYTES];
	u64 append_sector;
	struct scatterlist sg[VPV_BLK_INLINE_SG];
};

static inline unsigned int vpv_blk_nr_queues(const struct vpv_blk *vb)
{
	return vb->nr_irq_queues + vb->nr_poll_queues;
}

/* main.c */
void vpv_blk_put(struct vpv_blk *vb);

/* config.c */
int vpv_blk_read_config(struct vpv_dev *vdev, struct vpv_blk_config *cfg);
int vpv_blk_read_capacity(struct vpv_dev *vdev, u32 blk_size, u64 *capacity);
int vpv_blk_read_writeback(struct vpv_dev *vdev, bool *writeback);
int vpv_blk_same_config(struct vpv_dev *vdev, const struct vpv_blk_config *old,
			const struct vpv_blk_config *now);
void vpv_blk_set_limits(struct vpv_blk *vb, struct queue_limits *lim);

/* rq.c */
blk_status_t vpv_blk_queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *bd);
void vpv_blk_queue_rqs(struct rq_list *rqlist);
void vpv_blk_commit_rqs(struct blk_mq_hw_ctx *hctx);
void vpv_blk_unprep(struct request *rq);

/* complete.c */
void vpv_blk_irq(struct vpv_queue *q);
int vpv_blk_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob);
void vpv_blk_complete(struct request *rq);
void vpv_blk_drain(struct vpv_blk_hctx *vq);

/* timeout.c */
enum blk_eh_timer_return vpv_blk_timeout(struct request *rq);
void vpv_blk_drop(struct vpv_queue *q, void *token, bool retry);
void vpv_blk_quiesce(struct vpv_dev *vdev);
int vpv_blk_revalidate(struct vpv_dev *vdev);
void vpv_blk_resume(struct vpv_dev *vdev);
void vpv_blk_failed(struct vpv_dev *vdev);

/* disk.c */
int vpv_blk_disks_init(void);
void vpv_blk_disks_exit(void);
int vpv_blk_disk_create(struct vpv_blk *vb);
void vpv_blk_disk_destroy(struct vpv_blk *vb);
int vpv_blk_disk_add(struct vpv_blk *vb);
void vpv_blk_disk_del(struct vpv_blk *vb);
void vpv_blk_config_changed(struct vpv_dev *vdev);

/* sysfs.c */
extern const struct attribute_group *vpv_blk_groups[];

/* A request of the driver's own; returns 0 or an errno. */
int vpv_blk_own_request(struct vpv_blk *vb, u32 cmd, void *reply, unsigned int len);

/* zoned.c */
#ifdef CONFIG_BLK_DEV_ZONED
#define VPV_BLK_ZONED_FEATURES VPV_FEATURE(VIRTIO_BLK_F_ZONED),
int vpv_blk_report_zones(struct gendisk *disk, sector_t sector, unsigned int nr_zones,
			 struct blk_report_zones_args *args);
int vpv_blk_zones_read(struct vpv_dev *vdev, const struct vpv_blk_wire_config *wire,
		       struct vpv_blk_config *cfg);
void vpv_blk_zones_limits(const struct vpv_blk_config *cfg, struct queue_limits *lim);
int vpv_blk_zones_revalidate(struct vpv_blk *vb);
bool vpv_blk_zones_append_ok(struct request *rq, u64 sector);
bool vpv_blk_zones_size_ok(struct request *rq);
#else
#define VPV_BLK_ZONED_FEATURES
static inline int vpv_blk_report_zones(struct gendisk *disk, sector_t sector,
				       unsigned int nr_zones,
				       struct blk_report_zones_args *args)
{
	return -EOPNOTSUPP;
}

static inline int vpv_blk_zones_read(struct vpv_dev *vdev,
				     const struct vpv_blk_wire_config *wire,
				     struct vpv_blk_config *cfg)
{
	return 0;
}

static inline void vpv_blk_zones_limits(const struct vpv_blk_config *cfg,
					struct queue_limits *lim)
{
}

static inline int vpv_blk_zones_revalidate(struct vpv_blk *vb)
{
	return 0;
}

static inline bool vpv_blk_zones_append_ok(struct request *rq, u64 sector)
{
	return false;
}

static inline bool vpv_blk_zones_size_ok(struct request *rq)
{
	return true;
}
#endif

#endif /* VPV_BLK_H */
