// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive: buffers for the device, packets for the stack.
 *
 * A buffer is a piece of a pool page: padding, the header, data, and room for
 * struct skb_shared_info, so that a packet of the usual size becomes an skb
 * around its buffer, without a copy. With mergeable buffers a longer packet goes
 * on in the data part of further buffers, which become its fragments; their size
 * follows the average length. Without, a buffer holds the longest packet there
 * can be: the features that allow longer ones need mergeable buffers.
 *
 * All of this runs in NAPI of the pair, or with NAPI disabled.
 */
#include <linux/dma-mapping.h>
#include <linux/skbuff.h>

#include "rx.h"

/* Buffers given to the ring at a time. */
#define RX_FILL_BATCH 16
/* Packets up to this length are copied. */
#define RX_COPY 256
#define RX_TAIL SKB_DATA_ALIGN(sizeof(struct skb_shared_info))

/* ---- buffers ---- */

static unsigned int rx_most(const struct vpv_net_rx *rx)
{
	return PAGE_SIZE << rx->order;
}

/* Bytes of a buffer that holds @data bytes of a packet, its header and @pad before. */
static unsigned int rx_size(const struct vpv_net *vn, unsigned int pad, unsigned int data)
{
	return SKB_DATA_ALIGN(pad + vn->hdr_len + data) + RX_TAIL;
}

/* Full frames may come whatever the device's MTU is (NET-051). */
static unsigned int rx_frame_max(const struct vpv_net *vn)
{
	return max_t(unsigned int, vn->dev->max_mtu, ETH_DATA_LEN) + VLAN_ETH_HLEN;
}

/*
 * A buffer too large for two of its kind in a page gets the page. So it does when
 * packets of 64 KiB may come, which then fit into the fragments of one skb, and for
 * a program, whose headroom leaves too little for two.
 */
static unsigned int rx_next_size(const struct vpv_net *vn, const struct vpv_net_rx *rx,
				 unsigned int pad)
{
	unsigned int most = rx_most(rx), room = most - pad - vn->hdr_len - RX_TAIL;
	unsigned int least = min_t(unsigned int, ETH_DATA_LEN + VLAN_ETH_HLEN, room), size;

	if (!vn->mergeable)
		return rx_size(vn, pad, rx_frame_max(vn));
	if (vn->rules.long_packets || pad > VPV_NET_RX_PAD)
		return most;
	size = rx_size(vn, pad, vpv_net_buf_len(rx->avg_len, least, room));
	return size > most / 2 ? most : size;
}

static void rx_put(struct vpv_net_rx *rx, struct vpv_net_rx_buf *buf)
{
	buf->next = rx->free;
	rx->free = buf;
}

static void *rx_start(const struct vpv_net_rx_buf *buf)
{
	return page_address(buf->page) + buf->offset;
}

static u64 rx_addr(struct vpv_net *vn, const struct vpv_net_rx_buf *buf)
{
	u64 base = vpv_dma_device(vn->vdev) ? page_pool_get_dma_addr(buf->page) :
					      page_to_phys(buf->page);

	return base + buf->offset + buf->pad;
}

static struct vpv_net_rx_buf *rx_get(struct vpv_net *vn, struct vpv_net_rx *rx, struct vpv_seg *seg)
{
	struct vpv_net_rx_buf *buf = rx->free;
	unsigned int pad = rcu_access_pointer(vn->prog) ? VPV_NET_RX_PAD_XDP : VPV_NET_RX_PAD;
	unsigned int size = rx_next_size(vn, rx, pad);

	if (!buf)
		return NULL;
	if (size > rx_most(rx) / 2) {
		buf->page = vpv_page_pool_alloc_whole(rx->pool);
		buf->offset = 0;
	} else {
		buf->page = page_pool_dev_alloc_frag(rx->pool, &buf->offset, size);
	}
	if (!buf->page)
		return NULL;
	buf->size = size;
	buf->pad = pad;
	rx->free = buf->next;
	seg->addr = rx_addr(vn, buf);
	seg->len = size - pad - RX_TAIL;
	return buf;
}

/* Back to the pool; @direct: from NAPI. */
static void rx_release(struct vpv_net_rx *rx, struct vpv_net_rx_buf *buf, bool direct)
{
	page_pool_put_full_page(rx->pool, buf->page, direct);
	rx_put(rx, buf);
}

