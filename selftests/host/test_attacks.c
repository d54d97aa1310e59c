// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that lies. One test for each way, over all layouts it applies to;
 * each ends with the ring broken for the right reason or unharmed, every token
 * taken back exactly once, and a reset that makes the ring work again.
 */
#include <stdlib.h>
#include <string.h>

#include "rig.h"

/* Hands a token back and sees that the ring can be used again. */
static void recovers(struct rig *g)
{
	struct fakedev_buf b;

	rig_reset(g);
	rig_offer_in(g);
	CHECK(rig_pop(g, &b));
	g->tokens[rig_token_of(g, &b)].want_len = 5;
	fakedev_push(&g->dev, &b, 5);
	CHECK_EQ(rig_reap(g, 64), 1);
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_OK);
}

/* Broken for this reason: nothing is reaped, staged or waited for any more. */
static void broken(struct rig *g, enum vpv_ring_error why)
{
	u32 out = g->out;

	CHECK_EQ(rig_reap(g, 64), 0);
	CHECK_EQ(vpv_ring_error(g->ring), why);
	CHECK_EQ(g->out, out);
	CHECK(!vpv_ring_pending(g->ring));
	CHECK(vpv_ring_arm(g->ring, 1));
	CHECK_EQ(rig_stage(g, 1, 0, 16), -5);
	recovers(g);
}

static void use_one(struct rig *g)
{
	struct fakedev_buf b;

	CHECK(rig_pop(g, &b));
	g->tokens[rig_token_of(g, &b)].want_len = 0;
	fakedev_push(&g->dev, &b, 0);
}

static void a1(struct rig *g)
{
	static const u32 ids[] = { 0, 1, 1000, 32768, 65535, 65536, 0x80000000u, 0xffffffffu };
	unsigned int i;

	for (i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		u32 id = g->cfg.num + ids[i];

		if (id < g->cfg.num || (g->cfg.packed && id > 65535))
			continue;	/* would not fit in the word, or wraps to a good one */
		rig_offer_in(g);
		fakedev_lie_used(&g->dev, id, 0);
		broken(g, VPV_RING_BAD_ID);
	}
}

TEST(A1_used_id_out_of_range)
{
	rig_for_each(a1);
}

static void a2_never_offered(struct rig *g)
{
	u32 id;

	if (g->cfg.num < 2)
		return;
	rig_offer_in(g);
	/* All ids but the one in flight, which is 0 in a fresh ring. */
	for (id = 1; id < g->cfg.num; id++) {
		fakedev_lie_used(&g->dev, id, 0);
		broken(g, VPV_RING_NOT_IN_FLIGHT);
		rig_reset(g);
		rig_offer_in(g);
	}
}

TEST(A2_used_id_never_offered)
{
	rig_for_each(a2_never_offered);
}

static void a2_twice(struct rig *g)
{
	struct fakedev_buf b;

	if (g->cfg.num < 3)
		return;
	rig_offer_in(g);
	rig_offer_in(g);
	rig_offer_in(g);
	CHECK(rig_pop(g, &b));
	g->tokens[rig_token_of(g, &b)].want_len = 1;
	fakedev_push(&g->dev, &b, 1);
	fakedev_lie_used(&g->dev, b.id, 1);
	CHECK_EQ(rig_reap(g, 64), 1);
	broken(g, VPV_RING_NOT_IN_FLIGHT);
}

TEST(A2_used_id_completed_twice)
{
	rig_for_each(a2_twice);
}

static void a2_non_head(struct rig *g)
{
	struct fakedev_buf b;

	if (g->cfg.table_len || g->cfg.num < 4)
		return;
	CHECK_EQ(rig_stage(g, 1, 2, 16), 1);
	vpv_ring_publish(g->ring);
	CHECK(rig_pop(g, &b));
	CHECK_EQ(b.ndesc, 3);
	fakedev_lie_used(&g->dev, b.id + 1, 0);
	broken(g, VPV_RING_NOT_IN_FLIGHT);
}

