// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting with kicks and interrupts: what the policy needs of the kernel. A queue
 * that owes a decision always has one of these ahead of it: a flush point that
 * is on its way, a drain, the end of a poll that is under way, or the backstop
 * timer, which is pending from the moment on that the first flush point outside
 * of a poll was told to wait.
 *
 * The backstop is moved lazily: never cancelled while the queue is live, never
 * set anew while pending. The watch is another timer and looks for
 * notifications that the host lost; it runs only while buffers are in flight.
 */
#include <linux/sched/clock.h>
#include <linux/timer.h>

#include "vpv_core.h"
#include "vpv_trace.h"

/* No progress for so long while buffers are in flight: something may be lost. */
#define VPV_WATCH_PERIOD HZ

static enum vpv_policy_mode mode_of(const struct vpv_queue *q)
{
	const unsigned int *notify = q->vdev->drv->notify;

	if (!q->core->moderate || !notify)
		return VPV_POLICY_LATENCY;
	return READ_ONCE(*notify);
}

static bool may_wait(const struct vpv_queue *q)
{
	return vpv_policy_waits(&q->core->submit, mode_of(q));
}

/* 0: exits are not measured where nothing waits, as a clock costs more than a flush. */
u64 vpv_moderate_clock(const struct vpv_queue *q)
{
	/* Polls make flush points wait whether trials do or not. */
	if (q->core->reaps_late ? mode_of(q) != VPV_POLICY_LATENCY : may_wait(q))
		return local_clock();
	return 0;
}

static void look(struct vpv_queue *q, u16 published, struct vpv_policy_view *v)
{
	struct vpv_queue_core *qc = q->core;

	enum vpv_policy_mode mode = mode_of(q);

	*v = (struct vpv_policy_view) {
		.mode = mode,
		.urgent = qc->urgent || !qc->live,
		.late = qc->reaps_late,
		.bulk = qc->bulk,
		.polling = READ_ONCE(qc->poll_cpu) == raw_smp_processor_id(),
		.published = published,
		.undecided = vpv_ring_undecided(q->ring),
		.in_flight = vpv_ring_in_flight(q->ring),
		.latency_ns = READ_ONCE(qc->latency.ns),	/* 0 if reaps_late */
		.exit_ns = READ_ONCE(qc->exit_ns),
		.kicks = qc->submit.kicks,
		.now = mode != VPV_POLICY_LATENCY ? local_clock() : 0,
	};
}

void vpv_moderate_kicked(struct vpv_queue *q, u64 began)
{
	struct vpv_queue_core *qc = q->core;
	u64 now;

	if (!began)
		return;
	now = local_clock();
	if (now > began)
		WRITE_ONCE(qc->exit_ns, vpv_policy_average(READ_ONCE(qc->exit_ns), now - began,
							   VPV_POLICY_EXIT_MAX_NS));
}

/* Under submit_lock. */
static void start_sample(struct vpv_queue *q, u64 now)
{
	struct vpv_policy_latency *l = &q->core->latency;

	/* Pairs with the release in vpv_moderate_reaped(). */
	if (q->core->reaps_late || smp_load_acquire(&l->sampling))
		return;
	l->mark = (u16)q->core->submit.buffers - l->dropped;
	l->at = now;
	smp_store_release(&l->sampling, true);	/* pairs with the acquire there */
}

/* Under reap_lock. */
void vpv_moderate_reaped(struct vpv_queue *q)
{
	struct vpv_policy_latency *l = &q->core->latency;
	u64 now;

	if (!q->core->moderate)
		return;
	if (!smp_load_acquire(&l->sampling))	/* pairs with the release in start_sample() */
		return;
	if ((s16)((u16)q->core->reap.completions - l->mark) < 0)
		return;
	now = local_clock();
	if (now > l->at)
		WRITE_ONCE(l->ns, vpv_policy_average(l->ns, now - l->at, U32_MAX));
	smp_store_release(&l->sampling, false);	/* pairs with the acquire in start_sample() */
}

/* ---- submit side ---- */

static void start_backstop(struct vpv_queue *q, const struct vpv_policy_view *v)
{
	struct vpv_queue_core *qc = q->core;

	if (qc->timer_on || !qc->live)
		return;
	qc->timer_on = true;
	hrtimer_start(&qc->backstop, ns_to_ktime(vpv_policy_timer_ns(&qc->submit, v)),
		      HRTIMER_MODE_REL);
}

