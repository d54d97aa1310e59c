// SPDX-License-Identifier: GPL-2.0-only
/* Shapes, sizes, staging, detaching: what needs no lying device. */
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>

#include "rig.h"

TEST(layout_refuses_what_the_specification_forbids)
{
	static const struct vpv_ring_cfg bad[] = {
		{ .num = 0 }, { .num = 0, .packed = true },
		{ .num = 3 }, { .num = 100 }, { .num = 32767 },
		{ .num = 32769, .packed = true }, { .num = 65535, .packed = true },
		{ .num = 4, .table_len = 5 }, { .num = 4, .table_len = 5, .packed = true },
	};
	struct vpv_ring_layout layout;
	struct vpv_ring_mem mem = { (void *)64, (void *)64, (void *)64, NULL, 0 };
	struct vpv_ring_cfg cfg = { .num = 4, .table_len = 2 };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK_EQ(vpv_ring_layout(&bad[i], &layout), -22);
		CHECK_EQ(PTR_ERR(vpv_ring_create(&bad[i], &mem)), -22);
	}
	/* Tables wanted and none given. */
	CHECK_EQ(PTR_ERR(vpv_ring_create(&cfg, &mem)), -22);
}

TEST(layout_sizes_and_alignments)
{
	struct vpv_ring_cfg cfg = { .num = 256, .table_len = 10 };
	struct vpv_ring_layout l;

	CHECK_EQ(vpv_ring_layout(&cfg, &l), 0);
	CHECK_EQ(l.desc.size, 16 * 256);
	CHECK_EQ(l.desc.align, 16);
	CHECK_EQ(l.driver.size, 6 + 2 * 256);
	CHECK_EQ(l.driver.align, 2);
	CHECK_EQ(l.device.size, 6 + 8 * 256);
	CHECK_EQ(l.device.align, 4);
	CHECK_EQ(l.tables.size, 16 * 256 * 10);
	CHECK_EQ(l.tables.align, 16);
	cfg.packed = true;
	cfg.num = 100;
	cfg.table_len = 0;
	CHECK_EQ(vpv_ring_layout(&cfg, &l), 0);
	CHECK_EQ(l.desc.size, 1600);
	CHECK_EQ(l.driver.size, 4);
	CHECK_EQ(l.device.size, 4);
	CHECK_EQ(l.driver.align, 4);
	CHECK_EQ(l.tables.size, 0);
}

/* Fill, see that no more goes in, empty. */
static void fill_and_empty(struct rig *g, u32 laps)
{
	u32 i;

	while (laps--) {
		for (i = 0; i < g->cfg.num; i++)
			CHECK_EQ(rig_stage(g, i & 1, !(i & 1), 16), 1);
		CHECK_EQ(rig_stage(g, 1, 0, 16), 0);
		CHECK_EQ(vpv_ring_room(g->ring), 0);
		CHECK_EQ(vpv_ring_in_flight(g->ring), 0);
		CHECK(!fakedev_avail(&g->dev));
		vpv_ring_publish(g->ring);
		CHECK_EQ(vpv_ring_in_flight(g->ring), g->cfg.num);
		CHECK_EQ(vpv_ring_undecided(g->ring), g->cfg.num);
		vpv_ring_decide(g->ring);
		CHECK_EQ(vpv_ring_undecided(g->ring), 0);
		CHECK(!vpv_ring_pending(g->ring));
		for (i = 0; i < g->cfg.num; i++) {
			struct fakedev_buf b;

			CHECK(rig_pop(g, &b));
			g->tokens[rig_token_of(g, &b)].want_len = b.in_len;
			fakedev_push(&g->dev, &b, b.in_len);
		}
		CHECK(vpv_ring_pending(g->ring));
		for (i = 0; i < g->cfg.num;)
			i += rig_reap(g, 64);
		CHECK_EQ(rig_reap(g, 64), 0);
		CHECK(!vpv_ring_pending(g->ring));
	}
	CHECK_EQ(g->out, 0);
}

/* The free-running counters wrap in the smallest rings and in the middling. */
static void full_ring(struct rig *g)
{
	bool wrap = (g->cfg.num <= 2 || g->cfg.num > 100) && !g->cfg.table_len;

	fill_and_empty(g, wrap ? 65536 / g->cfg.num + 3 : 12);
}

