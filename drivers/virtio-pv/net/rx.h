/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that receive share: rx.c, and xsk.c for queues whose buffers are
 * memory of a program in user space. Their tokens in the ring are told apart by
 * the lowest bit.
 */
#ifndef VPV_NET_RX_H
#define VPV_NET_RX_H

#include "net.h"

#define VPV_NET_RX_XSK	1UL	/* struct xdp_buff of an AF_XDP pool */

static inline bool vpv_net_rx_is_xsk(const void *token)
{
	return (unsigned long)token & VPV_NET_RX_XSK;
}

/* What one poll adds to the counters. */
struct vpv_net_rx_sum {
	unsigned int packets;
	unsigned int bytes;
	unsigned int drops;
	unsigned int bad_len;
	unsigned int bad_hdr;
	unsigned int bad_count;
};

/* rx.c; NAPI */
bool vpv_net_rx_hdr(struct vpv_net *vn, struct vpv_net_rx *rx, const void *hdr, u32 len);
int vpv_net_rx_bad(struct vpv_net_rx *rx, struct vpv_net_rx_sum *sum, unsigned int *why);
int vpv_net_rx_finish(struct vpv_net_pair *pair, struct vpv_net_rx_sum *sum);
void vpv_net_rx_filled(struct vpv_net_rx *rx, bool short_of, unsigned long retry);

/* xsk.c; NAPI */
int vpv_net_xsk_first(struct vpv_net_pair *pair, const struct vpv_done *done,
		      struct vpv_net_rx_sum *sum);
void vpv_net_xsk_free(void *token);
void vpv_net_xsk_fill(struct vpv_net_pair *pair);

#endif /* VPV_NET_RX_H */
