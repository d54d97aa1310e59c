// SPDX-License-Identifier: GPL-2.0-only
/* Does an AF_XDP buffer know its pool when it is synchronised? Since 6.10 */
#include <net/xdp_sock_drv.h>

void probe(struct xdp_buff *xdp, struct xsk_buff_pool *pool);
void probe(struct xdp_buff *xdp, struct xsk_buff_pool *pool)
{
#ifdef PROBE_NEW
	xsk_buff_dma_sync_for_cpu(xdp);
#else
	xsk_buff_dma_sync_for_cpu(xdp, pool);
#endif
}
