// SPDX-License-Identifier: GPL-2.0-only
/* Is the number of receive rings an operation of its own? Since 7.0 */
#include <linux/ethtool.h>

#ifdef PROBE_NEW
static u32 get(struct net_device *dev)
{
	return 1;
}

const struct ethtool_ops probe;
const struct ethtool_ops probe = { .get_rx_ring_count = get };
#else
static int get(struct net_device *dev, struct ethtool_rxnfc *info, u32 *rules)
{
	info->data = 1;
	return 0;
}

const struct ethtool_ops probe;
const struct ethtool_ops probe = { .get_rxnfc = get };
#endif
