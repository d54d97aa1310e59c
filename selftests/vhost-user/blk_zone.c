// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zones of a block device: states, resources, write pointers (5.2.6).
 */
#include <stdlib.h>
#include <string.h>

#include "blk.h"

static const struct {
	const char *name;
	int state;
} state_names[] = {
	{ "not-wp", BLK_ZS_NOT_WP }, { "empty", BLK_ZS_EMPTY }, { "iopen", BLK_ZS_IOPEN },
	{ "eopen", BLK_ZS_EOPEN }, { "closed", BLK_ZS_CLOSED }, { "rdonly", BLK_ZS_RDONLY },
	{ "full", BLK_ZS_FULL }, { "offline", BLK_ZS_OFFLINE },
};

static bool is_open(int state)
{
	return state == BLK_ZS_IOPEN || state == BLK_ZS_EOPEN;
}

static bool is_active(int state)
{
	return is_open(state) || state == BLK_ZS_CLOSED;
}

/* Every change of state goes through here, so that the counts stay right. */
static void set_state(struct blk_zones *z, struct blk_zone_desc *d, int state)
{
	z->nr_open += is_open(state) - is_open(d->state);
	z->nr_active += is_active(state) - is_active(d->state);
	d->state = state;
}

const char *blk_zones_init(struct blk_zones *z)
{
	if (!z->zone_sectors)
		return "zones need a size";
	if (!z->zone_cap)
		z->zone_cap = z->zone_sectors;
	if (z->zone_cap > z->zone_sectors)
		return "zone capacity beyond the zone's size";
	z->n = (z->capacity + z->zone_sectors - 1) / z->zone_sectors;
	if (z->n > 1 << 20)
		return "more than a million zones";
	z->zones = calloc(z->n, sizeof(*z->zones));
	if (!z->zones)
		return "no memory for the zones";
	for (uint32_t i = 0; i < z->n; i++) {
		struct blk_zone_desc *d = &z->zones[i];
		bool conv = i < z->conventional;

		d->start = i * z->zone_sectors;
		d->cap = conv ? z->zone_sectors : z->zone_cap;
		if (d->cap > z->capacity - d->start)
			d->cap = z->capacity - d->start;
		d->wp = d->start;
		d->type = conv ? BLK_ZT_CONV : z->model == BLK_Z_HM ? BLK_ZT_SWR : BLK_ZT_SWP;
		d->state = conv ? BLK_ZS_NOT_WP : BLK_ZS_EMPTY;
	}
	return NULL;
}

static struct blk_zone_desc *zone_at(const struct blk_zones *z, uint64_t sector)
{
	return sector < z->capacity ? &z->zones[sector / z->zone_sectors] : NULL;
}

static bool in_one_zone(const struct blk_zones *z, uint64_t sector, uint64_t sectors)
{
	return !sectors || sector / z->zone_sectors == (sector + sectors - 1) / z->zone_sectors;
}

/* An implicitly open zone may be closed to make room for another. */
static void make_room(struct blk_zones *z)
{
	for (uint32_t i = 0; i < z->n; i++) {
		if (z->zones[i].state == BLK_ZS_IOPEN) {
			set_state(z, &z->zones[i], BLK_ZS_CLOSED);
			return;
		}
	}
}

static int open_zone(struct blk_zones *z, struct blk_zone_desc *d, int state)
{
	if (!is_active(d->state) && z->max_active && z->nr_active >= z->max_active)
		return BLK_S_ZONE_ACTIVE_RESOURCE;
	if (!is_open(d->state) && z->max_open && z->nr_open >= z->max_open)
		make_room(z);
	if (!is_open(d->state) && z->max_open && z->nr_open >= z->max_open)
		return BLK_S_ZONE_OPEN_RESOURCE;
	set_state(z, d, state);
	return BLK_S_OK;
}

static void zone_full(struct blk_zones *z, struct blk_zone_desc *d)
{
	d->wp = d->start + d->cap;
	set_state(z, d, BLK_ZS_FULL);
}

/* ---- reading and writing ---- */

