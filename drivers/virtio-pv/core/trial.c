// SPDX-License-Identifier: GPL-2.0-only
#include "policy.h"

/* Flush points further apart belong to different bursts. */
#define PAUSE_NS (20 * 1000 * 1000)
/* Or to different loads. */
#define FORGET_NS (1000 * 1000 * 1000)

static void begin(struct vpv_policy_trial *t, const struct vpv_policy_view *v)
{
	t->since = v->now;
	t->buffers = 0;
	t->kicks = v->kicks;
}

static u32 epoch(const struct vpv_policy_view *v)
{
	return v->late ? VPV_POLICY_EPOCH_LATE : VPV_POLICY_EPOCH;
}

/*
 * The best lately: what disturbs an epoch, another guest's work or a burst of other
 * interrupts, only ever makes it longer. Old records fade. Not so where nobody
 * waits for completions: a device that the host holds up needs no notification
 * meanwhile, and the epoch is short; so the mean, and of longer epochs.
 */
static void note(u32 *ns, const struct vpv_policy_view *v, u32 sample)
{
	u32 faded = *ns + *ns / 32 + 1;

	if (v->late)
		*ns = vpv_policy_average(*ns, sample, ~0u);
	else
		*ns = *ns && faded < sample ? faded : sample;
}

/* At most the time that exits took can be saved; it has to be an eighth for a trial. */
static bool promising(const struct vpv_policy_trial *t, const struct vpv_policy_view *v, u64 ns)
{
	return !v->late || t->waits || 8 * (v->kicks - t->kicks) * v->exit_ns >= ns;
}

/* Waiting costs latency where it saves no time, so a draw is not enough. */
static bool pays(const struct vpv_policy_trial *t)
{
	return t->ns[true] < t->ns[false] - t->ns[false] / 16;
}

/* An epoch is over: the next one. */
static void judge(struct vpv_policy_trial *t, bool promise)
{
	if (t->waits == t->prefers) {
		if (t->left > 1)
			t->left--;
		else if (promise)
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
static bool hopeless(const struct vpv_policy_trial *t, const struct vpv_policy_view *v, u64 ns)
{
	return t->waits != t->prefers && t->ns[t->prefers] &&
	       ns > (u64)2 * epoch(v) * t->ns[t->prefers];
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
		begin(t, v);
		return;
	}
	/* As does a clock that went backwards. */
	if (gap > PAUSE_NS) {
		begin(t, v);
		return;
	}
	t->buffers += v->published;
	if (!t->buffers || (t->buffers < epoch(v) && !hopeless(t, v, ns)))
		return;
	note(&t->ns[t->waits], v, (ns >> 32 ? ~0u : (u32)ns) / t->buffers);
	judge(t, promising(t, v, ns));
	begin(t, v);
}
