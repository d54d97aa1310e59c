// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP: a program sees each packet before the stack does.
 *
 * A program wants room in front of the packet, which buffers have only while one
 * is attached. The buffers that are with the device already are not taken back
 * for that: packets that come in one of them are moved, and a lap of the ring
 * later there are none. So neither attaching nor detaching stops a queue, and no
 * packet is lost to it.
 *
 * Packets are shown as they are on the wire: while a program is attached the
 * device is told to complete checksums and not to join packets. What it had
 * delivered otherwise by then is dropped.
 */
#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <trace/events/xdp.h>

#include "net.h"

/* Bytes of a packet that a buffer of one page holds for a program. */
#define XDP_ROOM(_vn, _size) ((_size) - VPV_NET_RX_PAD_XDP - (_vn)->hdr_len - \
			      SKB_DATA_ALIGN(sizeof(struct skb_shared_info)))

/* ---- packets ---- */

void vpv_net_xdp_first(struct vpv_net_pair *pair, struct vpv_net_rx_buf *buf, u32 len)
{
	struct vpv_net_rx_xdp *x = &pair->rx.xdp;

	xdp_init_buff(&x->buff.xdp, buf->size, &x->rxq);
	xdp_prepare_buff(&x->buff.xdp, page_address(buf->page) + buf->offset,
			 buf->pad + pair->vn->hdr_len, len, true);
	x->short_pad = buf->pad < VPV_NET_RX_PAD_XDP;
	x->busy = true;
}

void vpv_net_xdp_further(struct vpv_net_pair *pair, struct vpv_net_rx_buf *buf, u32 len)
{
	struct vpv_net_rx_xdp *x = &pair->rx.xdp;
	struct xdp_buff *xdp = &x->buff.xdp;
	struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);

	if (!xdp_buff_has_frags(xdp)) {
		xdp_buff_set_frags_flag(xdp);
		shared->nr_frags = 0;
		shared->xdp_frags_size = 0;
		vpv_xdp_set_truesize(shared, 0);
		x->truesize = 0;
	}
	/* max_buffers keeps it within MAX_SKB_FRAGS. */
	__skb_fill_page_desc_noacc(shared, shared->nr_frags++, buf->page,
				   buf->offset + buf->pad, len);
	shared->xdp_frags_size += len;
	x->truesize += buf->size;
	vpv_xdp_set_truesize(shared, x->truesize);
	if (page_is_pfmemalloc(buf->page))
		xdp_buff_set_frag_pfmemalloc(xdp);
}

void vpv_net_xdp_forget(struct vpv_net_rx *rx)
{
	if (rx->xdp.busy)
		xdp_return_buff(&rx->xdp.buff.xdp);
	rx->xdp.busy = false;
}

static void xdp_copy(struct xdp_buff *xdp, void *to)
{
	const struct skb_shared_info *shared;
	unsigned int len = xdp->data_end - xdp->data;

	memcpy(to, xdp->data, len);
	if (!xdp_buff_has_frags(xdp))
		return;
	shared = xdp_get_shared_info_from_buff(xdp);
	for (unsigned int i = 0; i < shared->nr_frags; i++) {
		to += len;
		len = skb_frag_size(&shared->frags[i]);
		memcpy(to, skb_frag_address(&shared->frags[i]), len);
	}
}

/* To a buffer with headroom, in one piece. */
static bool xdp_move(struct vpv_net_pair *pair)
{
	struct vpv_net_rx *rx = &pair->rx;
	struct xdp_buff *xdp = &rx->xdp.buff.xdp;
	unsigned int size = PAGE_SIZE << rx->order, len = xdp_get_buff_len(xdp);
	unsigned int before = VPV_NET_RX_PAD_XDP + pair->vn->hdr_len;
	struct page *page;

	if (len > XDP_ROOM(pair->vn, size))
		return false;
	page = vpv_page_pool_alloc_whole(rx->pool);
	if (!page)
		return false;
	xdp_copy(xdp, page_address(page) + before);
	xdp_return_buff(xdp);
	xdp_init_buff(xdp, size, &rx->xdp.rxq);
	xdp_prepare_buff(xdp, page_address(page), before, len, true);
	return true;
}