TEST(A2_used_id_of_a_chain_member)
{
	rig_for_each(a2_non_head);
}

/*
 * Where every chain begins at an even position, the slot of an odd one keeps
 * the number of a buffer from the very beginning: 2^16 buffers later it looks
 * like one in flight.
 */
static void a2_stale(struct rig *g)
{
	struct fakedev_buf b;
	u32 i;

	if (!g->cfg.in_order || g->cfg.table_len)
		return;
	for (i = 0; i < 65536; i++) {
		CHECK_EQ(rig_stage(g, 1 + (i >= 4), 0, 16), 1);
		vpv_ring_publish(g->ring);
		use_one(g);
		CHECK_EQ(rig_reap(g, 64), 1);
	}
	for (i = 0; i < 2; i++)
		CHECK_EQ(rig_stage(g, 2, 0, 16), 1);
	vpv_ring_publish(g->ring);
	CHECK(rig_pop(g, &b));
	CHECK_EQ(b.id, 0);
	fakedev_lie_used(&g->dev, 1, 0);
	if (!g->cfg.packed)
		fakedev_lie_used_idx(&g->dev, g->dev.used + 2);
	broken(g, VPV_RING_NOT_IN_FLIGHT);
}

TEST(A2_used_id_of_a_lap_long_ago)
{
	static const u16 sizes[] = { 4, 0 };

	rig_for_sizes(a2_stale, sizes);
}

/*
 * The descriptor table overwritten behind our back: loops, chains without end,
 * foreign addresses. Nothing of it is read, so nothing changes.
 */
static void a3(struct rig *g)
{
	u32 round, i, n = g->cfg.num;
	struct fakedev_buf *b = calloc(n, sizeof(*b));

	for (round = 0; round < 20; round++) {
		u32 held = 0;

		while (rig_stage(g, 0, 1 + rig_random(g, 3) % vpv_ring_max_segs(g->ring), 16) == 1)
			;
		vpv_ring_publish(g->ring);
		while (fakedev_avail(&g->dev))
			CHECK(rig_pop(g, &b[held++]));
		if (!g->cfg.packed) {
			memset(g->mem.desc, 0xff, g->layout.desc.size);
		} else {
			/* Flags are the device's word there: leave those. */
			for (i = 0; i < n; i++)
				memset((char *)g->mem.desc + 16 * i, 0xff, 14);
		}
		for (i = 0; i < held; i++) {
			g->tokens[rig_token_of(g, &b[i])].want_len = b[i].in_len;
			fakedev_push(&g->dev, &b[i], b[i].in_len);
		}
		while (rig_reap(g, 64))
			;
		CHECK_EQ(g->out, 0);
		CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_OK);
		CHECK_EQ(vpv_ring_room(g->ring), n);
	}
	free(b);
}

TEST(A3_descriptors_rewritten)
{
	rig_for_each(a3);
}

static void a4(struct rig *g)
{
	u32 num = g->cfg.num, jump;

	if (g->cfg.packed)
		return;
	for (jump = 2; jump < 65536; jump += jump < 20 || jump > 65500 ? 1 : 997) {
		rig_offer_in(g);
		/* Valid looking elements all along; none may be taken. */
		fakedev_lie_used(&g->dev, 0, 0);
		fakedev_lie_used_idx(&g->dev, jump);
		broken(g, VPV_RING_BAD_INDEX);
		rig_reset(g);
	}
	/* Full ring, one too many. */
	while (rig_stage(g, 1, 0, 16) == 1)
		;
	vpv_ring_publish(g->ring);
	fakedev_lie_used_idx(&g->dev, num + 1);
	broken(g, VPV_RING_BAD_INDEX);
}

TEST(A4_used_index_jumps)
{
	rig_for_each(a4);
}

