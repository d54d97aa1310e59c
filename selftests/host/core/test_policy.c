// SPDX-License-Identifier: GPL-2.0-only
/* The notification policy in small: its answers one by one, and what its counters mean. */
#include "ktap.h"
#include "policy.h"

static enum vpv_policy_answer flush(struct vpv_policy_submit *s, struct vpv_policy_view v)
{
	return vpv_policy_flush(s, &v);
}

static const struct vpv_policy_view latency = { .mode = VPV_POLICY_LATENCY };

TEST(policy_latency_decides_every_publish)
{
	struct vpv_policy_submit s = { 0 };
	unsigned int n, total = 0;

	for (n = 1; n <= 100; n++) {
		struct vpv_policy_view v = latency;

		v.published = n;
		v.undecided = n;
		v.in_flight = 2 * n;
		CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
		vpv_policy_decided(&s, n % 3 == 0);
		total += n;
	}
	CHECK_EQ(s.publishes, 100);
	CHECK_EQ(s.buffers, total);
	CHECK_EQ(s.decisions, 100);
	CHECK_EQ(s.kicks, 33);
	CHECK_EQ(s.kicks + s.kicks_avoided, s.decisions);
	CHECK_EQ(s.waits, 0);
}

TEST(policy_nothing_published_nothing_decided)
{
	struct vpv_policy_submit s = { 0 };
	unsigned int mode;

	for (mode = 0; mode < VPV_POLICY_NR_MODES; mode++)
		CHECK_EQ(flush(&s, (struct vpv_policy_view) { .mode = mode }), VPV_POLICY_NOTHING);
	CHECK_EQ(s.publishes, 0);
	CHECK_EQ(s.decisions, 0);
}

TEST(policy_what_is_undecided_is_never_forgotten)
{
	struct vpv_policy_submit s = { 0 };
	struct vpv_policy_view v = latency;

	/* An error path that staged nothing still ends in a flush point. */
	v.undecided = 3;
	v.in_flight = 3;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	CHECK_EQ(s.publishes, 0);
	/* A ring that decided within publish() owes its answer, in every mode. */
	for (v.mode = 0; v.mode < VPV_POLICY_NR_MODES; v.mode++) {
		v.published = 5;
		v.undecided = 0;
		v.in_flight = 100;
		CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	}
}

TEST(policy_one_in_flight_never_waits)
{
	struct vpv_policy_submit s = { 0 };
	u64 now;

	for (now = 0; now < 1000000; now += 1000) {
		struct vpv_policy_view v = { .mode = VPV_POLICY_THROUGHPUT, .published = 1,
			.undecided = 1, .now = now,
			.in_flight = 1 };

		CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
		vpv_policy_decided(&s, true);
	}
}

/* A busy submitter, as it is after some flush points: @n of them, one request each. */
static struct vpv_policy_view busy(struct vpv_policy_submit *s, unsigned int n)
{
	struct vpv_policy_view v = { .mode = VPV_POLICY_THROUGHPUT, .published = 1, .undecided = 1,
		.in_flight = 12, .exit_ns = 1000, .now = 1000000, .urgent = true };

	while (n--) {
		CHECK_EQ(flush(s, v), VPV_POLICY_DECIDE);
		vpv_policy_decided(s, true);
		v.now += 1000;
	}
	v.urgent = false;
	v.in_flight = 2;
	return v;
}

TEST(policy_far_apart_never_waits)
{
	struct vpv_policy_submit s = { 0 };
	struct vpv_policy_view v = busy(&s, 20);

	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	vpv_policy_decided(&s, true);
	for (unsigned int i = 0; i < 1000; i++) {
		v.now += (VPV_POLICY_BUSY_EXITS + 1) * v.exit_ns;
		if (i >= 10)
			CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
		else
			flush(&s, v);
		vpv_policy_decided(&s, true);
	}
}

TEST(policy_waits_end)
{
	struct vpv_policy_submit s = { 0 };
	struct vpv_policy_view v = busy(&s, 20);
	unsigned int i;

	/* enough of them */
	for (i = 1; i < VPV_POLICY_BATCH; i++, v.undecided++, v.now += 100)
		CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	vpv_policy_decided(&s, true);
	CHECK(!s.waiting);

	/* long enough */
	v.undecided = 1;
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	v.undecided++;
	v.now += VPV_POLICY_WAIT_EXITS * v.exit_ns - 1;
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	v.now++;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	vpv_policy_decided(&s, true);

	/* urgent; and a clock that jumps back */
	v = busy(&s, 20);
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	v.urgent = true;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	v.urgent = false;
	v.now -= 500;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	vpv_policy_decided(&s, true);

	/* an idle device */
	v = busy(&s, 20);
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	v.published = 0;
	CHECK(!vpv_policy_drained(&s, &v));
	v.in_flight = v.undecided;
	CHECK(vpv_policy_drained(&s, &v));
}

