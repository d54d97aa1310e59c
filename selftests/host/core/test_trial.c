// SPDX-License-Identifier: GPL-2.0-only
/* Trials of waits: what they find out, what they cost, and what disturbs them. */
#include "ktap.h"
#include "policy.h"

/* A load: one buffer per flush point, which takes so long without waits and with them. */
struct load {
	u64 now;
	unsigned int ns[2];
	unsigned int disturb;	/* each so-manieth epoch takes four times as long; 0: none */
	unsigned int flushes, with_waits;
};

static void go_on(struct vpv_policy_trial *t, struct load *l, unsigned int n)
{
	struct vpv_policy_view v = { .mode = VPV_POLICY_AUTO, .published = 1 };
	unsigned int ns;

	while (n--) {
		ns = l->ns[t->waits];
		if (l->disturb && !(l->flushes / VPV_POLICY_EPOCH % l->disturb))
			ns *= 4;
		l->now += ns;
		l->flushes++;
		l->with_waits += t->waits;
		v.now = l->now;
		vpv_policy_trial(t, &v);
	}
}

TEST(trial_prefers_what_is_faster)
{
	struct vpv_policy_trial t = { 0 };
	struct load l = { .now = 1, .ns = { 100000, 40000 } };

	go_on(&t, &l, 10 * VPV_POLICY_EPOCH);
	CHECK(t.prefers);
	l.with_waits = 0;
	go_on(&t, &l, 1000 * VPV_POLICY_EPOCH);
	CHECK(t.prefers);
	CHECK(l.with_waits > 980 * VPV_POLICY_EPOCH);
}

TEST(trial_leaves_a_draw_alone)
{
	struct vpv_policy_trial t = { 0 };
	struct load l = { .now = 1, .ns = { 100000, 95000 } };

	go_on(&t, &l, 1000 * VPV_POLICY_EPOCH);
	CHECK(!t.prefers);
	CHECK(l.with_waits <= 6 * (VPV_POLICY_EPOCH + 1));
	/* Once it is settled, rare enough for no percentile to notice. */
	l.with_waits = 0;
	go_on(&t, &l, 1000 * VPV_POLICY_EPOCH);
	CHECK(l.with_waits <= 2 * (VPV_POLICY_EPOCH + 1));
}

TEST(trial_ends_early_when_it_is_hopeless)
{
	struct vpv_policy_trial t = { 0 };
	struct load l = { .now = 1, .ns = { 10000, 1000000 } };

	go_on(&t, &l, 1000 * VPV_POLICY_EPOCH);
	CHECK(!t.prefers);
	CHECK(l.with_waits > 0);
	/* 6 trials, each of which takes the time of two epochs and one flush point more. */
	CHECK(l.with_waits <= 6 * (2 * VPV_POLICY_EPOCH / 100 + 2));
}

TEST(trial_is_not_misled_by_a_disturbed_host)
{
	for (unsigned int disturb = 2; disturb < 8; disturb++) {
		struct vpv_policy_trial t = { 0 };
		struct load l = { .now = 1, .ns = { 100000, 40000 }, .disturb = disturb };

		go_on(&t, &l, 100 * VPV_POLICY_EPOCH);
		CHECK(t.prefers);
		t = (struct vpv_policy_trial) { 0 };
		l = (struct load) { .now = 1, .ns = { 40000, 40000 }, .disturb = disturb };
		go_on(&t, &l, 100 * VPV_POLICY_EPOCH);
		CHECK(!t.prefers);
	}
}

TEST(trial_follows_a_load_that_changes)
{
	struct vpv_policy_trial t = { 0 };
	struct load l = { .now = 1, .ns = { 100000, 40000 } };

	go_on(&t, &l, 20 * VPV_POLICY_EPOCH);
	CHECK(t.prefers);
	l.ns[true] = 200000;
	go_on(&t, &l, 600 * VPV_POLICY_EPOCH);
	CHECK(!t.prefers);
}

/* A pause is no part of an epoch; after a long one all is new. */
TEST(trial_does_not_count_pauses)
{
	struct vpv_policy_trial t = { 0 };
	struct load l = { .now = 1, .ns = { 100000, 40000 } };

	for (unsigned int i = 0; i < 40; i++) {
		go_on(&t, &l, VPV_POLICY_EPOCH + 2);
		l.now += 30 * 1000 * 1000;
	}
	CHECK(t.prefers);
	CHECK(t.ns[false] <= 101000);
	CHECK(t.ns[true] <= 41000);
	l.now += 2000000000;
	go_on(&t, &l, 1);
	CHECK(!t.prefers);
	CHECK_EQ(t.ns[true], 0);
	/* A clock that jumps back is a pause, too. */
	go_on(&t, &l, 20 * VPV_POLICY_EPOCH);
	l.now -= 10000000;
	go_on(&t, &l, 20 * VPV_POLICY_EPOCH);
	CHECK(t.prefers || t.left);
}

/*
 * Packets: now and then the host holds the device up, which is then awake and needs no
 * notification, so that its shortest epochs are those without waits. On average
 * they are longer.
 */
TEST(trial_of_packets_is_not_misled_by_short_epochs)
{
	struct vpv_policy_trial t = { 0 };
	struct vpv_policy_view v = { .mode = VPV_POLICY_AUTO, .published = 1, .late = true,
		.exit_ns = 20000 };
	unsigned int i, waited = 0, seed = 1;
	bool awake = false;

	for (i = 0; i < 200 * VPV_POLICY_EPOCH_LATE; i++) {
		if (!(i % 1500)) {
			seed = seed * 1664525 + 1013904223;
			awake = seed >> 30 == 0;
		}
		if (t.waits) {
			v.now += 16000;
			v.kicks += !(i % 32);
			waited++;
		} else {
			v.now += awake ? 10000 : 26000;
			v.kicks += !awake && i % 2;
		}
		vpv_policy_trial(&t, &v);
	}
	CHECK(t.prefers);
	CHECK(waited > 150 * VPV_POLICY_EPOCH_LATE);
}

/* Exits that take little time are not worth a trial, which would cost latency. */
TEST(trial_of_packets_needs_exits_to_save)
{
	struct vpv_policy_trial t = { 0 };
	struct vpv_policy_view v = { .mode = VPV_POLICY_AUTO, .published = 1, .late = true,
		.exit_ns = 10000 };

	for (unsigned int i = 0; i < 100 * VPV_POLICY_EPOCH_LATE; i++) {
		v.now += 100000;
		v.kicks++;
		vpv_policy_trial(&t, &v);
		CHECK(!t.waits);
	}
	/* the same twice as fast */
	for (unsigned int i = 0; i < 2 * VPV_POLICY_EPOCH_LATE && !t.waits; i++) {
		v.now += 50000;
		v.kicks++;
		vpv_policy_trial(&t, &v);
	}
	CHECK(t.waits);
}
