// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the device lets through: promiscuity, address lists, VLANs, and our own
 * address. The stack's wishes are noted down, and only what differs from what
 * was last sent becomes a command; all of them go out with one notification.
 *
 * A list too long for one command is replaced by "all" of its kind.
 */
#include "net.h"

/* ---- modes and addresses ---- */

/* NET-073: a le32 count and so many addresses, for unicast and for multicast. */
static size_t pack_macs(const struct vpv_net_mode *mode, u8 *to)
{
	__le32 nr_uc = cpu_to_le32(mode->nr_uc), nr_mc = cpu_to_le32(mode->nr_mc);
	size_t uc = mode->nr_uc * ETH_ALEN, mc = mode->nr_mc * ETH_ALEN;

	memcpy(to, &nr_uc, sizeof(nr_uc));
	memcpy(to + sizeof(nr_uc), mode->macs[0], uc);
	memcpy(to + sizeof(nr_uc) + uc, &nr_mc, sizeof(nr_mc));
	memcpy(to + sizeof(nr_uc) + uc + sizeof(nr_mc), mode->macs[mode->nr_uc], mc);
	return sizeof(nr_uc) + uc + sizeof(nr_mc) + mc;
}

static bool same_macs(const struct vpv_net_mode *a, const struct vpv_net_mode *b)
{
	return a->nr_uc == b->nr_uc && a->nr_mc == b->nr_mc &&
	       !memcmp(a->macs, b->macs, (a->nr_uc + a->nr_mc) * ETH_ALEN);
}

static int send_flag(struct vpv_net *vn, u8 cmd, u8 want, u8 *sent)
{
	int err;

	if (want == *sent)
		return 0;
	err = vpv_net_ctrl_add(vn, VIRTIO_NET_CTRL_RX, cmd, &want, sizeof(want));
	if (!err)
		*sent = want;
	return err;
}

static int send_macs(struct vpv_net *vn)
{
	struct vpv_net_mode *want = &vn->want_mode, *sent = &vn->mode;
	u8 data[VPV_NET_CTRL_PAYLOAD];
	int err;

	if (same_macs(want, sent))
		return 0;
	err = vpv_net_ctrl_add(vn, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, data,
			       pack_macs(want, data));
	if (err)
		return err;
	sent->nr_uc = want->nr_uc;
	sent->nr_mc = want->nr_mc;
	memcpy(sent->macs, want->macs, sizeof(sent->macs));
	return 0;
}

static int send_own_mac(struct vpv_net *vn)
{
	int err;

	if (!vn->mac_set || vn->mac_sent || !vpv_net_has(vn, VIRTIO_NET_F_CTRL_MAC_ADDR))
		return 0;
	err = vpv_net_ctrl_add(vn, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET,
			       vn->mac_now, ETH_ALEN);
	vn->mac_sent = !err;
	return err;
}

int vpv_net_mode_sync(struct vpv_net *vn)
{
	struct vpv_net_mode *want = &vn->want_mode, *sent = &vn->mode;
	int err;

	err = send_own_mac(vn);
	if (err || !vpv_net_has(vn, VIRTIO_NET_F_CTRL_RX))
		return err;
	err = send_flag(vn, VIRTIO_NET_CTRL_RX_PROMISC, want->promisc, &sent->promisc);
	if (!err)
		err = send_flag(vn, VIRTIO_NET_CTRL_RX_ALLMULTI, want->allmulti, &sent->allmulti);
	if (!err && vpv_net_has(vn, VIRTIO_NET_F_CTRL_RX_EXTRA))
		err = send_flag(vn, VIRTIO_NET_CTRL_RX_ALLUNI, want->alluni, &sent->alluni);
	if (!err)
		err = send_macs(vn);
	return err;
}

/* 2 is no value of a flag, so each is sent once. */
void vpv_net_mode_forget(struct vpv_net *vn)
{
	vn->mode.promisc = 2;
	vn->mode.allmulti = 0;
	vn->mode.alluni = 0;
	vn->mode.nr_uc = 0;
	vn->mode.nr_mc = 0;
	vn->mac_sent = false;
	bitmap_zero(vn->sent_vlans, VLAN_N_VID);
}

static void want_unicast(struct vpv_net *vn, struct net_device *dev, bool own)
{
	struct vpv_net_mode *want = &vn->want_mode;
	struct netdev_hw_addr *ha;

	if (netdev_uc_count(dev) + own > VPV_NET_MAC_MAX) {
		if (vpv_net_has(vn, VIRTIO_NET_F_CTRL_RX_EXTRA))
			want->alluni = 1;
		else
			want->promisc = 1;
		return;
	}
	if (own)
		ether_addr_copy(want->macs[want->nr_uc++], dev->dev_addr);
	netdev_for_each_uc_addr(ha, dev)
		ether_addr_copy(want->macs[want->nr_uc++], ha->addr);
}

