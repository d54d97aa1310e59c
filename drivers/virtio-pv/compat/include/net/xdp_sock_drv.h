/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_NET_XDP_SOCK_DRV_H
#define VPV_COMPAT_NET_XDP_SOCK_DRV_H

#include_next <net/xdp_sock_drv.h>
#include <vpv_compat.h>

static inline void vpv_xsk_sync_for_cpu(struct xsk_buff_pool *pool, struct xdp_buff *xdp)
{
#ifdef HAVE_XSK_BUFF_SYNC_ONE_ARG
	xsk_buff_dma_sync_for_cpu(xdp);
#else
	xsk_buff_dma_sync_for_cpu(xdp, pool);
#endif
}

#endif /* VPV_COMPAT_NET_XDP_SOCK_DRV_H */
