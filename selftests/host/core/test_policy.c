// SPDX-License-Identifier: GPL-2.0-only
/* The notification policy, and what its counters mean. */
#include "ktap.h"
#include "policy.h"

TEST(policy_every_publish_is_decided)
{
	struct vpv_policy_submit s = { 0 };
	unsigned int n, total = 0;

	for (n = 1; n <= 100; n++) {
		CHECK(vpv_policy_flush(&s, n, n));
		vpv_policy_decided(&s, n % 3 == 0);
		total += n;
	}
	CHECK_EQ(s.publishes, 100);
	CHECK_EQ(s.buffers, total);
	CHECK_EQ(s.decisions, 100);
	CHECK_EQ(s.kicks, 33);
	CHECK_EQ(s.kicks + s.kicks_avoided, s.decisions);
}

TEST(policy_nothing_published_nothing_decided)
{
	struct vpv_policy_submit s = { 0 };

	CHECK(!vpv_policy_flush(&s, 0, 0));
	CHECK_EQ(s.publishes, 0);
	CHECK_EQ(s.decisions, 0);
}

TEST(policy_what_is_undecided_is_never_forgotten)
{
	struct vpv_policy_submit s = { 0 };

	/* An error path that staged nothing still ends in a flush point. */
	CHECK(vpv_policy_flush(&s, 0, 3));
	CHECK_EQ(s.publishes, 0);
	/* A ring that decided within publish() owes its answer. */
	CHECK(vpv_policy_flush(&s, 5, 0));
	CHECK_EQ(s.publishes, 1);
}

TEST(policy_arms_for_at_least_one)
{
	struct vpv_policy_reap r = { 0 };
	unsigned int i;

	for (i = 0; i < 0x10000; i++)
		CHECK(vpv_policy_arm(&r) >= 1);
	CHECK_EQ(r.arms, 0x10000);
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
