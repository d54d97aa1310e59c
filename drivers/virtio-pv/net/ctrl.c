// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control queue (5.1.9.5). Commands are added, several at a time, and sent by
 * one flush. Nobody spins for the answer: most senders do not want it, and the
 * others sleep. A command without an answer by its deadline makes the core reset
 * the queue, or the device.
 *
 * Many devices answer within the notification. So the queue has no interrupt
 * while it is kicked, is looked at once afterwards, and armed only when the
 * answer is not there yet.
 */
#include <linux/completion.h>
#include <linux/delay.h>

#include "net.h"

/* A command as the device sees it; no two in one cache line. */
struct vpv_net_ctrl_wire {
	u8 class;
	u8 cmd;
	u8 data[VPV_NET_CTRL_PAYLOAD];
	u8 ack;
	u8 unused[5];
} __packed;
static_assert(sizeof(struct vpv_net_ctrl_wire) == 1024);

/* What the device never writes. */
#define ACK_NONE 0xff

/**
 * struct vpv_net_wait - somebody waits for the answer
 * @done: it is there
 * @err: 0; -EIO: refused or lost; -ETIMEDOUT
 * @result: where the result goes, NULL: none is wanted
 * @result_len: room for it, and how much came
 */
struct vpv_net_wait {
	struct completion done;
	int err;
	void *result;
	u32 result_len;
};

/**
 * struct vpv_net_slot - a command; protected by ctrl.lock
 * @busy: the device has it
 * @deadline: jiffies
 * @wait: who wants to know, or NULL
 */
struct vpv_net_slot {
	bool busy;
	unsigned long deadline;
	struct vpv_net_wait *wait;
};

static struct vpv_net_ctrl_wire *wire_of(struct vpv_net_ctrl *c, struct vpv_net_slot *slot)
{
	return &c->mem[slot - c->slots];
}

/* ---- completion side; under the lock ---- */

static void finish(struct vpv_net_ctrl *c, struct vpv_net_slot *slot, int err)
{
	if (slot->wait) {
		slot->wait->err = err;
		complete(&slot->wait->done);
		slot->wait = NULL;
	}
	slot->busy = false;
	c->busy--;
	if (c->asked == slot)
		c->asked = NULL;
}

/* The first byte that was written is the answer itself. */
static void take_result(struct vpv_net_ctrl *c, struct vpv_net_wait *wait, u32 written)
{
	wait->result_len = min3(wait->result_len, written - 1, (u32)VPV_NET_CTRL_RESULT);
	memcpy(wait->result, c->result, wait->result_len);
}

static void answered(struct vpv_net *vn, const struct vpv_done *done)
{
	struct vpv_net_ctrl *c = &vn->ctrl;
	struct vpv_net_slot *slot = done->token;
	struct vpv_net_ctrl_wire *wire = wire_of(c, slot);
	u8 ack = done->len ? READ_ONCE(wire->ack) : ACK_NONE;

	if (ack != VIRTIO_NET_OK) {
		c->failed++;
		/* Who waits for the answer says what it means. */
		if (!slot->wait && net_ratelimit())
			netdev_warn(vn->dev, "device refuses control command %u/%u\n",
				    wire->class, wire->cmd);
	}
	if (ack == VIRTIO_NET_OK && c->asked == slot && slot->wait)
		take_result(c, slot->wait, done->len);
	finish(c, slot, ack == VIRTIO_NET_OK ? 0 : -EIO);
}

static void ctrl_reap(struct vpv_net *vn)
{
	struct vpv_net_ctrl *c = &vn->ctrl;
	struct vpv_done done[VPV_NET_CTRL_SLOTS];
	unsigned int i, n;

	n = vpv_queue_reap(c->q, done, VPV_NET_CTRL_SLOTS);
	for (i = 0; i < n; i++)
		answered(vn, &done[i]);
	if (n && c->starved && !c->stopped) {
		c->starved = false;
		schedule_work(&c->sync);
	}
}

