// SPDX-License-Identifier: GPL-2.0-only
/* Does a netdev say what XDP it can do? Since 6.3 */
#include <linux/netdevice.h>
#include <net/xdp.h>

void probe(struct net_device *dev);
void probe(struct net_device *dev)
{
#ifdef PROBE_NEW
	dev->xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_RX_SG;
#else
	netdev_update_features(dev);
#endif
}
