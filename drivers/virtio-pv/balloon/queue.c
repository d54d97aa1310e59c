// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending buffers and waiting for them. A queue's interrupt is parked unless
 * somebody waits, so a device that is quicker than we are interrupts nobody.
 */
#include "balloon.h"

#define REAP_MAX 8

int vpv_bal_send(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf, const struct vpv_seg *seg,
		 u16 nr_out, u16 nr_in)
{
	struct vpv_buf b = { .seg = seg, .nr_out = nr_out, .nr_in = nr_in, .token = buf };
	struct vpv_queue *q = vq->q;
	unsigned long flags;
	bool kick = false;
	int n = 0;

	WRITE_ONCE(buf->state, VPV_BAL_SENT);
	spin_lock_irqsave(&q->submit_lock, flags);
	if (vq->vb->live) {
		n = vpv_queue_stage(q, &b, 1);
		kick = vpv_queue_commit(q);
	}
	spin_unlock_irqrestore(&q->submit_lock, flags);
	if (kick)
		vpv_queue_kick(q);
	if (n > 0)
		return 0;
	WRITE_ONCE(buf->state, VPV_BAL_IDLE);
	return n < 0 ? n : -EAGAIN;
}

bool vpv_bal_sent(struct vpv_bal_buf *buf)
{
	/* Pairs with set_state(): what follows it is seen after it. */
	return smp_load_acquire(&buf->state) == VPV_BAL_SENT;
}

static void set_state(struct vpv_bal_buf *buf, enum vpv_bal_state state)
{
	smp_store_release(&buf->state, state);
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

static bool wait_for(struct vpv_bal_vq *vq, bool (*ready)(void *ctx), void *ctx,
		     unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);

	/* Looks by itself twice a second: an interrupt may get lost. */
	while (!wait_event_timeout(vq->wait, ready(ctx), HZ / 2)) {
		vpv_bal_reap(vq);
		if (ready(ctx)) {
			atomic64_inc(&vq->vb->acks_late);
			return true;
		}
		if (time_after(jiffies, end))
			return false;
	}
	return true;
}

/*
 * Until @ready(), at most until a reset of the device that was due has failed. The
 * reset drops all buffers, so there is an end to it whatever the device does.
 */
int vpv_bal_wait(struct vpv_bal_vq *vq, bool (*ready)(void *ctx), void *ctx)
{
	int err = 0;

	add_waiter(vq, 1);
	if (!wait_for(vq, ready, ctx, VPV_BAL_ACK_MS)) {
		vpv_queue_recover(vq->q, "buffer not acknowledged");
		if (!wait_for(vq, ready, ctx, VPV_BAL_RESET_MS))
			err = -ETIMEDOUT;
	}
	add_waiter(vq, -1);
	return err;
}

static bool buf_is_back(void *buf)
{
	return !vpv_bal_sent(buf);
}

/* For who must not wait long and may leave the buffer with the device. */
bool vpv_bal_wait_brief(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf, unsigned int ms)
{
	bool back;

	add_waiter(vq, 1);
	back = wait_for(vq, buf_is_back, buf, ms);
	add_waiter(vq, -1);
	return back;
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

	WRITE_ONCE(vb->live, live);
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