/* Armed when anything is still out; bounded by the commands there are. */
static void ctrl_drain(struct vpv_net *vn)
{
	struct vpv_net_ctrl *c = &vn->ctrl;

	vpv_queue_park(c->q);
	do {
		ctrl_reap(vn);
	} while (c->busy && !vpv_queue_rearm(c->q));
}

void vpv_net_ctrl_irq(struct vpv_queue *q)
{
	struct vpv_net *vn = q->ctx;
	unsigned long flags;

	spin_lock_irqsave(&vn->ctrl.lock, flags);
	ctrl_drain(vn);
	spin_unlock_irqrestore(&vn->ctrl.lock, flags);
}

/* ---- submit side ---- */

static struct vpv_net_slot *free_slot(struct vpv_net_ctrl *c)
{
	for (unsigned int i = 0; i < c->nr_slots; i++)
		if (!c->slots[i].busy)
			return &c->slots[i];
	return NULL;
}

static int stage(struct vpv_net_ctrl *c, struct vpv_net_slot *slot, size_t len, bool asks)
{
	u64 addr = c->mem_addr + (slot - c->slots) * sizeof(struct vpv_net_ctrl_wire);
	struct vpv_seg seg[3] = {
		{ .addr = addr, .len = offsetof(struct vpv_net_ctrl_wire, data) + len },
		{ .addr = addr + offsetof(struct vpv_net_ctrl_wire, ack), .len = 1 },
		{ .addr = c->result_addr, .len = VPV_NET_CTRL_RESULT },
	};
	struct vpv_buf buf = { .seg = seg, .nr_out = 1, .nr_in = 1 + asks, .token = slot };
	int placed = vpv_queue_stage(c->q, &buf, 1);

	return placed == 1 ? 0 : placed ?: -EBUSY;
}

/* @wait: who waits for the answer, or NULL. Of commands with a result there is one. */
static int add(struct vpv_net *vn, u8 class, u8 cmd, const void *data, size_t len,
	       struct vpv_net_wait *wait)
{
	bool asks = wait && wait->result;
	struct vpv_net_ctrl *c = &vn->ctrl;
	struct vpv_net_ctrl_wire *wire;
	struct vpv_net_slot *slot;
	int err;

	lockdep_assert_held(&c->lock);
	if (!c->q)
		return -EOPNOTSUPP;
	if (c->stopped)
		return -ENODEV;
	if (len > VPV_NET_CTRL_PAYLOAD)
		return -E2BIG;
	slot = free_slot(c);
	if (!slot || (asks && c->asked))
		return -EBUSY;
	wire = wire_of(c, slot);
	wire->class = class;
	wire->cmd = cmd;
	memcpy(wire->data, data, len);
	wire->ack = ACK_NONE;
	err = stage(c, slot, len, asks);
	if (err)
		return err;
	if (asks)
		c->asked = slot;
	slot->busy = true;
	slot->deadline = jiffies + msecs_to_jiffies(VPV_NET_CTRL_TIMEOUT_MS);
	slot->wait = wait;
	c->busy++;
	c->commands++;
	return 0;
}

int vpv_net_ctrl_add(struct vpv_net *vn, u8 class, u8 cmd, const void *data, size_t len)
{
	int err = add(vn, class, cmd, data, len, NULL);

	if (err == -EBUSY)
		vn->ctrl.starved = true;
	return err;
}

void vpv_net_ctrl_flush(struct vpv_net *vn)
{
	struct vpv_net_ctrl *c = &vn->ctrl;
	unsigned long flags;
	bool kick;

	if (!c->q)
		return;
	spin_lock_irqsave(&c->lock, flags);
	kick = !c->stopped && vpv_queue_commit(c->q);
	c->kicks += kick;
	spin_unlock_irqrestore(&c->lock, flags);
	if (kick)
		vpv_queue_kick(c->q);

	spin_lock_irqsave(&c->lock, flags);
	if (c->busy && !c->stopped) {
		ctrl_drain(vn);
		if (c->busy)
			schedule_delayed_work(&c->watchdog,
					      msecs_to_jiffies(VPV_NET_CTRL_TIMEOUT_MS) + 1);
	}
	spin_unlock_irqrestore(&c->lock, flags);
}