int blk_zone_read(struct blk_zones *z, uint64_t sector, uint64_t sectors)
{
	const struct blk_zone_desc *d = zone_at(z, sector);

	if (!d)
		return BLK_S_IOERR;
	if (d->state == BLK_ZS_OFFLINE)
		return BLK_S_ZONE_INVALID_CMD;
	if (d->type == BLK_ZT_SWR && !in_one_zone(z, sector, sectors))
		return BLK_S_ZONE_INVALID_CMD;
	return BLK_S_OK;
}

static int check_writable(const struct blk_zone_desc *d, uint64_t sector, uint64_t sectors)
{
	if (d->state == BLK_ZS_OFFLINE || d->state == BLK_ZS_RDONLY)
		return BLK_S_ZONE_INVALID_CMD;
	if (d->type == BLK_ZT_SWR && d->state == BLK_ZS_FULL)
		return BLK_S_ZONE_INVALID_CMD;
	if (d->type == BLK_ZT_SWR && sector + sectors > d->start + d->cap)
		return BLK_S_ZONE_INVALID_CMD;
	return BLK_S_OK;
}

static int write_swr(struct blk_zones *z, struct blk_zone_desc *d, uint64_t sector,
		     uint64_t sectors)
{
	int status;

	if (!in_one_zone(z, sector, sectors))
		return BLK_S_ZONE_INVALID_CMD;
	status = check_writable(d, sector, sectors);
	if (status)
		return status;
	if (sector != d->wp)
		return BLK_S_ZONE_UNALIGNED_WP;
	if (z->granularity && (sector + sectors) * 512 % z->granularity)
		return BLK_S_ZONE_UNALIGNED_WP;
	if (!sectors || is_open(d->state))
		return BLK_S_OK;
	return open_zone(z, d, BLK_ZS_IOPEN);
}

/* Conventional zones and those that only prefer order, one after another. */
int blk_zone_write(struct blk_zones *z, uint64_t sector, uint64_t sectors)
{
	struct blk_zone_desc *d = zone_at(z, sector);
	uint64_t end = sector + sectors;
	int status;

	if (!d)
		return BLK_S_IOERR;
	if (d->type == BLK_ZT_SWR)
		return write_swr(z, d, sector, sectors);
	for (; d && sector < end; sector = d->start + z->zone_sectors, d = zone_at(z, sector)) {
		if (d->type == BLK_ZT_SWR)
			return BLK_S_ZONE_INVALID_CMD;
		status = check_writable(d, sector, 0);
		if (status)
			return status;
		if (d->type == BLK_ZT_SWP && !is_open(d->state) && d->state != BLK_ZS_FULL) {
			status = open_zone(z, d, BLK_ZS_IOPEN);
			if (status)
				return status;
		}
	}
	return BLK_S_OK;
}

void blk_zone_written(struct blk_zones *z, uint64_t sector, uint64_t sectors)
{
	uint64_t end = sector + sectors;

	while (sector < end) {
		struct blk_zone_desc *d = zone_at(z, sector);
		uint64_t stop;

		if (!d)
			return;
		stop = d->start + z->zone_sectors;
		if (stop > end)
			stop = end;
		if (d->type != BLK_ZT_CONV && stop > d->wp)
			d->wp = stop;
		if (d->type != BLK_ZT_CONV && d->wp >= d->start + d->cap)
			zone_full(z, d);
		sector = stop;
	}
}

int blk_zone_append(struct blk_zones *z, uint64_t *sector, uint64_t sectors)
{
	struct blk_zone_desc *d = zone_at(z, *sector);

	if (!d)
		return BLK_S_IOERR;
	if (!z->max_append)
		return BLK_S_UNSUPP;
	if (d->type != BLK_ZT_SWR || *sector != d->start || !sectors || sectors > z->max_append)
		return BLK_S_ZONE_INVALID_CMD;
	*sector = d->wp;
	return write_swr(z, d, d->wp, sectors);
}

/* ---- commands ---- */

static int zone_reset(struct blk_zones *z, struct blk_zone_desc *d)
{
	if (d->state == BLK_ZS_EMPTY)
		return BLK_S_OK;
	if (z->discard(d->start, d->cap))
		return BLK_S_IOERR;
	d->wp = d->start;
	set_state(z, d, BLK_ZS_EMPTY);
	return BLK_S_OK;
}

