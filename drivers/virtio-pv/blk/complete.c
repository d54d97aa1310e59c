// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completion side: buffers are reaped in batches under the queue's reap_lock
 * into a local array and completed outside of it. What went well on this CPU
 * ends in one batch; the rest one by one.
 */
#include "blk.h"

static blk_status_t vpv_blk_status(u8 status)
{
	switch (status) {
	case VIRTIO_BLK_S_OK:
		return BLK_STS_OK;
	case VIRTIO_BLK_S_UNSUPP:
		return BLK_STS_NOTSUPP;
	case VIRTIO_BLK_S_ZONE_OPEN_RESOURCE:
		return BLK_STS_ZONE_OPEN_RESOURCE;
	case VIRTIO_BLK_S_ZONE_ACTIVE_RESOURCE:
		return BLK_STS_ZONE_ACTIVE_RESOURCE;
	default:	/* IOERR, the other zone errors, never written, unknown */
		return BLK_STS_IOERR;
	}
}

/*
 * All that is ever read of what the device wrote beside the data, once, before
 * the tag and its cell can serve another request.
 */
static void vpv_blk_take_reply(struct request *rq, const struct vpv_done *done)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);
	struct vpv_blk_cell *cell = vr->cell;

	vr->error = vpv_blk_status(READ_ONCE(cell->status));
	vr->len = done->len;
	if (vr->error != BLK_STS_OK)
		return;
	/* A skipped buffer has no length (2.7.9): its status has to do. */
	if (!(done->flags & VPV_DONE_SKIPPED) && done->len < vr->need)
		vr->error = BLK_STS_IOERR;
	if (vr->append)
		vr->append_sector = le64_to_cpu(READ_ONCE(cell->append_sector));
	if (vr->data_in && vr->data == VPV_BLK_DATA_CELL)
		memcpy(vr->reply, cell->payload, min_t(size_t, vr->payload_len, sizeof(vr->reply)));
}

/* What both ways of ending a request begin with. */
static void vpv_blk_settle(struct request *rq)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);

	vpv_blk_unprep(rq);
	if (vr->append && vr->error == BLK_STS_OK)
		rq->__sector = vr->append_sector;
}

/* ->complete(): a single request, in softirq or on the CPU it came from. */
void vpv_blk_complete(struct request *rq)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);

	vpv_blk_settle(rq);
	blk_mq_end_request(rq, vr->error);
}

static void vpv_blk_complete_batch(struct io_comp_batch *iob)
{
	struct request *rq;

	rq_list_for_each(&iob->req_list, rq)
		vpv_blk_settle(rq);
	blk_mq_end_request_batch(iob);
}

static void vpv_blk_complete_done(const struct vpv_done *done, unsigned int n,
				  struct io_comp_batch *iob)
{
	for (unsigned int i = 0; i < n; i++) {
		struct request *rq = done[i].token;
		struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);

		vpv_blk_take_reply(rq, &done[i]);
		if (vr->append && vr->error == BLK_STS_OK &&
		    !vpv_blk_zones_append_ok(rq, vr->append_sector))
			vr->error = BLK_STS_IOERR;

		if (blk_mq_complete_request_remote(rq))
			continue;
		if (vr->error != BLK_STS_OK ||
		    !blk_mq_add_to_batch(rq, iob, false, vpv_blk_complete_batch))
			vpv_blk_complete(rq);
	}
}

/* After a drain: somebody may wait for the room it made. See vpv_blk_wait_for_room(). */
static void vpv_blk_wake(struct vpv_blk_hctx *vq)
{
	smp_mb();
	if (unlikely(READ_ONCE(vq->full)) && xchg(&vq->full, false))
		blk_mq_start_stopped_hw_queue(vq->hctx, true);
}

static unsigned int vpv_blk_reap(struct vpv_blk_hctx *vq, struct vpv_done *done)
{
	unsigned long flags;
	unsigned int n;

	spin_lock_irqsave(&vq->q->reap_lock, flags);
	vpv_queue_park(vq->q);
	n = vpv_queue_reap(vq->q, done, VPV_BLK_REAP_MAX);
	spin_unlock_irqrestore(&vq->q->reap_lock, flags);
	return n;
}

static bool vpv_blk_rearm(struct vpv_blk_hctx *vq)
{
	unsigned long flags;
	bool armed;

	spin_lock_irqsave(&vq->q->reap_lock, flags);
	armed = vpv_queue_rearm(vq->q);
	spin_unlock_irqrestore(&vq->q->reap_lock, flags);
	return armed;
}

/*
 * Take all there is. A full array may have left more; otherwise the rearm
 * looks again. Ends when two looks in a row found nothing: the ring broke.
 */
static void vpv_blk_drain_irq(struct vpv_blk_hctx *vq)
{
	struct vpv_done done[VPV_BLK_REAP_MAX];
	DEFINE_IO_COMP_BATCH(iob);
	unsigned int n, empty = 0;

	do {
		n = vpv_blk_reap(vq, done);
		if (n) {
			empty = 0;
			vpv_blk_complete_done(done, n, &iob);
			if (iob.complete) {
				iob.complete(&iob);
				iob.complete = NULL;
			}
			vpv_blk_wake(vq);
		} else {
			empty++;
		}
	} while (n == VPV_BLK_REAP_MAX || (!vpv_blk_rearm(vq) && empty < 2));
}

void vpv_blk_irq(struct vpv_queue *q)
{
	vpv_blk_drain_irq(q->ctx);
}

static int vpv_blk_drain_polled(struct vpv_blk_hctx *vq, struct io_comp_batch *iob)
{
	struct vpv_done done[VPV_BLK_REAP_MAX];
	unsigned int n;

	n = vpv_blk_reap(vq, done);
	if (n) {
		vpv_blk_complete_done(done, n, iob);
		vpv_blk_wake(vq);
	}
	return n;
}

/* ->poll() */
int vpv_blk_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob)
{
	struct vpv_blk_hctx *vq = hctx->driver_data;

	if (!vpv_queue_pending(vq->q))
		return 0;
	return vpv_blk_drain_polled(vq, iob);
}

/* Process context: is anything done that no interrupt, or nobody polling, saw? */
void vpv_blk_drain(struct vpv_blk_hctx *vq)
{
	if (!vpv_queue_pending(vq->q))
		return;
	if (vq->polled)
		vpv_blk_drain_polled(vq, NULL);
	else
		vpv_blk_drain_irq(vq);
}