static void rx_release_token(struct vpv_net_rx *rx, void *token, bool direct)
{
	if (vpv_net_rx_is_xsk(token))
		vpv_net_xsk_free(token);
	else
		rx_release(rx, token, direct);
}

/* Stages up to a batch; how many. @short_of: memory was. */
static unsigned int rx_fill_batch(struct vpv_net *vn, struct vpv_net_rx *rx, bool *short_of)
{
	unsigned int want = min_t(unsigned int, vpv_queue_room(rx->q), RX_FILL_BATCH);
	struct vpv_seg segs[RX_FILL_BATCH];
	struct vpv_buf bufs[RX_FILL_BATCH];
	unsigned int n;
	int placed;

	for (n = 0; n < want; n++) {
		bufs[n].token = rx_get(vn, rx, &segs[n]);
		if (!bufs[n].token)
			break;
		bufs[n].seg = &segs[n];
		bufs[n].nr_out = 0;
		bufs[n].nr_in = 1;
	}
	*short_of = n < want;
	if (!n)
		return 0;
	placed = max(vpv_queue_stage(rx->q, bufs, n), 0);
	while (n > placed)
		rx_release(rx, bufs[--n].token, false);
	return placed;
}

/* One commit for all of it: a flush point. @short_of: not all that was wanted is there. */
void vpv_net_rx_filled(struct vpv_net_rx *rx, bool short_of, unsigned long retry)
{
	bool kick = vpv_queue_commit(rx->q);

	if (kick)
		vpv_queue_kick(rx->q);
	if (!kick)
		rx->spared = true;
	else if (rx->spared)
		vpv_net_held_look(container_of(rx, struct vpv_net_pair, rx)->vn);
	if (short_of && vpv_queue_in_flight(rx->q) < rx->q->num / 2)
		mod_timer(&rx->retry, jiffies + retry);
	if (!kick && !short_of)
		return;
	u64_stats_update_begin(&rx->stats.syncp);
	u64_stats_add(&rx->stats.kicks, kick);
	u64_stats_add(&rx->stats.no_memory, short_of);
	u64_stats_update_end(&rx->stats.syncp);
}

static void rx_fill(struct vpv_net_pair *pair)
{
	struct vpv_net_rx *rx = &pair->rx;
	bool short_of = false;

	if (rx->xsk)
		return vpv_net_xsk_fill(pair);
	while (!short_of && rx_fill_batch(pair->vn, rx, &short_of))
		;
	vpv_net_rx_filled(rx, short_of, VPV_NET_RX_RETRY);
}

/* NAPI fills again: never a loop that waits for memory. */
static void rx_retry(struct timer_list *t)
{
	struct vpv_net_pair *pair = timer_container_of(pair, t, rx.retry);

	napi_schedule(&pair->napi);
}

/* ---- packets ---- */

static void rx_forget(struct vpv_net_rx *rx)
{
	kfree_skb(rx->skb);
	rx->skb = NULL;
	vpv_net_xdp_forget(rx);
}

/* No packet from here; buffers that belong to it come and go unused. */
int vpv_net_rx_bad(struct vpv_net_rx *rx, struct vpv_net_rx_sum *sum, unsigned int *why)
{
	rx_forget(rx);
	(*why)++;
	sum->drops++;
	return 1;
}

static void rx_sync(struct vpv_net *vn, struct vpv_net_rx *rx, const struct vpv_net_rx_buf *buf,
		    u32 len)
{
	struct device *dma = vpv_dma_device(vn->vdev);

	if (dma)
		dma_sync_single_range_for_cpu(dma, page_pool_get_dma_addr(buf->page),
					      buf->offset + buf->pad, len, DMA_FROM_DEVICE);
}

static void rx_apply_hash(const struct vpv_net *vn, const struct vpv_net_rx *rx,
			  struct sk_buff *skb)
{
	enum vpv_net_hash_kind kind = vpv_net_hash_kind(&rx->hash);

	if (kind != VPV_NET_HASH_NONE && (vn->dev->features & NETIF_F_RXHASH))
		skb_set_hash(skb, le32_to_cpu(rx->hash.value),
			     kind == VPV_NET_HASH_L4 ? PKT_HASH_TYPE_L4 : PKT_HASH_TYPE_L3);
}

