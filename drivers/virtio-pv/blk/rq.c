// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submit side: a request is prepared (header, status, ranges, mapping) without
 * a lock, staged under the queue's submit_lock, and published with one commit
 * per batch. The kick is an exit, so it comes after the lock.
 *
 * Every path that staged, or that was called to flush what others staged, ends
 * in a commit. A commit with nothing staged costs nothing and kicks nobody.
 */
#include <linux/highmem.h>
#include <linux/overflow.h>

#include "blk.h"

static void vpv_blk_set_hdr(struct request *rq, struct vpv_blk_cell *cell, u32 type, u64 sector)
{
	cell->hdr.type = cpu_to_le32(type);
	cell->hdr.ioprio = cpu_to_le32(req_get_ioprio(rq));
	cell->hdr.sector = cpu_to_le64(sector);
}

static void vpv_blk_set_range(struct virtio_blk_discard_write_zeroes *range,
			      u64 sector, u32 nr_sectors, bool unmap)
{
	range->sector = cpu_to_le64(sector);
	range->num_sectors = cpu_to_le32(nr_sectors);
	range->flags = cpu_to_le32(unmap ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0);
}

/*
 * BLK-012: the block layer looks when a request is made; the disk may have become
 * smaller since, while the request waited or was sent again after a reset.
 */
static bool vpv_blk_beyond(struct request *rq)
{
	struct vpv_blk_hctx *vq = rq->mq_hctx->driver_data;
	u64 capacity = READ_ONCE(vq->vb->capacity);

	return blk_rq_pos(rq) > capacity || blk_rq_sectors(rq) > capacity - blk_rq_pos(rq);
}

static blk_status_t vpv_blk_prep_one_range(struct request *rq, u32 type)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);
	bool unmap = type == VIRTIO_BLK_T_WRITE_ZEROES && !(rq->cmd_flags & REQ_NOUNMAP);

	if (vpv_blk_beyond(rq))
		return BLK_STS_IOERR;
	vpv_blk_set_hdr(rq, vr->cell, type, 0);
	vpv_blk_set_range(&vr->cell->range, blk_rq_pos(rq), blk_rq_sectors(rq), unmap);
	vr->data = VPV_BLK_DATA_CELL;
	vr->payload_len = sizeof(vr->cell->range);
	return BLK_STS_OK;
}

/*
 * Several ranges need a page. Not part of a slab: the device may be shown
 * nothing but what is meant for it.
 */
static blk_status_t vpv_blk_prep_discard(struct request *rq)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);
	unsigned int nr = blk_rq_nr_discard_segments(rq), i = 0;
	struct virtio_blk_discard_write_zeroes *range;
	struct bio *bio;
	struct page *page;

	if (nr <= 1)
		return vpv_blk_prep_one_range(rq, VIRTIO_BLK_T_DISCARD);
	if (nr > VPV_BLK_MAX_RANGES)
		return BLK_STS_IOERR;

	page = alloc_page(GFP_ATOMIC | __GFP_ZERO | __GFP_NOWARN);
	if (!page)
		return BLK_STS_RESOURCE;
	range = page_address(page);
	__rq_for_each_bio(bio, rq) {
		if (i == nr)
			break;
		vpv_blk_set_range(&range[i++], bio->bi_iter.bi_sector,
				  bio->bi_iter.bi_size >> SECTOR_SHIFT, false);
	}
	if (i != nr) {
		__free_page(page);
		return BLK_STS_IOERR;
	}

	bvec_set_page(&rq->special_vec, page, nr * sizeof(*range), 0);
	rq->rq_flags |= RQF_SPECIAL_PAYLOAD;
	vpv_blk_set_hdr(rq, vr->cell, VIRTIO_BLK_T_DISCARD, 0);
	vr->data = VPV_BLK_DATA_SG;
	return BLK_STS_OK;
}

