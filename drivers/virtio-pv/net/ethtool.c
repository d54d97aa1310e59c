// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ethtool.h>

#include "net.h"

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	struct vpv_net *vn = vpv_net_of(dev);

	strscpy(info->driver, "virtio_pv_net", sizeof(info->driver));
	strscpy(info->version, VPV_VERSION, sizeof(info->version));
	strscpy(info->bus_info, dev_name(vn->vdev->dev), sizeof(info->bus_info));
}

static int get_link_ksettings(struct net_device *dev, struct ethtool_link_ksettings *cmd)
{
	struct vpv_net *vn = vpv_net_of(dev);

	cmd->base.speed = READ_ONCE(vn->cfg.speed);
	cmd->base.duplex = READ_ONCE(vn->cfg.duplex);
	cmd->base.port = PORT_OTHER;
	return 0;
}

static void get_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
			  struct kernel_ethtool_ringparam *kernel_ring,
			  struct netlink_ext_ack *extack)
{
	struct vpv_net *vn = vpv_net_of(dev);

	ring->rx_pending = vn->pairs[0].rx.q->num;
	ring->tx_pending = vn->pairs[0].tx.q->num;
	ring->rx_max_pending = ring->rx_pending;
	ring->tx_max_pending = ring->tx_pending;
}

static void get_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	struct vpv_net *vn = vpv_net_of(dev);

	channels->combined_count = vn->cur_pairs;
	channels->max_combined = vpv_net_has(vn, VIRTIO_NET_F_MQ) ? vn->nr_pairs : 1;
}

static int set_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	if (channels->rx_count || channels->tx_count || channels->other_count)
		return -EINVAL;
	return vpv_net_set_pairs(vpv_net_of(dev), channels->combined_count);
}

const struct ethtool_ops vpv_net_ethtool_ops = {
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = get_link_ksettings,
	.get_ringparam = get_ringparam,
	.get_channels = get_channels,
	.set_channels = set_channels,
	.get_strings = vpv_net_strings,
	.get_sset_count = vpv_net_sset_count,
	.get_ethtool_stats = vpv_net_ethtool_stats,
	.get_ts_info = ethtool_op_get_ts_info,
};
