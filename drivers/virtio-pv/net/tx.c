// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transmit. The header goes into the headroom of the packet, so that it and the
 * linear part are one piece.
 *
 * Completions are taken without an interrupt each: when the pair polls for
 * received packets, when many were sent, and by a coarse timer while there are
 * any. An interrupt is asked for only when somebody waits: the queue, stopped by
 * a full ring or by its byte limit, or the socket of a packet, which may have no
 * more under way. Whoever sees the queue stopped, under its lock, asks before
 * letting go of the lock. So a stopped queue always has an interrupt to come, or
 * NAPI scheduled.
 *
 * The device is told of packets when the policy says so (docs/notifications.md),
 * at once where somebody waits: nothing more would come before.
 *
 * Both sides of the queue are under the stack's transmit lock; the queue's
 * submit_lock is for the policy's timer, which may decide in hard interrupt
 * context.
 */
#include <linux/delay.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/sock.h>

#include "tx.h"

/* Looks at a queue that is to stop, a millisecond apart. */
#define TX_STOP_TRIES 50
/* TCP may have 4 ms of its rate under way, not 1: what other late drivers ask for. */
#define TX_PACING_SHIFT 8

struct tx_cb {
	struct vpv_net_tx_map *map;
};

static struct tx_cb *tx_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct tx_cb) > sizeof_field(struct sk_buff, cb));
	return (struct tx_cb *)skb->cb;
}

/* ---- header ---- */

/* NET-036: exact, all headers up to the payload. */
static unsigned int tx_hdr_len(const struct sk_buff *skb)
{
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4)
		return skb_transport_offset(skb) + sizeof(struct udphdr);
	return skb_transport_offset(skb) + tcp_hdrlen(skb);
}

static int tx_gso_type(const struct sk_buff *skb)
{
	unsigned int type = skb_shinfo(skb)->gso_type, ecn = 0;

	if (type & SKB_GSO_TCP_ECN)
		ecn = VIRTIO_NET_HDR_GSO_ECN;
	if (type & SKB_GSO_TCPV4)
		return VIRTIO_NET_HDR_GSO_TCPV4 | ecn;
	if (type & SKB_GSO_TCPV6)
		return VIRTIO_NET_HDR_GSO_TCPV6 | ecn;
	if (type & SKB_GSO_UDP_L4)
		return VIRTIO_NET_HDR_GSO_UDP_L4;
	return -EINVAL;
}

static int tx_make_hdr(const struct sk_buff *skb, struct vpv_net_hdr *hdr)
{
	int type;

	memset(hdr, 0, sizeof(*hdr));
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr->csum_start = cpu_to_le16(skb_checksum_start_offset(skb));
		hdr->csum_offset = cpu_to_le16(skb->csum_offset);
		hdr->hdr_len = cpu_to_le16(skb_headlen(skb));
	}
	if (!skb_is_gso(skb))
		return 0;
	type = tx_gso_type(skb);
	/* NET-035: segments need checksums. */
	if (type < 0 || !hdr->flags)
		return -EINVAL;
	hdr->gso_type = type;
	hdr->gso_size = cpu_to_le16(skb_shinfo(skb)->gso_size);
	hdr->hdr_len = cpu_to_le16(tx_hdr_len(skb));
	return 0;
}

/* Into the headroom; the packet itself does not change. */
static int tx_push_hdr(struct vpv_net *vn, struct sk_buff *skb)
{
	struct vpv_net_hdr hdr;
	int err;

	err = tx_make_hdr(skb, &hdr);
	if (err)
		return err;
	err = skb_cow_head(skb, vn->hdr_len);
	if (err)
		return err;
	memset(skb->data - vn->hdr_len, 0, vn->hdr_len);
	memcpy(skb->data - vn->hdr_len, &hdr, sizeof(hdr));
	return 0;
}

/* ---- mapping ---- */

