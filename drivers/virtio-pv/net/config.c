// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device configuration: one consistent snapshot, each field checked. A value
 * that leaves a usable device is replaced, with a message; others refuse it.
 */
#include <linux/ethtool.h>

#include "net.h"

/* Device configuration (5.1.4). */
struct vpv_net_wire_config {
	u8 mac[ETH_ALEN];
	__le16 status;
	__le16 max_virtqueue_pairs;
	__le16 mtu;
	__le32 speed;
	u8 duplex;
	u8 rss_max_key_size;
	__le16 rss_max_table;
	__le32 hash_types;
} __packed;

#define VPV_NET_MAC_BYTE(_i) \
	{ .offset = (_i), .width = 1, .feature = VIRTIO_NET_F_MAC }
#define VPV_NET_FIELD(_member, _feature) \
	VPV_CONFIG(vpv_net_wire_config, _member, VIRTIO_NET_F_##_feature)

static const struct vpv_config_field vpv_net_fields[] = {
	VPV_NET_MAC_BYTE(0), VPV_NET_MAC_BYTE(1), VPV_NET_MAC_BYTE(2),
	VPV_NET_MAC_BYTE(3), VPV_NET_MAC_BYTE(4), VPV_NET_MAC_BYTE(5),
	VPV_NET_FIELD(status, STATUS),
	VPV_NET_FIELD(max_virtqueue_pairs, MQ),
	VPV_NET_FIELD(mtu, MTU),
	VPV_NET_FIELD(speed, SPEED_DUPLEX),
	VPV_NET_FIELD(duplex, SPEED_DUPLEX),
	/* A field that two features bring stands here twice. */
	VPV_NET_FIELD(rss_max_key_size, RSS),
	VPV_NET_FIELD(rss_max_key_size, HASH_REPORT),
	VPV_NET_FIELD(rss_max_table, RSS),
	VPV_NET_FIELD(hash_types, RSS),
	VPV_NET_FIELD(hash_types, HASH_REPORT),
};

static void vpv_net_check_mac(struct vpv_dev *vdev, const struct vpv_net_wire_config *wire,
			      struct vpv_net_config *cfg)
{
	if (!vpv_has_feature(vdev, VIRTIO_NET_F_MAC))
		return;
	cfg->have_mac = is_valid_ether_addr(wire->mac);
	if (cfg->have_mac)
		ether_addr_copy(cfg->mac, wire->mac);
	else
		dev_warn(vdev->dev, "device gives no usable address (%pM): taking a random one\n",
			 wire->mac);
}

static int vpv_net_check_pairs(struct vpv_dev *vdev, const struct vpv_net_wire_config *wire,
			       struct vpv_net_config *cfg)
{
	u16 pairs = le16_to_cpu(wire->max_virtqueue_pairs);

	cfg->max_pairs = 1;
	if (!vpv_has_feature(vdev, VIRTIO_NET_F_MQ))
		return 0;
	/* The control queue's place depends on it, so there is no guessing. */
	if (pairs < VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN || pairs > VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX) {
		dev_err(vdev->dev, "device claims %u queue pairs; 1 to 32768 can be\n", pairs);
		return -EINVAL;
	}
	cfg->max_pairs = pairs;
	return 0;
}

static int vpv_net_check_mtu(struct vpv_dev *vdev, const struct vpv_net_wire_config *wire,
			     struct vpv_net_config *cfg)
{
	if (!vpv_has_feature(vdev, VIRTIO_NET_F_MTU))
		return 0;
	cfg->mtu = le16_to_cpu(wire->mtu);
	if (cfg->mtu >= ETH_MIN_MTU)
		return 0;
	dev_err(vdev->dev, "device's MTU of %u is below %u; give it a larger one (QEMU: host_mtu=)\n",
		cfg->mtu, ETH_MIN_MTU);
	return -EINVAL;
}

/* NET-010: what is beyond the range is an unknown value. */
static void vpv_net_check_speed(struct vpv_dev *vdev, const struct vpv_net_wire_config *wire,
				struct vpv_net_config *cfg)
{
	u32 speed = le32_to_cpu(wire->speed);

	cfg->speed = SPEED_UNKNOWN;
	cfg->duplex = DUPLEX_UNKNOWN;
	if (!vpv_has_feature(vdev, VIRTIO_NET_F_SPEED_DUPLEX))
		return;
	if (speed <= INT_MAX)
		cfg->speed = speed;
	if (wire->duplex == DUPLEX_HALF || wire->duplex == DUPLEX_FULL)
		cfg->duplex = wire->duplex;
}

static void vpv_net_check_status(struct vpv_dev *vdev, const struct vpv_net_wire_config *wire,
				 struct vpv_net_config *cfg)
{
	u16 status = le16_to_cpu(wire->status);

	/* NET-005 */
	cfg->link_up = !vpv_has_feature(vdev, VIRTIO_NET_F_STATUS) ||
		       (status & VIRTIO_NET_S_LINK_UP);
	cfg->announce = vpv_has_feature(vdev, VIRTIO_NET_F_GUEST_ANNOUNCE) &&
			vpv_has_feature(vdev, VIRTIO_NET_F_STATUS) &&
			(status & VIRTIO_NET_S_ANNOUNCE);
}

/* The device has to take 40 bytes of key and 128 entries, which is what is used. */
static int vpv_net_check_rss(struct vpv_dev *vdev, const struct vpv_net_wire_config *wire,
			     struct vpv_net_config *cfg)
{
	bool rss = vpv_has_feature(vdev, VIRTIO_NET_F_RSS);

	if (!rss && !vpv_has_feature(vdev, VIRTIO_NET_F_HASH_REPORT))
		return 0;
	if (wire->rss_max_key_size < VPV_NET_RSS_KEY ||
	    (rss && le16_to_cpu(wire->rss_max_table) < VPV_NET_RSS_TABLE)) {
		dev_err(vdev->dev, "device claims hash keys of %u bytes and tables of %u entries; %u and %u are the least: switch hashes off (features_off=57,60)\n",
			wire->rss_max_key_size, le16_to_cpu(wire->rss_max_table),
			VPV_NET_RSS_KEY, VPV_NET_RSS_TABLE);
		return -EINVAL;
	}
	cfg->rss_table = rss ? VPV_NET_RSS_TABLE : 0;
	cfg->hash_types = le32_to_cpu(wire->hash_types);
	return 0;
}

int vpv_net_read_config(struct vpv_dev *vdev, struct vpv_net_config *cfg)
{
	struct vpv_net_wire_config wire = {};
	int err;

	memset(cfg, 0, sizeof(*cfg));
	err = vpv_config_read(vdev, vpv_net_fields, ARRAY_SIZE(vpv_net_fields), &wire);
	if (err)
		return err;
	vpv_net_check_mac(vdev, &wire, cfg);
	vpv_net_check_status(vdev, &wire, cfg);
	vpv_net_check_speed(vdev, &wire, cfg);
	err = vpv_net_check_pairs(vdev, &wire, cfg);
	if (!err)
		err = vpv_net_check_rss(vdev, &wire, cfg);
	if (err)
		return err;
	return vpv_net_check_mtu(vdev, &wire, cfg);
}

/* Over a reset a device keeps what queues and buffers were made for. */
int vpv_net_same_config(struct vpv_dev *vdev, const struct vpv_net_config *old,
			const struct vpv_net_config *now)
{
	if (old->hash_types & ~now->hash_types) {
		/* NET-085: those in use would be told to it again. */
		dev_err(vdev->dev, "hash types %#x are gone after a reset: not the same device\n",
			old->hash_types & ~now->hash_types);
		return -ESTALE;
	}
	if (now->max_pairs == old->max_pairs && now->mtu == old->mtu)
		return 0;
	dev_err(vdev->dev, "queue pairs or MTU differ after a reset (%u, %u; were %u, %u): not the same device\n",
		now->max_pairs, now->mtu, old->max_pairs, old->mtu);
	return -ESTALE;
}
