// SPDX-License-Identifier: GPL-2.0-only
/* Notifications both ways: decide and latch, park and arm. */
#include <stdlib.h>
#include <string.h>

#include "rig.h"

static void use(struct rig *g, unsigned int n)
{
	struct fakedev_buf b;

	while (n--) {
		CHECK(rig_pop(g, &b));
		g->tokens[rig_token_of(g, &b)].want_len = 0;
		fakedev_push(&g->dev, &b, 0);
	}
}

/* ---- towards the device ---- */

static void decide_rules(struct rig *g)
{
	unsigned int i;

	/* Nothing published: no, and no matter what the device says. */
	fakedev_arm(&g->dev);
	CHECK(!vpv_ring_decide(g->ring));
	/* A sleeping device is told once, however many decisions follow. */
	rig_offer_out(g);
	CHECK_EQ(vpv_ring_undecided(g->ring), 1);
	CHECK(vpv_ring_decide(g->ring));
	CHECK(!vpv_ring_decide(g->ring));
	use(g, 1);
	rig_reap(g, 64);
	/* With an event index, one that has not asked again is not told again. */
	rig_offer_out(g);
	CHECK_EQ(vpv_ring_decide(g->ring), !g->cfg.event_idx);
	use(g, 1);
	rig_reap(g, 64);
	/* One that wants none is not told. */
	fakedev_no_kick(&g->dev);
	for (i = 0; i < g->cfg.num; i++) {
		rig_offer_out(g);
		CHECK(!vpv_ring_decide(g->ring));
	}
	use(g, i);
	while (rig_reap(g, 64))
		;
}

TEST(decide_rules_hold)
{
	rig_for_each(decide_rules);
}

/*
 * A decision may come late: an event armed anywhere within what was published
 * since the last decision is found. Every position, over several laps.
 */
static void deferred(struct rig *g)
{
	u32 n = g->cfg.num < 5 ? g->cfg.num : 5, laps = 6 * g->cfg.num / n + 2, at, i;

	if (g->cfg.num > 100)
		laps = 2 * g->cfg.num / n + 2;
	while (laps--) {
		for (at = 0; at <= n; at++) {
			/* Armed when it had seen @at of the n published. */
			for (i = 0; i < n; i++) {
				if (i == at)
					fakedev_arm(&g->dev);
				rig_offer_out(g);
				use(g, 1);
			}
			if (at == n)
				fakedev_arm(&g->dev);
			CHECK_EQ(vpv_ring_undecided(g->ring), n);
			CHECK_EQ(vpv_ring_decide(g->ring), !g->cfg.event_idx || at < n);
			while (rig_reap(g, 64))
				;
		}
	}
}

TEST(deferred_decision_sees_the_whole_interval)
{
	rig_for_each(deferred);
}

/*
 * Publishing more than a ring between two decisions: the interval stays exact
 * because publish decides and keeps the answer. The device arms once, early.
 */
static void latched(struct rig *g)
{
	u32 i, n = 3u * g->cfg.num + 1;

	fakedev_arm(&g->dev);
	for (i = 0; i < n; i++) {
		rig_offer_out(g);
		CHECK(vpv_ring_undecided(g->ring));
		CHECK(vpv_ring_undecided(g->ring) <= g->cfg.num);
		use(g, 1);
		CHECK_EQ(rig_reap(g, 64), 1);
	}
	CHECK(vpv_ring_decide(g->ring));
	CHECK(!vpv_ring_decide(g->ring));
}

TEST(long_interval_latches_the_kick)
{
	static const u16 sizes[] = { 1, 2, 3, 7, 100, 256, 0 };

	rig_for_sizes(latched, sizes);
}

/* The same where a lap of the event index passes between: 2^16 publishes. */
static void latched_lap(struct rig *g)
{
	u32 i;

	if (g->cfg.table_len)
		return;		/* makes no difference */
	fakedev_arm(&g->dev);
	for (i = 0; i < 65536; i++) {
		rig_offer_out(g);
		use(g, 1);
		rig_reap(g, 64);
	}
	CHECK(vpv_ring_decide(g->ring));
}

TEST(interval_of_a_whole_index_lap_still_kicks)
{
	static const u16 sizes[] = { 2, 256, 0 };

	rig_for_sizes(latched_lap, sizes);
}

/* A ring of 2^15 filled twice without a decision: the sum is 2^16 exactly. */
static void latched_largest(struct rig *g)
{
	u32 half, i;

	fakedev_arm(&g->dev);
	for (half = 0; half < 2; half++) {
		for (i = 0; i < g->cfg.num; i++)
			CHECK_EQ(rig_stage(g, 1, 0, 16), 1);
		vpv_ring_publish(g->ring);
		use(g, i);
		while (rig_reap(g, 64))
			;
	}
	CHECK_EQ(vpv_ring_undecided(g->ring), g->cfg.num);
	CHECK(vpv_ring_decide(g->ring));
}