/* Only of the private copy of the header, which was checked. */
static bool rx_apply_hdr(struct vpv_net *vn, struct vpv_net_rx *rx, struct sk_buff *skb)
{
	struct virtio_net_hdr hdr;

	BUILD_BUG_ON(offsetof(struct vpv_net_hdr, num_buffers) != sizeof(hdr));
	memcpy(&hdr, &rx->hdr, sizeof(hdr));
	if ((hdr.flags & VIRTIO_NET_HDR_F_DATA_VALID) && (vn->dev->features & NETIF_F_RXCSUM))
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	rx_apply_hash(vn, rx, skb);
	/* A packet of one segment, whatever else the bit says. */
	if (hdr.gso_type == VIRTIO_NET_HDR_GSO_ECN)
		hdr.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	return !virtio_net_hdr_to_skb(skb, &hdr, true);
}

/* 0: the stack gets it; 1: the program has decided otherwise. */
static int rx_program(struct vpv_net_pair *pair, struct vpv_net_rx_sum *sum)
{
	struct vpv_net_rx *rx = &pair->rx;
	unsigned int len = xdp_get_buff_len(&rx->xdp.buff.xdp);

	rx->skb = vpv_net_xdp_run(pair);
	if (rx->skb)
		return 0;
	rx->avg_len = vpv_net_avg(rx->avg_len, len);
	sum->packets++;
	sum->bytes += len;
	return 1;
}

/* All buffers are there. */
int vpv_net_rx_finish(struct vpv_net_pair *pair, struct vpv_net_rx_sum *sum)
{
	struct vpv_net *vn = pair->vn;
	struct vpv_net_rx *rx = &pair->rx;
	struct sk_buff *skb;

	if (rx->xdp.busy && rx_program(pair, sum))
		return 1;
	skb = rx->skb;
	rx->avg_len = vpv_net_avg(rx->avg_len, skb->len);
	if (!rx_apply_hdr(vn, rx, skb))
		return vpv_net_rx_bad(rx, sum, &sum->bad_hdr);
	rx->skb = NULL;
	sum->packets++;
	sum->bytes += skb->len;
	if (skb_is_gso(skb)) {
		rx->joined++;
		rx->joined_buffers += vpv_net_hdr_buffers(&rx->hdr, &vn->rules);
	}
	skb_record_rx_queue(skb, pair->index);
	skb->protocol = eth_type_trans(skb, vn->dev);
	napi_gro_receive(&pair->napi, skb);
	return 1;
}

/* A short packet is copied, so that it keeps no page. The buffer is used up. */
static struct sk_buff *rx_skb(struct vpv_net_pair *pair, struct vpv_net_rx_buf *buf, u32 len)
{
	struct vpv_net_rx *rx = &pair->rx;
	unsigned int before = buf->pad + pair->vn->hdr_len;
	struct sk_buff *skb;

	if (len <= RX_COPY) {
		skb = napi_alloc_skb(&pair->napi, len);
		if (skb)
			skb_put_data(skb, rx_start(buf) + before, len);
		rx_release(rx, buf, true);
		return skb;
	}
	skb = napi_build_skb(rx_start(buf), buf->size);
	if (!skb) {
		rx_release(rx, buf, true);
		return NULL;
	}
	skb_mark_for_recycle(skb);
	skb_reserve(skb, before);
	__skb_put(skb, len);
	skb->dev = pair->vn->dev;
	rx_put(rx, buf);
	return skb;
}

/*
 * Copies the header and checks the copy. Says of a bad one, too, how many buffers
 * come with it, unless that is what is bad. @len: of the packet in this buffer.
 */
bool vpv_net_rx_hdr(struct vpv_net *vn, struct vpv_net_rx *rx, const void *hdr, u32 len)
{
	enum vpv_net_hdr_error error;

	memcpy(&rx->hdr, hdr, sizeof(rx->hdr));
	if (vn->hdr_len > sizeof(rx->hdr))
		memcpy(&rx->hash, hdr + sizeof(rx->hdr), sizeof(rx->hash));
	error = vpv_net_hdr_check(&rx->hdr, &vn->rules, len);
	if (error != VPV_NET_HDR_BUFFERS)
		rx->missing = vpv_net_hdr_buffers(&rx->hdr, &vn->rules) - 1;
	return error == VPV_NET_HDR_OK;
}

