// SPDX-License-Identifier: GPL-2.0-only
#include <asm/byteorder.h>
#include <linux/virtio_net.h>

#include "hdr.h"

/* VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM, which older headers lack. */
#define VPV_NET_HDR_F_TUNNEL_CSUM 8
/* Sums are two bytes. */
#define CSUM_LEN 2
/* Smallest transport header that segments can have (UDP). */
#define MIN_TRANSPORT 8

static bool gso_allowed(u8 type, const struct vpv_net_rules *rules)
{
	switch (type) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return rules->tso4;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return rules->tso6;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return rules->uso4 || rules->uso6;
	default:
		return false;
	}
}

static enum vpv_net_hdr_error check_gso(const struct vpv_net_hdr *hdr,
					const struct vpv_net_rules *rules)
{
	u8 type = hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	bool ecn = hdr->gso_type & VIRTIO_NET_HDR_GSO_ECN;

	if (!gso_allowed(type, rules))
		return VPV_NET_HDR_GSO;
	/* ECN alone is a packet of one segment like any other (NET-007). */
	if (ecn && type == VIRTIO_NET_HDR_GSO_UDP_L4)
		return VPV_NET_HDR_GSO;
	if (ecn && type != VIRTIO_NET_HDR_GSO_NONE && !rules->ecn)
		return VPV_NET_HDR_GSO;
	if (type != VIRTIO_NET_HDR_GSO_NONE && !hdr->gso_size)
		return VPV_NET_HDR_GSO_SIZE;
	return VPV_NET_HDR_OK;
}

enum vpv_net_hdr_error vpv_net_hdr_check(const struct vpv_net_hdr *hdr,
					 const struct vpv_net_rules *rules, u32 first)
{
	u32 start = le16_to_cpu(hdr->csum_start);
	u32 offset = le16_to_cpu(hdr->csum_offset);
	u16 buffers = le16_to_cpu(hdr->num_buffers);
	bool partial = hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;

	/* 5.1.9.4: without mergeable buffers the field is 1, or not looked at. */
	if (rules->max_buffers > 1 && (!buffers || buffers > rules->max_buffers))
		return VPV_NET_HDR_BUFFERS;
	if (partial && !rules->csum)
		return VPV_NET_HDR_FLAGS;
	/*
	 * With either of these the sum's place means something else (NET-058), or the
	 * packet has a tunnel that its type does not name (NET-065).
	 */
	if (partial && (hdr->flags & (VIRTIO_NET_HDR_F_RSC_INFO | VPV_NET_HDR_F_TUNNEL_CSUM)))
		return VPV_NET_HDR_FLAGS;
	/* The headers, up to the sum, come in one piece with all known devices. */
	if (partial && (!start || start + offset + CSUM_LEN > first ||
			start + MIN_TRANSPORT > first))
		return VPV_NET_HDR_CSUM;
	return check_gso(hdr, rules);
}

u16 vpv_net_hdr_buffers(const struct vpv_net_hdr *hdr, const struct vpv_net_rules *rules)
{
	return rules->max_buffers > 1 ? le16_to_cpu(hdr->num_buffers) : 1;
}

enum vpv_net_hash_kind vpv_net_hash_kind(const struct vpv_net_hash *hash)
{
	switch (le16_to_cpu(hash->report)) {
	case VIRTIO_NET_HASH_REPORT_IPv4:
	case VIRTIO_NET_HASH_REPORT_IPv6:
	case VIRTIO_NET_HASH_REPORT_IPv6_EX:
		return VPV_NET_HASH_L3;
	case VIRTIO_NET_HASH_REPORT_TCPv4:
	case VIRTIO_NET_HASH_REPORT_UDPv4:
	case VIRTIO_NET_HASH_REPORT_TCPv6:
	case VIRTIO_NET_HASH_REPORT_UDPv6:
	case VIRTIO_NET_HASH_REPORT_TCPv6_EX:
	case VIRTIO_NET_HASH_REPORT_UDPv6_EX:
		return VPV_NET_HASH_L4;
	default:
		return VPV_NET_HASH_NONE;
	}
}

u32 vpv_net_avg(u32 avg, u32 len)
{
	return avg - avg / 8 + len;
}

u32 vpv_net_buf_len(u32 avg, u32 least, u32 most)
{
	u32 len = avg / 8;

	if (len < least)
		len = least;
	return len < most ? len : most;
}