TEST(full_ring_and_back)
{
	static const u16 sizes[] = { 1, 2, 3, 4, 7, 100, 256, 0 };

	rig_for_sizes(full_ring, sizes);
}

static void two_laps(struct rig *g)
{
	u32 lap, i;

	for (lap = 0; lap < 3; lap++) {
		for (i = 0; i < g->cfg.num; i++)
			CHECK_EQ(rig_stage(g, 0, 1, 16), 1);
		CHECK_EQ(rig_stage(g, 0, 1, 16), 0);
		vpv_ring_publish(g->ring);
		for (i = 0; i < g->cfg.num; i++) {
			struct fakedev_buf b;

			CHECK(rig_pop(g, &b));
			g->tokens[rig_token_of(g, &b)].want_len = i % 17;
			fakedev_push(&g->dev, &b, i % 17);
		}
		for (i = 0; i < g->cfg.num;) {
			u32 n = rig_reap(g, 64);

			CHECK(n);
			i += n;
		}
	}
}

TEST(largest_rings)
{
	static const u16 sizes[] = { 32768, 32767, 0 };

	rig_for_sizes(two_laps, sizes);
}

/* Descriptors kept back are never given away, and nothing else is lost. */
TEST(spare_descriptors_stay_unused)
{
	unsigned int shape;

	for (shape = 0; shape < 4; shape++) {
		struct vpv_ring_cfg cfg = {
			.num = 4, .spare = 1, .packed = shape & 1, .in_order = shape & 2,
		};
		struct vpv_ring_layout l;
		struct fakedev_buf b;
		unsigned int lap, i;
		struct rig g;

		rig_make(&g, &cfg);
		CHECK_EQ(vpv_ring_max_segs(g.ring), 3);
		for (lap = 0; lap < 9; lap++) {
			CHECK_EQ(vpv_ring_room(g.ring), 3);
			CHECK_EQ(rig_stage(&g, 4, 0, 16), -90);
			for (i = 0; i < 3; i++)
				CHECK_EQ(rig_stage(&g, 1, 0, 16), 1);
			CHECK_EQ(rig_stage(&g, 1, 0, 16), 0);
			vpv_ring_publish(g.ring);
			while (rig_pop(&g, &b)) {
				g.tokens[rig_token_of(&g, &b)].want_len = 0;
				fakedev_push(&g.dev, &b, 0);
			}
			CHECK_EQ(rig_reap(&g, 64), 3);
		}
		rig_free(&g);
		cfg.spare = 4;
		CHECK_EQ(vpv_ring_layout(&cfg, &l), -22);
	}
}

static void oversized(struct rig *g)
{
	u16 max = vpv_ring_max_segs(g->ring);
	struct vpv_seg seg = { 0, 1 };
	struct vpv_buf two[2] = { { &seg, 1, 0, &seg }, { &seg, 0, 0, &seg } };

	CHECK_EQ(max, g->cfg.table_len ? g->cfg.table_len : g->cfg.num);
	CHECK_EQ(rig_stage(g, max, 1, 16), -90);
	CHECK_EQ(rig_stage(g, 0, max + 1, 16), -90);
	CHECK_EQ(rig_stage(g, 65535, 65535, 16), -90);
	CHECK_EQ(rig_stage(g, 0, 0, 16), -90);
	CHECK_EQ(vpv_ring_stage(g->ring, two, 0), 0);
	/* A bad one behind a good one is reported when it comes first. */
	CHECK_EQ(vpv_ring_stage(g->ring, two, 2), 1);
	CHECK_EQ(vpv_ring_stage(g->ring, two + 1, 1), g->cfg.num ? -90 : 0);
	CHECK(vpv_ring_detach(g->ring) == &seg);
	rig_reset(g);
	/* The longest one fits, at any position. */
	CHECK_EQ(rig_stage(g, 0, max, 16), 1);
	vpv_ring_publish(g->ring);
}

TEST(stage_refuses_what_never_fits)
{
	rig_for_each(oversized);
}