/* One interrupt for the batch that the device is about to be told of. */
static void arm_batch(struct vpv_queue *q, const struct vpv_policy_view *v)
{
	struct vpv_queue_core *qc = q->core;
	u16 k = vpv_policy_batch(&qc->submit, v);

	/* Where nothing waits, both sides' locks are taken by themselves alone. */
	if (!k || qc->reaps_late)
		return;
	spin_lock(&q->reap_lock);
	vpv_policy_arm_batch(&qc->reap, k);
	vpv_queue_arm(q, k);
	spin_unlock(&q->reap_lock);
	start_backstop(q, v);
}

static void start_watch(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;

	if (qc->moderate && qc->live && !timer_pending(&qc->watch))
		mod_timer(&qc->watch, jiffies + VPV_WATCH_PERIOD);
}

static bool decide(struct vpv_queue *q, const struct vpv_policy_view *v)
{
	struct vpv_queue_core *qc = q->core;
	bool kick = vpv_ring_decide(q->ring);

	start_watch(q);
	if (kick)
		arm_batch(q, v);
	vpv_policy_decided(&qc->submit, kick);
	/* Without a kick, too: the watch may repeat one, and it says where we are (PACKED-004). */
	if (qc->bell.data)
		WRITE_ONCE(qc->kick_data, vpv_ring_kick_data(q->ring));
	if (!kick)
		trace_kick_avoided(q);
	return kick;
}

bool vpv_moderate_commit(struct vpv_queue *q, u16 published)
{
	struct vpv_queue_core *qc = q->core;
	struct vpv_policy_view v;

	look(q, published, &v);
	qc->urgent = false;
	qc->bulk = false;
	switch (vpv_policy_flush(&qc->submit, &v)) {
	case VPV_POLICY_NOTHING:
		return false;
	case VPV_POLICY_WAIT:
		start_sample(q, v.now);
		/* The end of the poll is surer than any timer. */
		if (!v.polling)
			start_backstop(q, &v);
		return false;
	default:
		if (may_wait(q))
			start_sample(q, v.now);
		return decide(q, &v);
	}
}

void vpv_queue_urgent(struct vpv_queue *q)
{
	q->core->urgent = true;
}
EXPORT_SYMBOL_GPL(vpv_queue_urgent);

u32 vpv_queue_patience_ns(const struct vpv_queue *q)
{
	if (mode_of(q) == VPV_POLICY_LATENCY)
		return 0;
	return min_t(u32, VPV_POLICY_WAIT_EXITS * READ_ONCE(q->core->exit_ns),
		     VPV_POLICY_WAIT_MAX_NS);
}
EXPORT_SYMBOL_GPL(vpv_queue_patience_ns);

u64 vpv_queue_kicks(const struct vpv_queue *q)
{
	return q->core->submit.kicks;
}
EXPORT_SYMBOL_GPL(vpv_queue_kicks);

void vpv_queue_bulk(struct vpv_queue *q)
{
	q->core->bulk = true;
}
EXPORT_SYMBOL_GPL(vpv_queue_bulk);

/* ---- polls of the driver ---- */

void vpv_queue_poll_begin(struct vpv_queue *q)
{
	WRITE_ONCE(q->core->poll_cpu, smp_processor_id());
}
EXPORT_SYMBOL_GPL(vpv_queue_poll_begin);

/*
 * A flush point that relied on this poll was on this CPU and before: it is seen
 * without the lock. What a poll on another CPU overwrites in between makes flush
 * points here decide at once, and its own are seen to by its own end.
 */
void vpv_queue_poll_end(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;
	struct vpv_policy_view v;
	unsigned long flags;
	bool kick = false;

	if (READ_ONCE(qc->poll_cpu) == smp_processor_id())
		WRITE_ONCE(qc->poll_cpu, -1);
	if (!READ_ONCE(qc->submit.waiting))
		return;
	spin_lock_irqsave(&q->submit_lock, flags);
	/* A queue that was stopped meanwhile, and may have another ring now, owes nothing. */
	if (qc->submit.waiting) {
		look(q, 0, &v);
		kick = vpv_policy_polled(&qc->submit, &v) && decide(q, &v);
	}
	spin_unlock_irqrestore(&q->submit_lock, flags);
	if (kick)
		vpv_queue_kick(q);
}
EXPORT_SYMBOL_GPL(vpv_queue_poll_end);

