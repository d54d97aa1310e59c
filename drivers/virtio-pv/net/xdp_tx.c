// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of XDP: those our programs send back, and those other devices' programs
 * send through us. They share the transmit queues with the stack, under the
 * stack's lock, which is held for a whole batch: queues of their own would cost a
 * vector and memory each on every device, program or not, and few devices have
 * more queues than the guest has CPUs. Frames never fill the ring to the last
 * descriptor, so they cannot keep the stack out for long.
 */
#include <linux/bpf.h>
#include <linux/filter.h>

#include "tx.h"

/* ---- completion ---- */

/* @bulk: NULL: one by one. */
void vpv_net_frame_done(struct vpv_net_pair *pair, void *token, struct xdp_frame_bulk *bulk)
{
	struct vpv_net_tx *tx = &pair->tx;
	void *plain = (void *)((unsigned long)token & ~VPV_NET_TX_KIND);
	struct xdp_frame *frame = plain;
	struct vpv_net_tx_map *map = plain;

	if (tx->dma) {
		frame = map->frame;
		vpv_net_tx_unmap(pair->vn, tx, map);
	}
	tx->frames--;
	if (bulk)
		xdp_return_frame_bulk(frame, bulk);
	else
		xdp_return_frame(frame);
}

/* ---- submit side; under the transmit lock ---- */

/*
 * Where there is room the header goes in front of the packet, over metadata that
 * nobody reads any more, else into a piece of its own.
 */
static int frame_map_head(struct vpv_net *vn, struct vpv_net_tx_map *map, struct xdp_frame *frame)
{
	void *start = frame->data - vn->hdr_len;
	int err;

	if (frame->headroom >= vn->hdr_len) {
		memset(start, 0, vn->hdr_len);
		return vpv_net_tx_map_piece(vn, map, virt_to_page(start), offset_in_page(start),
					    vn->hdr_len + frame->len);
	}
	err = vpv_net_tx_map_piece(vn, map, virt_to_page(vn->zeroes), offset_in_page(vn->zeroes),
				   vn->hdr_len);
	if (err)
		return err;
	return vpv_net_tx_map_piece(vn, map, virt_to_page(frame->data),
				    offset_in_page(frame->data), frame->len);
}

static int frame_map(struct vpv_net *vn, struct vpv_net_tx_map *map, struct xdp_frame *frame)
{
	struct skb_shared_info *shared;
	int err;

	err = frame_map_head(vn, map, frame);
	if (err || !xdp_frame_has_frags(frame))
		return err;
	shared = xdp_get_shared_info_from_frame(frame);
	if (map->nr + shared->nr_frags > VPV_NET_TX_SEGS)
		return -EMSGSIZE;
	for (unsigned int i = 0; i < shared->nr_frags && !err; i++) {
		skb_frag_t *frag = &shared->frags[i];

		err = vpv_net_tx_map_piece(vn, map, skb_frag_page(frag), skb_frag_off(frag),
					   skb_frag_size(frag));
	}
	return err;
}

static int frame_stage(struct vpv_net *vn, struct vpv_net_tx *tx, struct xdp_frame *frame)
{
	struct vpv_net_tx_map *map = vpv_net_tx_take_map(tx);
	struct vpv_buf buf;
	int err;

	if (!map)
		return -EAGAIN;
	err = frame_map(vn, map, frame);
	if (err)
		goto unmap;
	map->frame = frame;
	buf = (struct vpv_buf){
		.seg = map->seg, .nr_out = map->nr,
		.token = (void *)((unsigned long)(tx->dma ? (void *)map : (void *)frame) |
				  VPV_NET_TX_FRAME),
	};
	err = vpv_queue_stage(tx->q, &buf, 1);
	if (err == 1) {
		tx->frames++;
		return 0;
	}
	if (!err)
		err = -EAGAIN;
unmap:
	vpv_net_tx_unmap(vn, tx, map);
	return err;
}

/* Of programs, in the kernel or in user space. */
void vpv_net_count_frames(struct vpv_net_tx *tx, unsigned int sent, unsigned int left,
			  unsigned int bytes)
{
	u64_stats_update_begin(&tx->stats.syncp);
	u64_stats_add(&tx->stats.packets, sent);
	u64_stats_add(&tx->stats.bytes, bytes);
	u64_stats_add(&tx->stats.xdp_tx, sent);
	u64_stats_add(&tx->stats.xdp_tx_drops, left);
	u64_stats_update_end(&tx->stats.syncp);
}

/* How many, from the first on; the stack's share of the ring is left to it. */
static unsigned int stage_frames(struct vpv_net_pair *pair, struct xdp_frame **frames,
				 unsigned int n)
{
	struct vpv_net_tx *tx = &pair->tx;
	unsigned int sent, bytes = 0, len;

	if (!tx->open)
		return 0;
	if (vpv_queue_room(tx->q) < tx->need + n)
		vpv_net_tx_reap(pair, 0);
	for (sent = 0; sent < n && vpv_queue_room(tx->q) > tx->need; sent++) {
		/* The device may be done with it before the next line. */
		len = xdp_get_frame_len(frames[sent]);
		if (frame_stage(pair->vn, tx, frames[sent]))
			break;
		bytes += len;
	}
	if (sent)
		txq_trans_cond_update(tx->txq);
	vpv_net_count_frames(tx, sent, n - sent, bytes);
	return sent;
}

/*
 * Those that were not sent are freed; vpv_net_flush_frames() follows. From NAPI
 * of the pair.
 */
unsigned int vpv_net_send_frames(struct vpv_net_pair *pair, struct xdp_frame **frames,
				 unsigned int n)
{
	struct vpv_net_tx *tx = &pair->tx;
	unsigned int sent;

	__netif_tx_lock(tx->txq, smp_processor_id());
	sent = stage_frames(pair, frames, n);
	/* No room: the device has to see what there is. */
	if (sent < n && tx->open)
		vpv_net_tx_flush_now(tx);
	__netif_tx_unlock(tx->txq);
	for (unsigned int i = sent; i < n; i++)
		xdp_return_frame_rx_napi(frames[i]);
	return sent;
}

void vpv_net_flush_frames(struct vpv_net_pair *pair)
{
	struct vpv_net_tx *tx = &pair->tx;

	__netif_tx_lock(tx->txq, smp_processor_id());
	if (tx->open)
		vpv_net_tx_flush(tx);
	__netif_tx_unlock(tx->txq);
}

/* The caller frees those that were not sent. */
int vpv_net_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct vpv_net_pair *pair;
	int sent;

	if (flags & ~XDP_XMIT_FLAGS_MASK)
		return -EINVAL;
	if (!netif_running(dev) || !netif_carrier_ok(dev))
		return -ENETDOWN;
	pair = &vn->pairs[smp_processor_id() % READ_ONCE(vn->cur_pairs)];
	__netif_tx_lock(pair->tx.txq, smp_processor_id());
	sent = stage_frames(pair, frames, n);
	if (pair->tx.open && sent < n)
		vpv_net_tx_flush_now(&pair->tx);
	else if (pair->tx.open && (flags & XDP_XMIT_FLUSH))
		vpv_net_tx_flush(&pair->tx);
	__netif_tx_unlock(pair->tx.txq);
	return sent;
}