static void chain_or_table(struct rig *g)
{
	struct fakedev_buf b;
	u32 i;

	if (g->cfg.num < 16)
		return;
	/* More than half free: a chain, if it is allowed at all. */
	CHECK_EQ(rig_stage(g, 2, 1, 16), 1);
	/* One too long for a chain. */
	CHECK_EQ(rig_stage(g, 2, 2, 16), 1);
	vpv_ring_publish(g->ring);
	CHECK(rig_pop(g, &b));
	CHECK_EQ(b.indirect, g->cfg.table_len && g->cfg.direct_max < 3);
	CHECK(rig_pop(g, &b));
	CHECK_EQ(b.indirect, !!g->cfg.table_len);
	/* Exactly half free is not more than half. */
	while (vpv_ring_room(g->ring) > g->cfg.num / 2)
		CHECK_EQ(rig_stage(g, 1, 0, 16), 1);
	i = vpv_ring_room(g->ring);
	CHECK_EQ(i, g->cfg.num / 2);
	CHECK_EQ(rig_stage(g, 2, 1, 16), 1);
	CHECK_EQ(vpv_ring_room(g->ring), i - (g->cfg.table_len ? 1 : 3));
	/* One piece never takes a table. */
	CHECK_EQ(rig_stage(g, 1, 0, 16), 1);
	vpv_ring_publish(g->ring);
	while (fakedev_avail(&g->dev))
		CHECK(rig_pop(g, &b));
	CHECK(!b.indirect);
}

TEST(direct_max_rule)
{
	rig_for_each(chain_or_table);
}

/*
 * The rule asks how much is free now, not how much was when the submit side
 * last looked: after a drain chains are allowed again.
 */
static void chains_again(struct rig *g)
{
	struct fakedev_buf b;

	if (g->cfg.num < 16 || !g->cfg.table_len || g->cfg.direct_max < 3)
		return;
	while (vpv_ring_room(g->ring))
		CHECK_EQ(rig_stage(g, 1, 0, 16), 1);
	vpv_ring_publish(g->ring);
	while (fakedev_avail(&g->dev)) {
		CHECK(rig_pop(g, &b));
		g->tokens[rig_token_of(g, &b)].want_len = 0;
		fakedev_push(&g->dev, &b, 0);
	}
	while (rig_reap(g, 64))
		;
	CHECK_EQ(rig_stage(g, 2, 1, 16), 1);
	vpv_ring_publish(g->ring);
	CHECK(rig_pop(g, &b));
	CHECK(!b.indirect);
}

TEST(direct_max_sees_room_given_back)
{
	rig_for_each(chains_again);
}

/*
 * One call with buffers of all kinds: each goes the way it would go alone, in
 * the order given, and what can never fit ends the call.
 */
static void mixed_batch(struct rig *g)
{
	u16 max = vpv_ring_max_segs(g->ring);
	struct rig_shape shape[] = {
		{ 1, 0, 16 }, { 0, 1, 16 }, { 2, 2, 16 }, { 1, 3, 16 }, { 2, 1, 16 },
		{ 1, 0, 16 }, { 2, 2, 16 }, { max, 1, 16 }, { 1, 0, 16 },
	};
	struct fakedev_buf b;
	u32 serial = g->serial, i;

	if (g->cfg.num < 64 || max < 4)
		return;
	CHECK_EQ(rig_stage_batch(g, shape, 9), 7);
	vpv_ring_publish(g->ring);
	for (i = 0; i < 7; i++) {
		u32 segs = shape[i].nr_out + shape[i].nr_in;

		CHECK(rig_pop(g, &b));
		CHECK_EQ(g->tokens[rig_token_of(g, &b)].serial, serial + i);
		CHECK_EQ(b.indirect, segs > 1 && g->cfg.table_len && segs > g->cfg.direct_max);
	}
	CHECK(!rig_pop(g, &b));
}

TEST(mixed_batch_keeps_order_and_kinds)
{
	rig_for_each(mixed_batch);
}

/* One word of shared memory makes a whole batch available. */
static void publish_once(struct rig *g)
{
	u32 n = g->cfg.num < 6 ? g->cfg.num : 6, i, words = 0;
	size_t dsize = g->layout.desc.size, asize = g->layout.driver.size;
	u16 *desc = malloc(dsize), *avail = malloc(asize);

	for (i = 0; i < n; i++)
		CHECK_EQ(rig_stage(g, 1, 0, 16), 1);
	memcpy(desc, g->mem.desc, dsize);
	memcpy(avail, g->mem.driver, asize);
	vpv_ring_publish(g->ring);
	for (i = 0; i < dsize / 2; i++)
		words += desc[i] != ((u16 *)g->mem.desc)[i];
	for (i = 0; i < asize / 2; i++)
		words += avail[i] != ((u16 *)g->mem.driver)[i];
	free(desc);
	free(avail);
	CHECK_EQ(words, 1);
	for (i = 0; i < n; i++)
		CHECK(fakedev_avail(&g->dev) && rig_pop(g, &(struct fakedev_buf){ 0 }));
	CHECK(!fakedev_avail(&g->dev));
	/* Nothing staged, nothing stored. */
	vpv_ring_publish(g->ring);
	CHECK_EQ(vpv_ring_in_flight(g->ring), n);
}

