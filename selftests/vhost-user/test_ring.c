// SPDX-License-Identifier: GPL-2.0-only
/*
 * The drivers' ring and the devices' ring against each other, in one process:
 * every layout and option, random traffic. Each side runs only when the other
 * notified it, so that a lost notification shows as a standstill.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>

#include "ktap.h"
#include "vpv_ring.h"
#include "vu_ring.h"

#define DATA_ADDR 0x10000000ull
#define TABLES_ADDR 0x20000000ull
#define MAX_PIECES 8
#define PIECE 64

struct token {
	bool out;
	u16 nr_out, nr_in;
	u32 in_len;
	u32 want;
	u32 serial;
};

struct pair {
	struct vpv_ring_cfg cfg;
	struct vpv_ring_layout layout;
	struct vpv_ring_mem mem;
	struct vpv_ring *drv;
	struct vu_ring dev;
	u8 *data;		/* one slice per token */
	struct token *tokens;
	u32 nr_tokens, out, serial;
	u64 seed;
	u64 kicks, irqs, done;
	bool lists;		/* the device gives back several at once */
};

static u32 pick(struct pair *p, u32 below)
{
	p->seed = p->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(p->seed >> 33) % below;
}

/* ---- memory ---- */

static size_t data_size(const struct pair *p)
{
	return (size_t)p->nr_tokens * MAX_PIECES * PIECE;
}

static void *map(void *ctx, uint64_t addr, uint64_t *len)
{
	struct pair *p = ctx;
	u64 base = addr >= TABLES_ADDR ? TABLES_ADDR : DATA_ADDR;
	u8 *host = addr >= TABLES_ADDR ? p->mem.tables : p->data;
	u64 size = addr >= TABLES_ADDR ? p->layout.tables.size : data_size(p);

	if (!host || addr < base || addr - base >= size)
		return NULL;
	if (*len > size - (addr - base))
		*len = size - (addr - base);
	return host + (addr - base);
}

static void *area(const struct vpv_ring_area *a)
{
	void *mem = NULL;

	if (!a->size)
		return NULL;
	CHECK(!posix_memalign(&mem, a->align < 8 ? 8 : a->align, a->size));
	memset(mem, 0xa5, a->size);
	return mem;
}

static void start_device(struct pair *p)
{
	p->dev.avail_idx = 0;
	p->dev.avail_wrap = true;
	p->dev.used_idx = 0;
	p->dev.used_wrap = true;
	if (!vu_ring_start(&p->dev))
		ktap_fail(__FILE__, __LINE__, "the device's ring: %s", p->dev.error);
	vu_ring_kicks_on(&p->dev);
}

static void make_pair(struct pair *p, const struct vpv_ring_cfg *cfg)
{
	memset(p, 0, sizeof(*p));
	p->cfg = *cfg;
	p->seed = cfg->num * 77 + cfg->packed;
	p->nr_tokens = cfg->num + 1;
	CHECK_EQ(vpv_ring_layout(cfg, &p->layout), 0);
	p->mem.desc = area(&p->layout.desc);
	p->mem.driver = area(&p->layout.driver);
	p->mem.device = area(&p->layout.device);
	p->mem.tables = area(&p->layout.tables);
	p->mem.tables_addr = TABLES_ADDR;
	p->data = malloc(data_size(p));
	p->tokens = calloc(p->nr_tokens, sizeof(*p->tokens));
	p->drv = vpv_ring_create(cfg, &p->mem);
	CHECK(!IS_ERR(p->drv));

	p->dev.num = cfg->num;
	p->dev.packed = cfg->packed;
	p->dev.in_order = cfg->in_order;
	p->dev.event_idx = cfg->event_idx;
	p->dev.indirect = cfg->table_len;
	p->dev.desc = p->mem.desc;
	p->dev.driver = p->mem.driver;
	p->dev.device = p->mem.device;
	p->dev.map = map;
	p->dev.map_ctx = p;
	start_device(p);
}

static void free_pair(struct pair *p)
{
	vpv_ring_destroy(p->drv);
	free(p->mem.desc);
	free(p->mem.driver);
	free(p->mem.device);
	free(p->mem.tables);
	free(p->data);
	free(p->tokens);
}

/* ---- driver ---- */

static u64 piece_addr(u32 token, unsigned int i)
{
	return DATA_ADDR + ((u64)token * MAX_PIECES + i) * PIECE;
}

static u32 free_token(struct pair *p)
{
	u32 t = pick(p, p->nr_tokens);

	while (p->tokens[t].out)
		t = (t + 1) % p->nr_tokens;
	return t;
}

