// SPDX-License-Identifier: GPL-2.0-only
/* The netdev: made in probe, shown by attach. */
#include <linux/rtnetlink.h>

#include "net.h"

static int vpv_net_open(struct net_device *dev)
{
	struct vpv_net *vn = vpv_net_of(dev);

	vn->open = true;
	/* Between a stop and a start of the device, the start does the rest. */
	if (vn->stopped)
		return 0;
	vpv_net_pairs_start(vn, 0, vn->cur_pairs);
	netif_tx_start_all_queues(dev);
	vpv_net_link_update(vn);
	return 0;
}

static int vpv_net_stop(struct net_device *dev)
{
	struct vpv_net *vn = vpv_net_of(dev);

	vn->open = false;
	if (!vn->stopped)
		vpv_net_pairs_stop(vn, 0, vn->nr_pairs);
	return 0;
}

static const struct net_device_ops vpv_net_ops = {
	.ndo_open = vpv_net_open,
	.ndo_stop = vpv_net_stop,
	.ndo_start_xmit = vpv_net_xmit,
	.ndo_tx_timeout = vpv_net_tx_timeout,
	.ndo_set_rx_mode = vpv_net_set_rx_mode,
	.ndo_set_mac_address = vpv_net_set_mac,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_get_stats64 = vpv_net_get_stats,
	.ndo_vlan_rx_add_vid = vpv_net_vlan_add,
	.ndo_vlan_rx_kill_vid = vpv_net_vlan_kill,
	.ndo_fix_features = vpv_net_fix_features,
	.ndo_set_features = vpv_net_set_features,
	.ndo_features_check = passthru_features_check,
	.ndo_change_mtu = vpv_net_change_mtu,
	.ndo_bpf = vpv_net_bpf,
	.ndo_xdp_xmit = vpv_net_xdp_xmit,
	.ndo_xsk_wakeup = vpv_net_xsk_wakeup,
};

/* Without mergeable buffers a buffer holds a whole frame, so the limit is lower. */
static void init_mtu(struct vpv_net *vn)
{
	struct net_device *dev = vn->dev;

	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = vn->mergeable ? ETH_MAX_MTU : ETH_DATA_LEN;
	if (!vn->cfg.mtu)
		return;
	dev->max_mtu = vn->cfg.mtu;
	dev->mtu = vn->cfg.mtu;
}

static void init_mac(struct vpv_net *vn)
{
	if (vn->cfg.have_mac)
		eth_hw_addr_set(vn->dev, vn->cfg.mac);
	else
		eth_hw_addr_random(vn->dev);	/* NET-004 */
	/* NET-072 */
	vn->mac_set = !vn->cfg.have_mac;
	ether_addr_copy(vn->mac_now, vn->dev->dev_addr);
}

int vpv_net_netdev_create(struct vpv_net *vn)
{
	struct net_device *dev;
	int err;

	dev = alloc_etherdev_mqs(sizeof(struct vpv_net *), vn->nr_pairs, vn->nr_pairs);
	if (!dev)
		return -ENOMEM;
	*(struct vpv_net **)netdev_priv(dev) = vn;
	vn->dev = dev;
	SET_NETDEV_DEV(dev, vn->vdev->dev);
	dev->netdev_ops = &vpv_net_ops;
	VPV_SET_STAT_OPS(dev, &vpv_net_stat_ops);
	dev->ethtool_ops = &vpv_net_ethtool_ops;
	/* The queues look after themselves, and should come first. */
	dev->watchdog_timeo = 2 * VPV_NET_TX_TIMEOUT;
	dev->needed_headroom = vn->hdr_len;
	dev->priv_flags |= IFF_UNICAST_FLT | IFF_LIVE_ADDR_CHANGE;
	/* The packet's control block and headroom are in use while it is sent. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	init_mtu(vn);
	init_mac(vn);
	vpv_net_init_offloads(vn);
	vpv_net_rss_init(vn);
	netif_carrier_off(dev);
	err = vpv_net_xdp_init(vn);
	if (err)
		free_netdev(dev);
	return err;
}

void vpv_net_netdev_destroy(struct vpv_net *vn)
{
	vpv_net_xdp_exit(vn);
	free_netdev(vn->dev);
}

/* As many pairs as there are CPUs; the device has to agree to more than one. */
static void start_pairs(struct vpv_net *vn)
{
	unsigned int nr = min(vn->nr_pairs, num_online_cpus());

	vn->cur_pairs = 1;
	vn->sent_pairs = 1;
	rtnl_lock();
	if (nr > 1 && vpv_net_set_pairs(vn, nr))
		netdev_warn(vn->dev, "goes on with one queue pair\n");
	vpv_net_rss_begin(vn);
	netif_set_real_num_tx_queues(vn->dev, vn->cur_pairs);
	netif_set_real_num_rx_queues(vn->dev, vn->cur_pairs);
	vpv_net_pairs_spread(vn);
	rtnl_unlock();
}

int vpv_net_attach(struct vpv_dev *vdev)
{
	struct vpv_net *vn = vdev->priv;
	int err;

	start_pairs(vn);
	vpv_net_devstat_begin(vn);
	err = register_netdev(vn->dev);
	if (err) {
		dev_err(vdev->dev, "no network interface: error %d\n", err);
		vpv_net_ctrl_stop(vn);
		return err;
	}
	rtnl_lock();
	vpv_net_link_update(vn);
	rtnl_unlock();
	return 0;
}

void vpv_net_detach(struct vpv_dev *vdev)
{
	struct vpv_net *vn = vdev->priv;

	unregister_netdev(vn->dev);
	vpv_net_ctrl_stop(vn);
}
