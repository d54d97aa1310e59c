/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packet headers (5.1.9). Pure: numbers in, numbers out, so that it is tested in
 * user space.
 */
#ifndef VPV_NET_HDR_H
#define VPV_NET_HDR_H

#include <linux/types.h>

/**
 * struct vpv_net_hdr - the header in front of each packet, as on the wire
 * @flags: VIRTIO_NET_HDR_F_...
 * @gso_type: VIRTIO_NET_HDR_GSO_...
 * @hdr_len: bytes of headers
 * @gso_size: bytes of payload per segment
 * @csum_start: where to start summing
 * @csum_offset: where to put the sum, from there
 * @num_buffers: buffers of a received packet
 */
struct vpv_net_hdr {
	u8 flags;
	u8 gso_type;
	__le16 hdr_len;
	__le16 gso_size;
	__le16 csum_start;
	__le16 csum_offset;
	__le16 num_buffers;
};

/**
 * struct vpv_net_hash - comes after the header when HASH_REPORT was agreed
 * @value: the hash
 * @report: what it is of, VIRTIO_NET_HASH_REPORT_...
 * @padding: nothing
 */
struct vpv_net_hash {
	__le32 value;
	__le16 report;
	__le16 padding;
};

/**
 * enum vpv_net_hash_kind - what a reported hash is made of
 */
enum vpv_net_hash_kind {
	VPV_NET_HASH_NONE,	/* none was made, or a report that is not known */
	VPV_NET_HASH_L3,	/* addresses */
	VPV_NET_HASH_L4,	/* addresses and ports */
};

/* 5.1.9.4.3.3; any value is legal and unknown ones are no hash. */
enum vpv_net_hash_kind vpv_net_hash_kind(const struct vpv_net_hash *hash);

/**
 * struct vpv_net_rules - what a received header may say
 * @csum: partial checksums may come (GUEST_CSUM)
 * @tso4: TCP over IPv4 of more than one segment may come (GUEST_TSO4)
 * @tso6: same over IPv6
 * @ecn: with ECN bits (GUEST_ECN)
 * @uso4: UDP of more than one segment over IPv4 (GUEST_USO4)
 * @uso6: same over IPv6
 * @long_packets: any of these segmented packets may come
 * @max_buffers: most buffers of a packet; 1 without mergeable buffers
 */
struct vpv_net_rules {
	bool csum;
	bool tso4;
	bool tso6;
	bool ecn;
	bool uso4;
	bool uso6;
	bool long_packets;
	u16 max_buffers;
};

/**
 * enum vpv_net_hdr_error - what is wrong with a received header
 */
enum vpv_net_hdr_error {
	VPV_NET_HDR_OK,
	VPV_NET_HDR_BUFFERS,	/* num_buffers 0, or more than can be */
	VPV_NET_HDR_FLAGS,	/* flags that exclude one another, or not negotiated */
	VPV_NET_HDR_GSO,	/* a type that was not negotiated */
	VPV_NET_HDR_GSO_SIZE,	/* none, or none that fits */
	VPV_NET_HDR_CSUM,	/* checksum beyond what is there */
};

/**
 * vpv_net_hdr_check() - may a received header be believed?
 * @hdr: private copy of it
 * @rules: what was negotiated
 * @first: bytes of the packet in its first buffer, header not counted
 *
 * The total length is not known before all buffers are there, so the checksum's
 * place is looked at again with the packet (virtio_net_hdr_to_skb()).
 */
enum vpv_net_hdr_error vpv_net_hdr_check(const struct vpv_net_hdr *hdr,
					 const struct vpv_net_rules *rules, u32 first);

/* Buffers the packet is in. Only after vpv_net_hdr_check(). */
u16 vpv_net_hdr_buffers(const struct vpv_net_hdr *hdr, const struct vpv_net_rules *rules);

/*
 * Moving average of packet lengths, scaled by 8, and the bytes of data a
 * mergeable buffer gets for it: at least @least, at most @most.
 */
u32 vpv_net_avg(u32 avg, u32 len);
u32 vpv_net_buf_len(u32 avg, u32 least, u32 most);

#endif /* VPV_NET_HDR_H */