void vpv_net_tx_unmap(struct vpv_net *vn, struct vpv_net_tx *tx, struct vpv_net_tx_map *map)
{
	if (!tx->dma)
		return;
	while (map->nr) {
		map->nr--;
		vpv_unmap_page(vn->vdev, map->seg[map->nr].addr, map->seg[map->nr].len,
			       DMA_TO_DEVICE);
	}
	map->next = tx->free;
	tx->free = map;
}

/* Without the DMA API there is nothing to undo, so one scratch record does. */
struct vpv_net_tx_map *vpv_net_tx_take_map(struct vpv_net_tx *tx)
{
	struct vpv_net_tx_map *map = tx->free;

	if (map && tx->dma)
		tx->free = map->next;
	if (map)
		map->nr = 0;
	return map;
}

int vpv_net_tx_map_piece(struct vpv_net *vn, struct vpv_net_tx_map *map, struct page *page,
			 unsigned int offset, unsigned int len)
{
	struct vpv_seg *seg = &map->seg[map->nr];
	int err;

	err = vpv_map_page(vn->vdev, page, offset, len, DMA_TO_DEVICE, &seg->addr);
	if (err)
		return err;
	seg->len = len;
	map->nr++;
	return 0;
}

static int tx_map(struct vpv_net *vn, struct vpv_net_tx_map *map, struct sk_buff *skb)
{
	void *start = skb->data - vn->hdr_len;
	const skb_frag_t *frag;
	unsigned int i;
	int err;

	err = vpv_net_tx_map_piece(vn, map, virt_to_page(start), offset_in_page(start),
				   vn->hdr_len + skb_headlen(skb));
	for (i = 0; i < skb_shinfo(skb)->nr_frags && !err; i++) {
		frag = &skb_shinfo(skb)->frags[i];
		err = vpv_net_tx_map_piece(vn, map, skb_frag_page(frag), skb_frag_off(frag),
					   skb_frag_size(frag));
	}
	return err;
}

/* ---- submit side ---- */

/* 0: staged; -EAGAIN: no room; else the packet cannot be sent. */
static int tx_stage(struct vpv_net *vn, struct vpv_net_tx *tx, struct sk_buff *skb)
{
	struct vpv_net_tx_map *map;
	struct vpv_buf buf;
	int err;

	if (skb_shinfo(skb)->nr_frags >= vpv_queue_max_segs(tx->q) && skb_linearize(skb))
		return -ENOMEM;
	err = tx_push_hdr(vn, skb);
	if (err)
		return err;
	map = vpv_net_tx_take_map(tx);
	if (!map)
		return -EAGAIN;
	err = tx_map(vn, map, skb);
	if (err)
		goto unmap;
	tx_cb(skb)->map = map;
	buf = (struct vpv_buf){ .seg = map->seg, .nr_out = map->nr, .token = skb };
	err = vpv_queue_stage(tx->q, &buf, 1);
	if (err == 1)
		return 0;
	if (!err)
		err = -EAGAIN;
unmap:
	vpv_net_tx_unmap(vn, tx, map);
	return err;
}

/* Timers and polls kick, too, so they are counted where the next one passes. */
static void tx_count_kicks(struct vpv_net_tx *tx, u64 kicks)
{
	if (kicks == tx->kicks_seen)
		return;
	u64_stats_update_begin(&tx->stats.syncp);
	u64_stats_add(&tx->stats.kicks, kicks - tx->kicks_seen);
	u64_stats_update_end(&tx->stats.syncp);
	tx->kicks_seen = kicks;
}

enum tx_haste {
	TX_WAIT,	/* as the policy likes */
	TX_BULK,	/* also where it saves no time */
	TX_NOW,		/* nothing more may come before */
};