static int reset_all(struct blk_zones *z)
{
	int status = BLK_S_OK;

	for (uint32_t i = 0; i < z->n && !status; i++)
		if (is_active(z->zones[i].state) || z->zones[i].state == BLK_ZS_FULL)
			status = zone_reset(z, &z->zones[i]);
	return status;
}

static int zone_open(struct blk_zones *z, struct blk_zone_desc *d)
{
	if (d->state == BLK_ZS_FULL)
		return BLK_S_ZONE_INVALID_CMD;
	return open_zone(z, d, BLK_ZS_EOPEN);
}

static int zone_close(struct blk_zones *z, struct blk_zone_desc *d)
{
	if (!is_active(d->state))
		return BLK_S_ZONE_INVALID_CMD;
	set_state(z, d, d->wp == d->start ? BLK_ZS_EMPTY : BLK_ZS_CLOSED);
	return BLK_S_OK;
}

/* Finishing takes an active resource for a moment. */
static int zone_finish(struct blk_zones *z, struct blk_zone_desc *d)
{
	if (d->state == BLK_ZS_EMPTY && z->max_active && z->nr_active >= z->max_active)
		return BLK_S_ZONE_ACTIVE_RESOURCE;
	zone_full(z, d);
	return BLK_S_OK;
}

int blk_zone_command(struct blk_zones *z, uint32_t type, uint64_t sector)
{
	struct blk_zone_desc *d;

	if (type == BLK_T_ZONE_RESET_ALL)
		return reset_all(z);
	d = zone_at(z, sector);
	if (!d || sector != d->start || d->type == BLK_ZT_CONV)
		return BLK_S_ZONE_INVALID_CMD;
	if (d->state == BLK_ZS_OFFLINE || d->state == BLK_ZS_RDONLY)
		return BLK_S_ZONE_INVALID_CMD;
	switch (type) {
	case BLK_T_ZONE_OPEN:
		return zone_open(z, d);
	case BLK_T_ZONE_CLOSE:
		return zone_close(z, d);
	case BLK_T_ZONE_FINISH:
		return zone_finish(z, d);
	case BLK_T_ZONE_RESET:
		return zone_reset(z, d);
	}
	return BLK_S_UNSUPP;
}

size_t blk_zone_report(const struct blk_zones *z, uint64_t sector, void *buf, size_t size)
{
	struct blk_zone_desc *out = (struct blk_zone_desc *)buf + 1;
	uint64_t *count = buf;
	uint64_t n = 0;

	if (size < sizeof(*out) || sector >= z->capacity)
		return 0;
	memset(buf, 0, size);
	for (uint32_t i = sector / z->zone_sectors; i < z->n; i++) {
		if ((n + 2) * sizeof(*out) > size)
			break;
		out[n++] = z->zones[i];
	}
	*count = n;
	return (n + 1) * sizeof(*out);
}

/* ---- control socket ---- */

const char *blk_zone_set(struct blk_zones *z, uint64_t index, const char *state)
{
	if (index >= z->n || z->zones[index].type == BLK_ZT_CONV)
		return "no such sequential zone";
	if (!strcmp(state, "rdonly"))
		set_state(z, &z->zones[index], BLK_ZS_RDONLY);
	else if (!strcmp(state, "offline"))
		set_state(z, &z->zones[index], BLK_ZS_OFFLINE);
	else
		return "a zone can be made rdonly or offline";
	return NULL;
}

static const char *state_name(int state)
{
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++)
		if (state_names[i].state == state)
			return state_names[i].name;
	return "?";
}

void blk_zone_list(const struct blk_zones *z, FILE *out)
{
	for (uint32_t i = 0; i < z->n; i++) {
		const struct blk_zone_desc *d = &z->zones[i];

		fprintf(out, "zone %u start %llu cap %llu wp %llu type %u state %s\n", i,
			(unsigned long long)d->start, (unsigned long long)d->cap,
			(unsigned long long)d->wp, d->type, state_name(d->state));
	}
}
