// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block device (virtio 1.4, 5.2) over a file or over memory, with every
 * command and configuration field of the specification.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blk.h"
#include "vu.h"

/* Zeroes are written in pieces of this where the file cannot punch holes. */
#define ZERO_CHUNK (1 << 20)

static struct blk {
	int fd;
	bool memory;
	bool flush;
	const char *file;
	char serial[BLK_ID_LEN + 1];
	uint16_t lifetime[3];
	struct blk_config config;
	struct blk_zones zones;
	struct {
		uint64_t type[BLK_NR_TYPES], other, failed, violations, beyond;
		uint64_t read, written, discarded, zeroed, erased;	/* sectors */
		uint32_t last_ioprio;
	} n;
} blk;

static const char * const type_names[BLK_NR_TYPES] = {
	[BLK_T_IN] = "in", [BLK_T_OUT] = "out", [BLK_T_FLUSH] = "flush",
	[BLK_T_GET_ID] = "get-id", [BLK_T_GET_LIFETIME] = "get-lifetime",
	[BLK_T_DISCARD] = "discard", [BLK_T_WRITE_ZEROES] = "write-zeroes",
	[BLK_T_SECURE_ERASE] = "secure-erase", [BLK_T_ZONE_APPEND] = "zone-append",
	[BLK_T_ZONE_REPORT] = "zone-report", [BLK_T_ZONE_OPEN] = "zone-open",
	[BLK_T_ZONE_CLOSE] = "zone-close", [BLK_T_ZONE_FINISH] = "zone-finish",
	[BLK_T_ZONE_RESET] = "zone-reset", [BLK_T_ZONE_RESET_ALL] = "zone-reset-all",
};

/* ---- backing store ---- */

static int transfer(bool write, const struct iovec *iov, unsigned int n, uint64_t sector)
{
	off_t pos = sector * 512;

	for (unsigned int i = 0; i < n; i++) {
		char *p = iov[i].iov_base;
		size_t left = iov[i].iov_len;

		while (left) {
			ssize_t done = write ? pwrite(blk.fd, p, left, pos) :
					       pread(blk.fd, p, left, pos);

			if (done < 0 && errno == EINTR)
				continue;
			if (done <= 0)
				return BLK_S_IOERR;
			p += done;
			pos += done;
			left -= done;
		}
	}
	return BLK_S_OK;
}

static int write_zero_bytes(uint64_t sector, uint64_t sectors)
{
	static char zero[ZERO_CHUNK];

	while (sectors) {
		size_t len = sectors * 512 < sizeof(zero) ? sectors * 512 : sizeof(zero);
		struct iovec iov = { zero, len };

		if (transfer(true, &iov, 1, sector))
			return BLK_S_IOERR;
		sector += len / 512;
		sectors -= len / 512;
	}
	return BLK_S_OK;
}

/* Punched holes read as zeroes and show in the file's block count. */
static int punch(uint64_t sector, uint64_t sectors)
{
	if (!sectors)
		return BLK_S_OK;
	if (!fallocate(blk.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, sector * 512,
		       sectors * 512))
		return BLK_S_OK;
	return write_zero_bytes(sector, sectors);
}

static int sync_data(void)
{
	return fdatasync(blk.fd) && errno != EINVAL ? BLK_S_IOERR : BLK_S_OK;
}

static bool have(struct vu_dev *dev, unsigned int bit)
{
	return dev->features & VU_BIT(bit);
}

static bool zoned(struct vu_dev *dev)
{
	return blk.zones.model != BLK_Z_NONE && have(dev, BLK_F_ZONED);
}

static bool in_range(uint64_t sector, uint64_t sectors)
{
	return sector <= blk.config.capacity && sectors <= blk.config.capacity - sector;
}

/* Reading and writing there is forbidden (5.2.6.1): it is counted. */
static bool beyond(uint64_t sector, uint64_t sectors)
{
	if (in_range(sector, sectors))
		return false;
	blk.n.beyond++;
	return true;
}

/* ---- reading and writing ---- */

/* In 512-byte units, but whole blocks of the device's size. */
static bool aligned(uint64_t sector, size_t len)
{
	uint32_t block = blk.config.blk_size;

	return len % block == 0 && sector * 512 % block == 0;
}

