// SPDX-License-Identifier: GPL-2.0-only
/*
 * The notification policy in simulated time: a driver made as core/moderate.c
 * is, a device with an event index that sleeps when it has nothing to do, and a
 * load; or one that takes completions late, as net/tx.c does. What must end does,
 * nothing waits longer than promised, and the
 * notifications saved are counted. With a decision dropped on purpose the
 * simulation has to get stuck: else it would not notice.
 */
#include "ktap.h"
#include "policy.h"

#define NEVER (~0ull)

struct sim {
	/* the load */
	unsigned int depth;	/* closed loop: most in flight; open loop: room */
	u64 gap;		/* open loop: mean time between requests; 0: closed loop */
	unsigned int total;
	enum vpv_policy_mode mode;
	bool drop;		/* forget the decisions that waits owe */
	bool late;		/* completions are taken now and then; @depth: what a socket holds */
	/* costs, ns */
	u64 submit, exit, wake, service, inject, complete;
	unsigned int lanes;	/* served side by side */
	/* state */
	u64 now, next_submit, next_timer, next_irq, next_look, awake_at;
	unsigned int since_reap;
	u64 finish[64];
	struct vpv_policy_submit s;
	struct vpv_policy_reap r;
	u32 latency, seed;
	unsigned int published, decided, fetched, used, reaped, event;
	bool asleep, sampling;
	unsigned int mark;
	u64 mark_at;
	u64 born[0x10000];
	/* results */
	u64 kicks, irqs, longest, sum, delivered, undecided_since;
};

static u64 random_gap(struct sim *m)
{
	m->seed = m->seed * 1664525 + 1013904223;
	/* uniform on [0, 2 gap): bursts enough */
	return m->gap * (m->seed >> 16) / 32768;
}

static struct vpv_policy_view look(struct sim *m, unsigned int published)
{
	return (struct vpv_policy_view) {
		.mode = m->mode, .published = published, .undecided = m->published - m->decided,
		.in_flight = m->published - m->reaped, .latency_ns = m->late ? 0 : m->latency,
		.late = m->late, .kicks = m->kicks,
		.exit_ns = m->exit, .now = m->now,
	};
}

static void start_timer(struct sim *m, const struct vpv_policy_view *v)
{
	if (m->next_timer == NEVER && !m->drop)
		m->next_timer = m->now + vpv_policy_timer_ns(&m->s, v);
}

static void decide(struct sim *m, bool owed)
{
	/* The device asked at the place where it fell asleep. */
	bool kick = m->asleep && m->decided <= m->fetched && m->fetched < m->published;
	struct vpv_policy_view v = look(m, 0);
	unsigned int k;

	if (m->undecided_since != NEVER && m->now - m->undecided_since > m->longest)
		m->longest = m->now - m->undecided_since;
	m->undecided_since = NEVER;
	m->decided = m->published;
	if (owed && m->drop)
		kick = false;
	vpv_policy_decided(&m->s, kick);
	if (!kick)
		return;
	m->kicks++;
	k = vpv_policy_batch(&m->s, &v);
	if (k && !m->late) {
		vpv_policy_arm_batch(&m->r, k);
		m->event = m->reaped + k;
		start_timer(m, &v);
	}
	m->now += m->exit;
	m->asleep = false;
	m->awake_at = m->now + m->wake;
}

/* ---- completions taken late: with every 32nd packet, by a timer, where somebody waits ---- */

#define LOOK_NS 8000000

static void take_late(struct sim *m)
{
	unsigned int n = m->used - m->reaped;

	m->now += n * m->complete;
	m->reaped = m->used;
	m->event = 0;
	m->since_reap = 0;
}

static void poll_late(struct sim *m)
{
	struct vpv_policy_view v;

	take_late(m);
	v = look(m, 0);
	if (m->s.waiting && vpv_policy_polled(&m->s, &v))
		decide(m, true);
}

/* The socket is full: nothing more comes until most is done. */
static void await_late(struct sim *m)
{
	unsigned int n = m->published - m->reaped;

	m->event = m->reaped + n - n / 4;
	if (m->used >= m->event && m->next_irq == NEVER)
		m->next_irq = m->now + m->inject;
}