static void tx_flush(struct vpv_net_tx *tx, enum tx_haste haste)
{
	unsigned long flags;
	bool kick;
	u64 kicks;

	spin_lock_irqsave(&tx->q->submit_lock, flags);
	/* netpoll, of a machine that may be about to stop: no timer would come. */
	if (haste == TX_NOW || irqs_disabled_flags(flags))
		vpv_queue_urgent(tx->q);
	if (haste == TX_BULK)
		vpv_queue_bulk(tx->q);
	kick = vpv_queue_commit(tx->q);
	kicks = vpv_queue_kicks(tx->q);
	spin_unlock_irqrestore(&tx->q->submit_lock, flags);

	if (!timer_pending(&tx->backstop) && vpv_queue_in_flight(tx->q)) {
		/* The queue was empty until now. */
		WRITE_ONCE(tx->progress, jiffies);
		mod_timer(&tx->backstop, jiffies + VPV_NET_TX_BACKSTOP);
	}
	if (kick)
		vpv_queue_kick(tx->q);
	tx_count_kicks(tx, kicks);
}

/* A flush point. */
void vpv_net_tx_flush(struct vpv_net_tx *tx)
{
	tx_flush(tx, TX_WAIT);
}

/* One after which nothing more may come. */
void vpv_net_tx_flush_now(struct vpv_net_tx *tx)
{
	tx_flush(tx, TX_NOW);
}

static void tx_count_sent(struct vpv_net_tx *tx, unsigned int bytes)
{
	u64_stats_update_begin(&tx->stats.syncp);
	u64_stats_inc(&tx->stats.packets);
	u64_stats_add(&tx->stats.bytes, bytes);
	u64_stats_update_end(&tx->stats.syncp);
}

static void tx_count_drop(struct vpv_net_tx *tx)
{
	u64_stats_update_begin(&tx->stats.syncp);
	u64_stats_inc(&tx->stats.drops);
	u64_stats_update_end(&tx->stats.syncp);
}

static void tx_count_stop(struct vpv_net_tx *tx)
{
	u64_stats_update_begin(&tx->stats.syncp);
	u64_stats_inc(&tx->stats.stops);
	u64_stats_update_end(&tx->stats.syncp);
}

static unsigned int tx_finish_skb(struct vpv_net_pair *pair, struct sk_buff *skb, int budget)
{
	unsigned int bytes = skb->len;

	vpv_net_tx_learn(&pair->tx, skb);
	vpv_net_tx_unmap(pair->vn, &pair->tx, tx_cb(skb)->map);
	napi_consume_skb(skb, budget);
	return bytes;
}

static void tx_count_timeout(struct vpv_net_tx *tx)
{
	u64_stats_update_begin(&tx->stats.syncp);
	u64_stats_inc(&tx->stats.timeouts);
	u64_stats_update_end(&tx->stats.syncp);
}

/* Under way from the first to the last call of a pass: what is given back in bulk. */
struct tx_sum {
	unsigned int packets;
	unsigned int bytes;
	unsigned int frames;
	unsigned int xsk;
	struct xdp_frame_bulk bulk;
};

static void tx_drain(struct vpv_net_pair *pair, int budget, struct tx_sum *sum)
{
	struct vpv_net_tx *tx = &pair->tx;
	struct vpv_done done[VPV_NET_REAP_MAX];
	unsigned int i, n;

	vpv_queue_park(tx->q);
	while ((n = vpv_queue_reap(tx->q, done, VPV_NET_REAP_MAX))) {
		for (i = 0; i < n; i++) {
			switch (vpv_net_tx_kind(done[i].token)) {
			case VPV_NET_TX_SKB:
				sum->bytes += tx_finish_skb(pair, done[i].token, budget);
				sum->packets++;
				break;
			case VPV_NET_TX_FRAME:
				vpv_net_frame_done(pair, done[i].token, &sum->bulk);
				sum->frames++;
				break;
			default:
				sum->xsk++;
			}
		}
		WRITE_ONCE(tx->awaited, tx->awaited > n ? tx->awaited - n : 0);
	}
}