/* Takes the header's word, or says why not; 1: this packet is over. */
static int rx_first(struct vpv_net_pair *pair, const struct vpv_done *done,
		    struct vpv_net_rx_sum *sum)
{
	struct vpv_net *vn = pair->vn;
	struct vpv_net_rx *rx = &pair->rx;
	struct vpv_net_rx_buf *buf = done->token;
	struct sk_buff *skb;

	if (vpv_net_rx_is_xsk(buf))
		return vpv_net_xsk_first(pair, done, sum);
	/* One that an in-order device skipped counts as written in full (2.7.9). */
	if (done->len < vn->hdr_len + ETH_HLEN) {
		rx_release(rx, buf, true);
		return vpv_net_rx_bad(rx, sum, &sum->bad_len);
	}
	rx_sync(vn, rx, buf, done->len);
	if (!vpv_net_rx_hdr(vn, rx, rx_start(buf) + buf->pad, done->len - vn->hdr_len)) {
		rx_release(rx, buf, true);
		return vpv_net_rx_bad(rx, sum, &sum->bad_hdr);
	}
	if (rx->xdp.prog) {
		vpv_net_xdp_first(pair, buf, done->len - vn->hdr_len);
		rx_put(rx, buf);
		return rx->missing ? 0 : vpv_net_rx_finish(pair, sum);
	}
	skb = rx_skb(pair, buf, done->len - vn->hdr_len);
	if (!skb) {
		sum->drops++;
		return 1;
	}
	rx->skb = skb;
	return rx->missing ? 0 : vpv_net_rx_finish(pair, sum);
}

/* A further buffer of the packet; max_buffers keeps it within MAX_SKB_FRAGS. */
static int rx_further(struct vpv_net_pair *pair, const struct vpv_done *done,
		      struct vpv_net_rx_sum *sum)
{
	struct vpv_net_rx *rx = &pair->rx;
	struct vpv_net_rx_buf *buf = done->token;
	struct sk_buff *skb = rx->skb;

	rx->missing--;
	if (!skb && !rx->xdp.busy) {
		rx_release_token(rx, buf, true);
		return 0;
	}
	if (!done->len) {
		rx_release(rx, buf, true);
		return vpv_net_rx_bad(rx, sum, &sum->bad_len);
	}
	rx_sync(pair->vn, rx, buf, done->len);
	if (skb)
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, buf->page, buf->offset + buf->pad,
				done->len, buf->size);
	else
		vpv_net_xdp_further(pair, buf, done->len);
	rx_put(rx, buf);
	return rx->missing ? 0 : vpv_net_rx_finish(pair, sum);
}

static void rx_count(struct vpv_net_rx *rx, const struct vpv_net_rx_sum *sum)
{
	struct vpv_net_rx_stats *s = &rx->stats;

	u64_stats_update_begin(&s->syncp);
	u64_stats_add(&s->packets, sum->packets);
	u64_stats_add(&s->bytes, sum->bytes);
	u64_stats_add(&s->drops, sum->drops);
	u64_stats_add(&s->bad_len, sum->bad_len);
	u64_stats_add(&s->bad_hdr, sum->bad_hdr);
	u64_stats_add(&s->bad_count, sum->bad_count);
	u64_stats_update_end(&s->syncp);
}

/*
 * Never more buffers than packets may still come, so a packet is never left half
 * read for the end of the budget.
 */
static int rx_reap(struct vpv_net_pair *pair, int budget, struct vpv_net_rx_sum *sum)
{
	struct vpv_net_rx *rx = &pair->rx;
	struct vpv_done done[VPV_NET_REAP_MAX];
	unsigned int i, n;
	int work = 0;

	while (work < budget) {
		n = vpv_queue_reap(rx->q, done, min_t(int, VPV_NET_REAP_MAX, budget - work));
		if (!n)
			break;
		for (i = 0; i < n; i++)
			work += rx->missing ? rx_further(pair, &done[i], sum) :
					      rx_first(pair, &done[i], sum);
	}
	/* A device makes all buffers of a packet used at once. */
	if (rx->missing) {
		rx->missing = 0;
		if (rx->skb || rx->xdp.busy)
			vpv_net_rx_bad(rx, sum, &sum->bad_count);
	}
	return work;
}