/* ---- completion side ---- */

/* Under reap_lock. A moment's values; the backstop looks after wrong ones. */
u16 vpv_moderate_arm(struct vpv_queue *q)
{
	u16 in_flight = vpv_ring_in_flight(q->ring);
	u16 undecided = vpv_ring_undecided(q->ring);

	return vpv_policy_arm(&q->core->reap, may_wait(q),
			      in_flight > undecided ? in_flight - undecided : 0);
}

/* The callback has drained the queue. Any context, without locks. */
void vpv_moderate_drained(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;
	struct vpv_policy_view v;
	unsigned long flags;
	bool kick = false;

	/* Nothing was drained yet where that is done by a poll. */
	if (qc->reaps_late ||
	    (!READ_ONCE(qc->submit.waiting) && READ_ONCE(qc->reap.armed) <= 1))
		return;
	spin_lock_irqsave(&q->submit_lock, flags);
	look(q, 0, &v);
	if (qc->submit.waiting && vpv_policy_drained(&qc->submit, &v))
		kick = decide(q, &v);
	if (qc->submit.waiting || READ_ONCE(qc->reap.armed) > 1)
		start_backstop(q, &v);
	spin_unlock_irqrestore(&q->submit_lock, flags);
	if (kick)
		vpv_queue_kick(q);
}

/* ---- the timers ---- */

static enum hrtimer_restart backstop(struct hrtimer *timer)
{
	struct vpv_queue_core *qc = container_of(timer, struct vpv_queue_core, backstop);
	enum hrtimer_restart again = HRTIMER_NORESTART;
	struct vpv_queue *q = qc->queue;
	struct vpv_policy_view v;
	unsigned long flags;
	bool kick = false;

	/* Completions that fewer interrupts were asked for than there are. */
	if (READ_ONCE(qc->reap.armed) > 1 && READ_ONCE(qc->live) && vpv_ring_pending(q->ring)) {
		qc->irqs_timer++;
		qc->callback(q);
	}

	spin_lock_irqsave(&q->submit_lock, flags);
	look(q, 0, &v);
	if (qc->submit.waiting && vpv_policy_expired(&qc->submit, &v))
		kick = decide(q, &v);
	if (qc->live && (qc->submit.waiting ||
			 (READ_ONCE(qc->reap.armed) > 1 && v.in_flight))) {
		hrtimer_forward_now(timer, ns_to_ktime(vpv_policy_timer_ns(&qc->submit, &v)));
		again = HRTIMER_RESTART;
	} else {
		qc->timer_on = false;
	}
	spin_unlock_irqrestore(&q->submit_lock, flags);
	if (kick)
		vpv_queue_kick(q);
	return again;
}

/*
 * A host that was saved and restored, or moved, may forget a kick or an interrupt.
 * One more of either does no harm, so when nothing moves both are tried.
 */
static void watch(struct timer_list *timer)
{
	struct vpv_queue_core *qc = timer_container_of(qc, timer, watch);
	struct vpv_queue *q = qc->queue;
	u64 completions = READ_ONCE(qc->reap.completions);

	if (!smp_load_acquire(&qc->live) || !vpv_ring_in_flight(q->ring))
		return;
	if (completions == qc->watch_completions) {
		if (vpv_ring_pending(q->ring)) {
			qc->lost_irqs++;
			qc->callback(q);
			vpv_moderate_drained(q);
		} else {
			qc->lost_kicks++;
			vpv_queue_kick(q);
		}
	}
	qc->watch_completions = completions;
	mod_timer(timer, jiffies + VPV_WATCH_PERIOD);
}

void vpv_moderate_init(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;

	qc->queue = q;
	hrtimer_setup(&qc->backstop, backstop, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer_setup(&qc->watch, watch, 0);
}

/* Nothing is in flight, nobody submits. */
void vpv_moderate_start(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;

	qc->submit.waiting = false;
	qc->submit.polling = false;
	qc->urgent = false;
	qc->bulk = false;
	qc->reap.armed = 1;
	qc->latency.sampling = false;
	qc->latency.dropped = qc->submit.buffers - qc->reap.completions;
}

/* No longer live: a timer that still runs does nothing more, and none starts. */
void vpv_moderate_stop(struct vpv_queue *q)
{
	hrtimer_cancel(&q->core->backstop);
	timer_delete_sync(&q->core->watch);
	q->core->timer_on = false;
}