static void do_submit(struct sim *m)
{
	struct vpv_policy_view v;
	bool full;

	if (m->late && ++m->since_reap >= 32)
		take_late(m);
	m->now += m->submit;
	m->born[m->published % 0x10000] = m->gap ? m->next_submit : m->now;
	m->published++;
	m->next_submit = m->gap ? m->next_submit + random_gap(m) : m->now;
	if (m->undecided_since == NEVER)
		m->undecided_since = m->now;
	if (!m->sampling) {
		m->sampling = true;
		m->mark = m->published;
		m->mark_at = m->now;
	}
	if (m->late && m->next_look == NEVER)
		m->next_look = m->now + LOOK_NS;
	v = look(m, 1);
	full = m->late && v.in_flight >= m->depth;
	v.urgent = full;
	switch (vpv_policy_flush(&m->s, &v)) {
	case VPV_POLICY_DECIDE:
		/* A flush point that ends a wait pays for it. */
		decide(m, m->s.waiting);
		break;
	case VPV_POLICY_WAIT:
		start_timer(m, &v);
		break;
	default:
		CHECK(0);
	}
	if (full)
		await_late(m);
}

static void reap(struct sim *m)
{
	struct vpv_policy_view v;
	unsigned int n = m->used - m->reaped, known;

	for (; m->reaped != m->used; m->reaped++)
		m->sum += m->now - m->born[m->reaped % 0x10000];
	m->now += n * m->complete;
	vpv_policy_reaped(&m->r, n);
	if (m->sampling && (int)(m->reaped - m->mark) >= 0) {
		m->sampling = false;
		m->latency = vpv_policy_average(m->latency, m->now - m->mark_at, ~0u);
	}
	known = m->decided > m->reaped ? m->decided - m->reaped : 0;
	m->event = m->reaped + vpv_policy_arm(&m->r, vpv_policy_waits(&m->s, m->mode), known);
	v = look(m, 0);
	if (m->s.waiting && vpv_policy_drained(&m->s, &v))
		decide(m, true);
	v = look(m, 0);
	if (m->s.waiting || m->r.armed > 1)
		start_timer(m, &v);
	if (m->used >= m->event)
		m->next_irq = m->now + m->inject;
}

static void do_timer(struct sim *m)
{
	struct vpv_policy_view v;

	m->next_timer = NEVER;
	if (!m->late && m->r.armed > 1 && m->used != m->reaped)
		reap(m);
	v = look(m, 0);
	if (m->s.waiting && vpv_policy_expired(&m->s, &v))
		decide(m, true);
	v = look(m, 0);
	if (m->s.waiting || (m->r.armed > 1 && m->published != m->reaped))
		start_timer(m, &v);
}

/* The device takes what is there into free lanes, and sleeps when there is nothing. */
static void device_fetch(struct sim *m, u64 now)
{
	unsigned int i;

	for (i = 0; i < m->lanes && m->fetched != m->published; i++) {
		if (m->finish[i] != NEVER)
			continue;
		m->finish[i] = now + m->service;
		m->fetched++;
	}
	m->asleep = m->fetched == m->published;
}

static void device_finish(struct sim *m, unsigned int lane)
{
	u64 now = m->finish[lane];

	m->finish[lane] = NEVER;
	m->delivered += now - m->born[m->used % 0x10000];
	m->used++;
	if (m->used == m->event && m->next_irq == NEVER) {
		m->next_irq = now + m->inject;
		m->irqs++;
	}
	if (!m->asleep)
		device_fetch(m, now);
}

/* One event; false: nothing can happen any more. */
static bool step(struct sim *m)
{
	u64 at = NEVER;
	int what = -1;
	unsigned int i;

#define FIRST(_at, _what) do { if ((_at) < at) { at = (_at); what = (_what); } } while (0)
	for (i = 0; i < m->lanes; i++)
		FIRST(m->finish[i], i);
	FIRST(m->awake_at, 100);
	FIRST(m->next_irq, 101);
	FIRST(m->next_timer, 102);
	FIRST(m->next_look, 104);
	if (m->published < m->total && m->published - m->reaped < m->depth)
		FIRST(m->next_submit, 103);
	if (what < 0)
		return false;
	if (what < 100) {
		device_finish(m, what);
		return true;
	}
	if (what == 100) {
		m->awake_at = NEVER;
		device_fetch(m, at);
		return true;
	}
	/* The processor is one: what comes while it works waits. */
	m->now = at > m->now ? at : m->now;
	if (what == 104) {
		m->next_look = NEVER;
		poll_late(m);
		if (m->published != m->reaped)
			m->next_look = m->now + LOOK_NS;
	} else if (what == 101) {
		m->next_irq = NEVER;
		if (m->late)
			poll_late(m);
		else
			reap(m);
	} else if (what == 102) {
		do_timer(m);
	} else {
		do_submit(m);
	}
	return true;
}

