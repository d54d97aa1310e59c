// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens when the device does not answer: an overdue request makes the
 * core reset the queue, or the device; the reset hands every lost buffer to
 * vpv_blk_drop(), which sends it again or fails it. Meanwhile the hardware
 * queues are quiesced. When the device stays dead all requests fail, those that
 * wait and those to come, so that no task hangs.
 */
#include "blk.h"

/*
 * The request stays the device's until it was reset: only vpv_blk_drop() may
 * take it from there, so the answer here is to wait on.
 */
enum blk_eh_timer_return vpv_blk_timeout(struct request *rq)
{
	struct vpv_blk_hctx *vq = rq->mq_hctx->driver_data;
	struct vpv_blk *vb = vq->vb;
	u32 generation = vpv_queue_generation(vq->q);

	/* Done, and only the interrupt was lost, or nobody polls? */
	vpv_blk_drain(vq);
	if (blk_mq_rq_state(rq) != MQ_RQ_IN_FLIGHT)
		return BLK_EH_DONE;

	/* Dropped and sent again since it was found overdue: it has time again. */
	if (time_before(jiffies, READ_ONCE(rq->deadline)))
		return BLK_EH_RESET_TIMER;

	if (!vpv_dev_dead(vb->vdev)) {
		dev_warn_ratelimited(vb->vdev->dev,
				     "%s: %s: request at sector %llu got no answer in %u s, resetting\n",
				     vb->disk->disk_name, vq->name,
				     (unsigned long long)blk_rq_pos(rq),
				     jiffies_to_msecs(rq->timeout) / 1000);
		vpv_queue_recover(vq->q, generation, "request overdue");
	}
	return BLK_EH_RESET_TIMER;
}

/* A zone append that was done, and whose answer got lost, must not be done twice. */
static bool vpv_blk_may_retry(struct request *rq)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);

	return !vr->append && vr->retries < VPV_BLK_MAX_RETRIES;
}

void vpv_blk_drop(struct vpv_queue *q, void *token, bool retry)
{
	struct request *rq = token;
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);

	vpv_blk_unprep(rq);
	if (retry && vpv_blk_may_retry(rq)) {
		vr->retries++;
		/* Keeps the count over the requeue, and the request from merges. */
		rq->rq_flags |= RQF_DONTPREP;
		blk_mq_requeue_request(rq, false);
		return;
	}
	blk_mq_end_request(rq, BLK_STS_IOERR);
}

void vpv_blk_quiesce(struct vpv_dev *vdev)
{
	struct vpv_blk *vb = vdev->priv;

	if (vb->quiesced)
		return;
	vb->quiesced = true;
	blk_mq_quiesce_queue(vb->disk->queue);
}

/* A reset sets the cache mode anew (5.2.5): put back the one users chose. */
static int vpv_blk_restore_cache(struct vpv_blk *vb, bool now)
{
	struct vpv_dev *vdev = vb->vdev;
	bool want = READ_ONCE(vb->cfg.writeback);
	int err;

	if (!vpv_has_feature(vdev, VIRTIO_BLK_F_CONFIG_WCE) || now == want)
		return 0;
	vpv_config_write8(vdev, offsetof(struct vpv_blk_wire_config, writeback), want);
	err = vpv_blk_read_writeback(vdev, &now);
	if (err)
		return err;
	if (now != want) {
		dev_err(vdev->dev, "the cache mode cannot be set after the reset\n");
		return -EIO;
	}
	return 0;
}

int vpv_blk_revalidate(struct vpv_dev *vdev)
{
	struct vpv_blk *vb = vdev->priv;
	struct vpv_blk_config now;
	int err;

	err = vpv_blk_read_config(vdev, &now);
	if (err)
		return err;
	err = vpv_blk_same_config(vdev, &vb->cfg, &now);
	if (err)
		return err;
	err = vpv_blk_restore_cache(vb, now.writeback);
	if (err)
		return err;
	WRITE_ONCE(vb->capacity, now.capacity);
	return 0;
}

static void vpv_blk_restart(struct vpv_blk *vb)
{
	struct request_queue *q = vb->disk->queue;

	for (unsigned int i = 0; i < vpv_blk_nr_queues(vb); i++)
		WRITE_ONCE(vb->queues[i].full, false);
	if (vb->quiesced) {
		vb->quiesced = false;
		blk_mq_unquiesce_queue(q);
	}
	blk_mq_start_stopped_hw_queues(q, true);
	blk_mq_kick_requeue_list(q);
}

void vpv_blk_resume(struct vpv_dev *vdev)
{
	struct vpv_blk *vb = vdev->priv;

	set_capacity_and_notify(vb->disk, vb->capacity);
	vpv_blk_restart(vb);
}

/*
 * Let requests run into errors first and tell the users then: a file system
 * that is told may wait for a writer that waits for its request.
 */
void vpv_blk_failed(struct vpv_dev *vdev)
{
	struct vpv_blk *vb = vdev->priv;

	if (vb->failed)
		return;
	WRITE_ONCE(vb->failed, true);
	vpv_blk_restart(vb);
	if (READ_ONCE(vb->added))
		blk_mark_disk_dead(vb->disk);
}