/* Nobody waits any more; the command itself stays with the device. */
static void leave(struct vpv_net_ctrl *c, struct vpv_net_wait *wait)
{
	spin_lock_irq(&c->lock);
	for (unsigned int i = 0; i < c->nr_slots; i++)
		if (c->slots[i].wait == wait)
			c->slots[i].wait = NULL;
	spin_unlock_irq(&c->lock);
}

static int exec(struct vpv_net *vn, u8 class, u8 cmd, const void *data, size_t len,
		struct vpv_net_wait *wait)
{
	struct vpv_net_ctrl *c = &vn->ctrl;
	unsigned long end = jiffies + msecs_to_jiffies(VPV_NET_CTRL_TIMEOUT_MS);
	int err;

	init_completion(&wait->done);
	for (;;) {
		spin_lock_irq(&c->lock);
		err = add(vn, class, cmd, data, len, wait);
		spin_unlock_irq(&c->lock);
		if (err != -EBUSY || time_after(jiffies, end))
			break;
		msleep(10);
	}
	if (err)
		return err;
	vpv_net_ctrl_flush(vn);
	/* A little longer than the watchdog, which does something about it. */
	if (wait_for_completion_timeout(&wait->done,
					msecs_to_jiffies(VPV_NET_CTRL_TIMEOUT_MS + 1000)))
		return wait->err;
	leave(c, wait);
	/* It may have been answered until then. */
	return try_wait_for_completion(&wait->done) ? wait->err : -ETIMEDOUT;
}

int vpv_net_ctrl_exec(struct vpv_net *vn, u8 class, u8 cmd, const void *data, size_t len)
{
	struct vpv_net_wait wait = {};

	return exec(vn, class, cmd, data, len, &wait);
}

int vpv_net_ctrl_ask(struct vpv_net *vn, u8 class, u8 cmd, const void *data, size_t len,
		     void *result, u32 *result_len)
{
	struct vpv_net_wait wait = { .result = result, .result_len = *result_len };
	int err = exec(vn, class, cmd, data, len, &wait);

	*result_len = err ? 0 : wait.result_len;
	return err;
}

/* ---- overdue, and late ---- */

static void watchdog_work(struct work_struct *work)
{
	struct vpv_net *vn = container_of(to_delayed_work(work), struct vpv_net, ctrl.watchdog);
	struct vpv_net_ctrl *c = &vn->ctrl;
	u32 generation = vpv_queue_generation(c->q);
	bool overdue = false;

	spin_lock_irq(&c->lock);
	if (c->busy && !c->stopped)
		ctrl_drain(vn);		/* answered, and only the interrupt was lost? */
	for (unsigned int i = 0; i < c->nr_slots; i++) {
		if (!c->slots[i].busy || time_before(jiffies, c->slots[i].deadline))
			continue;
		overdue = true;
		if (c->slots[i].wait) {
			c->slots[i].wait->err = -ETIMEDOUT;
			complete(&c->slots[i].wait->done);
			c->slots[i].wait = NULL;
		}
	}
	if (c->busy && !c->stopped)
		schedule_delayed_work(&c->watchdog,
				      msecs_to_jiffies(VPV_NET_CTRL_TIMEOUT_MS) / 4 + 1);
	spin_unlock_irq(&c->lock);
	if (overdue)
		vpv_queue_recover(c->q, generation, "control command overdue");
}