/* True: all that was asked for was done. */
static bool run(struct sim *m)
{
	unsigned int i, steps = 0;

	m->next_timer = m->next_irq = m->next_look = m->awake_at = m->undecided_since = NEVER;
	for (i = 0; i < m->lanes; i++)
		m->finish[i] = NEVER;
	m->asleep = true;
	m->event = !m->late;
	m->r.armed = 1;
	m->seed = 1;
	/* What only looks for completions, again and again, is stuck, too. */
	while (m->reaped < m->total && step(m) && steps < 100 * m->total)
		steps++;
	return m->reaped == m->total;
}

/* Costs of the size measured under emulation; a device that is fast, and serves one by one. */
static const struct sim base = {
	.total = 20000, .submit = 20000, .exit = 15000, .wake = 20000, .service = 3000,
	.inject = 10000, .complete = 5000, .lanes = 1,
};

static struct sim load(unsigned int depth, u64 gap, enum vpv_policy_mode mode)
{
	struct sim m = base;

	m.depth = depth;
	m.gap = gap;
	m.mode = mode;
	return m;
}

TEST(policy_time_depth_one_is_untouched)
{
	struct sim m = load(1, 0, VPV_POLICY_AUTO);

	CHECK(run(&m));
	CHECK_EQ(m.kicks, m.total);
	CHECK_EQ(m.irqs, m.total);
	CHECK_EQ(m.s.waits, 0);
	CHECK_EQ(m.r.arms_late, 0);
}

TEST(policy_time_closed_loop_kicks_less)
{
	struct sim before = load(32, 0, VPV_POLICY_LATENCY), after = load(32, 0, VPV_POLICY_AUTO);

	CHECK(run(&before));
	CHECK(run(&after));
	CHECK(after.kicks * 3 <= before.kicks);
	CHECK(after.irqs * 3 <= before.irqs);
	CHECK(after.now <= before.now + before.now / 8);

	before = load(128, 0, VPV_POLICY_LATENCY);
	after = load(128, 0, VPV_POLICY_AUTO);
	CHECK(run(&before));
	CHECK(run(&after));
	CHECK(after.kicks * 3 <= before.kicks);
	CHECK(after.now <= before.now + before.now / 8);
}

/* Each depth, speed of the device and number of lanes: all is done, and nothing waits too long. */
TEST(policy_time_everything_ends_in_time)
{
	static const u64 services[] = { 300, 3000, 30000, 300000 };
	unsigned int depth, mode, i, lanes;

	for (mode = 0; mode < VPV_POLICY_NR_MODES; mode++)
	for (depth = 1; depth <= 256; depth = depth * 3 / 2 + 1)
	for (i = 0; i < 4; i++)
	for (lanes = 1; lanes <= 64; lanes *= 8) {
		struct sim m = load(depth, 0, mode);

		m.total = 3000;
		m.service = services[i];
		m.lanes = lanes;
		CHECK(run(&m));
		CHECK(m.s.waits_timer <= m.s.waits);
		/* the timer's bound, and the time the processor was taken by others */
		CHECK(m.longest <= 2 * VPV_POLICY_WAIT_MAX_NS + 256 * m.complete + m.exit);
		CHECK(mode != VPV_POLICY_LATENCY || m.kicks + m.s.kicks_avoided == m.total);
	}
}

/* A fixed rate: the mean latency grows by an eighth or an exit at most. */
TEST(policy_time_open_loop_keeps_its_latency)
{
	static const u64 gaps[] = { 1000000, 300000, 150000, 100000, 70000 };
	static const u64 services[] = { 3000, 100000, 1000000 };
	unsigned int i, j;

	for (i = 0; i < 5; i++)
	for (j = 0; j < 3; j++) {
		struct sim before = load(1000, gaps[i], VPV_POLICY_LATENCY);
		struct sim after = load(1000, gaps[i], VPV_POLICY_AUTO);
		u64 was, is;

		before.service = after.service = services[j];
		before.lanes = after.lanes = 64;
		CHECK(run(&before));
		CHECK(run(&after));
		was = before.sum / before.total;
		is = after.sum / after.total;
		CHECK(is <= was + was / 8 + before.exit);
		CHECK(after.kicks <= before.kicks + before.kicks / 8);
	}
}

