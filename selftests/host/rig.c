// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>

#include "rig.h"

/* Exactly as large as asked for, so that a sanitizer sees one byte too many. */
static void *area(const struct vpv_ring_area *a)
{
	void *p = NULL;

	if (!a->size)
		return NULL;
	CHECK(!posix_memalign(&p, a->align < sizeof(void *) ? sizeof(void *) : a->align, a->size));
	memset(p, 0xa5, a->size);
	return p;
}

void rig_make(struct rig *g, const struct vpv_ring_cfg *cfg)
{
	memset(g, 0, sizeof(*g));
	g->cfg = *cfg;
	g->random = 88172645463325252ull + cfg->num;
	CHECK_EQ(vpv_ring_layout(cfg, &g->layout), 0);
	g->mem.desc = area(&g->layout.desc);
	g->mem.driver = area(&g->layout.driver);
	g->mem.device = area(&g->layout.device);
	g->mem.tables = area(&g->layout.tables);
	g->mem.tables_addr = RIG_TABLES_ADDR;
	g->ring = vpv_ring_create(cfg, &g->mem);
	CHECK(!IS_ERR(g->ring));
	fakedev_init(&g->dev, cfg, &g->mem);
	g->nr_tokens = cfg->num + RIG_MAX_BATCH;
	g->tokens = calloc(g->nr_tokens, sizeof(*g->tokens));
}

void rig_free(struct rig *g)
{
	vpv_ring_destroy(g->ring);
	free(g->mem.desc);
	free(g->mem.driver);
	free(g->mem.device);
	free(g->mem.tables);
	free(g->tokens);
}

/* As after a device reset: everything is taken back, and all starts anew. */
void rig_reset(struct rig *g)
{
	void *token;

	while ((token = vpv_ring_detach(g->ring)))
		rig_back(g, token);
	CHECK_EQ(g->out, 0);
	vpv_ring_reset(g->ring);
	fakedev_init(&g->dev, &g->cfg, &g->mem);
}

u32 rig_random(struct rig *g, u32 below)
{
	g->random ^= g->random << 13;
	g->random ^= g->random >> 7;
	g->random ^= g->random << 17;
	return (u32)(g->random >> 32) % below;
}

/* The address says which buffer, which piece. */
static u64 seg_addr(u32 token, u32 serial, unsigned int i)
{
	return (u64)token << 40 | (u64)(serial & 0xffffff) << 16 | i;
}

static u32 free_token(struct rig *g, u32 from)
{
	while (g->tokens[from % g->nr_tokens].out)
		from++;
	return from % g->nr_tokens;
}

static void token_taken(struct rig *g, u32 token, const struct vpv_buf *b)
{
	struct rig_token *t = &g->tokens[token];
	unsigned int i;

	memset(t, 0, sizeof(*t));
	t->out = true;
	t->nr_out = b->nr_out;
	t->nr_in = b->nr_in;
	for (i = b->nr_out; i < (u32)b->nr_out + b->nr_in; i++)
		t->in_len += b->seg[i].len;
	t->want_len = RIG_NO_LEN;
}

int rig_stage_batch(struct rig *g, const struct rig_shape *shape, unsigned int n)
{
	static struct vpv_seg segs[2 * 65536];
	struct vpv_buf bufs[RIG_MAX_BATCH] = {};
	struct vpv_seg *seg = segs;
	u32 token[RIG_MAX_BATCH];
	unsigned int i, j;
	int ret;

	CHECK(n <= RIG_MAX_BATCH);
	for (i = 0; i < n; i++) {
		/* Marked while the batch is made, so that no two are the same. */
		token[i] = free_token(g, g->serial + i);
		g->tokens[token[i]].out = true;
		bufs[i] = (struct vpv_buf){ seg, shape[i].nr_out, shape[i].nr_in,
					    (void *)(uintptr_t)(token[i] + 1) };
		for (j = 0; j < (u32)shape[i].nr_out + shape[i].nr_in; j++, seg++) {
			seg->addr = seg_addr(token[i], g->serial + i, j);
			seg->len = shape[i].len + j;
		}
	}
	ret = vpv_ring_stage(g->ring, bufs, n);
	for (i = 0; i < n; i++)
		g->tokens[token[i]].out = false;
	for (i = 0; ret > 0 && i < (u32)ret; i++) {
		token_taken(g, token[i], &bufs[i]);
		g->tokens[token[i]].serial = g->serial++;
		g->out++;
	}
	return ret;
}