/* One buffer; its first bytes name it, so the device can tell which it got. */
static bool stage(struct pair *p)
{
	unsigned int max = vpv_ring_max_segs(p->drv), n;
	struct vpv_seg seg[MAX_PIECES];
	u32 t = free_token(p);
	struct token *tok = &p->tokens[t];
	struct vpv_buf buf = { .seg = seg, .token = (void *)(uintptr_t)(t + 1) };

	n = 1 + pick(p, max < MAX_PIECES ? max : MAX_PIECES);
	buf.nr_out = 1 + pick(p, n);
	buf.nr_in = n - buf.nr_out;
	for (unsigned int i = 0; i < n; i++) {
		seg[i].addr = piece_addr(t, i);
		seg[i].len = 8 + pick(p, PIECE - 8);
	}
	memcpy(p->data + (piece_addr(t, 0) - DATA_ADDR), &t, sizeof(t));
	if (vpv_ring_stage(p->drv, &buf, 1) != 1)
		return false;
	tok->out = true;
	tok->nr_out = buf.nr_out;
	tok->nr_in = buf.nr_in;
	tok->serial = p->serial++;
	tok->in_len = 0;
	for (unsigned int i = buf.nr_out; i < n; i++)
		tok->in_len += seg[i].len;
	p->out++;
	return true;
}

/* true: notify the device */
static bool submit(struct pair *p)
{
	unsigned int n = 1 + pick(p, 2 * p->cfg.num);

	while (n-- && p->out < p->cfg.num && stage(p))
		;
	vpv_ring_publish(p->drv);
	return vpv_ring_decide(p->drv);
}

static void check_done(struct pair *p, const struct vpv_done *d)
{
	uintptr_t t = (uintptr_t)d->token - 1;
	struct token *tok = &p->tokens[t];

	CHECK(t < p->nr_tokens);
	CHECK(tok->out);
	tok->out = false;
	p->out--;
	p->done++;
	/* What a batch left out was written in full, or had nothing to write. */
	CHECK_EQ(d->len, tok->nr_in ? tok->want : 0);
	if (d->flags & VPV_DONE_SKIPPED)
		CHECK_EQ(tok->want, tok->in_len);
}

static void reap(struct pair *p)
{
	struct vpv_done done[7];
	unsigned int n;

	vpv_ring_park(p->drv);
	do {
		while ((n = vpv_ring_reap(p->drv, done, 7)))
			for (unsigned int i = 0; i < n; i++)
				check_done(p, &done[i]);
		if (vpv_ring_error(p->drv))
			ktap_fail(__FILE__, __LINE__, "the driver's ring broke: %s",
				  vpv_ring_error_str(vpv_ring_error(p->drv)));
	} while (!vpv_ring_arm(p->drv, 1));
}

/* ---- device ---- */

static struct token *look_at(struct pair *p, const struct vu_elem *e)
{
	struct token *tok;
	u32 t;

	CHECK(e->nout && e->out[0].iov_len >= sizeof(t));
	memcpy(&t, e->out[0].iov_base, sizeof(t));
	CHECK(t < p->nr_tokens);
	tok = &p->tokens[t];
	CHECK(tok->out);
	CHECK_EQ(e->nout, tok->nr_out);
	CHECK_EQ(e->nin, tok->nr_in);
	CHECK_EQ(e->in_len, tok->in_len);
	return tok;
}

static void serve(struct pair *p, struct vu_elem *e)
{
	struct token *tok = look_at(p, e);

	tok->want = pick(p, 4) ? tok->in_len : pick(p, tok->in_len + 1);
	vu_ring_push(&p->dev, e->id, e->slots, tok->want, tok->want == tok->in_len);
	free(e);
}

/* A packet in several buffers, as a network device has them. */
static void serve_list(struct pair *p, struct vu_elem **list, unsigned int n)
{
	struct token *tok = NULL;

	for (unsigned int i = 0; i < n; i++) {
		tok = look_at(p, list[i]);
		tok->want = tok->in_len;
		list[i]->next = i + 1 < n ? list[i + 1] : NULL;
	}
	tok->want = pick(p, tok->in_len + 1);
	vu_ring_push_list(&p->dev, list[0], tok->want);
	for (unsigned int i = 0; i < n; i++)
		free(list[i]);
}

/* Take some, give them back in order or not; true: interrupt the driver. */
static bool device_run(struct pair *p)
{
	struct vu_elem *list[16], *e;
	bool irq = false;
	unsigned int n;

	do {
		vu_ring_kicks_off(&p->dev);
		do {
			for (n = 0; n < 16 && (e = vu_ring_pop(&p->dev)); n++)
				list[n] = e;
			if (p->lists && n) {
				serve_list(p, list, n);
				n = 0;
			}
			for (unsigned int left = n; left; left--) {
				unsigned int i = p->cfg.in_order ? n - left : pick(p, left);

				serve(p, list[i]);
				if (!p->cfg.in_order)
					list[i] = list[left - 1];
			}
			if (p->dev.error)
				ktap_fail(__FILE__, __LINE__, "the device stopped: %s",
					  p->dev.error);
			vu_ring_publish(&p->dev);
			irq |= vu_ring_want_irq(&p->dev);
		} while (n);
	} while (vu_ring_kicks_on(&p->dev));
	return irq;
}