/* The load changes from many to one: the timer ends what nobody else does, a few times. */
TEST(policy_time_load_falls)
{
	struct sim m = load(64, 0, VPV_POLICY_AUTO);

	m.total = 2000;
	CHECK(run(&m));
	m.depth = 1;
	m.total += 2000;
	m.s.waits_timer = 0;
	while (m.reaped < m.total && step(&m))
		;
	CHECK_EQ(m.reaped, m.total);
	CHECK(m.s.waits_timer <= 3);
}

/* ---- packets ---- */

static struct sim sender(unsigned int room, u64 gap, enum vpv_policy_mode mode)
{
	struct sim m = load(room, gap, mode);

	m.late = true;
	return m;
}

/* As fast as it can, and the device is faster: goals of packets of 64 bytes. */
TEST(policy_time_packets_share_kicks)
{
	struct sim before = sender(208, 0, VPV_POLICY_LATENCY);
	struct sim after = sender(208, 0, VPV_POLICY_AUTO);

	CHECK(run(&before));
	CHECK(run(&after));
	CHECK(after.kicks * 10 <= after.total);
	CHECK(after.irqs * 20 <= after.total);
	CHECK(after.now < before.now);
}

/* At a fixed rate trials find a draw, so packets arrive as soon as ever. */
TEST(policy_time_packets_at_a_rate_keep_their_latency)
{
	static const u64 gaps[] = { 5000000, 1000000, 300000, 150000, 100000, 70000 };

	for (unsigned int i = 0; i < 6; i++) {
		struct sim before = sender(208, gaps[i], VPV_POLICY_LATENCY);
		struct sim after = sender(208, gaps[i], VPV_POLICY_AUTO);
		u64 was, is;

		CHECK(run(&before));
		CHECK(run(&after));
		was = before.delivered / before.total;
		is = after.delivered / after.total;
		CHECK(is <= was + was / 8 + before.exit);
		CHECK(after.kicks <= before.kicks + before.kicks / 8);
		CHECK_EQ(after.irqs, 0);
	}
}

/* One packet after the other, as in ping: each is told at once. */
TEST(policy_time_one_packet_never_waits)
{
	struct sim m = sender(1, 0, VPV_POLICY_THROUGHPUT);

	CHECK(run(&m));
	CHECK_EQ(m.kicks, m.total);
	CHECK_EQ(m.s.waits, 0);
}

/* Each size of socket and speed of the device, bursts with silence after them. */
TEST(policy_time_no_packet_is_stranded)
{
	static const u64 services[] = { 300, 3000, 30000, 300000 };

	for (unsigned int mode = 0; mode < VPV_POLICY_NR_MODES; mode++)
	for (unsigned int room = 1; room <= 256; room = room * 3 / 2 + 1)
	for (unsigned int i = 0; i < 4; i++) {
		struct sim m = sender(room, 0, mode);

		m.service = services[i];
		for (m.total = 0; m.total < 3000; ) {
			m.total += 7 + m.total % 60;
			CHECK(m.total < 100 || m.published);
			if (!m.published)
				CHECK(run(&m));
			while (m.used < m.total && step(&m))
				;
			CHECK_EQ(m.used, m.total);
			m.next_submit = m.now + 3000000;
		}
		CHECK(m.longest <= 2 * VPV_POLICY_WAIT_MAX_NS + 256 * m.complete + m.exit);
	}
}

/* Falsification: owed decisions that nobody takes have to be noticed. */
TEST(policy_time_dropped_decision_is_noticed)
{
	struct sim m = load(32, 0, VPV_POLICY_AUTO);

	m.drop = true;
	CHECK(!run(&m));
	m = load(1000, 30000, VPV_POLICY_THROUGHPUT);
	m.drop = true;
	CHECK(!run(&m));
	m = sender(208, 0, VPV_POLICY_AUTO);
	m.drop = true;
	CHECK(!run(&m));
}