static blk_status_t vpv_blk_prep_rw(struct request *rq, u32 type)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);

	if (unlikely(vpv_blk_beyond(rq)))
		return BLK_STS_IOERR;
	vpv_blk_set_hdr(rq, vr->cell, type, blk_rq_pos(rq));
	vr->data = VPV_BLK_DATA_SG;
	vr->data_in = type == VIRTIO_BLK_T_IN;
	/* Less than all of it and the status: stale memory, not a read (A7). */
	if (vr->data_in)
		vr->need = blk_rq_bytes(rq) + 1;
	return BLK_STS_OK;
}

static blk_status_t vpv_blk_prep_plain(struct request *rq, u32 type, u64 sector)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);

	vpv_blk_set_hdr(rq, vr->cell, type, sector);
	vr->data = VPV_BLK_DATA_NONE;
	return BLK_STS_OK;
}

/* A request of the driver's own: the answer goes to the cell or to a page. */
static blk_status_t vpv_blk_prep_own(struct request *rq)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);

	vpv_blk_set_hdr(rq, vr->cell, vr->cmd, vr->cmd_sector);
	vr->data_in = true;
	if (rq->rq_flags & RQF_SPECIAL_PAYLOAD) {
		vr->data = VPV_BLK_DATA_SG;
		return BLK_STS_OK;
	}
	vr->data = VPV_BLK_DATA_CELL;
	memset(vr->cell->payload, 0, sizeof(vr->cell->payload));
	/* BLK-018: 20 bytes, no more and no less. */
	vr->payload_len = vr->cmd == VIRTIO_BLK_T_GET_ID ?
		VIRTIO_BLK_ID_BYTES : sizeof(struct vpv_blk_lifetime);
	/* A short id is padded by the zeroes above; a short lifetime is no answer. */
	if (vr->cmd == VIRTIO_BLK_T_GET_LIFETIME)
		vr->need = vr->payload_len + 1;
	return BLK_STS_OK;
}

static blk_status_t vpv_blk_prep_cmd(struct request *rq)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);

	switch (req_op(rq)) {
	case REQ_OP_READ:
		return vpv_blk_prep_rw(rq, VIRTIO_BLK_T_IN);
	case REQ_OP_WRITE:
		return vpv_blk_prep_rw(rq, VIRTIO_BLK_T_OUT);
	case REQ_OP_FLUSH:	/* BLK-014: its sector is 0 */
		return vpv_blk_prep_plain(rq, VIRTIO_BLK_T_FLUSH, 0);
	case REQ_OP_DISCARD:
		return vpv_blk_prep_discard(rq);
	case REQ_OP_WRITE_ZEROES:
		return vpv_blk_prep_one_range(rq, VIRTIO_BLK_T_WRITE_ZEROES);
	case REQ_OP_SECURE_ERASE:
		if (!vpv_blk_zones_size_ok(rq))
			return BLK_STS_IOERR;
		return vpv_blk_prep_one_range(rq, VIRTIO_BLK_T_SECURE_ERASE);
	case REQ_OP_ZONE_APPEND:
		if (!vpv_blk_zones_size_ok(rq))
			return BLK_STS_IOERR;
		vr->append = true;
		return vpv_blk_prep_rw(rq, VIRTIO_BLK_T_ZONE_APPEND);
	case REQ_OP_ZONE_OPEN:
		return vpv_blk_prep_plain(rq, VIRTIO_BLK_T_ZONE_OPEN, blk_rq_pos(rq));
	case REQ_OP_ZONE_CLOSE:
		return vpv_blk_prep_plain(rq, VIRTIO_BLK_T_ZONE_CLOSE, blk_rq_pos(rq));
	case REQ_OP_ZONE_FINISH:
		return vpv_blk_prep_plain(rq, VIRTIO_BLK_T_ZONE_FINISH, blk_rq_pos(rq));
	case REQ_OP_ZONE_RESET:
		return vpv_blk_prep_plain(rq, VIRTIO_BLK_T_ZONE_RESET, blk_rq_pos(rq));
	case REQ_OP_ZONE_RESET_ALL:	/* BLK-031 */
		return vpv_blk_prep_plain(rq, VIRTIO_BLK_T_ZONE_RESET_ALL, 0);
	case REQ_OP_DRV_IN:
		return vpv_blk_prep_own(rq);
	default:
		return BLK_STS_NOTSUPP;
	}
}

