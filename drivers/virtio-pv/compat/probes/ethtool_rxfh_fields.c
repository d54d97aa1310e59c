// SPDX-License-Identifier: GPL-2.0-only
/* Are the hashed fields an operation of their own? Since 6.17, and in later releases of 6.12 */
#include <linux/ethtool.h>

#ifdef PROBE_NEW
static int get(struct net_device *dev, struct ethtool_rxfh_fields *fields)
{
	fields->data = 0;
	return 0;
}

const struct ethtool_ops probe;
const struct ethtool_ops probe = { .get_rxfh_fields = get };
#else
static int get(struct net_device *dev, struct ethtool_rxnfc *info, u32 *rules)
{
	info->data = 0;
	return 0;
}

const struct ethtool_ops probe;
const struct ethtool_ops probe = { .get_rxnfc = get };
#endif
