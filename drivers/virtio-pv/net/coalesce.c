// SPDX-License-Identifier: GPL-2.0-only
/*
 * Few interrupts: by the device where it can (5.1.9.5.10), for all queues
 * (NOTF_COAL) or each (VQ_NOTF_COAL); else receive interrupts are moderated here,
 * by polling at times instead (pair.c).
 *
 * What is wanted is written under RTNL and ctrl.lock.
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

static void all_have(struct vpv_net *vn, enum vpv_net_dir dir)
{
	vn->coal_sent[dir] = vn->coal[dir];
	for (unsigned int i = 0; i < vn->nr_pairs; i++)
		vn->pairs[i].coal_sent[dir] = vn->coal[dir];
}

static int sync_all(struct vpv_net *vn, enum vpv_net_dir dir)
{
	struct vpv_net_wire_coal wire = wire_of(&vn->coal[dir]);
	int err;

	if (!for_all(vn) || same(&vn->coal[dir], &vn->coal_sent[dir]))
		return 0;
	err = vpv_net_ctrl_add(vn, VIRTIO_NET_CTRL_NOTF_COAL, command(dir), &wire, sizeof(wire));
	if (!err)
		all_have(vn, dir);
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

/* ---- changes; RTNL ---- */

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

static int set_all(struct vpv_net *vn, enum vpv_net_dir dir, struct vpv_net_coal want)
{
	struct vpv_net_wire_coal wire = wire_of(&want);
	unsigned int i;
	int err = 0;

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
	all_have(vn, dir);
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

static int set_own(struct vpv_net *vn, const struct ethtool_coalesce *c,
		   struct netlink_ext_ack *extack)
{
	if (c->tx_coalesce_usecs || c->tx_max_coalesced_frames || c->rx_max_coalesced_frames) {
		NL_SET_ERR_MSG_MOD(extack, "the device coalesces nothing: set rx-usecs alone");
		return -EOPNOTSUPP;
	}
	if (c->rx_coalesce_usecs > VPV_NET_MAX_USECS) {
		NL_SET_ERR_MSG_MOD(extack, "rx-usecs is 10000 at most");
		return -EINVAL;
	}
	WRITE_ONCE(vn->rx_usecs, c->rx_coalesce_usecs);
	return 0;
}

int vpv_net_set_coalesce(struct net_device *dev, struct ethtool_coalesce *c,
			 struct kernel_ethtool_coalesce *kernel_c, struct netlink_ext_ack *extack)
{
	struct vpv_net *vn = vpv_net_of(dev);
	int err;

	if (!for_all(vn) && !for_each(vn))
		return set_own(vn, c, extack);
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
	return 0;
}

int vpv_net_set_queue_coalesce(struct net_device *dev, u32 queue, struct ethtool_coalesce *c)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct vpv_net_pair *pair;
	int err;

	if (!for_each(vn))
		return -EOPNOTSUPP;
	if (queue >= vn->cur_pairs)
		return -EINVAL;
	pair = &vn->pairs[queue];
	err = set_one(pair, VPV_NET_RX, wish(c, VPV_NET_RX));
	return err ?: set_one(pair, VPV_NET_TX, wish(c, VPV_NET_TX));
}

int vpv_net_get_queue_coalesce(struct net_device *dev, u32 queue, struct ethtool_coalesce *c)
{
	struct vpv_net *vn = vpv_net_of(dev);

	if (!for_each(vn))
		return -EOPNOTSUPP;
	if (queue >= vn->cur_pairs)
		return -EINVAL;
	tell(c, vn->pairs[queue].coal);
	return 0;
}
