// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts of a stream: how late they are asked for, and what ends that. */
#include "ktap.h"
#include "stream.h"

#define GAP 100000
#define PATIENCE 600000
#define BUFFERS 17

struct load {
	struct vpv_net_stream s;
	u64 now;
	u16 k;
};

/* @n polls, each of which finds one packet more after @gap. */
static void stream(struct load *l, unsigned int n, u32 gap)
{
	while (n--) {
		l->now += gap;
		l->k = vpv_net_stream_arm(&l->s, 1, BUFFERS, false, false, PATIENCE, l->now);
	}
}

static void vain(struct load *l)
{
	l->now += 2 * PATIENCE;
	l->k = vpv_net_stream_arm(&l->s, 0, 0, true, true, PATIENCE, l->now);
	CHECK_EQ(l->k, 1);
}

TEST(stream_shares_interrupts)
{
	struct load l = { .now = 1000000000 };

	stream(&l, 100, GAP);
	/* the first buffer of the sixth packet, but for rounding */
	CHECK(l.k > 4 * BUFFERS && l.k <= 5 * BUFFERS + 1);
	stream(&l, 100, GAP / 100);
	CHECK(l.k <= (VPV_NET_STREAM_PACKETS - 1) * BUFFERS + 1);
	CHECK(l.k > (VPV_NET_STREAM_PACKETS - 2) * BUFFERS);
}

TEST(stream_without_patience_waits_for_nothing)
{
	struct load l = { .now = 1000000000 };

	for (unsigned int i = 0; i < 100; i++) {
		l.now += GAP;
		CHECK_EQ(vpv_net_stream_arm(&l.s, 1, BUFFERS, false, false, 0, l.now), 1);
	}
}

/* So far apart that two do not come in time. */
TEST(stream_that_is_slow_waits_for_nothing)
{
	struct load l = { .now = 1000000000 };

	stream(&l, 100, GAP);
	CHECK(l.k > 1);
	stream(&l, 100, PATIENCE);
	CHECK_EQ(l.k, 1);
}

/* Small packets only, or none: what comes next may be an answer. */
TEST(stream_needs_joined_packets)
{
	struct load l = { .now = 1000000000 };

	stream(&l, 100, GAP);
	CHECK_EQ(vpv_net_stream_arm(&l.s, 0, 0, false, false, PATIENCE, l.now + GAP), 1);
}

TEST(stream_after_a_pause_is_another)
{
	struct load l = { .now = 1000000000 };

	stream(&l, 100, GAP);
	/* as many ns as look like none in 32 bits */
	l.now += 1ull << 32;
	stream(&l, 1, GAP);
	CHECK_EQ(l.k, 1);
	stream(&l, 100, GAP);
	CHECK(l.k > 1);
}

/* An answer of a few packets, a question, an answer: most are not waited for. */
TEST(stream_in_vain_rests)
{
	struct load l = { .now = 1000000000 };
	unsigned int late = 0, round;

	stream(&l, 40, GAP);
	for (round = 0; round < 1000; round++) {
		stream(&l, 6, GAP);
		if (l.s.asked > 1) {
			late++;
			vain(&l);
		}
	}
	CHECK(late > 0);
	CHECK(late < 20);
	/* the next long one is a stream again, after a while */
	stream(&l, VPV_NET_STREAM_REST_MAX + 20, GAP);
	CHECK(l.k > 1);
}

/* Of a long stream one in vain now and then is chance. */
TEST(stream_forgives_one_in_vain)
{
	struct load l = { .now = 1000000000 };

	stream(&l, 100, GAP);
	for (unsigned int round = 0; round < 100; round++) {
		stream(&l, 10 + VPV_NET_STREAM_CREDIT, GAP);
		CHECK(l.k > 1);
		vain(&l);
		CHECK_EQ(l.s.rest, 0);
	}
}

/* A poll for another reason changes nothing; one that found small packets does. */
TEST(stream_stands_through_idle_polls)
{
	struct load l = { .now = 1000000000 };
	u16 k;

	stream(&l, 100, GAP);
	k = l.k;
	CHECK(k > 1);
	CHECK_EQ(vpv_net_stream_arm(&l.s, 0, 0, true, false, PATIENCE, l.now), k);
	CHECK_EQ(vpv_net_stream_arm(&l.s, 0, 0, true, false, 0, l.now), 1);
	CHECK_EQ(vpv_net_stream_arm(&l.s, 0, 0, true, false, PATIENCE, l.now), 1);
}