static int do_in(struct vu_queue *q, const struct vu_elem *e, uint64_t sector)
{
	size_t len = e->in_len - 1;
	struct iovec part[VU_MAX_SEG];
	int status;

	if (!len || !aligned(sector, len) || beyond(sector, len / 512))
		return BLK_S_IOERR;
	if (zoned(q->dev)) {
		status = blk_zone_read(&blk.zones, sector, len / 512);
		if (status)
			return status;
	}
	blk.n.read += len / 512;
	return transfer(false, part, vu_slice(e->in, e->nin, 0, len, part), sector);
}

static int put_data(const struct vu_elem *e, size_t len, uint64_t sector, bool in_zone)
{
	struct iovec part[VU_MAX_SEG];
	unsigned int n = vu_slice(e->out, e->nout, sizeof(struct blk_header), len, part);
	int status = transfer(true, part, n, sector);

	if (status)
		return status;
	blk.n.written += len / 512;
	if (in_zone)
		blk_zone_written(&blk.zones, sector, len / 512);
	/* A write-through cache: stable before it is reported (5.2.6.2). */
	return blk.config.writeback ? BLK_S_OK : sync_data();
}

static int do_out(struct vu_queue *q, const struct vu_elem *e, uint64_t sector)
{
	size_t len = e->out_len - sizeof(struct blk_header);
	int status;

	if (q->dev->offered & VU_BIT(BLK_F_RO))
		return BLK_S_IOERR;
	if (!len || !aligned(sector, len) || beyond(sector, len / 512))
		return BLK_S_IOERR;
	if (zoned(q->dev)) {
		status = blk_zone_write(&blk.zones, sector, len / 512);
		if (status)
			return status;
	}
	return put_data(e, len, sector, zoned(q->dev));
}

static int do_append(struct vu_queue *q, const struct vu_elem *e, uint64_t sector)
{
	size_t len = e->out_len - sizeof(struct blk_header);
	int status;

	if (!zoned(q->dev) || e->in_len < sizeof(sector) + 1)
		return BLK_S_UNSUPP;
	if (!aligned(sector, len))
		return BLK_S_IOERR;
	status = blk_zone_append(&blk.zones, &sector, len / 512);
	if (!status)
		status = put_data(e, len, sector, true);
	vu_write(e, e->in_len - 1 - sizeof(sector), &sector, sizeof(sector));
	return status;
}

/* ---- ranges: discard, write zeroes, secure erase ---- */

struct range_rules {
	unsigned int feature;
	uint32_t max_sectors;
	uint32_t max_seg;
	uint32_t flags;
	uint64_t *counter;
};

static int check_range(const struct range_rules *rules, const struct blk_range *r)
{
	if (r->flags & ~rules->flags)
		return BLK_S_UNSUPP;
	if (r->sectors > rules->max_sectors || !in_range(r->sector, r->sectors))
		return BLK_S_IOERR;
	return BLK_S_OK;
}

/* A whole zone, or nothing. */
static int erase_zones(const struct blk_range *r)
{
	uint64_t size = blk.zones.zone_sectors;
	int status = BLK_S_OK;

	if (r->sector % size || r->sectors % size)
		return BLK_S_IOERR;
	for (uint64_t s = 0; s < r->sectors && !status; s += size)
		status = blk_zone_command(&blk.zones, BLK_T_ZONE_RESET, r->sector + s);
	return status;
}

static int do_range(struct vu_dev *dev, uint32_t type, const struct blk_range *r)
{
	if (type == BLK_T_SECURE_ERASE && zoned(dev))
		return erase_zones(r);
	if (type == BLK_T_WRITE_ZEROES && !(r->flags & BLK_RANGE_UNMAP))
		return write_zero_bytes(r->sector, r->sectors);
	return punch(r->sector, r->sectors);
}