TEST(policy_timer_expects_less_afterwards)
{
	struct vpv_policy_submit s = { 0 };
	unsigned int back, i;

	for (back = VPV_POLICY_SHALLOW; back <= VPV_POLICY_SHALLOW_MAX; back *= 2) {
		struct vpv_policy_view v = busy(&s, 20 + s.shallow);

		CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
		v.published = 0;
		CHECK(!vpv_policy_expired(&s, &v));
		v.now += 2 * VPV_POLICY_WAIT_EXITS * v.exit_ns;
		s.credit = 0;
		CHECK(vpv_policy_expired(&s, &v));
		vpv_policy_decided(&s, true);
		CHECK_EQ(s.backoff, back);
		v.published = 1;
		for (i = 1; i < back; i++, v.now += 1000)
			CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
		s.shallow = 0;
	}
	CHECK_EQ(s.backoff, VPV_POLICY_SHALLOW_MAX);
}

TEST(policy_a_wait_in_vain_now_and_then_is_forgiven)
{
	struct vpv_policy_submit s = { 0 };
	struct vpv_policy_view v = busy(&s, 20);
	unsigned int i;

	for (i = 0; i < 200; i++) {
		v.published = 1;
		v.undecided = 1;
		CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
		v.now += VPV_POLICY_WAIT_EXITS * v.exit_ns;
		if (i % 8) {
			v.undecided = 2;
			CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
		} else if (i) {
			v.published = 0;
			CHECK(vpv_policy_expired(&s, &v));
			s.peak = 12;
		}
		vpv_policy_decided(&s, true);
		CHECK_EQ(s.shallow, 0);
		s.gap_ns = v.exit_ns;
	}
}

TEST(policy_arms_for_what_is_sure_to_come)
{
	struct vpv_policy_reap r = { 0 };
	struct vpv_policy_submit s = { 0 };
	struct vpv_policy_view v = busy(&s, 20);
	unsigned int i;

	for (i = 0; i < 0x10000; i++) {
		for (unsigned int waits = 0; waits < 2; waits++) {
			u16 k = vpv_policy_arm(&r, waits, i);

			CHECK(k == 1 || (k <= i && waits));
			CHECK(k == 1 || i >= VPV_POLICY_DEPTH_MIN);
			CHECK_EQ(r.armed, k);
		}
	}
	r = (struct vpv_policy_reap) { 0 };
	CHECK_EQ(vpv_policy_arm(&r, true, 0), 1);
	for (i = 0; i < 100; i++) {
		u16 k;

		v.undecided = i;
		v.in_flight = i;
		k = vpv_policy_batch(&s, &v);
		CHECK_EQ(k, i < VPV_POLICY_BATCH_MIN ? 0 : i);
		if (k)
			vpv_policy_arm_batch(&r, k);
		/* The device has other work: the next completion may come at any time. */
		v.in_flight++;
		CHECK_EQ(vpv_policy_batch(&s, &v), 0);
		v.in_flight--;
		v.mode = VPV_POLICY_LATENCY;
		CHECK_EQ(vpv_policy_batch(&s, &v), 0);
		v.mode = VPV_POLICY_THROUGHPUT;
	}
	CHECK_EQ(r.arms, 1 + 100 - VPV_POLICY_BATCH_MIN);
	CHECK_EQ(r.arms_late, 100 - VPV_POLICY_BATCH_MIN);
	CHECK_EQ(r.arm_raced, 0);
	vpv_policy_armed(&r, true);
	CHECK_EQ(r.arm_raced, 0);
	vpv_policy_armed(&r, false);
	CHECK_EQ(r.arm_raced, 1);
}

TEST(policy_counts_reaps)
{
	struct vpv_policy_reap r = { 0 };

	vpv_policy_reaped(&r, 7);
	vpv_policy_reaped(&r, 0);
	CHECK_EQ(r.reaps, 2);
	CHECK_EQ(r.completions, 7);
}

TEST(policy_average_is_bounded)
{
	u32 a = 0;
	unsigned int i;

	a = vpv_policy_average(a, 1ull << 60, 20000);
	CHECK_EQ(a, 20000);
	for (i = 0; i < 100; i++)
		a = vpv_policy_average(a, 1000, 20000);
	CHECK(a < 1010);
}

