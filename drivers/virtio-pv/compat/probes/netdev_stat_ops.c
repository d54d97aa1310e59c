// SPDX-License-Identifier: GPL-2.0-only
/* Can a netdev tell statistics per queue? Since 6.9 */
#include <linux/netdevice.h>
#include <net/netdev_queues.h>

#ifdef PROBE_NEW
void probe(struct net_device *dev, const struct netdev_stat_ops *ops);
void probe(struct net_device *dev, const struct netdev_stat_ops *ops)
{
	dev->stat_ops = ops;
}
#else
void probe(struct net_device *dev, const struct net_device_ops *ops);
void probe(struct net_device *dev, const struct net_device_ops *ops)
{
	dev->netdev_ops = ops;
}
#endif