static int do_ranges(struct vu_queue *q, const struct vu_elem *e, uint32_t type)
{
	const struct blk_config *c = &blk.config;
	const struct range_rules rules =
		type == BLK_T_DISCARD ? (struct range_rules){
			BLK_F_DISCARD, c->max_discard_sectors, c->max_discard_seg, 0,
			&blk.n.discarded } :
		type == BLK_T_WRITE_ZEROES ? (struct range_rules){
			BLK_F_WRITE_ZEROES, c->max_write_zeroes_sectors, c->max_write_zeroes_seg,
			BLK_RANGE_UNMAP, &blk.n.zeroed } : (struct range_rules){
			BLK_F_SECURE_ERASE, c->max_secure_erase_sectors, c->max_secure_erase_seg, 0,
			&blk.n.erased };
	size_t len = e->out_len - sizeof(struct blk_header);
	struct blk_range r;
	int status;

	if (!have(q->dev, rules.feature))
		return BLK_S_UNSUPP;
	if (q->dev->offered & VU_BIT(BLK_F_RO))
		return BLK_S_IOERR;
	if (!len || len % sizeof(r) || len / sizeof(r) > rules.max_seg)
		return BLK_S_IOERR;
	for (size_t off = 0; off < len; off += sizeof(r)) {
		vu_read(e, sizeof(struct blk_header) + off, &r, sizeof(r));
		status = check_range(&rules, &r);
		if (!status)
			status = do_range(q->dev, type, &r);
		if (status)
			return status;
		*rules.counter += r.sectors;
	}
	return BLK_S_OK;
}

/* ---- the rest ---- */

static int do_lifetime(struct vu_queue *q, const struct vu_elem *e)
{
	if (!have(q->dev, BLK_F_LIFETIME))
		return BLK_S_UNSUPP;
	if (e->in_len - 1 < sizeof(blk.lifetime))
		return BLK_S_IOERR;
	vu_write(e, 0, blk.lifetime, sizeof(blk.lifetime));
	return BLK_S_OK;
}

static int do_report(struct vu_queue *q, const struct vu_elem *e, uint64_t sector)
{
	size_t len = e->in_len - 1, used;
	void *buf;

	if (!zoned(q->dev))
		return BLK_S_UNSUPP;
	buf = malloc(len);
	if (!buf)
		return BLK_S_IOERR;
	used = blk_zone_report(&blk.zones, sector, buf, len);
	if (used)
		vu_write(e, 0, buf, len);
	free(buf);
	return used ? BLK_S_OK : BLK_S_ZONE_INVALID_CMD;
}

static int do_zone(struct vu_queue *q, uint32_t type, uint64_t sector)
{
	return zoned(q->dev) ? blk_zone_command(&blk.zones, type, sector) : BLK_S_UNSUPP;
}

static int dispatch(struct vu_queue *q, const struct vu_elem *e, const struct blk_header *h)
{
	switch (h->type) {
	case BLK_T_IN:
		return do_in(q, e, h->sector);
	case BLK_T_OUT:
		return do_out(q, e, h->sector);
	case BLK_T_FLUSH:
		return have(q->dev, BLK_F_FLUSH) ? sync_data() : BLK_S_UNSUPP;
	case BLK_T_GET_ID:
		vu_write(e, 0, blk.serial,
			 e->in_len - 1 < BLK_ID_LEN ? e->in_len - 1 : BLK_ID_LEN);
		return BLK_S_OK;
	case BLK_T_GET_LIFETIME:
		return do_lifetime(q, e);
	case BLK_T_DISCARD:
	case BLK_T_WRITE_ZEROES:
	case BLK_T_SECURE_ERASE:
		return do_ranges(q, e, h->type);
	case BLK_T_ZONE_APPEND:
		return do_append(q, e, h->sector);
	case BLK_T_ZONE_REPORT:
		return do_report(q, e, h->sector);
	case BLK_T_ZONE_OPEN:
	case BLK_T_ZONE_CLOSE:
	case BLK_T_ZONE_FINISH:
	case BLK_T_ZONE_RESET:
	case BLK_T_ZONE_RESET_ALL:
		return do_zone(q, h->type, h->sector);
	}
	return BLK_S_UNSUPP;
}

/* What requests without data, or with data of a certain size, have to be like (5.2.6.1). */
static bool keeps_form(const struct vu_elem *e, const struct blk_header *h)
{
	size_t out = e->out_len - sizeof(*h), in = e->in_len - 1;

	switch (h->type) {
	case BLK_T_FLUSH:
	case BLK_T_ZONE_RESET_ALL:
		return !h->sector && !out && !in;
	case BLK_T_GET_ID:
		return in == BLK_ID_LEN;
	case BLK_T_IN:
		return in % 512 == 0;
	case BLK_T_OUT:
		return out % 512 == 0;
	case BLK_T_DISCARD:
	case BLK_T_WRITE_ZEROES:
	case BLK_T_SECURE_ERASE:
		return out && out % sizeof(struct blk_range) == 0;
	}
	return true;
}