/* An interrupt that a socket waits for, and that is still to come, is asked for again. */
static bool tx_rearm(struct vpv_net_tx *tx)
{
	return !tx->awaited || !vpv_queue_in_flight(tx->q) ||
	       vpv_queue_rearm_after(tx->q, tx->awaited);
}

/* Takes completions. @budget: NAPI's, 0: from elsewhere. */
void vpv_net_tx_reap(struct vpv_net_pair *pair, int budget)
{
	struct vpv_net_tx *tx = &pair->tx;
	struct tx_sum sum = {};

	/* netpoll: frames' pages cannot be given back with interrupts off. */
	if (unlikely(tx->frames && irqs_disabled()))
		return;
	tx->since_reap = 0;
	xdp_frame_bulk_init(&sum.bulk);
	rcu_read_lock();	/* for the frames' pools */
	/* Ends: what is awaited gets less by what has come. */
	do {
		tx_drain(pair, budget, &sum);
	} while (!tx_rearm(tx));
	xdp_flush_frame_bulk(&sum.bulk);
	rcu_read_unlock();
	if (sum.xsk)
		vpv_net_xsk_sent(tx, sum.xsk);
	if (sum.packets)
		netdev_tx_completed_queue(tx->txq, sum.packets, sum.bytes);
	if (!sum.packets && !sum.frames && !sum.xsk)
		return;
	WRITE_ONCE(tx->progress, jiffies);
	WRITE_ONCE(tx->patience, VPV_NET_TX_TIMEOUT);
	if (netif_tx_queue_stopped(tx->txq) && tx->open && vpv_queue_room(tx->q) >= tx->wake)
		netif_tx_wake_queue(tx->txq);
}

static bool tx_full(struct vpv_net_tx *tx)
{
	return vpv_queue_room(tx->q) < tx->need;
}

/* Somebody waits: an interrupt for most of what is in flight, or NAPI now. */
static void tx_await(struct vpv_net_pair *pair)
{
	u16 n = vpv_queue_in_flight(pair->tx.q);

	WRITE_ONCE(pair->tx.awaited, n - n / 4);
	if (n && !vpv_queue_rearm_after(pair->tx.q, n - n / 4))
		napi_schedule(&pair->napi);
}

netdev_tx_t vpv_net_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct vpv_net_pair *pair = &vn->pairs[skb_get_queue_mapping(skb)];
	struct vpv_net_tx *tx = &pair->tx;
	bool more = netdev_xmit_more(), flush, stopped, waits;
	unsigned int len = skb->len;
	int err;

	if (++tx->since_reap >= VPV_NET_TX_REAP_EVERY || tx_full(tx))
		vpv_net_tx_reap(pair, 0);

	err = tx_stage(vn, tx, skb);
	if (unlikely(err == -EAGAIN)) {
		netif_tx_stop_queue(tx->txq);
		vpv_net_tx_flush_now(tx);
		tx_count_stop(tx);
		tx_await(pair);
		return NETDEV_TX_BUSY;
	}
	if (unlikely(err)) {
		tx_count_drop(tx);
		dev_kfree_skb_any(skb);
		/* What was staged before must not wait for a packet that may never come. */
		vpv_net_tx_flush(tx);
		return NETDEV_TX_OK;
	}
	/* A slow device keeps packets for long: they must not hold others up. */
	nf_reset_ct(skb);
	skb_tx_timestamp(skb);
	tx_count_sent(tx, len);
	flush = __netdev_tx_sent_queue(tx->txq, len, more);
	if (tx_full(tx)) {
		netif_tx_stop_queue(tx->txq);
		flush = true;
	}
	sk_pacing_shift_update(skb->sk, TX_PACING_SHIFT);
	if (!flush)
		return NETDEV_TX_OK;
	stopped = netif_xmit_stopped(tx->txq);
	waits = stopped || vpv_net_tx_socket_waits(tx, skb);
	tx_flush(tx, waits ? TX_NOW : skb_is_gso(skb) ? TX_BULK : TX_WAIT);
	if (stopped)
		tx_count_stop(tx);
	/* Asked for once: what was sent since then comes soon after. */
	if (stopped || (waits && !tx->awaited))
		tx_await(pair);
	return NETDEV_TX_OK;
}