static void want_multicast(struct vpv_net *vn, struct net_device *dev)
{
	struct vpv_net_mode *want = &vn->want_mode;
	struct netdev_hw_addr *ha;

	/* With "all" the list stays as it is: one command less, each way. */
	if (netdev_mc_count(dev) > VPV_NET_MAC_MAX - want->nr_uc) {
		want->allmulti = 1;
		return;
	}
	netdev_for_each_mc_addr(ha, dev)
		ether_addr_copy(want->macs[want->nr_uc + want->nr_mc++], ha->addr);
}

/* The stack holds the lock of the address lists. */
void vpv_net_set_rx_mode(struct net_device *dev)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct vpv_net_mode *want = &vn->want_mode;
	unsigned long flags;
	bool own;

	if (!vpv_net_has(vn, VIRTIO_NET_F_CTRL_RX))
		return;
	spin_lock_irqsave(&vn->ctrl.lock, flags);
	want->promisc = !!(dev->flags & IFF_PROMISC);
	want->allmulti = !!(dev->flags & IFF_ALLMULTI);
	want->alluni = 0;
	want->nr_uc = 0;
	want->nr_mc = 0;
	/* A device that cannot be told our address lets it through by the list. */
	own = vn->mac_set && !vpv_net_has(vn, VIRTIO_NET_F_CTRL_MAC_ADDR);
	want_unicast(vn, dev, own);
	want_multicast(vn, dev);
	vpv_net_mode_sync(vn);
	spin_unlock_irqrestore(&vn->ctrl.lock, flags);
	vpv_net_ctrl_flush(vn);
}

/* ---- our address ---- */

int vpv_net_set_mac(struct net_device *dev, void *addr)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct sockaddr *sa = addr;
	int err;

	err = eth_prepare_mac_addr_change(dev, addr);
	if (err)
		return err;
	if (vpv_net_has(vn, VIRTIO_NET_F_CTRL_MAC_ADDR)) {
		err = vpv_net_ctrl_exec(vn, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET,
					sa->sa_data, ETH_ALEN);
		if (err) {
			netdev_err(dev, "device does not take the address %pM: error %d\n",
				   sa->sa_data, err);
			return err;
		}
	}
	spin_lock_irq(&vn->ctrl.lock);
	ether_addr_copy(vn->mac_now, sa->sa_data);
	vn->mac_set = true;
	vn->mac_sent = true;
	spin_unlock_irq(&vn->ctrl.lock);
	eth_commit_mac_addr_change(dev, addr);
	return 0;
}

/* ---- VLANs ---- */

static int send_vlan(struct vpv_net *vn, unsigned int vid)
{
	bool add = test_bit(vid, vn->vlans);
	__le16 data = cpu_to_le16(vid);
	int err;

	err = vpv_net_ctrl_add(vn, VIRTIO_NET_CTRL_VLAN,
			       add ? VIRTIO_NET_CTRL_VLAN_ADD : VIRTIO_NET_CTRL_VLAN_DEL,
			       &data, sizeof(data));
	if (!err)
		__assign_bit(vid, vn->sent_vlans, add);
	return err;
}

int vpv_net_vlan_sync(struct vpv_net *vn)
{
	unsigned int vid;
	int err;

	if (!vpv_net_has(vn, VIRTIO_NET_F_CTRL_VLAN))
		return 0;
	for (vid = 0; vid < VLAN_N_VID; vid++) {
		if (test_bit(vid, vn->vlans) == test_bit(vid, vn->sent_vlans))
			continue;
		err = send_vlan(vn, vid);
		if (err)
			return err;
	}
	return 0;
}

static void vlan_change(struct vpv_net *vn, u16 vid, bool on)
{
	spin_lock_irq(&vn->ctrl.lock);
	__assign_bit(vid, vn->vlans, on);
	vpv_net_vlan_sync(vn);
	spin_unlock_irq(&vn->ctrl.lock);
	vpv_net_ctrl_flush(vn);
}

int vpv_net_vlan_add(struct net_device *dev, __be16 proto, u16 vid)
{
	vlan_change(vpv_net_of(dev), vid, true);
	return 0;
}

int vpv_net_vlan_kill(struct net_device *dev, __be16 proto, u16 vid)
{
	vlan_change(vpv_net_of(dev), vid, false);
	return 0;
}
