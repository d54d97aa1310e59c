// SPDX-License-Identifier: GPL-2.0-only
/*
 * Few interrupts: by the device where it can (5.1.9.5.10), for all queues
 * (NOTF_COAL) or each (VQ_NOTF_COAL); else receive interrupts are moderated here,
 * by polling at times instead (pair.c).
 *
 * What is wanted is written under RTNL and ctrl.lock; that of an adaptive pair's
 * receive queue by dim.c, under ctrl.lock alone.
 */
#include "net.h"

/* Parameters of a direction, as the device takes them, and of a queue. */
struct vpv_net_wire_coal {
	__le32 packets;
	__le32 usecs;
};

struct vpv_net_wire_coal_vq {
	__le16 index;
	__le16 reserved;
	struct vpv_net_wire_coal coal;
};

static bool for_all(const struct vpv_net *vn)
{
	return vpv_net_has(vn, VIRTIO_NET_F_NOTF_COAL);
}

static bool for_each(const struct vpv_net *vn)
{
	return vpv_net_has(vn, VIRTIO_NET_F_VQ_NOTF_COAL);
}

/* Can the device be told of a single pair? Else an adaptive pair looks after itself. */
static bool for_pair(const struct vpv_net *vn)
{
	return for_each(vn) || (for_all(vn) && vn->nr_pairs == 1);
}

static bool same(const struct vpv_net_coal *a, const struct vpv_net_coal *b)
{
	return a->packets == b->packets && a->usecs == b->usecs;
}

static struct vpv_net_wire_coal wire_of(const struct vpv_net_coal *c)
{
	return (struct vpv_net_wire_coal){
		.packets = cpu_to_le32(c->packets), .usecs = cpu_to_le32(c->usecs),
	};
}

static u8 command(enum vpv_net_dir dir)
{
	return dir == VPV_NET_RX ? VIRTIO_NET_CTRL_NOTF_COAL_RX_SET :
				   VIRTIO_NET_CTRL_NOTF_COAL_TX_SET;
}

static struct vpv_net_wire_coal_vq wire_vq(const struct vpv_net_pair *pair, enum vpv_net_dir dir,
					   const struct vpv_net_coal *c)
{
	return (struct vpv_net_wire_coal_vq){
		.index = cpu_to_le16(dir == VPV_NET_RX ? pair->rx.q->index : pair->tx.q->index),
		.coal = wire_of(c),
	};
}

/* ---- after a reset; under ctrl.lock ---- */

static void all_have(struct vpv_net *vn, enum vpv_net_dir dir, struct vpv_net_coal coal)
{
	vn->coal_sent[dir] = coal;
	for (unsigned int i = 0; i < vn->nr_pairs; i++)
		vn->pairs[i].coal_sent[dir] = coal;
}

/* Of the only pair there is, if that alone can be told; else of all. */
static struct vpv_net_coal wish_of_all(const struct vpv_net *vn, enum vpv_net_dir dir)
{
	return for_each(vn) || !for_pair(vn) ? vn->coal[dir] : vn->pairs[0].coal[dir];
}

static int sync_all(struct vpv_net *vn, enum vpv_net_dir dir)
{
	struct vpv_net_coal want = wish_of_all(vn, dir);
	struct vpv_net_wire_coal wire = wire_of(&want);
	int err;

	if (!for_all(vn) || same(&want, &vn->coal_sent[dir]))
		return 0;
	err = vpv_net_ctrl_add(vn, VIRTIO_NET_CTRL_NOTF_COAL, command(dir), &wire, sizeof(wire));
	if (!err)
		all_have(vn, dir, want);
	return err;
}

static int sync_one(struct vpv_net_pair *pair, enum vpv_net_dir dir)
{
	struct vpv_net_wire_coal_vq wire = wire_vq(pair, dir, &pair->coal[dir]);
	int err;

	if (!for_each(pair->vn) || same(&pair->coal[dir], &pair->coal_sent[dir]))
		return 0;
	err = vpv_net_ctrl_add(pair->vn, VIRTIO_NET_CTRL_NOTF_COAL,
			       VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, &wire, sizeof(wire));
	if (!err)
		pair->coal_sent[dir] = pair->coal[dir];
	return err;
}

int vpv_net_coal_sync(struct vpv_net *vn)
{
	unsigned int i;
	int err;

	err = sync_all(vn, VPV_NET_RX);
	if (!err)
		err = sync_all(vn, VPV_NET_TX);
	for (i = 0; i < vn->nr_pairs && !err; i++) {
		err = sync_one(&vn->pairs[i], VPV_NET_RX);
		if (!err)
			err = sync_one(&vn->pairs[i], VPV_NET_TX);
	}
	return err;
}