/* ---- completion side ---- */

/*
 * From NAPI. A running transmitter takes completions by itself, so there is no
 * waiting for its lock, unless somebody waits: when the queue is stopped none is
 * running, or one that is about to ask for an interrupt; and a socket's interrupt
 * comes once.
 */
void vpv_net_tx_poll(struct vpv_net_pair *pair, int budget)
{
	struct vpv_net_tx *tx = &pair->tx;
	unsigned long flags;
	u64 kicks;

	if (!vpv_queue_in_flight(tx->q))
		return;
	if (netif_xmit_stopped(tx->txq) || READ_ONCE(tx->awaited))
		__netif_tx_lock(tx->txq, smp_processor_id());
	else if (!__netif_tx_trylock(tx->txq))
		return;

	do {
		vpv_net_tx_reap(pair, budget);
		/* Ends: a stopped queue gets nothing new. */
	} while (netif_xmit_stopped(tx->txq) && vpv_queue_in_flight(tx->q) &&
		 !vpv_queue_rearm_lazy(tx->q));

	if (vpv_queue_in_flight(tx->q)) {
		if (!timer_pending(&tx->backstop))
			mod_timer(&tx->backstop, jiffies + VPV_NET_TX_BACKSTOP);
	} else if (timer_pending(&tx->backstop)) {
		timer_delete(&tx->backstop);
	}
	spin_lock_irqsave(&tx->q->submit_lock, flags);
	kicks = vpv_queue_kicks(tx->q);
	spin_unlock_irqrestore(&tx->q->submit_lock, flags);
	tx_count_kicks(tx, kicks);
	__netif_tx_unlock(tx->txq);
}

/* ---- trouble ---- */

void vpv_net_tx_drop(struct vpv_net_pair *pair, void *token)
{
	struct sk_buff *skb = token;

	tx_count_drop(&pair->tx);
	if (vpv_net_tx_kind(token) == VPV_NET_TX_FRAME)
		return vpv_net_frame_done(pair, token, NULL);
	if (vpv_net_tx_kind(token) == VPV_NET_TX_XSK)
		return vpv_net_xsk_sent(&pair->tx, 1);
	vpv_net_tx_unmap(pair->vn, &pair->tx, tx_cb(skb)->map);
	pair->tx.lost = true;
	dev_kfree_skb_any(skb);
}

/*
 * Has nothing come back for too long? Asks once for a reset; while that is being
 * done, or when the device does not get better by it, not again for twice as long.
 */
static void tx_check_hang(struct vpv_net_pair *pair)
{
	struct vpv_net_tx *tx = &pair->tx;

	if (time_before(jiffies, READ_ONCE(tx->progress) + READ_ONCE(tx->patience)))
		return;
	/* Somebody sends, or takes completions: look again next time. */
	if (!__netif_tx_trylock(tx->txq))
		return;
	if (vpv_queue_in_flight(tx->q) && !vpv_queue_pending(tx->q)) {
		tx->progress = jiffies;
		tx->patience = min(2 * tx->patience, VPV_NET_TX_TIMEOUT_MAX);
		tx_count_timeout(tx);
		/*
		 * Not the queue alone: QEMU (11.1) sends on from a queue whose reset
		 * it has begun, and ends when the network behind it takes nothing.
		 */
		vpv_dev_recover(pair->vn->vdev, "transmit queue stuck");
	}
	__netif_tx_unlock(tx->txq);
}

static void tx_backstop(struct timer_list *t)
{
	struct vpv_net_pair *pair = timer_container_of(pair, t, tx.backstop);

	napi_schedule(&pair->napi);
	/* NAPI may have found the lock taken, and another CPU sent the last packet. */
	if (!vpv_queue_in_flight(pair->tx.q))
		return;
	tx_check_hang(pair);
	mod_timer(&pair->tx.backstop, jiffies + VPV_NET_TX_BACKSTOP);
}