static void a4_backwards(struct rig *g)
{
	u32 i;

	if (g->cfg.packed || g->cfg.num < 4)
		return;
	for (i = 0; i < 3; i++) {
		rig_offer_out(g);
		use_one(g);
	}
	CHECK_EQ(rig_reap(g, 64), 3);
	rig_offer_out(g);
	fakedev_lie_used_idx(&g->dev, 2);
	broken(g, VPV_RING_BAD_INDEX);
	/* Back behind what was seen, while that is not all reaped. */
	rig_reset(g);
	for (i = 0; i < 3; i++) {
		rig_offer_out(g);
		use_one(g);
	}
	CHECK_EQ(rig_reap(g, 1), 1);
	CHECK(!vpv_ring_arm(g->ring, 1));
	fakedev_lie_used_idx(&g->dev, 2);
	broken(g, VPV_RING_BAD_INDEX);
}

TEST(A4_used_index_goes_back)
{
	rig_for_each(a4_backwards);
}

/* A device that shows a completion to arm and hides it from reap ends nothing. */
static void a4_flicker(struct rig *g)
{
	u32 turns = 0;
	u16 flags;

	rig_offer_out(g);
	do {
		rig_reap(g, 64);
		use_one(g);
		CHECK(++turns < 3);
		if (vpv_ring_arm(g->ring, 1))
			break;
		if (g->cfg.packed) {
			memcpy(&flags, (char *)g->mem.desc + 14, 2);
			flags ^= 0x8000;
			memcpy((char *)g->mem.desc + 14, &flags, 2);
		} else {
			fakedev_lie_used_idx(&g->dev, 0);
		}
		CHECK_EQ(rig_reap(g, 64), 0);
	} while (!vpv_ring_arm(g->ring, 1));
	broken(g, VPV_RING_BAD_INDEX);
}

TEST(A4_completion_shown_and_hidden)
{
	rig_for_each(a4_flicker);
}

/*
 * A5 and B3, words that change while they are read, are the business of the
 * threaded test and of READ_ONCE; here: what was reaped is not read again.
 */
static void a5(struct rig *g)
{
	struct vpv_done done[4];
	unsigned int n;

	if (g->cfg.num < 2)
		return;
	rig_offer_in(g);
	rig_offer_in(g);
	use_one(g);
	n = vpv_ring_reap(g->ring, done, 1);
	CHECK_EQ(n, 1);
	rig_back(g, done[0].token);
	/* The element just read changes; the next one is honest. */
	if (!g->cfg.packed) {
		memset((u16 *)g->mem.device + 2, 0xff, 8);
		use_one(g);
		CHECK_EQ(rig_reap(g, 64), 1);
	} else {
		memset(g->mem.desc, 0xff, 16);
		use_one(g);
		CHECK_EQ(rig_reap(g, 64), 1);
	}
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_OK);
}

TEST(A5_used_element_changes_after_it_was_read)
{
	rig_for_each(a5);
}

static void a6(struct rig *g)
{
	static const u32 more[] = { 1, 2, 16, 0x10000, 0x7fffffff, 0xfffffff0u - 64 };
	struct fakedev_buf b;
	unsigned int i;

	for (i = 0; i < sizeof(more) / sizeof(*more); i++) {
		rig_offer_in(g);
		CHECK(rig_pop(g, &b));
		CHECK_EQ(b.in_len, 64);
		fakedev_push(&g->dev, &b, 64 + more[i]);
		broken(g, VPV_RING_BAD_LEN);
		rig_reset(g);
	}
	/* All of it is allowed, also over pieces and tables. */
	CHECK_EQ(rig_stage(g, 0, vpv_ring_max_segs(g->ring), 16), 1);
	vpv_ring_publish(g->ring);
	CHECK(rig_pop(g, &b));
	g->tokens[rig_token_of(g, &b)].want_len = b.in_len;
	fakedev_push(&g->dev, &b, b.in_len);
	CHECK_EQ(rig_reap(g, 64), 1);
	CHECK_EQ(rig_stage(g, 0, vpv_ring_max_segs(g->ring), 16), 1);
	vpv_ring_publish(g->ring);
	CHECK(rig_pop(g, &b));
	fakedev_push(&g->dev, &b, b.in_len + 1);
	broken(g, VPV_RING_BAD_LEN);
}

