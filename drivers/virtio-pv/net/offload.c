// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offloads: features of the netdev that follow from what was negotiated, and
 * those the device can be told to switch.
 */
#include "net.h"

static const struct {
	u8 bit;
	netdev_features_t feature;
} tx_offloads[] = {
	{ VIRTIO_NET_F_HOST_TSO4, NETIF_F_TSO },
	{ VIRTIO_NET_F_HOST_TSO6, NETIF_F_TSO6 },
	{ VIRTIO_NET_F_HOST_ECN, NETIF_F_TSO_ECN },
	{ VIRTIO_NET_F_HOST_USO, NETIF_F_GSO_UDP_L4 },
};

/* What the device may do to packets it delivers (5.1.9.5.9). */
static const u8 guest_offloads[] = {
	VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_ECN,
	VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_F_GUEST_USO6,
};

static u64 negotiated(const struct vpv_net *vn, unsigned int bit)
{
	return vpv_net_has(vn, bit) ? BIT_ULL(bit) : 0;
}

static u64 segment_offloads(const struct vpv_net *vn)
{
	u64 bits = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(guest_offloads); i++)
		bits |= negotiated(vn, guest_offloads[i]);
	return bits;
}

static void init_rules(struct vpv_net *vn)
{
	vn->rules = (struct vpv_net_rules){
		.csum = vpv_net_has(vn, VIRTIO_NET_F_GUEST_CSUM),
		.tso4 = vpv_net_has(vn, VIRTIO_NET_F_GUEST_TSO4),
		.tso6 = vpv_net_has(vn, VIRTIO_NET_F_GUEST_TSO6),
		.ecn = vpv_net_has(vn, VIRTIO_NET_F_GUEST_ECN),
		.uso4 = vpv_net_has(vn, VIRTIO_NET_F_GUEST_USO4),
		.uso6 = vpv_net_has(vn, VIRTIO_NET_F_GUEST_USO6),
		.long_packets = segment_offloads(vn),
		.max_buffers = vn->mergeable ? MAX_SKB_FRAGS + 1 : 1,
	};
}

static void init_tx(struct vpv_net *vn, struct net_device *dev)
{
	if (!vpv_net_has(vn, VIRTIO_NET_F_CSUM))
		return;
	dev->hw_features |= NETIF_F_HW_CSUM | NETIF_F_SG;
	/* The device looks at headers itself. */
	dev->features |= NETIF_F_GSO_ROBUST;
	for (unsigned int i = 0; i < ARRAY_SIZE(tx_offloads); i++)
		if (vpv_net_has(vn, tx_offloads[i].bit))
			dev->hw_features |= tx_offloads[i].feature;
	dev->features |= dev->hw_features;
}

static void init_rx(struct vpv_net *vn, struct net_device *dev)
{
	netdev_features_t rx = 0;

	if (vpv_net_has(vn, VIRTIO_NET_F_GUEST_CSUM))
		rx |= NETIF_F_RXCSUM;
	if (segment_offloads(vn))
		rx |= NETIF_F_GRO_HW;
	dev->features |= rx;
	if (vpv_net_has(vn, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS))
		dev->hw_features |= rx;
}

void vpv_net_init_offloads(struct vpv_net *vn)
{
	struct net_device *dev = vn->dev;

	init_rules(vn);
	/* Pieces of any kind, wherever they are. */
	dev->hw_features = NETIF_F_SG;
	dev->features = NETIF_F_SG | NETIF_F_HIGHDMA;
	init_tx(vn, dev);
	init_rx(vn, dev);
	dev->vlan_features = dev->features;
	if (vpv_net_has(vn, VIRTIO_NET_F_CTRL_VLAN))
		dev->features |= NETIF_F_HW_VLAN_CTAG_FILTER;
	vn->want_offloads = segment_offloads(vn) | negotiated(vn, VIRTIO_NET_F_GUEST_CSUM);
	vpv_net_offloads_forget(vn);
}

/* After a reset all that was negotiated is on. */
void vpv_net_offloads_forget(struct vpv_net *vn)
{
	vn->sent_offloads = segment_offloads(vn) | negotiated(vn, VIRTIO_NET_F_GUEST_CSUM);
}

int vpv_net_offloads_sync(struct vpv_net *vn)
{
	__le64 bits = cpu_to_le64(vn->want_offloads);
	int err;

	if (vn->want_offloads == vn->sent_offloads ||
	    !vpv_net_has(vn, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS))
		return 0;
	err = vpv_net_ctrl_add(vn, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
			       VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, &bits, sizeof(bits));
	if (!err)
		vn->sent_offloads = vn->want_offloads;
	return err;
}

/* Could the device deliver a packet that is not as it was on the wire, and not be told off? */
bool vpv_net_offloads_stuck(const struct vpv_net *vn)
{
	return (segment_offloads(vn) | negotiated(vn, VIRTIO_NET_F_GUEST_CSUM)) &&
	       !vpv_net_has(vn, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS);
}

/* All off, and the device has agreed; RTNL. */
int vpv_net_offloads_off(struct vpv_net *vn)
{
	__le64 none = 0;
	u64 old, sent;
	int err;

	spin_lock_irq(&vn->ctrl.lock);
	old = vn->want_offloads;
	sent = vn->sent_offloads;
	vn->want_offloads = 0;
	spin_unlock_irq(&vn->ctrl.lock);
	/* A stopped device is told when it starts. */
	if (!sent || vn->stopped)
		return 0;
	err = vpv_net_ctrl_exec(vn, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
				VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, &none, sizeof(none));
	spin_lock_irq(&vn->ctrl.lock);
	if (err)
		vn->want_offloads = old;
	else
		vn->sent_offloads = 0;
	spin_unlock_irq(&vn->ctrl.lock);
	return err;
}

/* Long packets come with partial checksums. A program sees packets as they are on the wire. */
netdev_features_t vpv_net_fix_features(struct net_device *dev, netdev_features_t features)
{
	if (vpv_net_xdp_on(vpv_net_of(dev)))
		features &= ~NETIF_F_RXCSUM;
	if (!(features & NETIF_F_RXCSUM))
		features &= ~NETIF_F_GRO_HW;
	return features;
}

int vpv_net_set_features(struct net_device *dev, netdev_features_t features)
{
	struct vpv_net *vn = vpv_net_of(dev);
	u64 want = 0;

	if (features & NETIF_F_RXCSUM)
		want |= negotiated(vn, VIRTIO_NET_F_GUEST_CSUM);
	if (features & NETIF_F_GRO_HW)
		want |= segment_offloads(vn);
	spin_lock_irq(&vn->ctrl.lock);
	vn->want_offloads = want;
	vpv_net_offloads_sync(vn);
	spin_unlock_irq(&vn->ctrl.lock);
	vpv_net_ctrl_flush(vn);
	return 0;
}