int rig_stage(struct rig *g, u16 nr_out, u16 nr_in, u32 seg_len)
{
	struct rig_shape shape = { nr_out, nr_in, seg_len };

	return rig_stage_batch(g, &shape, 1);
}

void rig_offer_out(struct rig *g)
{
	CHECK_EQ(rig_stage(g, 1, 0, 16), 1);
	vpv_ring_publish(g->ring);
}

void rig_offer_in(struct rig *g)
{
	CHECK_EQ(rig_stage(g, 0, 1, 64), 1);
	vpv_ring_publish(g->ring);
}

u32 rig_token_of(struct rig *g, const struct fakedev_buf *b)
{
	u32 token = b->seg[0].addr >> 40;

	CHECK(token < g->nr_tokens);
	return token;
}

bool rig_pop(struct rig *g, struct fakedev_buf *b)
{
	struct rig_token *t;
	unsigned int i;

	if (!fakedev_pop(&g->dev, b)) {
		if (g->dev.violation)
			ktap_fail(__FILE__, __LINE__, "the driver broke a rule: %s",
				  g->dev.violation);
		return false;
	}
	t = &g->tokens[rig_token_of(g, b)];
	CHECK(t->out);
	CHECK_EQ(b->nr_out, t->nr_out);
	CHECK_EQ(b->nr_in, t->nr_in);
	CHECK_EQ(b->in_len, t->in_len);
	CHECK_EQ(b->ndesc, b->indirect ? 1 : b->nr_segs);
	for (i = 0; i < b->nr_segs && i < FAKEDEV_MAX_SEGS; i++)
		CHECK(b->seg[i].addr == seg_addr(rig_token_of(g, b), t->serial, i));
	return true;
}

struct rig_token *rig_back(struct rig *g, void *token)
{
	uintptr_t i = (uintptr_t)token - 1;

	CHECK(i < g->nr_tokens);
	CHECK(g->tokens[i].out);
	g->tokens[i].out = false;
	g->out--;
	return &g->tokens[i];
}

unsigned int rig_reap(struct rig *g, unsigned int max)
{
	struct vpv_done done[64];
	unsigned int n, i;

	if (max > 64)
		max = 64;
	n = vpv_ring_reap(g->ring, done, max);
	CHECK(n <= max);
	for (i = 0; i < n; i++) {
		struct rig_token *t = rig_back(g, done[i].token);

		CHECK(done[i].len <= t->in_len);
		if (done[i].flags & VPV_DONE_SKIPPED) {
			CHECK(g->cfg.in_order);
			CHECK_EQ(t->want_len, RIG_NO_LEN);
			CHECK_EQ(done[i].len, t->in_len);
		} else {
			CHECK(t->want_len != RIG_NO_LEN);
			CHECK_EQ(done[i].len, t->nr_in ? t->want_len : 0);
		}
	}
	return n;
}

void rig_for_sizes(void (*fn)(struct rig *g), const u16 *sizes)
{
	unsigned int bits;

	for (; *sizes; sizes++) {
		for (bits = 0; bits < 32; bits++) {
			struct vpv_ring_cfg cfg = {
				.num = *sizes,
				.packed = bits & 1,
				.in_order = bits & 2,
				.event_idx = bits & 4,
				.table_len = bits & 8 ? (*sizes < 8 ? *sizes : 8) : 0,
				.order_platform = bits & 16,
				.direct_max = bits & 16 ? 3 : 0,
			};
			struct rig g;

			if (!cfg.packed && (cfg.num & (cfg.num - 1)))
				continue;
			snprintf(ktap_where, sizeof(ktap_where),
				 "%s size %u%s%s, tables of %u, direct up to %u",
				 cfg.packed ? "packed" : "split", cfg.num,
				 cfg.in_order ? " in order" : "",
				 cfg.event_idx ? " event index" : "",
				 cfg.table_len, cfg.direct_max);
			rig_make(&g, &cfg);
			fn(&g);
			rig_free(&g);
		}
	}
	ktap_where[0] = 0;
}

void rig_for_each(void (*fn)(struct rig *g))
{
	static const u16 sizes[] = { 1, 2, 3, 4, 7, 16, 100, 256, 0 };

	rig_for_sizes(fn, sizes);
}
