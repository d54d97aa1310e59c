// SPDX-License-Identifier: GPL-2.0-only
#include "policy.h"

/* Flush points further apart belong to different bursts. */
#define PAUSE_NS (20 * 1000 * 1000)
/* Or to different loads. */
#define FORGET_NS (1000 * 1000 * 1000)

static void begin(struct vpv_policy_trial *t, u64 now)
{
	t->since = now;
	t->buffers = 0;
}

/*
 * The best lately: what disturbs an epoch, another guest's work or a burst of other
 * interrupts, only ever makes it longer. Old records fade.
 */
static void note(u32 *best, u32 ns)
{
	u32 faded = *best + *best / 32 + 1;

	*best = *best && faded < ns ? faded : ns;
}

/* Waiting costs latency where it saves no time, so a draw is not enough. */
static bool pays(const struct vpv_policy_trial *t)
{
	return t->ns[true] < t->ns[false] - t->ns[false] / 16;
}

/* An epoch is over: the next one. */
static void judge(struct vpv_policy_trial *t)
{
	if (t->waits == t->prefers) {
		if (!--t->left)
			t->waits = !t->prefers;
		return;
	}
	if (pays(t) == t->waits) {
		t->prefers = t->waits;
		t->interval = VPV_POLICY_TRIAL_MIN;
	} else if (t->interval < VPV_POLICY_TRIAL_MAX) {
		t->interval *= 4;
	}
	t->left = t->interval;
	t->waits = t->prefers;
}

/* A trial that takes far longer than what it is compared with has failed already. */
static bool hopeless(const struct vpv_policy_trial *t, u64 ns)
{
	return t->waits != t->prefers && t->ns[t->prefers] &&
	       ns > (u64)2 * VPV_POLICY_EPOCH * t->ns[t->prefers];
}

void vpv_policy_trial(struct vpv_policy_trial *t, const struct vpv_policy_view *v)
{
	u64 gap = v->now - t->last, ns = v->now - t->since;

	t->last = v->now;
	if (!t->interval || gap > FORGET_NS) {
		*t = (struct vpv_policy_trial) {
			.interval = VPV_POLICY_TRIAL_MIN, .left = VPV_POLICY_TRIAL_MIN,
			.last = v->now,
		};
		begin(t, v->now);
		return;
	}
	/* As does a clock that went backwards. */
	if (gap > PAUSE_NS) {
		begin(t, v->now);
		return;
	}
	t->buffers += v->published;
	if (!t->buffers || (t->buffers < VPV_POLICY_EPOCH && !hopeless(t, ns)))
		return;
	note(&t->ns[t->waits], (ns >> 32 ? ~0u : (u32)ns) / t->buffers);
	judge(t);
	begin(t, v->now);
}