int vpv_net_rx_poll(struct vpv_net_pair *pair, int budget)
{
	struct vpv_net_rx *rx = &pair->rx;
	struct vpv_net_rx_sum sum = {};
	int work;

	rx->joined = 0;
	rx->joined_buffers = 0;
	vpv_net_xdp_begin_poll(pair);
	work = rx_reap(pair, budget, &sum);
	vpv_net_xdp_end_poll(pair);
	if (vpv_queue_room(rx->q) >= rx->q->num / 4)
		rx_fill(pair);
	/* A packet whose buffers did not all come is no work, and was dropped. */
	if (work || sum.drops)
		rx_count(rx, &sum);
	return work;
}

/* ---- life ---- */

void vpv_net_rx_drop(struct vpv_net_pair *pair, void *token)
{
	rx_release_token(&pair->rx, token, false);
}

/* What came while nobody listened is old: away with it. NAPI is not yet on. */
static void rx_discard(struct vpv_net_rx *rx)
{
	struct vpv_done done[VPV_NET_REAP_MAX];
	unsigned int i, n, left = rx->q->num;

	while (left && (n = vpv_queue_reap(rx->q, done,
					   min_t(unsigned int, left, VPV_NET_REAP_MAX)))) {
		for (i = 0; i < n; i++)
			rx_release_token(rx, done[i].token, false);
		left -= n;
	}
}

void vpv_net_rx_start(struct vpv_net_pair *pair)
{
	struct vpv_net_rx *rx = &pair->rx;

	vpv_queue_park(rx->q);
	local_bh_disable();
	rx_discard(rx);
	rx_fill(pair);
	local_bh_enable();
	vpv_net_held_look(pair->vn);
}

/* NAPI is off. The buffers stay with the device until it is reset. */
void vpv_net_rx_stop(struct vpv_net_pair *pair)
{
	timer_delete_sync(&pair->rx.retry);
	rx_forget(&pair->rx);
	pair->rx.missing = 0;
	vpv_queue_park(pair->rx.q);
}

static struct page_pool *rx_pool(struct vpv_net_pair *pair)
{
	struct vpv_net *vn = pair->vn;
	struct device *dma = vpv_dma_device(vn->vdev);
	struct page_pool_params params = {
		.order = pair->rx.order,
		.pool_size = pair->rx.q->num,
		.nid = dev_to_node(vn->vdev->dev),
		.dev = dma,
		.napi = &pair->napi,
		.dma_dir = DMA_FROM_DEVICE,
		.max_len = rx_most(&pair->rx),
		.flags = dma ? PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV : 0,
	};

	return page_pool_create(&params);
}

int vpv_net_rx_create(struct vpv_net_pair *pair)
{
	struct vpv_net_rx *rx = &pair->rx;
	unsigned int i;
	int err;

	timer_setup(&rx->retry, rx_retry, 0);
	u64_stats_init(&rx->stats.syncp);
	if (!pair->vn->mergeable)
		rx->order = get_order(rx_size(pair->vn, VPV_NET_RX_PAD_XDP,
					      rx_frame_max(pair->vn)));
	rx->bufs = kvcalloc(vpv_queue_max_num(rx->q), sizeof(*rx->bufs), GFP_KERNEL);
	if (!rx->bufs)
		return -ENOMEM;
	for (i = 0; i < vpv_queue_max_num(rx->q); i++)
		rx_put(rx, &rx->bufs[i]);
	rx->pool = rx_pool(pair);
	if (!IS_ERR(rx->pool)) {
		err = vpv_net_xdp_create(pair);
		if (!err)
			return 0;
		page_pool_destroy(rx->pool);
	} else {
		err = PTR_ERR(rx->pool);
	}
	rx->pool = NULL;
	kvfree(rx->bufs);
	rx->bufs = NULL;
	return err;
}

void vpv_net_rx_destroy(struct vpv_net_pair *pair)
{
	if (pair->rx.pool) {
		vpv_net_xdp_destroy(pair);
		page_pool_destroy(pair->rx.pool);
	}
	kvfree(pair->rx.bufs);
	pair->rx.pool = NULL;
	pair->rx.bufs = NULL;
}