/* Within a poll: the end decides, or what an exit would have cost. */
TEST(policy_polls_are_one_batch)
{
	struct vpv_policy_submit s = { 0 };
	struct vpv_policy_view v = { .mode = VPV_POLICY_AUTO, .published = 1, .undecided = 1,
		.in_flight = 1, .exit_ns = 1000, .now = 1000, .polling = true };
	unsigned int i;

	/* also what is alone, in a queue that never had more than one */
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	v.published = 0;
	CHECK(vpv_policy_polled(&s, &v));
	CHECK_EQ(s.waits_drained, 1);
	vpv_policy_decided(&s, true);

	/* the device is busy with what it was told of */
	v = (struct vpv_policy_view) { .mode = VPV_POLICY_AUTO, .published = 1, .undecided = 1,
		.in_flight = 5, .exit_ns = 1000, .now = 10000, .polling = true };
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	v.undecided = 2;
	v.now += VPV_POLICY_POLL_EXITS * v.exit_ns;
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	v.published = 0;
	CHECK(vpv_policy_polled(&s, &v));
	vpv_policy_decided(&s, true);

	/* too long */
	v.published = v.undecided = 1;
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	v.now += VPV_POLICY_POLL_EXITS * v.exit_ns + 1;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	vpv_policy_decided(&s, true);

	/* too many */
	for (i = 1; i < VPV_POLICY_BATCH; i++) {
		v.undecided = i;
		CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	}
	v.undecided = i;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	vpv_policy_decided(&s, true);

	v.undecided = 1;
	v.urgent = true;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	vpv_policy_decided(&s, true);
	v.urgent = false;
	v.mode = VPV_POLICY_LATENCY;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
}

/* The end of a poll leaves alone those who wait for the next packet from elsewhere. */
TEST(policy_polls_leave_other_waits_alone)
{
	struct vpv_policy_submit s = { 0 };
	struct vpv_policy_view v = busy(&s, 20);

	v.in_flight = 12;
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	v.published = 0;
	CHECK(!vpv_policy_polled(&s, &v));
	/* unless the device is idle, or it was long enough */
	v.in_flight = v.undecided;
	CHECK(vpv_policy_polled(&s, &v));
	v.in_flight = 12;
	v.now += VPV_POLICY_WAIT_EXITS * v.exit_ns;
	CHECK(vpv_policy_polled(&s, &v));
	v.now -= VPV_POLICY_WAIT_EXITS * v.exit_ns;
	CHECK(!vpv_policy_polled(&s, &v));
	/* or one within the poll joined them, which has no timer of its own */
	v.published = 1;
	v.undecided = 2;
	v.polling = true;
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	v.published = 0;
	CHECK(vpv_policy_polled(&s, &v));
}

/* Where completions are taken late, much in flight is no sign of a deep load. */
TEST(policy_late_completions_tell_nothing)
{
	struct vpv_policy_submit s = { 0 };
	struct vpv_policy_view v = busy(&s, 20);
	unsigned int i, waited = 0;

	v.in_flight = 60;
	v.late = true;
	for (i = 0; i < 100 && s.shallow == 0; i++) {
		v.published = 1;
		v.undecided = 1;
		if (flush(&s, v) != VPV_POLICY_WAIT) {
			vpv_policy_decided(&s, true);
			continue;
		}
		waited++;
		v.published = 0;
		v.now += 2 * VPV_POLICY_WAIT_EXITS * v.exit_ns;
		CHECK(vpv_policy_expired(&s, &v));
		vpv_policy_decided(&s, true);
	}
	/* in vain each time, so it stops */
	CHECK(s.shallow > 0);
	CHECK(waited > 0);
}

/* Trials do not matter for a part of much, unless the user or somebody else is in a hurry. */
TEST(policy_bulk_waits_without_trials)
{
	struct vpv_policy_submit s = { 0 };
	struct vpv_policy_view v = busy(&s, 20);

	v.mode = VPV_POLICY_AUTO;
	CHECK(!s.trial.waits);
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	vpv_policy_decided(&s, true);
	v.bulk = true;
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	/* several at once are a batch already */
	v.published = v.undecided = 2;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	vpv_policy_decided(&s, true);
	v.published = v.undecided = 1;
	CHECK_EQ(flush(&s, v), VPV_POLICY_WAIT);
	/* a small packet after it takes it along */
	v.bulk = false;
	v.undecided = 2;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	vpv_policy_decided(&s, true);
	v.bulk = true;
	v.undecided = 1;
	v.urgent = true;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
	vpv_policy_decided(&s, true);
	v.urgent = false;
	v.mode = VPV_POLICY_LATENCY;
	CHECK_EQ(flush(&s, v), VPV_POLICY_DECIDE);
}
