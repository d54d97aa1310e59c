/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_ETHTOOL_H
#define VPV_COMPAT_LINUX_ETHTOOL_H

#include_next <linux/ethtool.h>
#include <vpv_compat.h>

#ifndef HAVE_ETHTOOL_RXFH_PARAM
struct ethtool_rxfh_param {
	u8 hfunc;
	u32 indir_size;
	u32 *indir;
	u32 key_size;
	u8 *key;
	u8 input_xfrm;
};

/* What the kernel calls here, for the functions that a driver has. */
#define VPV_RXFH_FUNCTIONS(_get, _set)						\
static int _get##_old(struct net_device *dev, u32 *indir, u8 *key, u8 *hfunc)	\
{										\
	struct ethtool_rxfh_param param = { .indir = indir, .key = key };	\
	int err = _get(dev, &param);						\
										\
	if (!err && hfunc)							\
		*hfunc = param.hfunc;						\
	return err;								\
}										\
static int _set##_old(struct net_device *dev, const u32 *indir, const u8 *key,	\
		      const u8 hfunc)						\
{										\
	struct ethtool_rxfh_param param = {					\
		.indir = (u32 *)indir, .key = (u8 *)key, .hfunc = hfunc,	\
	};									\
										\
	return _set(dev, &param, NULL);						\
}
#define VPV_RXFH_OPS(_get, _set) .get_rxfh = _get##_old, .set_rxfh = _set##_old
#else
#define VPV_RXFH_FUNCTIONS(_get, _set)
#define VPV_RXFH_OPS(_get, _set) .get_rxfh = _get, .set_rxfh = _set
#endif

#ifndef HAVE_ETHTOOL_RXFH_FIELDS
/* They come by way of .get_rxnfc and .set_rxnfc. */
struct ethtool_rxfh_fields {
	u32 data;
	u32 flow_type;
	u32 rss_context;
};

#define VPV_RXFH_FIELDS_OPS(_get, _set)
#else
#define VPV_RXFH_FIELDS_OPS(_get, _set) .get_rxfh_fields = _get, .set_rxfh_fields = _set,
#endif

#ifdef HAVE_ETHTOOL_RX_RING_COUNT
#define VPV_RX_RING_COUNT_OPS(_get) .get_rx_ring_count = _get,
#else
/* Comes by way of .get_rxnfc. */
#define VPV_RX_RING_COUNT_OPS(_get)
#endif

#endif /* VPV_COMPAT_LINUX_ETHTOOL_H */
