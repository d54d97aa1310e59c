// SPDX-License-Identifier: GPL-2.0-only
/* Do drivers take the receive hash as one structure? Since 6.8 */
#include <linux/ethtool.h>

#ifdef PROBE_NEW
static int get(struct net_device *dev, struct ethtool_rxfh_param *param)
{
	param->hfunc = ETH_RSS_HASH_TOP;
	return 0;
}
#else
static int get(struct net_device *dev, u32 *indir, u8 *key, u8 *hfunc)
{
	*hfunc = ETH_RSS_HASH_TOP;
	return 0;
}
#endif

const struct ethtool_ops probe;
const struct ethtool_ops probe = { .get_rxfh = get };