/* Of a packet in pieces only the first moves; what does not fit becomes a piece of its own. */
static bool xdp_move_head(struct vpv_net_pair *pair)
{
	struct vpv_net_rx *rx = &pair->rx;
	struct xdp_buff *xdp = &rx->xdp.buff.xdp, old = *xdp;
	struct skb_shared_info *from = xdp_get_shared_info_from_buff(&old), *to;
	unsigned int size = PAGE_SIZE << rx->order, len = old.data_end - old.data;
	unsigned int keep = min_t(unsigned int, len, XDP_ROOM(pair->vn, size));
	struct page *page, *old_page = virt_to_head_page(old.data_hard_start);
	unsigned int extra = keep < len, nr = 0;

	if (xdp_buff_has_frags(&old))
		nr = from->nr_frags;
	if (nr + extra > MAX_SKB_FRAGS)
		return false;
	page = vpv_page_pool_alloc_whole(rx->pool);
	if (!page)
		return false;
	xdp_init_buff(xdp, size, &rx->xdp.rxq);
	xdp_prepare_buff(xdp, page_address(page), VPV_NET_RX_PAD_XDP + pair->vn->hdr_len,
			 keep, true);
	xdp->flags = old.flags;
	memcpy(xdp->data, old.data, keep);
	to = xdp_get_shared_info_from_buff(xdp);
	to->nr_frags = nr + extra;
	to->xdp_frags_size = (nr ? from->xdp_frags_size : 0) + len - keep;
	rx->xdp.truesize = (nr ? rx->xdp.truesize : 0) + extra * old.frame_sz;
	vpv_xdp_set_truesize(to, rx->xdp.truesize);
	memcpy(&to->frags[extra], from->frags, nr * sizeof(from->frags[0]));
	if (to->nr_frags)
		xdp_buff_set_frags_flag(xdp);
	if (extra)
		__skb_fill_page_desc_noacc(to, 0, old_page,
					   old.data + keep - page_address(old_page), len - keep);
	else
		page_pool_put_full_page(rx->pool, old_page, true);
	return true;
}

/* Is it as it was on the wire? Not so if from before the offloads were off. */
bool vpv_net_xdp_plain(struct vpv_net_rx *rx)
{
	if (rx->hdr.gso_type != VIRTIO_NET_HDR_GSO_NONE ||
	    (rx->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return false;
	/* The program may change what the device has looked at. */
	rx->hdr.flags = 0;
	return true;
}

/* May the program see this packet? */
static bool xdp_ready(struct vpv_net_pair *pair)
{
	struct vpv_net_rx *rx = &pair->rx;

	if (!vpv_net_xdp_plain(rx))
		return false;
	if (rx->xdp.prog->aux->xdp_has_frags)
		return !rx->xdp.short_pad || xdp_move_head(pair);
	return !(rx->xdp.short_pad || xdp_buff_has_frags(&rx->xdp.buff.xdp)) || xdp_move(pair);
}

static struct sk_buff *xdp_to_skb(struct vpv_net_pair *pair)
{
	struct xdp_buff *xdp = &pair->rx.xdp.buff.xdp;
	struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);
	unsigned int nr = 0, size = 0;
	struct sk_buff *skb;

	/* Making the skb clears what is not a fragment. */
	if (xdp_buff_has_frags(xdp)) {
		nr = shared->nr_frags;
		size = shared->xdp_frags_size;
	}
	skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);
	if (!skb) {
		if (nr) {
			shared->nr_frags = nr;
			shared->xdp_frags_size = size;
		}
		return NULL;
	}
	skb_mark_for_recycle(skb);
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (xdp->data > xdp->data_meta)
		skb_metadata_set(skb, xdp->data - xdp->data_meta);
	skb_shinfo(skb)->nr_frags = nr;
	skb_shinfo(skb)->destructor_arg = NULL;	/* where the frags' size may be */
	skb->len += size;
	skb->data_len += size;
	skb->truesize += nr ? pair->rx.xdp.truesize : 0;
	skb->pfmemalloc |= !!(xdp->flags & XDP_FLAGS_FRAGS_PF_MEMALLOC);
	skb->dev = pair->vn->dev;
	return skb;
}

static void xdp_send(struct vpv_net_pair *pair)
{
	struct vpv_net_rx_xdp *x = &pair->rx.xdp;

	x->sent += vpv_net_send_frames(pair, x->frames, x->nr_frames);
	x->nr_frames = 0;
}

static bool xdp_back(struct vpv_net_pair *pair, struct xdp_buff *xdp)
{
	struct vpv_net_rx_xdp *x = &pair->rx.xdp;
	struct xdp_frame *frame = xdp_convert_buff_to_frame(xdp);

	if (!frame)
		return false;
	x->frames[x->nr_frames++] = frame;
	if (x->nr_frames == VPV_NET_XDP_BULK)
		xdp_send(pair);
	return true;
}

