// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests and responses. A device often has the answer ready when the kick
 * returns, so the answer is polled for, with the queue's interrupt parked, and
 * only a slow answer is slept for. Readers poll and reap side by side: each takes
 * in what it finds, for whomever it is.
 *
 * Whoever drains the queue leaves it armed as long as somebody sleeps, and parked
 * otherwise.
 */
#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "clock.h"

#define REAP_MAX 8
/* How often a request is sent again after a reset took it. */
#define RETRIES 3

static unsigned int timeout_ms = 2000;
module_param(timeout_ms, uint, 0644);
MODULE_PARM_DESC(timeout_ms, "an unanswered request makes the driver reset the device after so many ms (default 2000, 10 to 60000)");

static unsigned int poll_us = 50;
module_param(poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us, "poll for an answer for at most so many us, then sleep (default 50, at most 1000; 0: sleep at once)");

static unsigned long timeout(void)
{
	return msecs_to_jiffies(clamp(READ_ONCE(timeout_ms), 10U, 60000U));
}

static u64 poll_budget(const struct vpv_clock_dev *vc)
{
	return vpv_clock_poll_budget(READ_ONCE(vc->ewma_ns),
				     min(READ_ONCE(poll_us), 1000U) * NSEC_PER_USEC);
}

/* ---- slots ---- */

int vpv_clock_slots_create(struct vpv_clock_dev *vc)
{
	unsigned int i;

	/* Two descriptors each, where there are no indirect ones. */
	vc->nr_slots = min_t(unsigned int, vc->q->num / 2, VPV_CLOCK_SLOTS);
	if (!vc->nr_slots) {
		dev_err(vc->vdev->dev, "queue %s of %u descriptors has no room for a request\n",
			vc->q->name, vc->q->num);
		return -EINVAL;
	}
	vc->cells = vpv_alloc_shared(vc->vdev, vc->nr_slots * sizeof(*vc->cells),
				     &vc->cells_addr);
	if (!vc->cells)
		return -ENOMEM;
	for (i = 0; i < vc->nr_slots; i++) {
		vc->slots[i].cell = &vc->cells[i];
		vc->slots[i].addr = vc->cells_addr + i * sizeof(*vc->cells);
		init_completion(&vc->slots[i].done);
	}
	vc->free = GENMASK(vc->nr_slots - 1, 0);
	return 0;
}

void vpv_clock_slots_destroy(struct vpv_clock_dev *vc)
{
	vpv_free_shared(vc->vdev, vc->nr_slots * sizeof(*vc->cells), vc->cells, vc->cells_addr);
}

static struct vpv_clock_slot *get_slot(struct vpv_clock_dev *vc)
{
	unsigned int i;

	for_each_set_bit(i, &vc->free, vc->nr_slots)
		if (test_and_clear_bit(i, &vc->free))
			return &vc->slots[i];
	return NULL;
}

static void put_slot(struct vpv_clock_dev *vc, struct vpv_clock_slot *slot)
{
	set_bit(slot - vc->slots, &vc->free);
	if (wq_has_sleeper(&vc->wait))
		wake_up(&vc->wait);
}

/* A slot for this message, or a reason to wait no more. */
static bool got_slot(struct vpv_clock_dev *vc, const struct vpv_clock_msg *msg,
		     struct vpv_clock_slot **slot)
{
	if (READ_ONCE(vc->gone))
		return true;
	if (!READ_ONCE(vc->live) || (!msg->own && !READ_ONCE(vc->checked)))
		return false;
	*slot = get_slot(vc);
	return *slot;
}

/* Waits while the device is being reset, or others have all the slots. */
static int wait_slot(struct vpv_clock_dev *vc, const struct vpv_clock_msg *msg,
		     struct vpv_clock_slot **slot)
{
	long left;

	*slot = NULL;
	left = wait_event_killable_timeout(vc->wait, got_slot(vc, msg, slot), timeout());
	if (*slot)
		return 0;
	if (left < 0)
		return left;
	return READ_ONCE(vc->gone) ? -ENODEV : -EBUSY;
}

