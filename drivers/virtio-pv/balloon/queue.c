// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending buffers and waiting for them. A queue's interrupt is parked unless
 * somebody waits, so a device that is quicker than we are interrupts nobody.
 */
#include "balloon.h"

#define REAP_MAX 8

static void set_state(struct vpv_bal_buf *buf, enum vpv_bal_state state)
{
	smp_store_release(&buf->state, state);
}

bool vpv_bal_sent(const struct vpv_bal_buf *buf)
{
	/* Pairs with set_state(): what follows it is seen after it. */
	return smp_load_acquire(&buf->state) == VPV_BAL_SENT;
}

/*
 * Pages may be asked back only of a device that has them (BALLOON-013): not after a
 * reset, before it was told of them again. Under submit_lock; pairs with the release
 * in vpv_bal_set_live(), so that who sees a device live again sees retell as well.
 */
static bool may_send(struct vpv_bal_vq *vq)
{
	struct vpv_bal *vb = vq->vb;

	return smp_load_acquire(&vb->live) &&
	       !(vq == &vb->vq[VPV_BAL_DEFLATE] && READ_ONCE(vb->retell));
}

/* With one kick. Returns how many found room, or an error and none is sent. */
int vpv_bal_send_many(struct vpv_bal_vq *vq, const struct vpv_buf *bufs, unsigned int n)
{
	struct vpv_queue *q = vq->q;
	bool kick = false;
	unsigned long flags;
	int sent = -EAGAIN;
	unsigned int i;

	for (i = 0; i < n; i++)
		set_state(bufs[i].token, VPV_BAL_SENT);
	spin_lock_irqsave(&q->submit_lock, flags);
	if (may_send(vq)) {
		sent = vpv_queue_stage(q, bufs, n);
		kick = vpv_queue_commit(q);
	}
	spin_unlock_irqrestore(&q->submit_lock, flags);
	if (kick)
		vpv_queue_kick(q);
	for (i = max(sent, 0); i < n; i++)
		set_state(bufs[i].token, VPV_BAL_IDLE);
	return sent;
}

int vpv_bal_send(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf, const struct vpv_seg *seg,
		 u16 nr_out, u16 nr_in)
{
	struct vpv_buf b = { .seg = seg, .nr_out = nr_out, .nr_in = nr_in, .token = buf };
	int sent = vpv_bal_send_many(vq, &b, 1);

	return sent > 0 ? 0 : sent ?: -EAGAIN;
}

/* Under reap_lock. Each round beyond the first has reaped something. */
static void drain(struct vpv_bal_vq *vq)
{
	struct vpv_done done[REAP_MAX];
	unsigned int n, i;

	do {
		vpv_queue_park(vq->q);
		do {
			n = vpv_queue_reap(vq->q, done, REAP_MAX);
			for (i = 0; i < n; i++)
				set_state(done[i].token, VPV_BAL_ACKED);
		} while (n == REAP_MAX);
	} while (vq->waiters && !vpv_queue_rearm(vq->q));
}

void vpv_bal_reap(struct vpv_bal_vq *vq)
{
	unsigned long flags;

	spin_lock_irqsave(&vq->q->reap_lock, flags);
	drain(vq);
	spin_unlock_irqrestore(&vq->q->reap_lock, flags);
}

void vpv_bal_irq(struct vpv_queue *q)
{
	struct vpv_bal_vq *vq = q->ctx;

	vpv_bal_reap(vq);
	wake_up_all(&vq->wait);
}

static void add_waiter(struct vpv_bal_vq *vq, int n)
{
	unsigned long flags;

	spin_lock_irqsave(&vq->q->reap_lock, flags);
	vq->waiters += n;
	drain(vq);
	spin_unlock_irqrestore(&vq->q->reap_lock, flags);
}

static unsigned int as_configured(struct vpv_bal *vb)
{
	return READ_ONCE(vb->wait_ms);
}

/* Those who may not give up before the device has. */
static unsigned int at_least_a_while(struct vpv_bal *vb)
{
	return max(READ_ONCE(vb->wait_ms), VPV_BAL_LEAVE_ACK_MS);
}

static unsigned int for_reset(struct vpv_bal *vb)
{
	return VPV_BAL_RESET_MS;
}

static unsigned int for_reset_unless_leaving(struct vpv_bal *vb)
{
	return READ_ONCE(vb->leaving) ? 0 : VPV_BAL_RESET_MS;
}

