/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The block device's wire format (virtio 1.4, 5.2) and its zones.
 */
#ifndef VU_BLK_H
#define VU_BLK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	BLK_F_SIZE_MAX = 1,
	BLK_F_SEG_MAX = 2,
	BLK_F_GEOMETRY = 4,
	BLK_F_RO = 5,
	BLK_F_BLK_SIZE = 6,
	BLK_F_FLUSH = 9,
	BLK_F_TOPOLOGY = 10,
	BLK_F_CONFIG_WCE = 11,
	BLK_F_MQ = 12,
	BLK_F_DISCARD = 13,
	BLK_F_WRITE_ZEROES = 14,
	BLK_F_LIFETIME = 15,
	BLK_F_SECURE_ERASE = 16,
	BLK_F_ZONED = 17,
};

enum {
	BLK_T_IN = 0,
	BLK_T_OUT = 1,
	BLK_T_FLUSH = 4,
	BLK_T_GET_ID = 8,
	BLK_T_GET_LIFETIME = 10,
	BLK_T_DISCARD = 11,
	BLK_T_WRITE_ZEROES = 13,
	BLK_T_SECURE_ERASE = 14,
	BLK_T_ZONE_APPEND = 15,
	BLK_T_ZONE_REPORT = 16,
	BLK_T_ZONE_OPEN = 18,
	BLK_T_ZONE_CLOSE = 20,
	BLK_T_ZONE_FINISH = 22,
	BLK_T_ZONE_RESET = 24,
	BLK_T_ZONE_RESET_ALL = 26,
	BLK_NR_TYPES,
};

enum {
	BLK_S_OK = 0,
	BLK_S_IOERR = 1,
	BLK_S_UNSUPP = 2,
	BLK_S_ZONE_INVALID_CMD = 3,
	BLK_S_ZONE_UNALIGNED_WP = 4,
	BLK_S_ZONE_OPEN_RESOURCE = 5,
	BLK_S_ZONE_ACTIVE_RESOURCE = 6,
};

enum {
	BLK_Z_NONE = 0,
	BLK_Z_HM = 1,
	BLK_Z_HA = 2,
};

enum {
	BLK_ZT_CONV = 1,
	BLK_ZT_SWR = 2,
	BLK_ZT_SWP = 3,
};

enum {
	BLK_ZS_NOT_WP = 0,
	BLK_ZS_EMPTY = 1,
	BLK_ZS_IOPEN = 2,
	BLK_ZS_EOPEN = 3,
	BLK_ZS_CLOSED = 4,
	BLK_ZS_RDONLY = 13,
	BLK_ZS_FULL = 14,
	BLK_ZS_OFFLINE = 15,
};

#define BLK_ID_LEN 20

struct blk_config {
	uint64_t capacity;
	uint32_t size_max;
	uint32_t seg_max;
	uint16_t cylinders;
	uint8_t heads;
	uint8_t sectors;
	uint32_t blk_size;
	uint8_t physical_block_exp;
	uint8_t alignment_offset;
	uint16_t min_io_size;
	uint32_t opt_io_size;
	uint8_t writeback;
	uint8_t unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors;
	uint32_t max_discard_seg;
	uint32_t discard_sector_alignment;
	uint32_t max_write_zeroes_sectors;
	uint32_t max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap;
	uint8_t unused1[3];
	uint32_t max_secure_erase_sectors;
	uint32_t max_secure_erase_seg;
	uint32_t secure_erase_sector_alignment;
	uint32_t zone_sectors;
	uint32_t max_open_zones;
	uint32_t max_active_zones;
	uint32_t max_append_sectors;
	uint32_t write_granularity;
	uint8_t model;
	uint8_t unused2[3];
} __attribute__((packed));

_Static_assert(sizeof(struct blk_config) == 96, "5.2.4");

struct blk_header {
	uint32_t type;
	uint32_t ioprio;
	uint64_t sector;
};

struct blk_range {
	uint64_t sector;
	uint32_t sectors;
	uint32_t flags;
};

#define BLK_RANGE_UNMAP 1

struct blk_zone_desc {
	uint64_t cap;
	uint64_t start;
	uint64_t wp;
	uint8_t type;
	uint8_t state;
	uint8_t reserved[38];
} __attribute__((packed));

_Static_assert(sizeof(struct blk_zone_desc) == 64, "5.2.6");

/**
 * struct blk_zones - the zones of a disk
 * @model: BLK_Z_NONE: not a zoned disk
 * @capacity: of the disk; this and all below in sectors
 * @zone_sectors: size of a zone, but for the last one
 * @zone_cap: what can be written of it
 * @conventional: so many zones from the first on are conventional
 * @max_open, @max_active: 0: no limit
 * @granularity: bytes
 * @discard: called for what a reset or finish leaves unwritten
 */
struct blk_zones {
	int model;
	uint64_t capacity;
	uint64_t zone_sectors;
	uint64_t zone_cap;
	uint32_t conventional;
	uint32_t max_open;
	uint32_t max_active;
	uint32_t max_append;
	uint32_t granularity;
	int (*discard)(uint64_t sector, uint64_t sectors);

	uint32_t n;
	uint32_t nr_open;
	uint32_t nr_active;
	struct blk_zone_desc *zones;
};

/* Returns NULL, or what is wrong with the geometry. */
const char *blk_zones_init(struct blk_zones *z);

/* May it be read or written? A BLK_S_ value. Write: opens the zone. */
int blk_zone_read(struct blk_zones *z, uint64_t sector, uint64_t sectors);
int blk_zone_write(struct blk_zones *z, uint64_t sector, uint64_t sectors);

/* The data is on the disk: move the write pointer. */
void blk_zone_written(struct blk_zones *z, uint64_t sector, uint64_t sectors);

/* Where an append goes; else like blk_zone_write(). */
int blk_zone_append(struct blk_zones *z, uint64_t *sector, uint64_t sectors);

/* Open, close, finish, reset, reset all, by request type. */
int blk_zone_command(struct blk_zones *z, uint32_t type, uint64_t sector);

/* Report in one piece: header and descriptors; returns bytes, 0: no room. */
size_t blk_zone_report(const struct blk_zones *z, uint64_t sector, void *buf, size_t size);

/* For the control socket: set a zone read-only or offline; list them. */
const char *blk_zone_set(struct blk_zones *z, uint64_t index, const char *state);
void blk_zone_list(const struct blk_zones *z, FILE *out);

#endif /* VU_BLK_H */
