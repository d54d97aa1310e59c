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
	ring->rx_max_pending = vpv_queue_max_num(vn->pairs[0].rx.q);
	ring->tx_max_pending = vpv_queue_max_num(vn->pairs[0].tx.q);
}

static int set_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
			 struct kernel_ethtool_ringparam *kernel_ring,
			 struct netlink_ext_ack *extack)
{
	struct vpv_net *vn = vpv_net_of(dev);
	u32 least = min3((u16)VPV_NET_MIN_RING, vpv_queue_max_num(vn->pairs[0].rx.q),
			 vpv_queue_max_num(vn->pairs[0].tx.q));

	if (ring->rx_mini_pending || ring->rx_jumbo_pending)
		return -EINVAL;
	if (ring->rx_pending < least || ring->tx_pending < least) {
		NL_SET_ERR_MSG_MOD(extack, "rings have 64 descriptors or more");
		return -EINVAL;
	}
	if (vn->stopped)
		return -EBUSY;
	return vpv_net_set_rings(vn, ring->rx_pending, ring->tx_pending);
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

VPV_RXFH_FUNCTIONS(vpv_net_rss_get, vpv_net_rss_set)

const struct ethtool_ops vpv_net_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_USECS | ETHTOOL_COALESCE_MAX_FRAMES |
				     ETHTOOL_COALESCE_USE_ADAPTIVE_RX,
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = get_link_ksettings,
	.get_ringparam = get_ringparam,
	.set_ringparam = set_ringparam,
	.get_coalesce = vpv_net_get_coalesce,
	.set_coalesce = vpv_net_set_coalesce,
	.get_per_queue_coalesce = vpv_net_get_queue_coalesce,
	.set_per_queue_coalesce = vpv_net_set_queue_coalesce,
	.get_channels = get_channels,
	.set_channels = set_channels,
	.get_rxnfc = vpv_net_get_rxnfc,
	.set_rxnfc = vpv_net_set_rxnfc,
	VPV_RX_RING_COUNT_OPS(vpv_net_rss_rings)
	.get_rxfh_key_size = vpv_net_rss_key_size,
	.get_rxfh_indir_size = vpv_net_rss_table_size,
	VPV_RXFH_OPS(vpv_net_rss_get, vpv_net_rss_set),
	VPV_RXFH_FIELDS_OPS(vpv_net_rss_get_fields, vpv_net_rss_set_fields)
	.get_strings = vpv_net_strings,
	.get_sset_count = vpv_net_sset_count,
	.get_ethtool_stats = vpv_net_ethtool_stats,
	.get_ts_info = ethtool_op_get_ts_info,
};
