/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_NET_XDP_H
#define VPV_COMPAT_NET_XDP_H

#include_next <net/xdp.h>
#include <linux/netdevice.h>
#include <vpv_compat.h>

/* What a device can do, before it is registered. */
#ifdef HAVE_NET_DEVICE_XDP_FEATURES
static inline void vpv_xdp_set_features(struct net_device *dev, u32 features)
{
	dev->xdp_features = features;
}
#else
/* These kernels do not tell user space. */
#define NETDEV_XDP_ACT_BASIC		1
#define NETDEV_XDP_ACT_REDIRECT		2
#define NETDEV_XDP_ACT_NDO_XMIT		4
#define NETDEV_XDP_ACT_XSK_ZEROCOPY	8
#define NETDEV_XDP_ACT_RX_SG		32
#define NETDEV_XDP_ACT_NDO_XMIT_SG	64

static inline void vpv_xdp_set_features(struct net_device *dev, u32 features)
{
}
#endif

static inline void vpv_xdp_set_truesize(struct skb_shared_info *shared, unsigned int truesize)
{
#ifdef HAVE_XDP_FRAGS_TRUESIZE
	shared->xdp_frags_truesize = truesize;
#endif
}

#endif /* VPV_COMPAT_NET_XDP_H */