TEST(publish_is_one_store)
{
	rig_for_each(publish_once);
}

/*
 * Lap after lap of like buffers leaves the available ring as it is: poison the
 * entries, and see that a second lap does not write them.
 */
TEST(avail_entries_are_written_when_they_change)
{
	struct vpv_ring_cfg cfg = { .num = 8, .in_order = true };
	struct fakedev_buf b;
	struct rig g;
	u16 *avail, i;

	rig_make(&g, &cfg);
	avail = g.mem.driver;
	for (i = 0; i < 8; i++)
		rig_offer_out(&g);
	while (fakedev_avail(&g.dev)) {
		CHECK(rig_pop(&g, &b));
		g.tokens[rig_token_of(&g, &b)].want_len = 0;
		fakedev_push(&g.dev, &b, 0);
	}
	CHECK_EQ(rig_reap(&g, 64), 8);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(avail[2 + i], i);
		avail[2 + i] = 0x5a5a;
	}
	for (i = 0; i < 8; i++)
		rig_offer_out(&g);
	for (i = 0; i < 8; i++)
		CHECK_EQ(avail[2 + i], 0x5a5a);
	rig_free(&g);
}

static void detach_all(struct rig *g)
{
	u32 n = g->cfg.num / 2 + 1, i, want = 0;
	struct fakedev_buf b;
	void *token;
	u32 serial = 0;

	for (i = 0; i < n; i++)
		CHECK_EQ(rig_stage(g, 1, 0, 16), 1);
	vpv_ring_publish(g->ring);
	if (rig_pop(g, &b)) {
		g->tokens[rig_token_of(g, &b)].want_len = 0;
		fakedev_push(&g->dev, &b, 0);
		CHECK_EQ(rig_reap(g, 1), 1);
	}
	/* Published and completed but not reaped, published, and only staged. */
	if (rig_pop(g, &b))
		fakedev_push(&g->dev, &b, 0);
	for (i = 0; i < 2; i++)
		rig_stage(g, 1, 0, 16);
	want = g->out;
	for (i = 0; (token = vpv_ring_detach(g->ring)); i++) {
		struct rig_token *t = rig_back(g, token);

		if (g->cfg.in_order)
			CHECK(!i || t->serial > serial);
		serial = t->serial;
	}
	CHECK_EQ(i, want);
	CHECK_EQ(g->out, 0);
	CHECK(!vpv_ring_detach(g->ring));
	CHECK_EQ(vpv_ring_in_flight(g->ring), 0);
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_KILLED);
	CHECK_EQ(rig_stage(g, 1, 0, 16), -5);
	/* Reset makes it as new. */
	rig_reset(g);
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_OK);
	CHECK_EQ(vpv_ring_room(g->ring), g->cfg.num);
	fill_and_empty(g, 3);
}

TEST(detach_returns_each_token_once_and_reset_starts_anew)
{
	static const u16 sizes[] = { 1, 2, 3, 7, 16, 100, 0 };

	rig_for_sizes(detach_all, sizes);
}