void vpv_net_coal_forget(struct vpv_net *vn)
{
	memset(vn->coal_sent, 0, sizeof(vn->coal_sent));
	for (unsigned int i = 0; i < vn->nr_pairs; i++)
		memset(vn->pairs[i].coal_sent, 0, sizeof(vn->pairs[i].coal_sent));
}

/* What the load asks for now; any context. */
void vpv_net_coal_adapt(struct vpv_net_pair *pair, u32 packets, u32 usecs)
{
	struct vpv_net *vn = pair->vn;
	struct vpv_net_ctrl *c = &vn->ctrl;
	unsigned long flags;

	spin_lock_irqsave(&c->lock, flags);
	if (pair->adaptive && for_pair(vn)) {
		pair->coal[VPV_NET_RX] = (struct vpv_net_coal){ packets, usecs };
		if (!c->stopped && vpv_net_coal_sync(vn))
			c->starved = true;
	} else if (pair->adaptive) {
		/* A timer for as good as no time is worse than the interrupt. */
		WRITE_ONCE(pair->rx_usecs, usecs > 1 ? usecs : 0);
	}
	spin_unlock_irqrestore(&c->lock, flags);
	vpv_net_ctrl_flush(vn);
}

/* ---- changes; RTNL ---- */

/* An adaptive pair begins with what it has. */
static void set_adaptive(struct vpv_net_pair *pair, bool on)
{
	spin_lock_irq(&pair->vn->ctrl.lock);
	WRITE_ONCE(pair->adaptive, on);
	spin_unlock_irq(&pair->vn->ctrl.lock);
	if (!on)
		vpv_net_dim_stop(pair);
}

static int set_one(struct vpv_net_pair *pair, enum vpv_net_dir dir, struct vpv_net_coal want)
{
	struct vpv_net_wire_coal_vq wire = wire_vq(pair, dir, &want);
	int err;

	if (same(&want, &pair->coal[dir]))
		return 0;
	err = vpv_net_ctrl_exec(pair->vn, VIRTIO_NET_CTRL_NOTF_COAL,
				VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, &wire, sizeof(wire));
	if (err)
		return err;
	spin_lock_irq(&pair->vn->ctrl.lock);
	pair->coal[dir] = want;
	pair->coal_sent[dir] = want;
	spin_unlock_irq(&pair->vn->ctrl.lock);
	return 0;
}

static bool all_same(const struct vpv_net *vn, enum vpv_net_dir dir,
		     const struct vpv_net_coal *want)
{
	for (unsigned int i = 0; i < vn->nr_pairs; i++)
		if (!same(want, &vn->pairs[i].coal[dir]))
			return false;
	return same(want, &vn->coal[dir]);
}

static int set_all(struct vpv_net *vn, enum vpv_net_dir dir, struct vpv_net_coal want)
{
	struct vpv_net_wire_coal wire = wire_of(&want);
	unsigned int i;
	int err = 0;

	if (all_same(vn, dir, &want))
		return 0;
	if (for_all(vn)) {
		err = vpv_net_ctrl_exec(vn, VIRTIO_NET_CTRL_NOTF_COAL, command(dir), &wire,
					sizeof(wire));
	} else {
		for (i = 0; i < vn->nr_pairs && !err; i++)
			err = set_one(&vn->pairs[i], dir, want);
	}
	if (err)
		return err;
	spin_lock_irq(&vn->ctrl.lock);
	vn->coal[dir] = want;
	for (i = 0; i < vn->nr_pairs; i++)
		vn->pairs[i].coal[dir] = want;
	all_have(vn, dir, want);
	spin_unlock_irq(&vn->ctrl.lock);
	return 0;
}

/* What a direction is to have. */
static struct vpv_net_coal wish(const struct ethtool_coalesce *c, enum vpv_net_dir dir)
{
	return dir == VPV_NET_RX ?
		(struct vpv_net_coal){ c->rx_max_coalesced_frames, c->rx_coalesce_usecs } :
		(struct vpv_net_coal){ c->tx_max_coalesced_frames, c->tx_coalesce_usecs };
}

static int check_own(const struct ethtool_coalesce *c, struct netlink_ext_ack *extack)
{
	if (c->tx_coalesce_usecs || c->tx_max_coalesced_frames || c->rx_max_coalesced_frames) {
		NL_SET_ERR_MSG_MOD(extack, "the device coalesces nothing: set rx-usecs alone");
		return -EOPNOTSUPP;
	}
	if (c->rx_coalesce_usecs > VPV_NET_MAX_USECS) {
		NL_SET_ERR_MSG_MOD(extack, "rx-usecs is 10000 at most");
		return -EINVAL;
	}
	return 0;
}

