// SPDX-License-Identifier: GPL-2.0-only
#include "policy.h"

static u16 larger(u16 a, u16 b)
{
	return a > b ? a : b;
}

/* ---- what the load looks like ---- */

/* Most buffers in flight in this window and the one before. */
static u16 peak_in_flight(struct vpv_policy_submit *s, u16 in_flight)
{
	if (++s->window >= VPV_POLICY_WINDOW) {
		s->window = 0;
		s->peak_before = s->peak;
		s->peak = 0;
	}
	s->peak = larger(s->peak, in_flight);
	return larger(s->peak, s->peak_before);
}

static void note_gap(struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	u64 gap = v->now > s->last ? v->now - s->last : 0;

	s->last = v->now;
	/* A pause is a pause, however long. */
	s->gap_ns = vpv_policy_average(s->gap_ns, gap, 2 * VPV_POLICY_BUSY_EXITS * v->exit_ns);
}

/* Flush points follow each other so closely that exits take a good part of the time. */
static bool is_busy(const struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	return !s->shallow && larger(s->peak, s->peak_before) > 1 &&
	       s->gap_ns <= VPV_POLICY_BUSY_EXITS * v->exit_ns;
}

/* ---- how many to wait for, and how long ---- */

static u16 batch(const struct vpv_policy_submit *s, const struct vpv_policy_view *v, u16 peak)
{
	unsigned int n = 1;

	if (is_busy(s, v))
		n = VPV_POLICY_BATCH;
	/* Waits shorter than an exit are not worth a timer. */
	if (peak >= VPV_POLICY_DEPTH_MIN && v->latency_ns / 2 > v->exit_ns)
		n = larger(n, 2 * peak / 3);
	return n < VPV_POLICY_BATCH ? n : VPV_POLICY_BATCH;
}

/* What a buffer takes includes the wait. */
static u32 patience(const struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	u32 ns = v->latency_ns / 2;

	if (is_busy(s, v) && ns < VPV_POLICY_WAIT_EXITS * v->exit_ns)
		ns = VPV_POLICY_WAIT_EXITS * v->exit_ns;
	return ns < VPV_POLICY_WAIT_MAX_NS ? ns : VPV_POLICY_WAIT_MAX_NS;
}

/* A clock that went backwards ends a wait. */
static bool waited(const struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	return v->now < s->since || v->now - s->since >= patience(s, v);
}

/* ---- whether it pays ---- */

/* A wait ended as hoped for: the next buffer came. */
static void worked(struct vpv_policy_submit *s)
{
	if (!s->waiting)
		return;
	if (s->credit < VPV_POLICY_CREDIT)
		s->credit++;
	else
		s->backoff = 0;
}

/* Nobody came. Now and then that is chance: this processor was taken away, say. */
static void failed(struct vpv_policy_submit *s)
{
	if (s->credit >= VPV_POLICY_CREDIT / 4) {
		s->credit -= VPV_POLICY_CREDIT / 4;
		return;
	}
	if (!s->backoff)
		s->backoff = VPV_POLICY_SHALLOW;
	else if (s->backoff < VPV_POLICY_SHALLOW_MAX)
		s->backoff *= 2;
	s->shallow = s->backoff;
}

/* ---- submit side ---- */

static void begin_wait(struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	if (s->waiting)
		return;
	s->waiting = true;
	s->since = v->now;
}

/*
 * More may come of the same poll, and its end is near. What it sends says nothing
 * about when a submitter outside of it comes next.
 */
static enum vpv_policy_answer wait_for_poll(struct vpv_policy_submit *s,
					    const struct vpv_policy_view *v)
{
	u32 exits = vpv_policy_waits(s, v->mode) ? VPV_POLICY_WAIT_EXITS : VPV_POLICY_POLL_EXITS;

	begin_wait(s, v);
	if (v->undecided >= VPV_POLICY_BATCH || v->now < s->since ||
	    v->now - s->since > (u64)exits * v->exit_ns)
		return VPV_POLICY_DECIDE;
	s->polling = true;
	s->waits++;
	return VPV_POLICY_WAIT;
}

/* Several at a time share a notification already; and not all of them may be of a kind. */
static bool may_wait(const struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	return vpv_policy_waits(s, v->mode) || (v->bulk && v->published == 1);
}