TEST(interval_of_two_largest_rings_still_kicks)
{
	static const u16 sizes[] = { 32768, 0 };

	rig_for_sizes(latched_largest, sizes);
}

/*
 * A device that sleeps by the book, and a driver that decides only at the end
 * of each batch. Returns how many buffers the device never saw.
 */
static u32 sleeping_device(struct rig *g, bool drop_decisions)
{
	bool asleep = false, kicked;
	u32 batch, i, n = g->cfg.num < 8 ? g->cfg.num : 8;

	for (batch = 0; batch < 300; batch++) {
		u32 in_batch = 1 + rig_random(g, n);

		for (i = 0; i < in_batch; i++) {
			rig_offer_out(g);
			if (!asleep && rig_random(g, 2)) {
				while (fakedev_avail(&g->dev))
					use(g, 1);
				fakedev_arm(&g->dev);
				asleep = !fakedev_avail(&g->dev);
			}
		}
		kicked = vpv_ring_decide(g->ring) && !drop_decisions;
		if (kicked)
			asleep = false;
		if (!asleep) {
			fakedev_no_kick(&g->dev);
			while (fakedev_avail(&g->dev))
				use(g, 1);
			fakedev_arm(&g->dev);
			asleep = true;
		}
		while (rig_reap(g, 64))
			;
		if (g->out)
			return g->out;
	}
	return 0;
}

static void sleeps_and_wakes(struct rig *g)
{
	CHECK_EQ(sleeping_device(g, false), 0);
}

/* The test above can see a hang: without decisions there is one. */
static void sleeps_for_ever(struct rig *g)
{
	CHECK(sleeping_device(g, true) > 0);
	rig_reset(g);
}

TEST(sleeping_device_is_always_woken)
{
	rig_for_each(sleeps_and_wakes);
}

TEST(sleeping_device_hangs_when_decisions_are_dropped)
{
	rig_for_each(sleeps_for_ever);
}

/* ---- towards the driver ---- */

/* Parked once per drain, no interrupt ever: for longer than any lap. */
static void parked(struct rig *g)
{
	u32 i, burst;

	if (g->cfg.table_len || g->cfg.order_platform)
		return;		/* makes no difference */
	vpv_ring_park(g->ring);
	for (i = 0; i < 200000;) {
		burst = 1 + rig_random(g, g->cfg.num < 20 ? g->cfg.num : 20);
		while (burst--) {
			rig_offer_out(g);
			i++;
		}
		while (fakedev_avail(&g->dev)) {
			use(g, 1);
			if (rig_random(g, 2))
				fakedev_interrupt(&g->dev);
		}
		fakedev_interrupt(&g->dev);
		while (rig_reap(g, 64))
			;
		vpv_ring_park(g->ring);
	}
	CHECK_EQ(g->dev.interrupts, 0);
}

TEST(parked_ring_never_interrupts)
{
	static const u16 sizes[] = { 1, 2, 3, 7, 100, 256, 0 };

	rig_for_sizes(parked, sizes);
}

/* The recipe of the header: an interrupt for each sleep, none while awake. */
static void recipe(struct rig *g)
{
	u32 i, sleeps = 0, irqs = 0;

	if (g->cfg.table_len || g->cfg.order_platform)
		return;		/* makes no difference */
	for (i = 0; i < 20000 || i < 3u * g->cfg.num; i++) {
		CHECK(vpv_ring_arm(g->ring, 1));
		sleeps++;
		rig_offer_out(g);
		use(g, 1);
		CHECK(fakedev_interrupt(&g->dev));
		irqs++;
		do {
			vpv_ring_park(g->ring);
			if (g->cfg.num > 1 && rig_random(g, 2)) {
				rig_offer_out(g);
				use(g, 1);
				CHECK(!fakedev_interrupt(&g->dev));
			}
			while (rig_reap(g, 64))
				;
		} while (!vpv_ring_arm(g->ring, 1));
	}
	CHECK_EQ(g->dev.interrupts, irqs);
	CHECK_EQ(sleeps, irqs);
}

TEST(recipe_interrupts_once_per_sleep)
{
	static const u16 sizes[] = { 1, 2, 3, 7, 100, 256, 0 };

	rig_for_sizes(recipe, sizes);
}