/* Limits a driver has to keep (5.2.5): it is counted when it does not. */
static bool keeps_limits(struct vu_queue *q, const struct vu_elem *e, const struct blk_header *h)
{
	uint32_t type = h->type;
	const struct iovec *iov = type == BLK_T_IN ? e->in : e->out;
	unsigned int n = type == BLK_T_IN ? e->nin : e->nout;

	if (!keeps_form(e, h))
		return false;
	if (type != BLK_T_IN && type != BLK_T_OUT && type != BLK_T_ZONE_APPEND)
		return true;
	if (have(q->dev, BLK_F_SEG_MAX) && n > blk.config.seg_max + 1)
		return false;
	for (unsigned int i = 0; have(q->dev, BLK_F_SIZE_MAX) && i < n; i++)
		if (iov[i].iov_len > blk.config.size_max + sizeof(struct blk_header))
			return false;
	return true;
}

/* Nothing of the buffer is left as it was: what is not data is zeroes. */
static uint32_t finish(const struct vu_elem *e, int status)
{
	uint8_t byte = status;

	vu_write(e, e->in_len - 1, &byte, 1);
	return e->in_len;
}

static uint32_t clear_and_finish(const struct vu_elem *e, int status)
{
	for (unsigned int i = 0; i < e->nin; i++)
		memset(e->in[i].iov_base, 0, e->in[i].iov_len);
	return finish(e, status);
}

static uint32_t blk_request(struct vu_queue *q, struct vu_elem *e)
{
	struct blk_header h;
	int status;

	if (!e->in_len)
		return 0;
	if (vu_read(e, 0, &h, sizeof(h)) < sizeof(h))
		return clear_and_finish(e, BLK_S_IOERR);
	if (h.type < BLK_NR_TYPES && type_names[h.type])
		blk.n.type[h.type]++;
	else
		blk.n.other++;
	blk.n.last_ioprio = h.ioprio;
	if (keeps_limits(q, e, &h)) {
		status = dispatch(q, e, &h);
	} else {
		blk.n.violations++;
		vu_log(q->dev, "request type %u breaks seg_max, size_max or its form", h.type);
		status = BLK_S_IOERR;
	}
	if (!status)
		return finish(e, status);
	blk.n.failed++;
	vu_debug(q->dev, "%s at %llu: status %d", h.type < BLK_NR_TYPES && type_names[h.type] ?
		 type_names[h.type] : "request", (unsigned long long)h.sector, status);
	return clear_and_finish(e, status);
}

static uint32_t blk_status_request(struct vu_queue *q, struct vu_elem *e, int status)
{
	(void)q;
	return e->in_len ? clear_and_finish(e, status) : 0;
}

/* ---- configuration ---- */

static void show_config(struct vu_dev *dev)
{
	memcpy(dev->config, &blk.config, sizeof(blk.config));
	dev->config_size = sizeof(blk.config);
}

/* The cache mode is the one thing the driver may set. */
static void blk_config_written(struct vu_dev *dev, size_t off, size_t len)
{
	size_t at = offsetof(struct blk_config, writeback);

	if (off <= at && at < off + len)
		blk.config.writeback = !!dev->config[at];
	show_config(dev);
}

/* ---- options ---- */

static int set_u64(const char *v, uint64_t max, uint64_t *to)
{
	return vu_number(v, to) && *to <= max ? 0 : -1;
}

static int set_file(struct vu_dev *dev, const char *v)
{
	(void)dev;
	blk.file = v;
	return 0;
}

static int set_size(struct vu_dev *dev, const char *v)
{
	uint64_t size;

	(void)dev;
	if (set_u64(v, 1ULL << 50, &size) || size % 512)
		return -1;
	blk.config.capacity = size / 512;
	return 0;
}

static int set_blk_size(struct vu_dev *dev, const char *v)
{
	uint64_t n;

	if (set_u64(v, 1 << 20, &n) || n < 512 || n & (n - 1))
		return -1;
	blk.config.blk_size = n;
	dev->offered |= VU_BIT(BLK_F_BLK_SIZE);
	return 0;
}

static int set_seg_max(struct vu_dev *dev, const char *v)
{
	uint64_t n;

	if (set_u64(v, UINT32_MAX, &n))
		return -1;
	blk.config.seg_max = n;
	dev->offered |= VU_BIT(BLK_F_SEG_MAX);
	return 0;
}