/* Until @ready(), for @limit(), which may change meanwhile; a killed task leaves. */
static bool wait_for(struct vpv_bal_vq *vq, bool (*ready)(void *ctx), void *ctx,
		     unsigned int (*limit)(struct vpv_bal *vb))
{
	unsigned long begin = jiffies;
	unsigned int limit_ms;
	long left;

	for (;;) {
		limit_ms = limit(vq->vb);
		/* Looks by itself twice a second: an interrupt may get lost. */
		left = wait_event_killable_timeout(vq->wait,
						   ready(ctx) || limit(vq->vb) != limit_ms,
						   HZ / 2);
		if (ready(ctx))
			return true;
		vpv_bal_reap(vq);
		if (ready(ctx)) {
			if (!left)
				atomic64_inc(&vq->vb->acks_late);
			return true;
		}
		limit_ms = limit(vq->vb);
		if (left < 0 || time_after_eq(jiffies, begin + msecs_to_jiffies(limit_ms)))
			return false;
	}
}

/* How long waits may take from now on; those under way notice. */
void vpv_bal_set_wait(struct vpv_bal *vb, unsigned int ms)
{
	unsigned int i;

	WRITE_ONCE(vb->wait_ms, ms);
	for (i = 0; i < VPV_BAL_QUEUES; i++)
		wake_up_all(&vb->vq[i].wait);
}

/* Not ready in time. Unless it is by now, or a reset comes in between. */
static void overdue(struct vpv_bal_vq *vq, bool (*ready)(void *ctx), void *ctx)
{
	u32 generation = vpv_queue_generation(vq->q);

	if (!ready(ctx))
		vpv_queue_recover(vq->q, generation, "buffer not acknowledged");
}

/*
 * Until @ready(). A device that does not answer is reset, which drops all buffers;
 * on the way out nobody waits for that: the reset comes anyway.
 */
int vpv_bal_wait(struct vpv_bal_vq *vq, bool (*ready)(void *ctx), void *ctx)
{
	struct vpv_bal *vb = vq->vb;
	bool back;

	add_waiter(vq, 1);
	back = wait_for(vq, ready, ctx, as_configured);
	if (!back && !READ_ONCE(vb->leaving)) {
		overdue(vq, ready, ctx);
		back = wait_for(vq, ready, ctx, for_reset_unless_leaving);
	}
	add_waiter(vq, -1);
	return back ? 0 : -ETIMEDOUT;
}

static bool buf_is_back(void *buf)
{
	return !vpv_bal_sent(buf);
}

static unsigned int a_moment(struct vpv_bal *vb)
{
	return VPV_BAL_LEAVE_ACK_MS;
}

/* For who must not wait long and may leave the buffer with the device. */
bool vpv_bal_wait_brief(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf)
{
	bool back;

	add_waiter(vq, 1);
	back = wait_for(vq, buf_is_back, buf, a_moment);
	add_waiter(vq, -1);
	return back;
}

/* Makes the core reset a device that still has @buf. */
void vpv_bal_overdue(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf)
{
	overdue(vq, buf_is_back, buf);
}

/* For who gives the memory back to the kernel in any case: until a reset took it away. */
void vpv_bal_wait_back(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf)
{
	add_waiter(vq, 1);
	if (!wait_for(vq, buf_is_back, buf, at_least_a_while)) {
		vpv_bal_overdue(vq, buf);
		wait_for(vq, buf_is_back, buf, for_reset);
	}
	add_waiter(vq, -1);
}

int vpv_bal_wait_buf(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf)
{
	return vpv_bal_wait(vq, buf_is_back, buf);
}

void vpv_bal_drop(struct vpv_queue *q, void *token, bool retry)
{
	struct vpv_bal_vq *vq = q->ctx;

	set_state(token, vpv_dev_untrusted(q->vdev) ? VPV_BAL_STUCK : VPV_BAL_LOST);
	wake_up_all(&vq->wait);
}

/* With each submit_lock taken once nobody is inside afterwards. */
void vpv_bal_set_live(struct vpv_bal *vb, bool live)
{
	unsigned int i;

	smp_store_release(&vb->live, live);	/* pairs with may_send() */
	for (i = 0; i < VPV_BAL_QUEUES; i++) {
		struct vpv_queue *q = vb->vq[i].q;

		if (!q)
			continue;
		spin_lock_irq(&q->submit_lock);
		spin_unlock_irq(&q->submit_lock);
		if (live)
			vpv_bal_reap(&vb->vq[i]);	/* parks it */
	}
}