static void set_own(struct vpv_net_pair *pair, const struct ethtool_coalesce *c)
{
	set_adaptive(pair, c->use_adaptive_rx_coalesce);
	if (!pair->adaptive)
		WRITE_ONCE(pair->rx_usecs, c->rx_coalesce_usecs);
}

static void own_for_all(struct vpv_net *vn, const struct ethtool_coalesce *c)
{
	vn->rx_usecs = c->rx_coalesce_usecs;
	for (unsigned int i = 0; i < vn->nr_pairs; i++)
		set_own(&vn->pairs[i], c);
}

/* Pairs that looked after themselves, and shall not, poll as ever. */
static void adapt_all(struct vpv_net *vn, bool on)
{
	for (unsigned int i = 0; i < vn->nr_pairs; i++) {
		set_adaptive(&vn->pairs[i], on);
		if (!on)
			WRITE_ONCE(vn->pairs[i].rx_usecs, 0);
	}
}

int vpv_net_set_coalesce(struct net_device *dev, struct ethtool_coalesce *c,
			 struct kernel_ethtool_coalesce *kernel_c, struct netlink_ext_ack *extack)
{
	struct vpv_net *vn = vpv_net_of(dev);
	int err = 0;

	if (!for_all(vn) && !for_each(vn)) {
		err = check_own(c, extack);
		if (!err)
			own_for_all(vn, c);
		return err;
	}
	adapt_all(vn, c->use_adaptive_rx_coalesce);
	/* Adaptive pairs have values of their own, which the command for all would undo. */
	if (!c->use_adaptive_rx_coalesce)
		err = set_all(vn, VPV_NET_RX, wish(c, VPV_NET_RX));
	return err ?: set_all(vn, VPV_NET_TX, wish(c, VPV_NET_TX));
}

static void tell(struct ethtool_coalesce *c, const struct vpv_net_coal *coal)
{
	c->rx_coalesce_usecs = coal[VPV_NET_RX].usecs;
	c->rx_max_coalesced_frames = coal[VPV_NET_RX].packets;
	c->tx_coalesce_usecs = coal[VPV_NET_TX].usecs;
	c->tx_max_coalesced_frames = coal[VPV_NET_TX].packets;
}

int vpv_net_get_coalesce(struct net_device *dev, struct ethtool_coalesce *c,
			 struct kernel_ethtool_coalesce *kernel_c, struct netlink_ext_ack *extack)
{
	struct vpv_net *vn = vpv_net_of(dev);

	tell(c, vn->coal);
	if (!for_all(vn) && !for_each(vn))
		c->rx_coalesce_usecs = vn->rx_usecs;
	c->use_adaptive_rx_coalesce = true;
	for (unsigned int i = 0; i < vn->nr_pairs; i++)
		if (!vn->pairs[i].adaptive)
			c->use_adaptive_rx_coalesce = false;
	return 0;
}

int vpv_net_set_queue_coalesce(struct net_device *dev, u32 queue, struct ethtool_coalesce *c)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct vpv_net_pair *pair;
	int err = 0;

	if (queue >= vn->cur_pairs)
		return -EINVAL;
	pair = &vn->pairs[queue];
	if (!for_all(vn) && !for_each(vn)) {
		err = check_own(c, NULL);
		if (!err)
			set_own(pair, c);
		return err;
	}
	if (!for_each(vn))
		return -EOPNOTSUPP;
	set_adaptive(pair, c->use_adaptive_rx_coalesce);
	if (!pair->adaptive)
		err = set_one(pair, VPV_NET_RX, wish(c, VPV_NET_RX));
	return err ?: set_one(pair, VPV_NET_TX, wish(c, VPV_NET_TX));
}

/* Of an adaptive pair: what it has now. */
int vpv_net_get_queue_coalesce(struct net_device *dev, u32 queue, struct ethtool_coalesce *c)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct vpv_net_pair *pair;

	if (queue >= vn->cur_pairs)
		return -EINVAL;
	pair = &vn->pairs[queue];
	spin_lock_irq(&vn->ctrl.lock);
	tell(c, pair->coal);
	spin_unlock_irq(&vn->ctrl.lock);
	if (!for_pair(vn) && (pair->adaptive || !for_all(vn)))
		c->rx_coalesce_usecs = READ_ONCE(pair->rx_usecs);
	c->use_adaptive_rx_coalesce = pair->adaptive;
	return 0;
}
