// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of an AF_XDP socket, sent without a copy. All of them have the same
 * empty header, a piece of its own. The queue is the stack's too.
 *
 * The socket is always asked to call (need_wakeup): packets without a call would
 * mean that somebody polls. Completions come as those of the stack do, with
 * polls, with further packets, and at the latest by the backstop.
 */
#include <net/xdp_sock_drv.h>

#include "tx.h"

#define XSK_BATCH 32
/* Header and data. */
#define XSK_SEGS 2

/* Under the transmit lock, or with nobody else there. */
void vpv_net_xsk_sent(struct vpv_net_tx *tx, unsigned int n)
{
	tx->xsk_busy -= n;
	/* NULL: being unbound, nobody wants to know. */
	if (tx->xsk)
		xsk_tx_completed(tx->xsk, n);
}

static bool xsk_stage(struct vpv_net_pair *pair, const struct xdp_desc *desc)
{
	struct vpv_net_tx *tx = &pair->tx;
	struct vpv_seg seg[XSK_SEGS] = {
		{ .addr = tx->xsk_hdr, .len = pair->vn->hdr_len },
		{ .addr = xsk_buff_raw_get_dma(tx->xsk, desc->addr), .len = desc->len },
	};
	struct vpv_buf buf = {
		.seg = seg, .nr_out = XSK_SEGS, .token = (void *)VPV_NET_TX_XSK,
	};

	xsk_buff_raw_dma_sync_for_device(tx->xsk, seg[1].addr, desc->len);
	return vpv_queue_stage(tx->q, &buf, 1) == 1;
}

/* What is not staged is over, too: there was room for it, so the ring is broken. */
static void xsk_stage_all(struct vpv_net_pair *pair, unsigned int n)
{
	struct vpv_net_tx *tx = &pair->tx;
	unsigned int sent, bytes = 0;

	for (sent = 0; sent < n && xsk_stage(pair, &tx->xsk->tx_descs[sent]); sent++)
		bytes += tx->xsk->tx_descs[sent].len;
	tx->xsk_busy += n;
	if (sent < n)
		vpv_net_xsk_sent(tx, n - sent);
	txq_trans_cond_update(tx->txq);
	vpv_net_count_frames(tx, sent, n - sent, bytes);
}

/* True: there may be more, poll again. */
static bool xsk_send(struct vpv_net_pair *pair)
{
	struct vpv_net_tx *tx = &pair->tx;
	unsigned int room, want, n;

	vpv_net_tx_reap(pair, 0);
	room = vpv_queue_room(tx->q);
	want = room > tx->need ? min((room - tx->need) / XSK_SEGS, XSK_BATCH) : 0;
	/* Full: an interrupt when most of it is done. */
	if (!want) {
		vpv_net_tx_flush_now(tx);
		return !vpv_queue_rearm_lazy(tx->q);
	}
	n = xsk_tx_peek_release_desc_batch(tx->xsk, want);
	if (!n)
		return false;
	xsk_stage_all(pair, n);
	vpv_net_tx_flush(tx);
	return n == want;
}

bool vpv_net_xsk_send(struct vpv_net_pair *pair)
{
	struct vpv_net_tx *tx = &pair->tx;
	bool more = false;

	__netif_tx_lock(tx->txq, smp_processor_id());
	if (tx->open && tx->xsk)
		more = xsk_send(pair);
	if (tx->xsk && xsk_uses_need_wakeup(tx->xsk))
		xsk_set_tx_need_wakeup(tx->xsk);
	__netif_tx_unlock(tx->txq);
	return more;
}

int vpv_net_xsk_tx_open(struct vpv_net_pair *pair)
{
	struct vpv_net *vn = pair->vn;

	return vpv_map_page(vn->vdev, virt_to_page(vn->zeroes), offset_in_page(vn->zeroes),
			    vn->hdr_len, DMA_TO_DEVICE, &pair->tx.xsk_hdr);
}

void vpv_net_xsk_tx_close(struct vpv_net_pair *pair)
{
	vpv_unmap_page(pair->vn->vdev, pair->tx.xsk_hdr, pair->vn->hdr_len, DMA_TO_DEVICE);
}