/* Under the lock. Everything the device has to know and does not. */
static void sync_all(struct vpv_net *vn)
{
	if (vpv_net_rss_sync(vn) || vpv_net_coal_sync(vn) || vpv_net_offloads_sync(vn) ||
	    vpv_net_mode_sync(vn) || vpv_net_vlan_sync(vn) || vpv_net_announce_sync(vn))
		vn->ctrl.starved = true;
}

static void sync_work(struct work_struct *work)
{
	struct vpv_net *vn = container_of(work, struct vpv_net, ctrl.sync);

	spin_lock_irq(&vn->ctrl.lock);
	if (!vn->ctrl.stopped)
		sync_all(vn);
	spin_unlock_irq(&vn->ctrl.lock);
	vpv_net_ctrl_flush(vn);
}

/* ---- life ---- */

void vpv_net_ctrl_drop(struct vpv_net *vn, struct vpv_net_slot *slot)
{
	unsigned long flags;

	spin_lock_irqsave(&vn->ctrl.lock, flags);
	finish(&vn->ctrl, slot, -EIO);
	spin_unlock_irqrestore(&vn->ctrl.lock, flags);
}

void vpv_net_ctrl_stop(struct vpv_net *vn)
{
	struct vpv_net_ctrl *c = &vn->ctrl;

	if (!c->q)
		return;
	spin_lock_irq(&c->lock);
	c->stopped = true;
	spin_unlock_irq(&c->lock);
	vpv_net_held_stop(vn);
	cancel_work_sync(&c->sync);
	cancel_delayed_work_sync(&c->watchdog);
}

/* The device was reset: it knows nothing. */
void vpv_net_ctrl_start(struct vpv_net *vn)
{
	struct vpv_net_ctrl *c = &vn->ctrl;

	if (!c->q)
		return;
	spin_lock_irq(&c->lock);
	c->stopped = false;
	c->starved = false;
	c->ack_owed = false;
	vpv_net_rss_forget(vn);
	vpv_net_coal_forget(vn);
	vpv_net_offloads_forget(vn);
	vpv_net_mode_forget(vn);
	sync_all(vn);
	spin_unlock_irq(&c->lock);
	vpv_net_ctrl_flush(vn);
}

int vpv_net_ctrl_create(struct vpv_net *vn)
{
	struct vpv_net_ctrl *c = &vn->ctrl;

	spin_lock_init(&c->lock);
	INIT_WORK(&c->sync, sync_work);
	INIT_DELAYED_WORK(&c->watchdog, watchdog_work);
	if (!c->q)
		return 0;
	/* A command takes two descriptors. */
	c->nr_slots = clamp(c->q->num / 2, 1, VPV_NET_CTRL_SLOTS);
	c->slots = kcalloc(c->nr_slots, sizeof(*c->slots), GFP_KERNEL);
	if (!c->slots)
		return -ENOMEM;
	c->mem = vpv_alloc_shared(vn->vdev, c->nr_slots * sizeof(*c->mem), &c->mem_addr);
	if (!c->mem)
		goto free_slots;
	if (!vpv_net_has(vn, VIRTIO_NET_F_DEVICE_STATS))
		return 0;
	c->result = vpv_alloc_shared(vn->vdev, VPV_NET_CTRL_RESULT, &c->result_addr);
	if (!c->result)
		goto free_mem;
	return 0;

free_mem:
	vpv_free_shared(vn->vdev, c->nr_slots * sizeof(*c->mem), c->mem, c->mem_addr);
free_slots:
	kfree(c->slots);
	return -ENOMEM;
}

void vpv_net_ctrl_destroy(struct vpv_net *vn)
{
	struct vpv_net_ctrl *c = &vn->ctrl;

	if (!c->q)
		return;
	if (c->result)
		vpv_free_shared(vn->vdev, VPV_NET_CTRL_RESULT, c->result, c->result_addr);
	vpv_free_shared(vn->vdev, c->nr_slots * sizeof(*c->mem), c->mem, c->mem_addr);
	kfree(c->slots);
}
