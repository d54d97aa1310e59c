/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What goes over the wire and linux/virtio_blk.h of the oldest kernel lacks or
 * has in device-endian types: this driver speaks to modern devices only, so
 * all of it is little-endian (virtio 1.4, 5.2.4 and 5.2.6).
 */
#ifndef VPV_BLK_WIRE_H
#define VPV_BLK_WIRE_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <linux/virtio_blk.h>

#ifndef VIRTIO_BLK_F_LIFETIME
#define VIRTIO_BLK_F_LIFETIME 15
#endif

#ifndef VIRTIO_BLK_T_GET_LIFETIME
#define VIRTIO_BLK_T_GET_LIFETIME 10
#endif

/* The device configuration, all of it (5.2.4). */
struct vpv_blk_wire_config {
	__le64 capacity;
	__le32 size_max;
	__le32 seg_max;
	__le16 cylinders;
	u8 heads;
	u8 sectors;
	__le32 blk_size;
	u8 physical_block_exp;
	u8 alignment_offset;
	__le16 min_io_size;
	__le32 opt_io_size;
	u8 writeback;
	u8 unused0;
	__le16 num_queues;
	__le32 max_discard_sectors;
	__le32 max_discard_seg;
	__le32 discard_sector_alignment;
	__le32 max_write_zeroes_sectors;
	__le32 max_write_zeroes_seg;
	u8 write_zeroes_may_unmap;
	u8 unused1[3];
	__le32 max_secure_erase_sectors;
	__le32 max_secure_erase_seg;
	__le32 secure_erase_sector_alignment;
	__le32 zone_sectors;
	__le32 max_open_zones;
	__le32 max_active_zones;
	__le32 max_append_sectors;
	__le32 write_granularity;
	u8 model;
	u8 unused2[3];
} __packed;
static_assert(sizeof(struct vpv_blk_wire_config) == 96);

/* What every request begins with. */
struct vpv_blk_hdr {
	__le32 type;
	__le32 ioprio;
	__le64 sector;
};

struct vpv_blk_lifetime {
	__le16 pre_eol_info;
	__le16 est_typ_a;
	__le16 est_typ_b;
};

/*
 * The part of a request that is not data: one cache line per tag, in memory
 * that holds nothing else, so that a device behind an IOMMU sees no neighbours.
 * The CPU leaves the line alone while the device has it; header and status
 * share it, since both are written here and read there once per request.
 */
struct vpv_blk_cell {
	struct vpv_blk_hdr hdr;
	union {
		struct virtio_blk_discard_write_zeroes range;
		struct vpv_blk_lifetime lifetime;
		u8 id[VIRTIO_BLK_ID_BYTES];
		u8 payload[32];
	};
	__le64 append_sector;	/* 5.2.6: directly before the status */
	u8 status;
	u8 unused[7];
} __aligned(64);
static_assert(sizeof(struct vpv_blk_cell) == 64);
static_assert(offsetof(struct vpv_blk_cell, append_sector) + 8 ==
	      offsetof(struct vpv_blk_cell, status));

/* No device writes this status, so a status it never wrote reads as an error. */
#define VPV_BLK_S_UNWRITTEN 0xff

#endif /* VPV_BLK_WIRE_H */