/* armed after k: no interrupt for k - 1 completions, one for the k-th. */
static void arm_k(struct rig *g)
{
	u16 max = g->cfg.num < 9 ? g->cfg.num : 9, k;
	u32 lap, i;

	for (lap = 0; lap < 2000; lap++) {
		k = 1 + rig_random(g, max);
		CHECK(vpv_ring_arm(g->ring, k));
		if (!g->cfg.event_idx)
			k = 1;
		for (i = 1; i <= k; i++) {
			rig_offer_out(g);
			use(g, 1);
			CHECK_EQ(fakedev_interrupt(&g->dev), i == k);
			if (rig_random(g, 2))
				rig_reap(g, 64);
		}
		while (rig_reap(g, 64))
			;
	}
}

TEST(arm_k_is_exact)
{
	rig_for_each(arm_k);
}

/* Completions that came before the arming are not slept over. */
static void arm_looks_again(struct rig *g)
{
	u16 n = g->cfg.num < 4 ? g->cfg.num : 4, k;

	for (k = 1; k <= n; k++) {
		u16 i;

		for (i = 0; i < k; i++) {
			rig_offer_out(g);
			use(g, 1);
		}
		CHECK(!vpv_ring_arm(g->ring, k));
		CHECK(!vpv_ring_arm(g->ring, 1));
		/* One more than there are: known only where an index tells. */
		if (!g->cfg.packed && g->cfg.event_idx && k < g->cfg.num)
			CHECK(vpv_ring_arm(g->ring, k + 1));
		CHECK_EQ(rig_reap(g, 64), k);
		CHECK(vpv_ring_arm(g->ring, 1));
	}
}

TEST(arm_looks_again_before_it_sleeps)
{
	rig_for_each(arm_looks_again);
}

/* Chains and in-order batches move a packed device by more than one. */
static void arm_chains(struct rig *g)
{
	struct fakedev_buf b[4];
	u32 lap, i;
	bool due;

	if (!g->cfg.event_idx || g->cfg.num < 16)
		return;
	for (lap = 0; lap < 500; lap++) {
		CHECK(vpv_ring_arm(g->ring, 3));
		for (i = 0; i < 4; i++)
			CHECK_EQ(rig_stage(g, 1 + rig_random(g, 3), 0, 16), 1);
		vpv_ring_publish(g->ring);
		for (i = 0; i < 4; i++) {
			CHECK(rig_pop(g, &b[i]));
			g->tokens[rig_token_of(g, &b[i])].want_len = 0;
		}
		if (g->cfg.in_order) {
			for (i = 0; i < 3; i++)
				g->tokens[rig_token_of(g, &b[i])].want_len = RIG_NO_LEN;
			fakedev_push_batch(&g->dev, b, 4, 0);
			CHECK(fakedev_interrupt(&g->dev));
		} else {
			for (due = false, i = 0; i < 3; i++) {
				fakedev_push(&g->dev, &b[i], 0);
				due |= fakedev_interrupt(&g->dev);
			}
			CHECK(due);
			fakedev_push(&g->dev, &b[3], 0);
			CHECK(!fakedev_interrupt(&g->dev));
		}
		CHECK_EQ(rig_reap(g, 64), 4);
	}
}

TEST(arm_k_is_never_late_with_chains_and_batches)
{
	rig_for_each(arm_chains);
}

/* An interrupt costs one store of the event word, by arm, and none by park. */
static void few_stores(struct rig *g)
{
	u32 i, stores = 0, park_stores = 0;
	size_t size = g->layout.driver.size;
	u16 *before = malloc(size);

	if (!g->cfg.event_idx || g->cfg.num < 4) {
		free(before);
		return;
	}
	for (i = 0; i < 1000; i++) {
		CHECK(vpv_ring_arm(g->ring, 1));
		rig_offer_out(g);
		use(g, 1);
		memcpy(before, g->mem.driver, size);
		vpv_ring_park(g->ring);
		park_stores += !!memcmp(before, g->mem.driver, size);
		CHECK_EQ(rig_reap(g, 64), 1);
		CHECK_EQ(rig_reap(g, 64), 0);
		vpv_ring_park(g->ring);
		park_stores += !!memcmp(before, g->mem.driver, size);
		CHECK(vpv_ring_arm(g->ring, 1));
		stores += !!memcmp(before, g->mem.driver, size);
		memcpy(before, g->mem.driver, size);
		CHECK(vpv_ring_arm(g->ring, 1));
		stores += !!memcmp(before, g->mem.driver, size);
	}
	free(before);
	CHECK_EQ(stores, 1000);
	CHECK_EQ(park_stores, 0);
}

TEST(event_word_is_stored_once_per_interrupt)
{
	rig_for_each(few_stores);
}