static int set_size_max(struct vu_dev *dev, const char *v)
{
	uint64_t n;

	if (set_u64(v, UINT32_MAX, &n))
		return -1;
	blk.config.size_max = n;
	dev->offered |= VU_BIT(BLK_F_SIZE_MAX);
	return 0;
}

static int set_num_queues(struct vu_dev *dev, const char *v)
{
	uint64_t n;

	if (set_u64(v, VU_MAX_QUEUES, &n) || !n)
		return -1;
	dev->nr_queues = n;
	blk.config.num_queues = n;
	dev->offered |= VU_BIT(BLK_F_MQ);
	return 0;
}

static int set_ro(struct vu_dev *dev, const char *v)
{
	(void)v;
	dev->offered |= VU_BIT(BLK_F_RO);
	return 0;
}

static int set_wce(struct vu_dev *dev, const char *v)
{
	(void)v;
	dev->offered |= VU_BIT(BLK_F_CONFIG_WCE);
	return 0;
}

/* Up to n numbers with commas between; what is left out stays as it is. */
static int numbers(const char *v, unsigned int n, uint32_t *to)
{
	char copy[128], *save = NULL;
	unsigned int i = 0;
	uint64_t x;

	if (strlen(v) >= sizeof(copy))
		return -1;
	strcpy(copy, v);
	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		if (i == n || !vu_number(w, &x) || x > UINT32_MAX)
			return -1;
		to[i++] = x;
	}
	return 0;
}

/* sectors, segments, alignment */
static int set_discard(struct vu_dev *dev, const char *v)
{
	uint32_t a[3] = { 1 << 16, 16, 1 };

	if (numbers(v, 3, a))
		return -1;
	blk.config.max_discard_sectors = a[0];
	blk.config.max_discard_seg = a[1];
	blk.config.discard_sector_alignment = a[2];
	dev->offered |= VU_BIT(BLK_F_DISCARD);
	return 0;
}

static int set_write_zeroes(struct vu_dev *dev, const char *v)
{
	uint32_t a[3] = { 1 << 16, 1, 1 };

	if (numbers(v, 3, a))
		return -1;
	blk.config.max_write_zeroes_sectors = a[0];
	blk.config.max_write_zeroes_seg = a[1];
	blk.config.write_zeroes_may_unmap = !!a[2];
	dev->offered |= VU_BIT(BLK_F_WRITE_ZEROES);
	return 0;
}

static int set_secure_erase(struct vu_dev *dev, const char *v)
{
	uint32_t a[3] = { 1 << 16, 16, 1 };

	if (numbers(v, 3, a))
		return -1;
	blk.config.max_secure_erase_sectors = a[0];
	blk.config.max_secure_erase_seg = a[1];
	blk.config.secure_erase_sector_alignment = a[2];
	dev->offered |= VU_BIT(BLK_F_SECURE_ERASE);
	return 0;
}

static int set_lifetime(struct vu_dev *dev, const char *v)
{
	uint32_t a[3] = { 0 };

	if (numbers(v, 3, a))
		return -1;
	for (int i = 0; i < 3; i++)
		blk.lifetime[i] = a[i];
	dev->offered |= VU_BIT(BLK_F_LIFETIME);
	return 0;
}

static int set_geometry(struct vu_dev *dev, const char *v)
{
	uint32_t a[3] = { 0 };

	if (numbers(v, 3, a))
		return -1;
	blk.config.cylinders = a[0];
	blk.config.heads = a[1];
	blk.config.sectors = a[2];
	dev->offered |= VU_BIT(BLK_F_GEOMETRY);
	return 0;
}

static int set_topology(struct vu_dev *dev, const char *v)
{
	uint32_t a[4] = { 0 };

	if (numbers(v, 4, a))
		return -1;
	blk.config.physical_block_exp = a[0];
	blk.config.alignment_offset = a[1];
	blk.config.min_io_size = a[2];
	blk.config.opt_io_size = a[3];
	dev->offered |= VU_BIT(BLK_F_TOPOLOGY);
	return 0;
}

static int set_serial(struct vu_dev *dev, const char *v)
{
	(void)dev;
	if (strlen(v) > BLK_ID_LEN)
		return -1;
	strcpy(blk.serial, v);
	return 0;
}