static enum dma_data_direction vpv_blk_dma_dir(const struct vpv_blk_req *vr)
{
	return vr->data_in ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
}

static blk_status_t vpv_blk_map(struct vpv_blk *vb, struct request *rq)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);
	unsigned int nr = blk_rq_nr_phys_segments(rq);

	if (!nr)
		return BLK_STS_IOERR;
	vr->table.sgl = vr->sg;
	if (sg_alloc_table_chained(&vr->table, nr, vr->sg, VPV_BLK_INLINE_SG))
		return BLK_STS_RESOURCE;

	vr->table.nents = blk_rq_map_sg(rq, vr->table.sgl);
	vr->nr_sg = vpv_map_sg(vb->vdev, vr->table.sgl, vr->table.nents, vpv_blk_dma_dir(vr));
	if (!vr->nr_sg) {
		sg_free_table_chained(&vr->table, VPV_BLK_INLINE_SG);
		return BLK_STS_RESOURCE;
	}
	return BLK_STS_OK;
}

static void vpv_blk_free_payload(struct request *rq)
{
	/* The page of an own request is its sender's. */
	if (!(rq->rq_flags & RQF_SPECIAL_PAYLOAD) || blk_rq_is_passthrough(rq))
		return;
	rq->rq_flags &= ~RQF_SPECIAL_PAYLOAD;
	__free_page(rq->special_vec.bv_page);
}

/* Inverse of vpv_blk_prep(). The device has let go of the buffer. */
void vpv_blk_unprep(struct request *rq)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);
	struct vpv_blk_hctx *vq = rq->mq_hctx->driver_data;

	if (vr->nr_sg) {
		vpv_unmap_sg(vq->vb->vdev, vr->table.sgl, vr->table.nents, vpv_blk_dma_dir(vr));
		sg_free_table_chained(&vr->table, VPV_BLK_INLINE_SG);
		vr->nr_sg = 0;
	}
	vpv_blk_free_payload(rq);
}

static blk_status_t vpv_blk_prep(struct vpv_blk_hctx *vq, struct request *rq)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);
	blk_status_t sts;

	/* Private data of a tag lives on; only a retried request keeps its count. */
	if (!(rq->rq_flags & RQF_DONTPREP))
		vr->retries = 0;
	vr->cell = &vq->cells[rq->tag];
	vr->cell->status = VPV_BLK_S_UNWRITTEN;
	vr->nr_sg = 0;
	vr->need = 0;
	vr->payload_len = 0;
	vr->data_in = false;
	vr->append = false;

	sts = vpv_blk_prep_cmd(rq);
	if (sts == BLK_STS_OK && vr->data == VPV_BLK_DATA_SG) {
		sts = vpv_blk_map(vq->vb, rq);
		if (sts != BLK_STS_OK)
			vpv_blk_free_payload(rq);
	}
	return sts;
}

/* The address of a cell's member as the device sees it. */
#define vpv_blk_cell_addr(_vq, _vr, _member)					\
	((_vq)->cells_addr + ((_vr)->cell - (_vq)->cells) * sizeof(struct vpv_blk_cell) + \
	 offsetof(struct vpv_blk_cell, _member))

static unsigned int vpv_blk_data_segs(struct vpv_blk_hctx *vq, struct vpv_blk_req *vr,
				      struct vpv_seg *seg)
{
	struct scatterlist *sg;
	unsigned int i;

