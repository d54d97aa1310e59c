// SPDX-License-Identifier: GPL-2.0-only
/* A queue: ring, memory, policy, counters; its hot path and its interrupt. */
#include <linux/virtio_config.h>

#include "vpv_core.h"
#include "vpv_trace.h"

/* ---- submit side, under submit_lock ---- */

static void queue_broke(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;
	struct vpv_ring_state state;

	vpv_ring_peek(q->ring, &state);
	/* Killed on purpose: whoever did it knows. Else the first to see it tells. */
	if (state.error == VPV_RING_OK || state.error == VPV_RING_KILLED ||
	    test_and_set_bit(0, &qc->broken))
		return;
	qc->breaks++;
	qc->last_error = state.error;
	qc->last_value = state.error_value;
	trace_queue_broken(q, state.error, state.error_value);
	dev_err_ratelimited(q->vdev->dev, "queue %s broken by the device: %s (%#x)\n", q->name,
			    vpv_ring_error_str(state.error), state.error_value);
	vpv_dev_recover(q->vdev, "broken queue");
}

int vpv_queue_stage(struct vpv_queue *q, const struct vpv_buf *bufs, unsigned int n)
{
	int placed = vpv_ring_stage(q->ring, bufs, n);

	if (likely(placed > 0))
		q->core->staged += placed;
	else if (unlikely(placed == -EIO))
		queue_broke(q);
	return placed;
}
EXPORT_SYMBOL_GPL(vpv_queue_stage);

bool vpv_queue_commit(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;
	u16 staged = qc->staged;

	if (staged) {
		qc->staged = 0;
		vpv_ring_publish(q->ring);
	}
	return vpv_moderate_commit(q, staged);
}
EXPORT_SYMBOL_GPL(vpv_queue_commit);

void vpv_queue_kick(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;
	u64 began = vpv_moderate_clock(q);

	trace_kick(q);
	/*
	 * Two kicks may cross outside of the lock; both then carry the later
	 * position, which tells the device no less.
	 */
	if (!qc->bell.wide)
		iowrite16(qc->bell.value, qc->bell.addr);
	else
		iowrite32(qc->bell.value | (u32)READ_ONCE(qc->kick_data) << 16, qc->bell.addr);
	vpv_moderate_kicked(q, began);
}
EXPORT_SYMBOL_GPL(vpv_queue_kick);

u16 vpv_queue_room(struct vpv_queue *q)
{
	return vpv_ring_room(q->ring);
}
EXPORT_SYMBOL_GPL(vpv_queue_room);

u16 vpv_queue_max_segs(struct vpv_queue *q)
{
	return vpv_ring_max_segs(q->ring);
}
EXPORT_SYMBOL_GPL(vpv_queue_max_segs);

/* ---- completion side, under reap_lock ---- */

unsigned int vpv_queue_reap(struct vpv_queue *q, struct vpv_done *done, unsigned int max)
{
	unsigned int n = vpv_ring_reap(q->ring, done, max);

	vpv_policy_reaped(&q->core->reap, n);
	vpv_moderate_reaped(q);
	if (n < max && unlikely(vpv_ring_error(q->ring) != VPV_RING_OK))
		queue_broke(q);
	return n;
}
EXPORT_SYMBOL_GPL(vpv_queue_reap);

bool vpv_queue_arm(struct vpv_queue *q, u16 k)
{
	bool in_time = vpv_ring_arm(q->ring, k);

	vpv_policy_armed(&q->core->reap, in_time);
	if (likely(in_time) || vpv_ring_error(q->ring) == VPV_RING_OK)
		return in_time;
	/*
	 * A broken ring has nothing to reap: its drain is over. No interrupt comes for
	 * it either, so what broke it after the last reap has to be told here.
	 */
	queue_broke(q);
	return true;
}

bool vpv_queue_rearm(struct vpv_queue *q)
{
	return vpv_queue_arm(q, vpv_moderate_arm(q));
}
EXPORT_SYMBOL_GPL(vpv_queue_rearm);

bool vpv_queue_rearm_lazy(struct vpv_queue *q)
{
	return vpv_queue_arm(q, vpv_policy_arm_lazy(&q->core->reap, vpv_ring_in_flight(q->ring)));
}
EXPORT_SYMBOL_GPL(vpv_queue_rearm_lazy);

bool vpv_queue_rearm_after(struct vpv_queue *q, u16 k)
{
	vpv_policy_arm_after(&q->core->reap, k);
	return vpv_queue_arm(q, k);
}
EXPORT_SYMBOL_GPL(vpv_queue_rearm_after);

void vpv_queue_park(struct vpv_queue *q)
{
	vpv_ring_park(q->ring);
}
EXPORT_SYMBOL_GPL(vpv_queue_park);

/* ---- any context ---- */

bool vpv_queue_pending(struct vpv_queue *q)
{
	return vpv_ring_pending(q->ring);
}
EXPORT_SYMBOL_GPL(vpv_queue_pending);

u16 vpv_queue_in_flight(struct vpv_queue *q)
{
	return vpv_ring_in_flight(q->ring);
}
EXPORT_SYMBOL_GPL(vpv_queue_in_flight);

const struct cpumask *vpv_queue_affinity(struct vpv_queue *q)
{
	return vpv_core(q->vdev)->ops->queue_affinity(q);
}
EXPORT_SYMBOL_GPL(vpv_queue_affinity);

void vpv_queue_set_affinity(struct vpv_queue *q, const struct cpumask *mask)
{
	vpv_core(q->vdev)->ops->queue_set_affinity(q, mask);
}
EXPORT_SYMBOL_GPL(vpv_queue_set_affinity);

/*
 * The device interrupts for this queue. Before DRIVER_OK and after a stop there
 * is nothing of the driver's to call. False when there was nothing to reap.
 */
bool vpv_queue_irq(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;

	if (!smp_load_acquire(&qc->live) || !qc->callback)	/* pairs with vpv_queue_live() */
		return false;
	if (!vpv_ring_pending(q->ring))
		return false;
	qc->irqs++;
	trace_irq(q);
	qc->callback(q);
	vpv_moderate_drained(q);
	return true;
}

/* An interrupt on this queue's own vector that had nothing to tell. */
void vpv_queue_spurious(struct vpv_queue *q)
{
	q->core->spurious++;
	trace_irq_spurious(q);
}