/* ---- tests ---- */

static void traffic(struct pair *p)
{
	unsigned int rounds = p->cfg.num > 100 ? 60 : 200;
	u64 before;

	vpv_ring_arm(p->drv, 1);
	while (rounds--) {
		bool kick = submit(p);

		/* The device may be late: more is submitted meanwhile. */
		while (pick(p, 3) == 0)
			kick |= submit(p);
		p->kicks += kick;
		before = p->done;
		if (kick && device_run(p)) {
			p->irqs++;
			reap(p);
		}
		/* Nobody asleep with work left: all rings are drained here. */
		CHECK(p->out == 0 || !kick || p->done != before);
		CHECK_EQ(p->out, 0);
	}
	CHECK(p->done > p->kicks || p->cfg.num == 1);
	CHECK(p->dev.used_writes <= p->done);
	if (!p->cfg.in_order)
		CHECK_EQ(p->dev.used_writes, p->done);
	else if (p->cfg.num > 4 && p->dev.batch_max != 1)
		CHECK(p->dev.used_writes < p->done);
}

static void reset(struct pair *p)
{
	void *token;

	while (stage(p))
		;
	vpv_ring_publish(p->drv);
	while ((token = vpv_ring_detach(p->drv))) {
		p->tokens[(uintptr_t)token - 1].out = false;
		p->out--;
	}
	CHECK_EQ(p->out, 0);
	vpv_ring_reset(p->drv);
	start_device(p);
}

static void each(void (*fn)(struct pair *p))
{
	static const u16 sizes[] = { 1, 2, 4, 7, 16, 96, 128, 256, 1000 };
	static struct pair p;

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (unsigned int bits = 0; bits < 16; bits++) {
			struct vpv_ring_cfg cfg = {
				.num = sizes[i],
				.packed = bits & 1,
				.in_order = bits & 2,
				.event_idx = bits & 4,
				.table_len = bits & 8 ? (sizes[i] < 8 ? sizes[i] : 8) : 0,
			};

			if (!cfg.packed && (cfg.num & (cfg.num - 1)))
				continue;
			snprintf(ktap_where, sizeof(ktap_where), "%u %s%s%s%s", cfg.num,
				 cfg.packed ? "packed" : "split", cfg.in_order ? " in-order" : "",
				 cfg.event_idx ? " event-idx" : "",
				 cfg.table_len ? " indirect" : "");
			make_pair(&p, &cfg);
			fn(&p);
			free_pair(&p);
		}
	}
}

static void traffic_twice(struct pair *p)
{
	traffic(p);
	reset(p);
	traffic(p);
}

TEST(device_ring_serves_the_drivers_ring)
{
	each(traffic);
}

static void traffic_in_lists(struct pair *p)
{
	p->lists = true;
	/* With and without batches of an in-order device. */
	p->dev.batch_max = p->cfg.num & 1;
	traffic(p);
}

TEST(several_buffers_are_given_back_together)
{
	each(traffic_in_lists);
}

TEST(both_start_anew_after_a_reset)
{
	each(traffic_twice);
}

/* ---- a driver that lies, for the device's own checks ---- */

static void spoil(struct pair *p)
{
	u8 *where[] = { p->mem.desc, p->mem.driver, p->mem.tables };
	size_t size[] = { p->layout.desc.size, p->layout.driver.size, p->layout.tables.size };
	struct vu_elem *e;

	for (unsigned int round = 0; round < 40; round++) {
		unsigned int a = pick(p, where[2] ? 3 : 2);
		unsigned int taken = 0;

		submit(p);
		where[a][pick(p, size[a])] ^= 1 << pick(p, 8);
		/* It ends, and touches nothing but its memory: ASan looks on. */
		while ((e = vu_ring_pop(&p->dev))) {
			for (unsigned int i = 0; i < e->nin; i++)
				memset(e->in[i].iov_base, 0, e->in[i].iov_len);
			vu_ring_push(&p->dev, e->id, e->slots, e->in_len, true);
			vu_ring_publish(&p->dev);
			free(e);
			CHECK(++taken <= 4u * p->cfg.num + 65536);
		}
		while (vpv_ring_detach(p->drv))
			;
		memset(p->tokens, 0, p->nr_tokens * sizeof(*p->tokens));
		p->out = 0;
		vpv_ring_reset(p->drv);
		start_device(p);
	}
}

TEST(device_ring_survives_a_lying_driver)
{
	each(spoil);
}