	switch (vr->data) {
	case VPV_BLK_DATA_SG:
		for_each_sg(vr->table.sgl, sg, vr->nr_sg, i) {
			seg[i].addr = vpv_sg_addr(vq->vb->vdev, sg);
			seg[i].len = vpv_sg_len(vq->vb->vdev, sg);
		}
		return vr->nr_sg;
	case VPV_BLK_DATA_CELL:
		seg->addr = vpv_blk_cell_addr(vq, vr, payload);
		seg->len = vr->payload_len;
		return 1;
	default:
		return 0;
	}
}

/* Header, data, status, in this order (5.2.6). */
static void vpv_blk_fill(struct vpv_blk_hctx *vq, struct request *rq, struct vpv_buf *buf)
{
	struct vpv_blk_req *vr = blk_mq_rq_to_pdu(rq);
	struct vpv_seg *seg = vq->segs;
	unsigned int nr_data;

	seg->addr = vpv_blk_cell_addr(vq, vr, hdr);
	seg->len = sizeof(vr->cell->hdr);
	nr_data = vpv_blk_data_segs(vq, vr, ++seg);
	seg += nr_data;
	if (vr->append) {
		seg->addr = vpv_blk_cell_addr(vq, vr, append_sector);
		seg->len = sizeof(vr->cell->append_sector) + sizeof(vr->cell->status);
	} else {
		seg->addr = vpv_blk_cell_addr(vq, vr, status);
		seg->len = sizeof(vr->cell->status);
	}

	buf->seg = vq->segs;
	buf->nr_out = 1 + (vr->data_in ? 0 : nr_data);
	buf->nr_in = 1 + (vr->data_in ? nr_data : 0);
	buf->token = rq;
}

/*
 * The ring is full: stop the hardware queue and look once more, since
 * completions may have made room in between and nobody was there to be woken.
 * Pairs with vpv_blk_wake(): the barrier here stands between the store of full
 * and the second look, the one there between the reap and the load of full.
 */
static int vpv_blk_wait_for_room(struct vpv_blk_hctx *vq, const struct vpv_buf *buf)
{
	int n;

	blk_mq_stop_hw_queue(vq->hctx);
	smp_store_release(&vq->full, true);
	smp_mb();
	n = vpv_queue_stage(vq->q, buf, 1);
	vpv_queue_urgent(vq->q);
	if (n && xchg(&vq->full, false))
		blk_mq_start_stopped_hw_queue(vq->hctx, true);
	return n;
}

/* Others wait until these are done. */
#define VPV_BLK_URGENT (REQ_FUA | REQ_PREFLUSH | REQ_META | REQ_PRIO)

/* Under submit_lock. */
static blk_status_t vpv_blk_stage(struct vpv_blk_hctx *vq, struct request *rq)
{
	struct vpv_buf buf;
	int n;

	vpv_blk_fill(vq, rq, &buf);
	n = vpv_queue_stage(vq->q, &buf, 1);
	if (unlikely(!n))
		n = vpv_blk_wait_for_room(vq, &buf);
	if (rq->cmd_flags & VPV_BLK_URGENT || req_op(rq) == REQ_OP_FLUSH)
		vpv_queue_urgent(vq->q);
	if (likely(n > 0))
		return BLK_STS_OK;
	/*
	 * Full: come back when woken, or after the block layer's own delay.
	 * Not BLK_STS_DEV_RESOURCE: that counts on a restart that requests
	 * ended in a batch do not make.
	 */
	if (!n)
		return BLK_STS_RESOURCE;
	/* Broken: it is being recovered, and the queue is about to be quiesced. */
	if (n != -EMSGSIZE && !READ_ONCE(vq->vb->failed) && !vpv_dev_dead(vq->vb->vdev))
		return BLK_STS_RESOURCE;
	return BLK_STS_IOERR;
}

static void vpv_blk_flush(struct vpv_blk_hctx *vq)
{
	unsigned long flags;
	bool kick;

	spin_lock_irqsave(&vq->q->submit_lock, flags);
	kick = vpv_queue_commit(vq->q);
	spin_unlock_irqrestore(&vq->q->submit_lock, flags);
	if (kick)
		vpv_queue_kick(vq->q);
}