TEST(A6_used_length_beyond_the_buffer)
{
	rig_for_each(a6);
}

/* The length a driver gets is the device's, small or zero; and none where there
 * is nothing to write, whatever the device says.
 */
static void a7(struct rig *g)
{
	struct fakedev_buf b;
	u32 len;

	for (len = 0; len <= 64; len++) {
		rig_offer_in(g);
		CHECK(rig_pop(g, &b));
		g->tokens[rig_token_of(g, &b)].want_len = len;
		fakedev_push(&g->dev, &b, len);
		CHECK_EQ(rig_reap(g, 64), 1);
	}
	rig_offer_out(g);
	CHECK(rig_pop(g, &b));
	g->tokens[rig_token_of(g, &b)].want_len = 0;
	fakedev_push(&g->dev, &b, 0xffffffff);
	CHECK_EQ(rig_reap(g, 64), 1);
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_OK);
}

TEST(A7_used_length_too_small)
{
	rig_for_each(a7);
}

/* Garbage in the event words: at most one kick for each publish. */
static void a8(struct rig *g)
{
	u32 i, kicks = 0;

	for (i = 0; i < 2000; i++) {
		fakedev_lie_event(&g->dev, rig_random(g, 0xffffffff));
		rig_offer_out(g);
		fakedev_lie_event(&g->dev, rig_random(g, 0xffffffff));
		kicks += vpv_ring_decide(g->ring);
		CHECK(!vpv_ring_decide(g->ring));
		use_one(g);
		CHECK_EQ(rig_reap(g, 64), 1);
	}
	CHECK(kicks <= 2000);
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_OK);
}

TEST(A8_event_word_garbage)
{
	rig_for_each(a8);
}

/* Never completed: nothing comes, nothing is lost, all can be taken back. */
static void a9(struct rig *g)
{
	u32 i;

	while (rig_stage(g, 1, 0, 16) == 1)
		;
	vpv_ring_publish(g->ring);
	for (i = 0; i < 100; i++) {
		CHECK_EQ(rig_reap(g, 64), 0);
		CHECK(!vpv_ring_pending(g->ring));
		CHECK(vpv_ring_arm(g->ring, 1));
	}
	CHECK_EQ(vpv_ring_in_flight(g->ring), g->cfg.num);
	recovers(g);
}

TEST(A9_never_completes)
{
	rig_for_each(a9);
}

static void a10(struct rig *g)
{
	struct vpv_ring_state st;

	/* Nothing but staged buffers: with nothing in flight, nothing is read. */
	CHECK_EQ(rig_stage(g, 0, 1, 16), 1);
	fakedev_lie_used(&g->dev, 0, 0);
	CHECK_EQ(rig_reap(g, 64), 0);
	CHECK_EQ(g->out, 1);
	vpv_ring_peek(g->ring, &st);
	CHECK(g->cfg.packed || st.error == VPV_RING_BAD_INDEX);
	rig_reset(g);
	if (g->cfg.num < 2)
		return;
	/* One in flight, and the completion names the staged one. */
	rig_offer_in(g);
	CHECK_EQ(rig_stage(g, 0, 1, 16), 1);
	fakedev_lie_used(&g->dev, 1, 0);
	broken(g, VPV_RING_NOT_IN_FLIGHT);
}

TEST(A10_completed_before_it_was_offered)
{
	rig_for_each(a10);
}

/* ---- packed, and in order ---- */