static bool xdp_elsewhere(struct vpv_net_pair *pair, struct xdp_buff *xdp)
{
	struct vpv_net_rx_xdp *x = &pair->rx.xdp;

	if (xdp_do_redirect(pair->vn->dev, xdp, x->prog))
		return false;
	x->redirected = true;
	x->redirects++;
	return true;
}

/*
 * What the program says, and does. XDP_PASS: for the stack; XDP_TX: sent, the
 * packet has another owner; XDP_DROP: the caller frees it, and counts.
 */
u32 vpv_net_xdp_verdict(struct vpv_net_pair *pair, struct xdp_buff *xdp)
{
	struct bpf_prog *prog = pair->rx.xdp.prog;
	u32 act = bpf_prog_run_xdp(prog, xdp);

	switch (act) {
	case XDP_PASS:
	case XDP_DROP:
		return act;
	case XDP_TX:
		if (xdp_back(pair, xdp))
			return XDP_TX;
		break;
	case XDP_REDIRECT:
		if (xdp_elsewhere(pair, xdp))
			return XDP_TX;
		break;
	default:
		bpf_warn_invalid_xdp_action(pair->vn->dev, prog, act);
		break;
	case XDP_ABORTED:
		break;
	}
	trace_xdp_exception(pair->vn->dev, prog, act);
	return XDP_DROP;
}

/* A packet for the stack is returned, NULL: done with. */
struct sk_buff *vpv_net_xdp_run(struct vpv_net_pair *pair)
{
	struct vpv_net_rx_xdp *x = &pair->rx.xdp;
	struct sk_buff *skb = NULL;
	u32 act = XDP_DROP;

	x->busy = false;
	x->packets++;
	if (xdp_ready(pair))
		act = vpv_net_xdp_verdict(pair, &x->buff.xdp);
	if (act == XDP_TX)
		return NULL;
	if (act == XDP_PASS)
		skb = xdp_to_skb(pair);
	if (skb)
		return skb;
	xdp_return_buff(&x->buff.xdp);
	x->drops++;
	return NULL;
}

/* The program stays what it is for the whole of a poll. */
void vpv_net_xdp_begin_poll(struct vpv_net_pair *pair)
{
	struct vpv_net_rx_xdp *x = &pair->rx.xdp;

	x->prog = rcu_dereference_bh(pair->vn->prog);
}

static void xdp_count(struct vpv_net_rx *rx)
{
	struct vpv_net_rx_xdp *x = &rx->xdp;

	u64_stats_update_begin(&rx->stats.syncp);
	u64_stats_add(&rx->stats.xdp_packets, x->packets);
	u64_stats_add(&rx->stats.xdp_tx, x->sent);
	u64_stats_add(&rx->stats.xdp_redirects, x->redirects);
	u64_stats_add(&rx->stats.xdp_drops, x->drops);
	u64_stats_update_end(&rx->stats.syncp);
	x->packets = 0;
	x->sent = 0;
	x->redirects = 0;
	x->drops = 0;
}

/* The flush point of all that the program sent: one commit, one flush of redirects. */
void vpv_net_xdp_end_poll(struct vpv_net_pair *pair)
{
	struct vpv_net_rx_xdp *x = &pair->rx.xdp;

	if (!x->packets)
		return;
	if (x->nr_frames)
		xdp_send(pair);
	if (x->sent)
		vpv_net_flush_frames(pair);
	if (x->redirected)
		xdp_do_flush();
	x->redirected = false;
	xdp_count(&pair->rx);
}

/* ---- attach and detach; RTNL ---- */

/* A program that knows one piece only gets all of a packet in one buffer. */
static unsigned int xdp_max_mtu(const struct vpv_net *vn, const struct bpf_prog *prog)
{
	if (!vn->mergeable || prog->aux->xdp_has_frags)
		return vn->dev->max_mtu;
	return XDP_ROOM(vn, PAGE_SIZE) - VLAN_ETH_HLEN;
}

/* A program, or a socket: packets as they are on the wire, please. */
bool vpv_net_xdp_on(const struct vpv_net *vn)
{
	if (rcu_access_pointer(vn->prog))
		return true;
	for (unsigned int i = 0; i < vn->nr_pairs; i++)
		if (vn->pairs[i].rx.xsk)
			return true;
	return false;
}