/*
 * The stack's watchdog: this queue was stopped for too long. The backstop, which
 * runs while anything is in flight, knows whether the device is to blame.
 */
void vpv_net_tx_timeout(struct net_device *dev, unsigned int txqueue)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct vpv_net_tx *tx = &vn->pairs[txqueue].tx;

	if (vpv_queue_pending(tx->q))
		netdev_warn(dev, "%s: completions without an interrupt: taking them\n",
			    tx->q->name);
	napi_schedule(&vn->pairs[txqueue].napi);
	if (!timer_pending(&tx->backstop))
		mod_timer(&tx->backstop, jiffies + VPV_NET_TX_BACKSTOP);
}

/* ---- life ---- */

void vpv_net_tx_start(struct vpv_net_pair *pair)
{
	struct vpv_net_tx *tx = &pair->tx;

	/* After a reset the ring is empty, and what the byte limit knows is void. */
	if (tx->lost)
		netdev_tx_reset_queue(tx->txq);
	tx->lost = false;
	tx->since_reap = 0;
	WRITE_ONCE(tx->awaited, 0);
	vpv_net_tx_sizes(pair);
	WRITE_ONCE(tx->progress, jiffies);
	vpv_queue_park(tx->q);
	__netif_tx_lock_bh(tx->txq);
	tx->open = true;
	__netif_tx_unlock_bh(tx->txq);
}

/*
 * No transmitter runs any more, and NAPI is off. Sockets wait for their packets,
 * so a device that is alive gets a moment to finish.
 */
void vpv_net_tx_stop(struct vpv_net_pair *pair)
{
	unsigned int tries;

	timer_delete_sync(&pair->tx.backstop);
	for (tries = 0; tries < TX_STOP_TRIES; tries++) {
		local_bh_disable();
		vpv_net_tx_reap(pair, 0);
		local_bh_enable();
		if (!vpv_queue_in_flight(pair->tx.q))
			break;
		usleep_range(1000, 2000);
	}
}

/* The ring is new, or of another size. */
void vpv_net_tx_sizes(struct vpv_net_pair *pair)
{
	struct vpv_net_tx *tx = &pair->tx;

	tx->need = vpv_net_has(pair->vn, VIRTIO_RING_F_INDIRECT_DESC) ?
		   1 : min_t(unsigned int, VPV_NET_TX_SEGS, vpv_queue_max_segs(tx->q));
	tx->wake = max_t(unsigned int, tx->need, tx->q->num / 4);
}

int vpv_net_tx_create(struct vpv_net_pair *pair)
{
	struct vpv_net *vn = pair->vn;
	struct vpv_net_tx *tx = &pair->tx;
	unsigned int i, nr;

	timer_setup(&tx->backstop, tx_backstop, 0);
	tx->patience = VPV_NET_TX_TIMEOUT;
	u64_stats_init(&tx->stats.syncp);
	tx->txq = netdev_get_tx_queue(vn->dev, pair->index);
	tx->dma = vpv_dma_device(vn->vdev);
	vpv_net_tx_sizes(pair);

	nr = tx->dma ? vpv_queue_max_num(tx->q) : 1;
	tx->maps = kvcalloc(nr, sizeof(*tx->maps), GFP_KERNEL);
	if (!tx->maps)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		tx->maps[i].next = tx->free;
		tx->free = &tx->maps[i];
	}
	return 0;
}

void vpv_net_tx_destroy(struct vpv_net_pair *pair)
{
	/* The stack's watchdog may have started it while the queue was being stopped. */
	timer_delete_sync(&pair->tx.backstop);
	kvfree(pair->tx.maps);
	pair->tx.maps = NULL;
	pair->tx.free = NULL;
}
