/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that transmit share: the stack's packets (tx.c), XDP frames
 * (xdp_tx.c) and AF_XDP descriptors (xsk_tx.c) go through one queue, under the
 * stack's transmit lock.
 *
 * A token in the ring says by its lowest bits what it stands for: packets, or
 * their maps, are aligned.
 */
#ifndef VPV_NET_TX_H
#define VPV_NET_TX_H

#include "net.h"

#define VPV_NET_TX_KIND		3UL
#define VPV_NET_TX_SKB		0UL
#define VPV_NET_TX_FRAME	1UL	/* struct xdp_frame; with the DMA API its map */
#define VPV_NET_TX_XSK		2UL	/* nothing else: memory of user space */

static inline unsigned long vpv_net_tx_kind(const void *token)
{
	return (unsigned long)token & VPV_NET_TX_KIND;
}

/**
 * struct vpv_net_tx_map - where the pieces of a packet are for the device
 * @next: free list
 * @frame: whose they are, if an XDP frame's
 * @nr: pieces
 * @seg: them
 */
struct vpv_net_tx_map {
	struct vpv_net_tx_map *next;
	struct xdp_frame *frame;
	unsigned int nr;
	struct vpv_seg seg[VPV_NET_TX_SEGS];
};

/* tx.c; all under the transmit lock */
struct vpv_net_tx_map *vpv_net_tx_take_map(struct vpv_net_tx *tx);
int vpv_net_tx_map_piece(struct vpv_net *vn, struct vpv_net_tx_map *map, struct page *page,
			 unsigned int offset, unsigned int len);
void vpv_net_tx_unmap(struct vpv_net *vn, struct vpv_net_tx *tx, struct vpv_net_tx_map *map);
void vpv_net_tx_flush(struct vpv_net_tx *tx);
void vpv_net_tx_flush_now(struct vpv_net_tx *tx);
void vpv_net_tx_reap(struct vpv_net_pair *pair, int budget);

/* tx_sock.c; under the transmit lock */
bool vpv_net_tx_socket_waits(struct vpv_net_tx *tx, const struct sk_buff *skb);
void vpv_net_tx_learn(struct vpv_net_tx *tx, const struct sk_buff *skb);

/* xdp_tx.c */
void vpv_net_count_frames(struct vpv_net_tx *tx, unsigned int sent, unsigned int left,
			  unsigned int bytes);
void vpv_net_frame_done(struct vpv_net_pair *pair, void *token, struct xdp_frame_bulk *bulk);

#endif /* VPV_NET_TX_H */