/* ---- completion side, under reap_lock ---- */

static void finish(struct vpv_clock_dev *vc, struct vpv_clock_slot *slot, u32 len, int error)
{
	slot->len = len;
	slot->error = error;
	slot->done_at = ktime_get_ns();
	if (slot->asleep) {
		slot->asleep = false;
		vc->sleepers--;
	}
	if (slot->abandoned)
		put_slot(vc, slot);
	else
		complete(&slot->done);
}

static void drain(struct vpv_clock_dev *vc)
{
	struct vpv_done done[REAP_MAX];
	unsigned int n, i;

	/* Each pass beyond the first has taken in what the device completed meanwhile. */
	do {
		vpv_queue_park(vc->q);
		do {
			n = vpv_queue_reap(vc->q, done, REAP_MAX);
			for (i = 0; i < n; i++)
				finish(vc, done[i].token, done[i].len, 0);
		} while (n == REAP_MAX);
	} while (vc->sleepers && !vpv_queue_rearm(vc->q));
}

void vpv_clock_irq(struct vpv_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&q->reap_lock, flags);
	drain(q->vdev->priv);
	spin_unlock_irqrestore(&q->reap_lock, flags);
}

void vpv_clock_park(struct vpv_clock_dev *vc)
{
	unsigned long flags;

	spin_lock_irqsave(&vc->q->reap_lock, flags);
	vpv_queue_park(vc->q);
	spin_unlock_irqrestore(&vc->q->reap_lock, flags);
}

void vpv_clock_drop(struct vpv_clock_dev *vc, struct vpv_clock_slot *slot, bool retry)
{
	unsigned long flags;

	spin_lock_irqsave(&vc->q->reap_lock, flags);
	finish(vc, slot, 0, retry ? -EAGAIN : -ENODEV);
	spin_unlock_irqrestore(&vc->q->reap_lock, flags);
}

/* ---- one exchange ---- */

static int send(struct vpv_clock_dev *vc, struct vpv_clock_slot *slot,
		const struct vpv_clock_msg *msg)
{
	struct vpv_seg seg[] = {
		{ slot->addr + offsetof(struct vpv_clock_cell, req), msg->req_len },
		{ slot->addr + offsetof(struct vpv_clock_cell, resp), msg->resp_len },
	};
	struct vpv_buf buf = { .seg = seg, .nr_out = 1, .nr_in = 1, .token = slot };
	struct vpv_queue *q = vc->q;
	unsigned long flags;
	bool kick = false;
	int n = 0;

	reinit_completion(&slot->done);
	slot->error = 0;
	slot->asleep = false;
	slot->abandoned = false;
	memcpy(slot->cell->req, msg->req, msg->req_len);
	/* What the device does not write is no status and no time. */
	memset(slot->cell->resp, 0xff, msg->resp_len);

	spin_lock_irqsave(&q->submit_lock, flags);
	if (vc->live)
		n = vpv_queue_stage(q, &buf, 1);
	if (n > 0) {
		/* From the commit on, a device that polls may answer. */
		if (msg->before)
			msg->before(msg->ctx);
		kick = vpv_queue_commit(q);
	}
	spin_unlock_irqrestore(&q->submit_lock, flags);
	if (kick)
		vpv_queue_kick(q);
	if (n > 0)
		return 0;
	/*
	 * No room cannot be: there are as many slots as fit. So the queue is broken or
	 * has been stopped: give the recovery a moment to begin.
	 */
	schedule_timeout_killable(msecs_to_jiffies(20));
	return -EAGAIN;
}

static bool poll(struct vpv_clock_dev *vc, struct vpv_clock_slot *slot, u64 start)
{
	u64 end = start + poll_budget(vc);
	struct vpv_queue *q = vc->q;
	unsigned long flags;

	do {
		if (completion_done(&slot->done))
			return true;
		if (vpv_queue_pending(q) && spin_trylock_irqsave(&q->reap_lock, flags)) {
			drain(vc);
			spin_unlock_irqrestore(&q->reap_lock, flags);
			if (completion_done(&slot->done))
				return true;
		}
		cpu_relax();
	} while (ktime_get_ns() < end && !need_resched());
	return false;
}