static void batch_in_parts(struct rig *g)
{
	struct fakedev_buf b[8];
	void *token;
	u32 n, i;

	if (!g->cfg.in_order || g->cfg.num < 8)
		return;
	for (i = 0; i < 8; i++)
		CHECK_EQ(rig_stage(g, 0, 1, 100), 1);
	vpv_ring_publish(g->ring);
	for (i = 0; i < 8; i++)
		CHECK(rig_pop(g, &b[i]));
	g->tokens[rig_token_of(g, &b[5])].want_len = 33;
	fakedev_push_batch(&g->dev, b, 6, 33);
	/* Six are there, taken by twos; the last tells its length. */
	for (n = 0; n < 6; n += 2) {
		CHECK(vpv_ring_pending(g->ring));
		CHECK(!vpv_ring_arm(g->ring, 1));
		CHECK_EQ(rig_reap(g, 2), 2);
		CHECK_EQ(vpv_ring_in_flight(g->ring), 8 - n - 2);
	}
	CHECK_EQ(rig_reap(g, 2), 0);
	/* Detaching in the middle of a batch loses nothing either. */
	fakedev_push_batch(&g->dev, b + 6, 2, 0);
	CHECK_EQ(rig_reap(g, 1), 1);
	for (n = 0; (token = vpv_ring_detach(g->ring)); n++)
		rig_back(g, token);
	CHECK_EQ(n, 1);
}

TEST(in_order_batch_reaped_in_parts)
{
	rig_for_each(batch_in_parts);
}

/* A buffer that stays out while 2^16 others come and go is still its own. */
static void straggler(struct rig *g)
{
	struct fakedev_buf old, b;
	u32 i;

	if (g->cfg.in_order || g->cfg.table_len || g->cfg.order_platform)
		return;
	rig_offer_in(g);
	CHECK(rig_pop(g, &old));
	for (i = 0; i < 65536 + 3; i++) {
		rig_offer_in(g);
		CHECK(rig_pop(g, &b));
		g->tokens[rig_token_of(g, &b)].want_len = 1;
		fakedev_push(&g->dev, &b, 1);
		CHECK_EQ(rig_reap(g, 4), 1);
	}
	CHECK_EQ(rig_stage(g, 0, 1, 16), g->cfg.num > 1);
	g->tokens[rig_token_of(g, &old)].want_len = 7;
	fakedev_push(&g->dev, &old, 7);
	CHECK_EQ(rig_reap(g, 4), 1);
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_OK);
}

TEST(straggler_outlives_counter_wrap)
{
	static const u16 sizes[] = { 2, 3, 4, 0 };

	rig_for_sizes(straggler, sizes);
}

/* 2.9: next_off and next_wrap are those of the next one not yet available. */
static void kick_data(struct rig *g)
{
	struct fakedev_buf b;
	u32 i;

	for (i = 0; i < 3u * g->cfg.num + 5; i++) {
		u16 want = g->cfg.packed ? g->dev.avail | g->dev.avail_wrap << 15 : g->dev.avail;

		CHECK_EQ(vpv_ring_kick_data(g->ring), want);
		CHECK_EQ(rig_stage(g, 1, 0, 16), 1);
		CHECK_EQ(vpv_ring_kick_data(g->ring), want);
		vpv_ring_publish(g->ring);
		CHECK(vpv_ring_kick_data(g->ring) != want);
		CHECK(rig_pop(g, &b));
		g->tokens[rig_token_of(g, &b)].want_len = 0;
		fakedev_push(&g->dev, &b, 0);
		CHECK_EQ(rig_reap(g, 64), 1);
	}
}

TEST(kick_data_is_the_next_position)
{
	rig_for_each(kick_data);
}

static void killed(struct rig *g)
{
	struct vpv_ring_state st;
	struct fakedev_buf b;

	rig_offer_out(g);
	CHECK(rig_pop(g, &b));
	fakedev_push(&g->dev, &b, 0);
	vpv_ring_kill(g->ring);
	CHECK_EQ(rig_reap(g, 64), 0);
	CHECK(!vpv_ring_pending(g->ring));
	CHECK(vpv_ring_arm(g->ring, 1));
	vpv_ring_park(g->ring);
	CHECK_EQ(rig_stage(g, 1, 0, 16), -5);
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_KILLED);
	vpv_ring_peek(g->ring, &st);
	CHECK_EQ(st.error, VPV_RING_KILLED);
	CHECK_EQ(st.in_flight, 1);
	rig_reset(g);
	fill_and_empty(g, 3);
}

TEST(kill_stops_both_sides_until_reset)
{
	static const u16 sizes[] = { 2, 100, 0 };

	rig_for_sizes(killed, sizes);
}

TEST(every_error_has_words)
{
	int e;

	for (e = 0; e < VPV_RING_NR_ERRORS; e++)
		CHECK(strlen(vpv_ring_error_str(e)) > 5);
	CHECK(!strcmp(vpv_ring_error_str(VPV_RING_NR_ERRORS), "unknown"));
}
