// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alarms: setting them, and the queue on which the device tells that one expired.
 * Its buffers lie with the device until then.
 */
#include <linux/nospec.h>

#include "clock.h"

static u8 *bell(struct vpv_clock_dev *vc, unsigned int i)
{
	return vc->bells[i];
}

int vpv_clock_alarm_create(struct vpv_clock_dev *vc)
{
	vc->bells = vpv_alloc_shared(vc->vdev, VPV_CLOCK_ALARM_BUFS * sizeof(*vc->bells),
				     &vc->bells_addr);
	return vc->bells ? 0 : -ENOMEM;
}

void vpv_clock_alarm_destroy(struct vpv_clock_dev *vc)
{
	vpv_free_shared(vc->vdev, VPV_CLOCK_ALARM_BUFS * sizeof(*vc->bells), vc->bells,
			vc->bells_addr);
}

/* Under submit_lock. */
static bool offer(struct vpv_clock_dev *vc, u8 *mem)
{
	struct vpv_seg seg = {
		.addr = vc->bells_addr + (mem - bell(vc, 0)),
		.len = VPV_CLOCK_MSG_MAX,	/* RTC-011 */
	};
	struct vpv_buf buf = { .seg = &seg, .nr_in = 1, .token = mem };

	memset(mem, 0xff, VPV_CLOCK_MSG_MAX);
	return vpv_queue_stage(vc->alarmq, &buf, 1) > 0;
}

/* All buffers to a device that has none: after DRIVER_OK (RTC-010). */
void vpv_clock_alarm_feed(struct vpv_clock_dev *vc)
{
	struct vpv_queue *q = vc->alarmq;
	unsigned long flags;
	unsigned int i;
	bool kick;

	spin_lock_irqsave(&q->submit_lock, flags);
	if (!vpv_queue_in_flight(q))
		for (i = 0; i < VPV_CLOCK_ALARM_BUFS && offer(vc, bell(vc, i)); i++)
			;
	kick = vpv_queue_commit(q);
	spin_unlock_irqrestore(&q->submit_lock, flags);
	if (kick)
		vpv_queue_kick(q);
}

static void expired(struct vpv_clock_dev *vc, const struct vpv_done *done)
{
	const struct virtio_rtc_notif_alarm *notif = done->token;
	u16 type = le16_to_cpu(READ_ONCE(notif->head.msg_type));
	u16 id = le16_to_cpu(READ_ONCE(notif->clock_id));

	if (done->len < sizeof(*notif) || type != VIRTIO_RTC_NOTIF_ALARM ||
	    id >= vc->nr_clocks) {
		dev_err_ratelimited(vc->vdev->dev,
				    "alarm notification of %u bytes, type %#x, clock %u: ignored\n",
				    done->len, type, id);
		return;
	}
	id = array_index_nospec(id, vc->nr_clocks);
	vpv_clock_rtc_expired(&vc->clocks[id]);
}

void vpv_clock_alarm_irq(struct vpv_queue *q)
{
	struct vpv_clock_dev *vc = q->vdev->priv;
	struct vpv_done done[VPV_CLOCK_ALARM_BUFS];
	unsigned int n, i, passes = 0;
	unsigned long flags;
	bool more, kick;

	spin_lock_irqsave(&q->reap_lock, flags);
	/* A device that answers at once must not keep us here: the next interrupt does. */
	do {
		vpv_queue_park(q);
		n = vpv_queue_reap(q, done, VPV_CLOCK_ALARM_BUFS);
		for (i = 0; i < n; i++)
			expired(vc, &done[i]);
		spin_lock(&q->submit_lock);
		for (i = 0; i < n; i++)
			offer(vc, done[i].token);
		kick = vpv_queue_commit(q);
		spin_unlock(&q->submit_lock);
		if (kick)
			vpv_queue_kick(q);
		more = !vpv_queue_rearm(q);
	} while (more && ++passes < VPV_CLOCK_ALARM_BUFS);
	spin_unlock_irqrestore(&q->reap_lock, flags);
}

/* Tells the device the alarm as we know it. */
int vpv_clock_alarm_set(struct vpv_clock *c, bool own)
{
	struct virtio_rtc_req_set_alarm req = {
		.head.msg_type = cpu_to_le16(VIRTIO_RTC_REQ_SET_ALARM),
		.alarm_time = cpu_to_le64(c->alarm_ns),
		.clock_id = cpu_to_le16(c->id),
		.flags = c->alarm_on ? VIRTIO_RTC_FLAG_ALARM_ENABLED : 0,
	};
	struct virtio_rtc_resp_set_alarm resp;
	struct vpv_clock_msg msg = {
		.req = &req, .req_len = sizeof(req),
		.resp = &resp, .resp_len = sizeof(resp),
		.own = own,
	};

	return vpv_clock_xfer(c->vc, &msg);
}