/* The slot is the device's until it lets go: mark it, so that finish() frees it. */
static bool abandon(struct vpv_clock_dev *vc, struct vpv_clock_slot *slot)
{
	unsigned long flags;
	bool late;

	spin_lock_irqsave(&vc->q->reap_lock, flags);
	drain(vc);	/* it may have been the interrupt that got lost */
	late = completion_done(&slot->done);
	if (!late) {
		slot->abandoned = true;
		slot->asleep = false;
		vc->sleepers--;
	}
	spin_unlock_irqrestore(&vc->q->reap_lock, flags);
	return !late;
}

static int sleep(struct vpv_clock_dev *vc, struct vpv_clock_slot *slot)
{
	u32 generation = vpv_queue_generation(vc->q);
	unsigned long flags;
	long left;

	spin_lock_irqsave(&vc->q->reap_lock, flags);
	if (!completion_done(&slot->done)) {
		slot->asleep = true;
		vc->sleepers++;
		drain(vc);
	}
	spin_unlock_irqrestore(&vc->q->reap_lock, flags);

	left = wait_for_completion_killable_timeout(&slot->done, timeout());
	if (left > 0)
		return 0;
	if (!abandon(vc, slot)) {
		atomic64_inc(&vc->late);
		return 0;
	}
	if (left < 0)
		return left;
	vpv_queue_recover(vc->q, generation, "unanswered request");
	return -ETIMEDOUT;
}

static int take_answer(struct vpv_clock_slot *slot, const struct vpv_clock_msg *msg)
{
	u8 resp[VPV_CLOCK_MSG_MAX];
	int err;

	if (slot->error)
		return slot->error;
	/* The device may still write: what was looked at has to be what is used. */
	memcpy(resp, slot->cell->resp, msg->resp_len);
	barrier_data(resp);
	err = vpv_clock_check_response(slot->len, resp[0], msg->resp_len);
	if (!err)
		memcpy(msg->resp, resp, msg->resp_len);
	return err;
}

static int exchange(struct vpv_clock_dev *vc, const struct vpv_clock_msg *msg)
{
	struct vpv_clock_slot *slot;
	u64 start;
	int err;

	err = wait_slot(vc, msg, &slot);
	if (err)
		return err;
	err = send(vc, slot, msg);
	if (err) {
		put_slot(vc, slot);
		return err;
	}
	start = ktime_get_ns();
	if (poll(vc, slot, start)) {
		atomic64_inc(&vc->polled);
	} else {
		err = sleep(vc, slot);
		if (err)
			return err;	/* the slot is no longer ours */
		atomic64_inc(&vc->slept);
	}
	if (msg->after)
		msg->after(msg->ctx);
	if (slot->done_at > start)
		WRITE_ONCE(vc->ewma_ns, vpv_clock_ewma(READ_ONCE(vc->ewma_ns),
						       slot->done_at - start));
	err = take_answer(slot, msg);
	put_slot(vc, slot);
	return err;
}

/**
 * vpv_clock_xfer() - one request and its answer
 * @vc: the device
 * @msg: both
 *
 * Sent again when a reset of the device took it.
 *
 * Context: process. Return: 0; what the device's status says; -EPROTO: an answer
 * that is too short or makes no sense; -ETIMEDOUT, -EBUSY: none in time; -ENODEV.
 */
int vpv_clock_xfer(struct vpv_clock_dev *vc, const struct vpv_clock_msg *msg)
{
	unsigned int tries = 0;
	int err;

	do {
		err = exchange(vc, msg);
	} while (err == -EAGAIN && tries++ < RETRIES);
	return err == -EAGAIN ? -EIO : err;
}