void vpv_blk_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	vpv_blk_flush(hctx->driver_data);
}

blk_status_t vpv_blk_queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *bd)
{
	struct vpv_blk_hctx *vq = hctx->driver_data;
	struct request *rq = bd->rq;
	unsigned long flags;
	bool kick = false;
	blk_status_t sts;

	sts = READ_ONCE(vq->vb->failed) ? BLK_STS_IOERR : vpv_blk_prep(vq, rq);
	if (unlikely(sts != BLK_STS_OK)) {
		vpv_blk_flush(vq);
		return sts;
	}
	blk_mq_start_request(rq);

	spin_lock_irqsave(&vq->q->submit_lock, flags);
	sts = vpv_blk_stage(vq, rq);
	if (bd->last || sts != BLK_STS_OK)
		kick = vpv_queue_commit(vq->q);
	spin_unlock_irqrestore(&vq->q->submit_lock, flags);

	if (kick)
		vpv_queue_kick(vq->q);
	if (unlikely(sts != BLK_STS_OK))
		vpv_blk_unprep(rq);
	return sts;
}

/* Take the requests of one hardware queue out of a list, the order kept. */
static void vpv_blk_take_hctx(struct rq_list *from, struct blk_mq_hw_ctx *hctx,
			      struct rq_list *taken)
{
	struct rq_list rest;
	struct request *rq;

	rq_list_init(&rest);
	while ((rq = rq_list_pop(from)))
		rq_list_add_tail(rq->mq_hctx == hctx ? taken : &rest, rq);
	*from = rest;
}

/* Prepare and start a group; what cannot be goes back to the block layer. */
static void vpv_blk_prep_group(struct vpv_blk_hctx *vq, struct rq_list *group,
			       struct rq_list *back)
{
	struct rq_list ready;
	struct request *rq;

	rq_list_init(&ready);
	while ((rq = rq_list_pop(group))) {
		if (!READ_ONCE(vq->vb->failed) && vpv_blk_prep(vq, rq) == BLK_STS_OK) {
			blk_mq_start_request(rq);
			rq_list_add_tail(&ready, rq);
		} else {
			rq_list_add_tail(back, rq);
		}
	}
	*group = ready;
}

/* One lock hold, one publish, one decision, at most one kick. */
static void vpv_blk_submit_group(struct vpv_blk_hctx *vq, struct rq_list *group)
{
	struct request *rq;
	unsigned long flags;
	bool kick;

	spin_lock_irqsave(&vq->q->submit_lock, flags);
	while ((rq = rq_list_pop(group))) {
		if (vpv_blk_stage(vq, rq) != BLK_STS_OK) {
			rq_list_add_head(group, rq);
			break;
		}
	}
	kick = vpv_queue_commit(vq->q);
	spin_unlock_irqrestore(&vq->q->submit_lock, flags);

	if (kick)
		vpv_queue_kick(vq->q);

	/* Started, so they go back by the requeue list. */
	while ((rq = rq_list_pop(group))) {
		vpv_blk_unprep(rq);
		blk_mq_requeue_request(rq, true);
	}
}

/*
 * A plug may hold requests of several hardware queues in any mix (the task
 * moved, polled beside others): one group each, not one per run.
 */
void vpv_blk_queue_rqs(struct rq_list *rqlist)
{
	struct rq_list back;

	rq_list_init(&back);
	while (!rq_list_empty(rqlist)) {
		struct blk_mq_hw_ctx *hctx = rq_list_peek(rqlist)->mq_hctx;
		struct rq_list group;

		rq_list_init(&group);
		vpv_blk_take_hctx(rqlist, hctx, &group);
		vpv_blk_prep_group(hctx->driver_data, &group, &back);
		if (!rq_list_empty(&group))
			vpv_blk_submit_group(hctx->driver_data, &group);
	}
	*rqlist = back;
}