static enum vpv_policy_answer wait_or_decide(struct vpv_policy_submit *s,
					     const struct vpv_policy_view *v)
{
	u16 peak;

	if (v->mode == VPV_POLICY_AUTO)
		vpv_policy_trial(&s->trial, v);
	if (v->polling && !v->urgent)
		return wait_for_poll(s, v);
	peak = peak_in_flight(s, v->in_flight);
	note_gap(s, v);
	if (s->shallow)
		s->shallow--;
	if (v->urgent || !may_wait(s, v) || v->undecided >= batch(s, v, peak)) {
		worked(s);
		return VPV_POLICY_DECIDE;
	}
	/* As many as there ever are: nobody is left to add to it. */
	if (peak >= VPV_POLICY_DEPTH_MIN && v->in_flight >= peak &&
	    v->in_flight == v->undecided)
		return VPV_POLICY_DECIDE;
	if (s->waiting && waited(s, v)) {
		worked(s);
		return VPV_POLICY_DECIDE;
	}
	begin_wait(s, v);
	s->waits++;
	return VPV_POLICY_WAIT;
}

enum vpv_policy_answer vpv_policy_flush(struct vpv_policy_submit *s,
					const struct vpv_policy_view *v)
{
	if (v->published) {
		s->publishes++;
		s->buffers += v->published;
	}
	/*
	 * A ring that had to decide within publish() owes its answer although
	 * nothing is undecided any more, so what was published counts too.
	 */
	if (!v->published && !v->undecided)
		return VPV_POLICY_NOTHING;
	if (v->mode == VPV_POLICY_LATENCY || v->undecided < v->published)
		return VPV_POLICY_DECIDE;
	return wait_or_decide(s, v);
}

void vpv_policy_decided(struct vpv_policy_submit *s, bool kick)
{
	s->waiting = false;
	s->polling = false;
	s->decisions++;
	if (kick)
		s->kicks++;
	else
		s->kicks_avoided++;
}

bool vpv_policy_drained(struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	/* Nothing but what it was not told of: it has nothing to do until it is. */
	if (v->in_flight > v->undecided && !waited(s, v))
		return false;
	s->waits_drained++;
	return true;
}

bool vpv_policy_polled(struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	if (!s->polling)
		return vpv_policy_drained(s, v);
	s->waits_drained++;
	return true;
}

u32 vpv_policy_timer_ns(const struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	u32 ns = 2 * patience(s, v);

	return ns > VPV_POLICY_TIMER_MIN_NS ? ns : VPV_POLICY_TIMER_MIN_NS;
}

bool vpv_policy_expired(struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	if (!waited(s, v))
		return false;
	s->waits_timer++;
	if (s->polling)
		return true;
	/* What was waited for did not come: expect no more than there is. */
	s->peak = v->in_flight;
	s->peak_before = 0;
	s->window = 0;
	/* What is in flight tells of the load only where it is taken back at once. */
	if (v->in_flight < VPV_POLICY_DEPTH_MIN || v->late)
		failed(s);
	return true;
}

/* ---- completion side ---- */

void vpv_policy_reaped(struct vpv_policy_reap *r, unsigned int n)
{
	r->reaps++;
	r->completions += n;
}

u16 vpv_policy_arm(struct vpv_policy_reap *r, bool waits, u16 known)
{
	u16 k = 1;

	/* The last of half of them waits half of the time they all take. */
	if (waits && known >= VPV_POLICY_DEPTH_MIN)
		k += known / 2;
	r->arms++;
	if (k > 1)
		r->arms_late++;
	r->armed = k;
	return k;
}

u16 vpv_policy_batch(const struct vpv_policy_submit *s, const struct vpv_policy_view *v)
{
	if (!vpv_policy_waits(s, v->mode) || v->undecided < VPV_POLICY_BATCH_MIN ||
	    v->in_flight != v->undecided || !is_busy(s, v))
		return 0;
	return v->undecided;
}

void vpv_policy_arm_batch(struct vpv_policy_reap *r, u16 k)
{
	r->arms++;
	r->arms_late++;
	r->armed = k;
}

u16 vpv_policy_arm_lazy(struct vpv_policy_reap *r, u16 in_flight)
{
	r->arms++;
	r->armed = 1;
	return in_flight > 1 ? in_flight - in_flight / 4 : 1;
}

void vpv_policy_arm_after(struct vpv_policy_reap *r, u16 k)
{
	r->arms++;
	if (k > 1)
		r->arms_late++;
	/* What did not come is looked for by the caller. */
	r->armed = 1;
}

void vpv_policy_armed(struct vpv_policy_reap *r, bool in_time)
{
	if (!in_time)
		r->arm_raced++;
}

u32 vpv_policy_average(u32 old, u64 sample, u32 max)
{
	u32 now = sample < max ? sample : max;

	if (!old)
		return now;
	return now > old ? old + (now - old) / 4 : old - (old - now) / 4;
}