static int zone_key(const char *key, uint64_t v)
{
	struct blk_zones *z = &blk.zones;

	if (!strcmp(key, "zone"))
		z->zone_sectors = v / 512;
	else if (!strcmp(key, "cap"))
		z->zone_cap = v / 512;
	else if (!strcmp(key, "append"))
		z->max_append = v / 512;
	else if (!strcmp(key, "conv"))
		z->conventional = v;
	else if (!strcmp(key, "open"))
		z->max_open = v;
	else if (!strcmp(key, "active"))
		z->max_active = v;
	else if (!strcmp(key, "gran"))
		z->granularity = v;
	else
		return -1;
	return 0;
}

/* hm|ha|none[,zone=SIZE][,cap=SIZE][,conv=N][,open=N][,active=N][,append=SIZE][,gran=BYTES] */
static int set_zoned(struct vu_dev *dev, const char *v)
{
	static const char * const models[] = { "none", "hm", "ha" };
	char copy[256], *save = NULL, *word;
	uint64_t n;

	blk.zones.model = -1;
	blk.zones.zone_sectors = (4 << 20) / 512;
	blk.zones.max_append = (128 << 10) / 512;
	if (strlen(v) >= sizeof(copy))
		return -1;
	strcpy(copy, v);
	word = strtok_r(copy, ",", &save);
	for (int i = 0; word && i < 3; i++)
		if (!strcmp(word, models[i]))
			blk.zones.model = i;
	if (blk.zones.model < 0)
		return -1;
	while ((word = strtok_r(NULL, ",", &save))) {
		char *eq = strchr(word, '=');

		if (!eq)
			return -1;
		*eq = 0;
		if (!vu_number(eq + 1, &n) || zone_key(word, n))
			return -1;
	}
	dev->offered |= VU_BIT(BLK_F_ZONED);
	return 0;
}

static const struct vu_option blk_options[] = {
	{ "file", "PATH", "backing file; without it memory", set_file },
	{ "size", "SIZE", "of the disk (default 64M, or the file's)", set_size },
	{ "serial", "TEXT", "up to 20 characters", set_serial },
	{ "blk-size", "BYTES", "block size (default: not offered)", set_blk_size },
	{ "seg-max", "N", "most pieces of a request (default 126)", set_seg_max },
	{ "size-max", "BYTES", "longest piece (default: not offered)", set_size_max },
	{ "num-queues", "N", "offer MQ with so many", set_num_queues },
	{ "geometry", "C,H,S", "cylinders, heads, sectors", set_geometry },
	{ "topology", "EXP,OFF,MIN,OPT",
	  "physical block exponent, offset, I/O sizes", set_topology },
	{ "ro", NULL, "read-only", set_ro },
	{ "config-wce", NULL, "the driver may set the cache mode", set_wce },
	{ "discard", "SECT,SEG,ALIGN",
	  "offer DISCARD with these limits", set_discard },
	{ "write-zeroes", "SECT,SEG,UNMAP",
	  "offer WRITE_ZEROES with these limits", set_write_zeroes },
	{ "secure-erase", "SECT,SEG,ALIGN",
	  "offer SECURE_ERASE with these limits", set_secure_erase },
	{ "lifetime", "PRE_EOL,A,B", "offer LIFETIME with these values", set_lifetime },
	{ "zoned", "MODEL,KEY=V,...",
	  "hm, ha, none; zone= cap= append= gran= (sizes) conv= open= active=", set_zoned },
	{ 0 }
};

static int open_backing(struct vu_dev *dev)
{
	struct stat st;

	if (blk.file) {
		blk.fd = open(blk.file, O_RDWR | O_CLOEXEC);
		if (blk.fd < 0 || fstat(blk.fd, &st)) {
			vu_log(dev, "cannot open %s: %s", blk.file, strerror(errno));
			return -1;
		}
		if (!blk.config.capacity)
			blk.config.capacity = st.st_size / 512;
	} else {
		blk.fd = memfd_create("vu-blk", MFD_CLOEXEC);
		if (!blk.config.capacity)
			blk.config.capacity = (64 << 20) / 512;
	}
	if (blk.fd < 0 || ftruncate(blk.fd, blk.config.capacity * 512)) {
		vu_log(dev, "cannot make a backing store of %llu sectors: %s",
		       (unsigned long long)blk.config.capacity, strerror(errno));
		return -1;
	}
	return 0;
}