static void b1(struct rig *g)
{
	u16 *flags = (u16 *)((char *)g->mem.desc + 14);
	u32 i, lap;

	if (!g->cfg.packed)
		return;
	/* All flags look used, and nothing was ever offered. */
	for (i = 0; i < g->cfg.num; i++)
		flags[8 * i] = 0x8080;
	CHECK_EQ(rig_reap(g, 64), 0);
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_OK);
	rig_reset(g);

	/* One in flight, completed; then the same descriptors look used again. */
	for (lap = 0; lap < 4; lap++) {
		u32 here = g->dev.used;

		rig_offer_out(g);
		use_one(g);
		for (i = 0; i < g->cfg.num; i++)
			if (i != here)
				flags[8 * i] = g->dev.used_wrap ? 0x8080 : 0;
		CHECK(rig_reap(g, 64) <= 1);
		CHECK_EQ(g->out, 0);
	}
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_OK);
	rig_reset(g);

	/* More in flight than used: the replayed id is refused. */
	if (g->cfg.num < 3)
		return;
	for (i = 0; i < 3; i++)
		rig_offer_out(g);
	use_one(g);
	memcpy((char *)g->mem.desc + 16, g->mem.desc, 16);
	CHECK_EQ(rig_reap(g, 64), 1);
	broken(g, VPV_RING_NOT_IN_FLIGHT);
}

TEST(B1_descriptor_looks_used)
{
	rig_for_each(b1);
}

static void b2(struct rig *g)
{
	u32 id;

	if (!g->cfg.packed || g->cfg.num < 4)
		return;
	for (id = 0; id < 65536; id += id < 300 ? 1 : 1009) {
		rig_offer_out(g);
		rig_offer_out(g);
		if (id == 0 || id == 1) {
			rig_reset(g);
			continue;
		}
		fakedev_lie_used(&g->dev, id, 0);
		broken(g, id < g->cfg.num ? VPV_RING_NOT_IN_FLIGHT : VPV_RING_BAD_ID);
		rig_reset(g);
	}
}

TEST(B2_packed_id_not_in_flight)
{
	rig_for_each(b2);
}

/* Flags are read first: a descriptor whose flags do not say used is not looked
 * at, whatever id and length say.
 */
static void b3(struct rig *g)
{
	struct fakedev_buf b;

	if (!g->cfg.packed)
		return;
	rig_offer_in(g);
	CHECK(rig_pop(g, &b));
	memset((char *)g->mem.desc + 8, 0xff, 6);
	CHECK_EQ(rig_reap(g, 64), 0);
	CHECK_EQ(vpv_ring_error(g->ring), VPV_RING_OK);
	g->tokens[rig_token_of(g, &b)].want_len = 9;
	fakedev_push(&g->dev, &b, 9);
	CHECK_EQ(rig_reap(g, 64), 1);
}

TEST(B3_id_written_before_flags)
{
	rig_for_each(b3);
}

static void b4(struct rig *g)
{
	struct fakedev_buf b[8];
	u32 i;

	if (!g->cfg.in_order || g->cfg.num < 16)
		return;
	/* Behind: reaped already. The in-flight ones stay untouched. */
	for (i = 0; i < 8; i++)
		rig_offer_in(g);
	for (i = 0; i < 8; i++)
		CHECK(rig_pop(g, &b[i]));
	g->tokens[rig_token_of(g, &b[3])].want_len = 1;
	fakedev_push_batch(&g->dev, b, 4, 1);
	CHECK_EQ(rig_reap(g, 64), 4);
	fakedev_lie_used(&g->dev, b[2].id, 1);
	broken(g, VPV_RING_NOT_IN_FLIGHT);

	/* Never offered. */
	rig_reset(g);
	for (i = 0; i < 8; i++)
		rig_offer_in(g);
	fakedev_lie_used(&g->dev, 12, 1);
	broken(g, VPV_RING_NOT_IN_FLIGHT);

	/* Staged, not published: beyond what is in flight. */
	rig_reset(g);
	rig_offer_in(g);
	for (i = 0; i < 4; i++)
		CHECK_EQ(rig_stage(g, 0, 1, 64), 1);
	fakedev_lie_used(&g->dev, 3, 1);
	broken(g, VPV_RING_NOT_IN_FLIGHT);

	/* A length beyond the named buffer retires none of the batch. */
	rig_reset(g);
	for (i = 0; i < 8; i++)
		rig_offer_in(g);
	for (i = 0; i < 8; i++)
		CHECK(rig_pop(g, &b[i]));
	fakedev_push_batch(&g->dev, b, 8, 65);
	broken(g, VPV_RING_BAD_LEN);

	/* Split: the batch goes further than the used index. */
	if (g->cfg.packed)
		return;
	rig_reset(g);
	for (i = 0; i < 8; i++)
		rig_offer_in(g);
	fakedev_lie_used(&g->dev, 5, 1);
	broken(g, VPV_RING_BAD_BATCH);
}

