// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_XDP without copies: while a socket is bound to a queue, the device writes
 * packets to chunks of the socket's memory. The packet's header goes in front of
 * it, into the headroom of the chunk.
 *
 * Binding and unbinding renew the pair of queues, so that none ever holds buffers
 * of both kinds: by a reset of the queue, where the device has that.
 */
#include <linux/bpf.h>
#include <linux/dma-mapping.h>
#include <linux/filter.h>
#include <net/xdp_sock_drv.h>

#include "rx.h"

/* Buffers given to the ring at a time. */
#define XSK_FILL_BATCH 16
/* The socket has no chunk for us and will not say when: look again. */
#define XSK_RETRY 1

/* ---- buffers ---- */

static struct xdp_buff *xsk_of(void *token)
{
	return (struct xdp_buff *)((unsigned long)token & ~VPV_NET_RX_XSK);
}

void vpv_net_xsk_free(void *token)
{
	xsk_buff_free(xsk_of(token));
}

/* How many, 0: there are no chunks, or no room. */
static unsigned int xsk_fill_batch(struct vpv_net_pair *pair, unsigned int want)
{
	struct vpv_net_rx *rx = &pair->rx;
	unsigned int hdr_len = pair->vn->hdr_len, n;
	struct xdp_buff *xdps[XSK_FILL_BATCH];
	struct vpv_seg segs[XSK_FILL_BATCH];
	struct vpv_buf bufs[XSK_FILL_BATCH];
	int placed;

	n = xsk_buff_alloc_batch(rx->xsk, xdps, want);
	if (!n)
		return 0;
	for (unsigned int i = 0; i < n; i++) {
		segs[i].addr = xsk_buff_xdp_get_dma(xdps[i]) - hdr_len;
		segs[i].len = xsk_pool_get_rx_frame_size(rx->xsk) + hdr_len;
		bufs[i] = (struct vpv_buf){
			.seg = &segs[i], .nr_in = 1,
			.token = (void *)((unsigned long)xdps[i] | VPV_NET_RX_XSK),
		};
	}
	placed = max(vpv_queue_stage(rx->q, bufs, n), 0);
	while (n > placed)
		xsk_buff_free(xdps[--n]);
	return placed;
}

void vpv_net_xsk_fill(struct vpv_net_pair *pair)
{
	struct vpv_net_rx *rx = &pair->rx;
	bool short_of = false;
	unsigned int want;

	while (!short_of && (want = min_t(unsigned int, vpv_queue_room(rx->q), XSK_FILL_BATCH)))
		short_of = !xsk_fill_batch(pair, want);
	if (!xsk_uses_need_wakeup(rx->xsk)) {
		vpv_net_rx_filled(rx, short_of, XSK_RETRY);
		return;
	}
	/* The socket calls when it has chunks again. */
	if (short_of)
		xsk_set_rx_need_wakeup(rx->xsk);
	else
		xsk_clear_rx_need_wakeup(rx->xsk);
	vpv_net_rx_filled(rx, false, 0);
}

/* ---- packets; NAPI ---- */

static void xsk_sync(struct vpv_net_pair *pair, struct xdp_buff *xdp)
{
	struct device *dma = vpv_dma_device(pair->vn->vdev);

	vpv_xsk_sync_for_cpu(pair->rx.xsk, xdp);
	if (dma)
		dma_sync_single_for_cpu(dma, xsk_buff_xdp_get_dma(xdp) - pair->vn->hdr_len,
					pair->vn->hdr_len, DMA_BIDIRECTIONAL);
}

/* The chunk goes back to the socket, so the stack gets a copy. */
static struct sk_buff *xsk_to_skb(struct vpv_net_pair *pair, struct xdp_buff *xdp)
{
	unsigned int len = xdp->data_end - xdp->data;
	struct sk_buff *skb = napi_alloc_skb(&pair->napi, len);

	if (skb)
		skb_put_data(skb, xdp->data, len);
	return skb;
}

/* 1: this packet is over. */
static int xsk_packet(struct vpv_net_pair *pair, struct xdp_buff *xdp, struct vpv_net_rx_sum *sum)
{
	struct vpv_net_rx *rx = &pair->rx;
	struct vpv_net_rx_xdp *x = &rx->xdp;
	unsigned int len = xdp->data_end - xdp->data;
	u32 act = XDP_PASS;

	if (x->prog) {
		x->packets++;
		act = vpv_net_xdp_plain(rx) ? vpv_net_xdp_verdict(pair, xdp) : XDP_DROP;
	}
	if (act == XDP_PASS) {
		rx->skb = xsk_to_skb(pair, xdp);
		xsk_buff_free(xdp);
		if (rx->skb)
			return vpv_net_rx_finish(pair, sum);
		sum->drops++;
		return 1;
	}
	if (act == XDP_DROP) {
		xsk_buff_free(xdp);
		x->drops++;
	}
	sum->packets++;
	sum->bytes += len;
	return 1;
}

int vpv_net_xsk_first(struct vpv_net_pair *pair, const struct vpv_done *done,
		      struct vpv_net_rx_sum *sum)
{
	struct vpv_net *vn = pair->vn;
	struct vpv_net_rx *rx = &pair->rx;
	struct xdp_buff *xdp = xsk_of(done->token);