static int start_zones(struct vu_dev *dev)
{
	struct blk_zones *z = &blk.zones;
	const char *wrong;

	if (z->model == BLK_Z_NONE)
		return 0;
	z->capacity = blk.config.capacity;
	z->discard = punch;
	if (!z->granularity)
		z->granularity = blk.config.blk_size;
	wrong = blk_zones_init(z);
	if (wrong) {
		vu_log(dev, "--zoned: %s", wrong);
		return -1;
	}
	blk.config.model = z->model;
	blk.config.zone_sectors = z->zone_sectors;
	blk.config.max_open_zones = z->max_open;
	blk.config.max_active_zones = z->max_active;
	blk.config.max_append_sectors = z->max_append;
	blk.config.write_granularity = z->granularity;
	return 0;
}

static int blk_start(struct vu_dev *dev)
{
	dev->offered |= VU_BIT(BLK_F_FLUSH) | VU_BIT(BLK_F_SEG_MAX);
	if (!blk.config.blk_size)
		blk.config.blk_size = 512;
	if (!blk.config.seg_max)
		blk.config.seg_max = 126;
	if (!blk.config.num_queues)
		blk.config.num_queues = 1;
	blk.config.writeback = 1;
	if (open_backing(dev) || start_zones(dev))
		return -1;
	show_config(dev);
	return 0;
}

/* ---- control socket ---- */

static const char *cmd_capacity(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	uint64_t n;

	(void)out;
	if (argc != 2 || !vu_number(argv[1], &n))
		return "capacity wants a number of sectors";
	if (n > 1ULL << 41 || ftruncate(blk.fd, n * 512))
		return "the backing store cannot have that size";
	blk.config.capacity = n;
	show_config(dev);
	vu_config_changed(dev);
	return NULL;
}

static const char *cmd_lifetime(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)out;
	if (argc != 2 || set_lifetime(dev, argv[1]))
		return "lifetime wants PRE_EOL,A,B";
	return NULL;
}

static const char *cmd_zone(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	uint64_t index;

	(void)dev;
	(void)out;
	if (argc != 3 || !vu_number(argv[1], &index))
		return "zone wants a number and rdonly or offline";
	return blk_zone_set(&blk.zones, index, argv[2]);
}

static const char *cmd_zones(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	(void)argc;
	(void)argv;
	blk_zone_list(&blk.zones, out);
	return NULL;
}

static const struct vu_command blk_commands[] = {
	{ "capacity", "SECTORS", "change the size and tell the driver", cmd_capacity },
	{ "lifetime", "PRE_EOL,A,B", "change the lifetime values", cmd_lifetime },
	{ "zone", "N rdonly|offline", "break a zone", cmd_zone },
	{ "zones", "", "list the zones", cmd_zones },
	{ 0 }
};

#define U(v) ((unsigned long long)(v))

static void blk_stats(struct vu_dev *dev, FILE *out)
{
	(void)dev;
	for (int i = 0; i < BLK_NR_TYPES; i++)
		if (type_names[i] && blk.n.type[i])
			fprintf(out, "%s %llu\n", type_names[i], U(blk.n.type[i]));
	fprintf(out, "other %llu\nfailed %llu\nviolations %llu\nbeyond %llu\nwriteback %u\n", U(blk.n.other),
		U(blk.n.failed), U(blk.n.violations), U(blk.n.beyond), blk.config.writeback);
	fprintf(out, "sectors-read %llu\nsectors-written %llu\nsectors-discarded %llu\n",
		U(blk.n.read), U(blk.n.written), U(blk.n.discarded));
	fprintf(out, "sectors-zeroed %llu\nsectors-erased %llu\nlast-ioprio %u\n", U(blk.n.zeroed),
		U(blk.n.erased), blk.n.last_ioprio);
}

static const struct vu_ops blk_ops = {
	.name = "vu-blk",
	.options = blk_options,
	.commands = blk_commands,
	.start = blk_start,
	.request = blk_request,
	.status_request = blk_status_request,
	.config_written = blk_config_written,
	.stats = blk_stats,
};

int main(int argc, char **argv)
{
	static struct vu_dev dev;

	return vu_main(&dev, &blk_ops, argc, argv);
}
