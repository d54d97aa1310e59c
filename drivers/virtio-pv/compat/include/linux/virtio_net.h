/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_VIRTIO_NET_H
#define VPV_COMPAT_LINUX_VIRTIO_NET_H

#include_next <linux/virtio_net.h>
#include <vpv_compat.h>

#ifndef HAVE_VIRTIO_NET_HDR_USO
#include <linux/udp.h>

/* UDP in segments, which the kernel's function refuses here. */
static inline int vpv_virtio_net_hdr_uso(struct sk_buff *skb, const struct virtio_net_hdr *hdr)
{
	u16 start = le16_to_cpu((__force __le16)hdr->csum_start);
	u16 gso_size = le16_to_cpu((__force __le16)hdr->gso_size);
	unsigned int headers = start + sizeof(struct udphdr);

	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || !gso_size ||
	    le16_to_cpu((__force __le16)hdr->csum_offset) != offsetof(struct udphdr, check) ||
	    gso_size == GSO_BY_FRAGS || !pskb_may_pull(skb, headers))
		return -EINVAL;
	skb_reset_mac_header(skb);
	if (!skb_partial_csum_set(skb, start, offsetof(struct udphdr, check)) ||
	    skb->len - headers > gso_size * UDP_MAX_SEGMENTS)
		return -EINVAL;
	if (skb->len - headers <= gso_size)
		return 0;
	skb_shinfo(skb)->gso_size = gso_size;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4 | SKB_GSO_DODGY;
	skb_shinfo(skb)->gso_segs = 0;
	return 0;
}

static inline int vpv_virtio_net_hdr_to_skb(struct sk_buff *skb, const struct virtio_net_hdr *hdr,
					    bool little_endian)
{
	if (hdr->gso_type == VIRTIO_NET_HDR_GSO_UDP_L4)
		return vpv_virtio_net_hdr_uso(skb, hdr);
	return virtio_net_hdr_to_skb(skb, hdr, little_endian);
}

#define virtio_net_hdr_to_skb vpv_virtio_net_hdr_to_skb
#endif

#endif /* VPV_COMPAT_LINUX_VIRTIO_NET_H */