TEST(B4_in_order_batch_out_of_range)
{
	rig_for_each(b4);
}

static void b5(struct rig *g)
{
	struct fakedev_buf b[4];
	struct vpv_done done[8];
	u32 i;

	if (!g->cfg.in_order || g->cfg.num < 4)
		return;
	for (i = 0; i < 4; i++)
		rig_offer_in(g);
	for (i = 0; i < 4; i++)
		CHECK(rig_pop(g, &b[i]));
	fakedev_push_batch(&g->dev, b, 4, 10);
	CHECK_EQ(vpv_ring_reap(g->ring, done, 8), 4);
	for (i = 0; i < 4; i++) {
		rig_back(g, done[i].token);
		CHECK_EQ(done[i].flags, i < 3 ? VPV_DONE_SKIPPED : 0);
		CHECK_EQ(done[i].len, i < 3 ? 64 : 10);
	}
}

TEST(B5_skipped_buffers_are_marked)
{
	rig_for_each(b5);
}

static void b6(struct rig *g)
{
	u32 off;

	if (!g->cfg.packed)
		return;
	/* The reserved value counts as enabled. */
	fakedev_lie_event(&g->dev, 3u << 16);
	rig_offer_out(g);
	CHECK(vpv_ring_decide(g->ring));
	use_one(g);
	rig_reap(g, 64);
	/* So does an event where none may be named, and reserved bits are ignored. */
	fakedev_lie_event(&g->dev, 0xfffcu << 16);
	rig_offer_out(g);
	CHECK(vpv_ring_decide(g->ring));
	use_one(g);
	rig_reap(g, 64);
	fakedev_lie_event(&g->dev, 0xfffdu << 16);
	rig_offer_out(g);
	CHECK(!vpv_ring_decide(g->ring));
	use_one(g);
	rig_reap(g, 64);
	for (off = g->cfg.num; off < 32768; off += off < 300 ? 1 : 1009) {
		fakedev_lie_event(&g->dev, 2u << 16 | off | (off & 1) << 15);
		rig_offer_out(g);
		CHECK(vpv_ring_decide(g->ring));
		use_one(g);
		CHECK_EQ(rig_reap(g, 64), 1);
	}
	/* Named with no event index negotiated: enabled. */
	if (!g->cfg.event_idx) {
		fakedev_lie_event(&g->dev, 2u << 16);
		rig_offer_out(g);
		CHECK(vpv_ring_decide(g->ring));
	}
}

TEST(B6_event_suppression_reserved)
{
	rig_for_each(b6);
}

TEST(B7_queue_sizes)
{
	struct vpv_ring_layout l;
	u32 num, ok = 0;

	for (num = 0; num < 65536; num++) {
		struct vpv_ring_cfg split = { .num = num };
		struct vpv_ring_cfg packed = { .num = num, .packed = true };
		bool pow2 = num && !(num & (num - 1));

		CHECK_EQ(vpv_ring_layout(&split, &l), pow2 ? 0 : -22);
		CHECK_EQ(vpv_ring_layout(&packed, &l), num && num <= 32768 ? 0 : -22);
		ok += pow2;
	}
	CHECK_EQ(ok, 16);
}