/* Before it is on. @extack: may be NULL, then the log is told. */
int vpv_net_xdp_prepare(struct vpv_net *vn, struct netlink_ext_ack *extack)
{
	int err;

	if (vpv_net_offloads_stuck(vn)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "receive offloads cannot be switched off (no CTRL_GUEST_OFFLOADS): start the device with guest_csum=off or use xdpgeneric");
		err = -EOPNOTSUPP;
	} else {
		err = vpv_net_offloads_off(vn);
		if (err)
			NL_SET_ERR_MSG_MOD(extack, "device refuses to switch receive offloads off");
	}
	if (err && !extack)
		netdev_err(vn->dev, "AF_XDP: no zero copy: receive offloads stay on: error %d\n",
			   err);
	return err;
}

/* After it was switched on or off. A device that goes needs no offloads back. */
void vpv_net_xdp_changed(struct vpv_net *vn)
{
	if (vn->dev->reg_state == NETREG_REGISTERED)
		netdev_update_features(vn->dev);
}

static int xdp_set_prog(struct vpv_net *vn, struct bpf_prog *prog, struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = rtnl_dereference(vn->prog);
	int err;

	if (prog && vn->dev->mtu > xdp_max_mtu(vn, prog)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "MTU too large for a program without frags: lower it to 3400 or load the program for frags (xdp.frags)");
		return -EINVAL;
	}
	if (prog) {
		err = vpv_net_xdp_prepare(vn, extack);
		if (err)
			return err;
	}
	rcu_assign_pointer(vn->prog, prog);
	vpv_net_xdp_changed(vn);
	/* Whoever runs it still holds RCU. */
	if (old)
		bpf_prog_put(old);
	return 0;
}

int vpv_net_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return xdp_set_prog(vpv_net_of(dev), bpf->prog, bpf->extack);
	case XDP_SETUP_XSK_POOL:
		return vpv_net_xsk_bind(vpv_net_of(dev), bpf->xsk.pool, bpf->xsk.queue_id);
	default:
		return -EINVAL;
	}
}

int vpv_net_change_mtu(struct net_device *dev, int mtu)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct bpf_prog *prog = rtnl_dereference(vn->prog);

	if (prog && mtu > xdp_max_mtu(vn, prog)) {
		netdev_err(dev, "MTU %d is too large for the XDP program, which knows no frags: at most %u\n",
			   mtu, xdp_max_mtu(vn, prog));
		return -EINVAL;
	}
	if (mtu > vpv_net_xsk_max_mtu(vn)) {
		netdev_err(dev, "MTU %d is too large for the chunks of an AF_XDP socket: at most %u\n",
			   mtu, vpv_net_xsk_max_mtu(vn));
		return -EINVAL;
	}
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

/* ---- making it ---- */

int vpv_net_xdp_init(struct vpv_net *vn)
{
	u32 features = NETDEV_XDP_ACT_NDO_XMIT | NETDEV_XDP_ACT_NDO_XMIT_SG;

	if (!vpv_net_offloads_stuck(vn))
		features |= NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
			    NETDEV_XDP_ACT_XSK_ZEROCOPY;
	if (!vpv_net_offloads_stuck(vn) && vn->mergeable)
		features |= NETDEV_XDP_ACT_RX_SG;
	vpv_xdp_set_features(vn->dev, features);
	vn->zeroes = kzalloc(L1_CACHE_ALIGN(vn->hdr_len), GFP_KERNEL);
	return vn->zeroes ? 0 : -ENOMEM;
}

void vpv_net_xdp_exit(struct vpv_net *vn)
{
	kfree(vn->zeroes);
}

/* The queue's pool and NAPI are there. */
int vpv_net_xdp_create(struct vpv_net_pair *pair)
{
	struct vpv_net_rx_xdp *x = &pair->rx.xdp;
	int err;

	x->buff.rx = &pair->rx;
	err = xdp_rxq_info_reg(&x->rxq, pair->vn->dev, pair->index, pair->napi.napi_id);
	if (err)
		return err;
	err = xdp_rxq_info_reg_mem_model(&x->rxq, MEM_TYPE_PAGE_POOL, pair->rx.pool);
	if (err)
		xdp_rxq_info_unreg(&x->rxq);
	return err;
}

void vpv_net_xdp_destroy(struct vpv_net_pair *pair)
{
	xdp_rxq_info_unreg(&pair->rx.xdp.rxq);
}