	/* One that an in-order device skipped counts as written in full (2.7.9). */
	if (done->len < vn->hdr_len + ETH_HLEN) {
		xsk_buff_free(xdp);
		return vpv_net_rx_bad(rx, sum, &sum->bad_len);
	}
	xsk_buff_set_size(xdp, done->len - vn->hdr_len);
	xsk_sync(pair, xdp);
	if (!vpv_net_rx_hdr(vn, rx, xdp->data - vn->hdr_len, done->len - vn->hdr_len)) {
		xsk_buff_free(xdp);
		return vpv_net_rx_bad(rx, sum, &sum->bad_hdr);
	}
	/* The MTU fits a chunk: what is longer is not for us. */
	if (rx->missing) {
		xsk_buff_free(xdp);
		return vpv_net_rx_bad(rx, sum, &sum->bad_len);
	}
	return xsk_packet(pair, xdp, sum);
}

/* ---- wake-up ---- */

/* From the socket: there are packets to send, or chunks to fill. */
int vpv_net_xsk_wakeup(struct net_device *dev, u32 index, u32 flags)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct vpv_net_pair *pair;

	if (!netif_running(dev) || !netif_carrier_ok(dev))
		return -ENETDOWN;
	if (index >= READ_ONCE(vn->cur_pairs))
		return -EINVAL;
	pair = &vn->pairs[index];
	if (!READ_ONCE(pair->rx.xsk))
		return -ENXIO;
	if (napi_if_scheduled_mark_missed(&pair->napi))
		return 0;
	local_bh_disable();
	napi_schedule(&pair->napi);
	local_bh_enable();
	return 0;
}

/* ---- bind and unbind; RTNL ---- */

unsigned int vpv_net_xsk_max_mtu(const struct vpv_net *vn)
{
	unsigned int most = vn->dev->max_mtu;

	for (unsigned int i = 0; i < vn->nr_pairs; i++)
		if (vn->pairs[i].rx.xsk)
			most = min(most, xsk_pool_get_rx_frame_size(vn->pairs[i].rx.xsk) -
					 VLAN_ETH_HLEN);
	return most;
}

/* Where the device takes physical addresses, those of the DMA API have to be the same. */
static bool xsk_addresses_fit(struct vpv_net *vn, const struct xsk_buff_pool *pool)
{
	if (vpv_dma_device(vn->vdev))
		return true;
	for (u32 i = 0; i < pool->dma_pages_cnt; i++)
		if ((pool->dma_pages[i] & ~XSK_NEXT_PG_CONTIG_MASK) !=
		    page_to_phys(pool->umem->pgs[i]))
			return false;
	return true;
}

static int xsk_map(struct vpv_net *vn, struct xsk_buff_pool *pool)
{
	int err;

	err = xsk_pool_dma_map(pool, vn->vdev->dev, 0);
	if (err) {
		netdev_err(vn->dev, "AF_XDP: memory of the socket cannot be mapped: error %d\n",
			   err);
		return err;
	}
	if (xsk_addresses_fit(vn, pool))
		return 0;
	xsk_pool_dma_unmap(pool, 0);
	netdev_err(vn->dev, "AF_XDP: no zero copy with translated addresses unless the device goes through the IOMMU (QEMU: iommu_platform=on)\n");
	return -EOPNOTSUPP;
}

static int xsk_register(struct vpv_net_pair *pair, struct xsk_buff_pool *pool)
{
	struct xdp_rxq_info *rxq = &pair->rx.xsk_rxq;
	int err;

	err = xdp_rxq_info_reg(rxq, pair->vn->dev, pair->index, pair->napi.napi_id);
	if (err)
		return err;
	err = xdp_rxq_info_reg_mem_model(rxq, MEM_TYPE_XSK_BUFF_POOL, NULL);
	if (err)
		xdp_rxq_info_unreg(rxq);
	else
		xsk_pool_set_rxq_info(pool, rxq);
	return err;
}

static int xsk_bind(struct vpv_net_pair *pair, struct xsk_buff_pool *pool)
{
	struct vpv_net *vn = pair->vn;
	int err;

	if (pair->rx.xsk)
		return -EBUSY;
	if (vn->dev->mtu + VLAN_ETH_HLEN > xsk_pool_get_rx_frame_size(pool)) {
		netdev_err(vn->dev, "AF_XDP: chunks of %u bytes of data do not hold packets of MTU %u\n",
			   xsk_pool_get_rx_frame_size(pool), vn->dev->mtu);
		return -EINVAL;
	}
	/* Packets of many chunks would come else. */
	err = vpv_net_xdp_prepare(vn, NULL);
	if (err)
		return err;
	err = xsk_map(vn, pool);
	if (err)
		goto undo;
	err = xsk_register(pair, pool);
	if (err)
		goto unmap;
	err = vpv_net_xsk_tx_open(pair);
	if (err)
		goto unregister;
	vpv_net_pair_renew(pair, pool);
	vpv_net_xdp_changed(vn);
	return 0;

unregister:
	xdp_rxq_info_unreg(&pair->rx.xsk_rxq);
unmap:
	xsk_pool_dma_unmap(pool, 0);
undo:
	vpv_net_set_features(vn->dev, vn->dev->features);
	return err;
}

static int xsk_unbind(struct vpv_net_pair *pair)
{
	struct xsk_buff_pool *pool = pair->rx.xsk;

	if (!pool)
		return -EINVAL;
	vpv_net_pair_renew(pair, NULL);
	vpv_net_xsk_tx_close(pair);
	xdp_rxq_info_unreg(&pair->rx.xsk_rxq);
	xsk_pool_dma_unmap(pool, 0);
	vpv_net_xdp_changed(pair->vn);
	return 0;
}

int vpv_net_xsk_bind(struct vpv_net *vn, struct xsk_buff_pool *pool, u16 index)
{
	if (index >= vn->nr_pairs)
		return -EINVAL;
	return pool ? xsk_bind(&vn->pairs[index], pool) : xsk_unbind(&vn->pairs[index]);
}
