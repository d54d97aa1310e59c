// SPDX-License-Identifier: GPL-2.0-only
/* What a received packet's header may say, and what buffers are made of it. */
#include <linux/virtio_net.h>

#include <asm/byteorder.h>

#include "hdr.h"
#include "ktap.h"

#define FIRST 1500

static const struct vpv_net_rules all = {
	.csum = true, .tso4 = true, .tso6 = true, .ecn = true, .uso4 = true, .uso6 = true,
	.long_packets = true, .max_buffers = 18,
};

static const struct vpv_net_rules none = { .max_buffers = 1 };

static struct vpv_net_hdr plain(void)
{
	return (struct vpv_net_hdr){ .num_buffers = cpu_to_le16(1) };
}

static struct vpv_net_hdr segmented(u8 type)
{
	struct vpv_net_hdr hdr = plain();

	hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr.gso_type = type;
	hdr.gso_size = cpu_to_le16(1448);
	hdr.csum_start = cpu_to_le16(34);
	hdr.csum_offset = cpu_to_le16(16);
	return hdr;
}

TEST(hdr_plain_packet_passes)
{
	struct vpv_net_hdr hdr = plain();

	CHECK_EQ(vpv_net_hdr_check(&hdr, &all, FIRST), VPV_NET_HDR_OK);
	CHECK_EQ(vpv_net_hdr_check(&hdr, &none, 14), VPV_NET_HDR_OK);
}

TEST(hdr_hash_of_known_reports_only)
{
	static const u8 l4[] = { VIRTIO_NET_HASH_REPORT_TCPv4, VIRTIO_NET_HASH_REPORT_UDPv4,
				 VIRTIO_NET_HASH_REPORT_TCPv6, VIRTIO_NET_HASH_REPORT_UDPv6,
				 VIRTIO_NET_HASH_REPORT_TCPv6_EX, VIRTIO_NET_HASH_REPORT_UDPv6_EX };
	static const u8 l3[] = { VIRTIO_NET_HASH_REPORT_IPv4, VIRTIO_NET_HASH_REPORT_IPv6,
				 VIRTIO_NET_HASH_REPORT_IPv6_EX };
	struct vpv_net_hash hash = { .value = cpu_to_le32(7) };
	enum vpv_net_hash_kind want;
	unsigned int n, i;

	for (n = 0; n <= 0xffff; n++) {
		want = VPV_NET_HASH_NONE;
		for (i = 0; i < sizeof(l4); i++)
			if (l4[i] == n)
				want = VPV_NET_HASH_L4;
		for (i = 0; i < sizeof(l3); i++)
			if (l3[i] == n)
				want = VPV_NET_HASH_L3;
		hash.report = cpu_to_le16(n);
		CHECK_EQ(vpv_net_hash_kind(&hash), want);
	}
}

TEST(hdr_buffers_are_one_to_the_most)
{
	struct vpv_net_hdr hdr = plain();
	unsigned int n;

	for (n = 0; n <= 0xffff; n++) {
		hdr.num_buffers = cpu_to_le16(n);
		CHECK_EQ(vpv_net_hdr_check(&hdr, &all, FIRST),
			 n >= 1 && n <= 18 ? VPV_NET_HDR_OK : VPV_NET_HDR_BUFFERS);
		/* Without mergeable buffers the field means nothing. */
		CHECK_EQ(vpv_net_hdr_check(&hdr, &none, FIRST), VPV_NET_HDR_OK);
		CHECK_EQ(vpv_net_hdr_buffers(&hdr, &none), 1);
		CHECK_EQ(vpv_net_hdr_buffers(&hdr, &all), n);
	}
}

TEST(hdr_segments_only_as_negotiated)
{
	static const u8 types[] = { VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_TCPV6,
				    VIRTIO_NET_HDR_GSO_UDP_L4 };
	struct vpv_net_rules rules;
	struct vpv_net_hdr hdr;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		hdr = segmented(types[i]);
		CHECK_EQ(vpv_net_hdr_check(&hdr, &all, FIRST), VPV_NET_HDR_OK);
		rules = all;
		if (i == 0)
			rules.tso4 = false;
		else if (i == 1)
			rules.tso6 = false;
		else
			rules.uso4 = rules.uso6 = false;
		CHECK_EQ(vpv_net_hdr_check(&hdr, &rules, FIRST), VPV_NET_HDR_GSO);
	}
	hdr = segmented(VIRTIO_NET_HDR_GSO_UDP);
	CHECK_EQ(vpv_net_hdr_check(&hdr, &all, FIRST), VPV_NET_HDR_GSO);
}

/* Flags nobody knows are ignored (NET-055), those that change what a sum means are not. */
TEST(hdr_flags_that_exclude_a_sum)
{
	struct vpv_net_hdr hdr = segmented(VIRTIO_NET_HDR_GSO_NONE);
	unsigned int flags;

	for (flags = 0; flags < 256; flags++) {
		hdr.flags = flags;
		CHECK_EQ(vpv_net_hdr_check(&hdr, &all, FIRST),
			 flags & 1 && flags & (4 | 8) ? VPV_NET_HDR_FLAGS : VPV_NET_HDR_OK);
	}
}

TEST(hdr_no_type_beyond_the_known)
{
	struct vpv_net_hdr hdr;
	unsigned int type, ok = 0;

	for (type = 0; type < 256; type++) {
		hdr = segmented(type);
		ok += vpv_net_hdr_check(&hdr, &all, FIRST) == VPV_NET_HDR_OK;
	}
	/* None, TCP over 4 and 6, these with ECN, UDP. */
	CHECK_EQ(ok, 7);
}

TEST(hdr_ecn_as_negotiated)
{
	struct vpv_net_hdr hdr = segmented(VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN);
	struct vpv_net_rules rules = all;

	CHECK_EQ(vpv_net_hdr_check(&hdr, &rules, FIRST), VPV_NET_HDR_OK);
	rules.ecn = false;
	CHECK_EQ(vpv_net_hdr_check(&hdr, &rules, FIRST), VPV_NET_HDR_GSO);
}

TEST(hdr_segments_have_a_size)
{
	struct vpv_net_hdr hdr = segmented(VIRTIO_NET_HDR_GSO_TCPV4);

	hdr.gso_size = 0;
	CHECK_EQ(vpv_net_hdr_check(&hdr, &all, FIRST), VPV_NET_HDR_GSO_SIZE);
}

TEST(hdr_partial_checksum_only_when_negotiated)
{
	struct vpv_net_hdr hdr = segmented(VIRTIO_NET_HDR_GSO_NONE);

	CHECK_EQ(vpv_net_hdr_check(&hdr, &all, FIRST), VPV_NET_HDR_OK);
	CHECK_EQ(vpv_net_hdr_check(&hdr, &none, FIRST), VPV_NET_HDR_FLAGS);
}

TEST(hdr_checksum_lies_within_the_first_buffer)
{
	struct vpv_net_hdr hdr = plain();
	unsigned int start, offset, len = 64;
	enum vpv_net_hdr_error error;

	hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	for (start = 0; start <= 0xffff; start += start < 128 ? 1 : 251)
		for (offset = 0; offset <= 0xffff; offset += offset < 128 ? 1 : 251) {
			hdr.csum_start = cpu_to_le16(start);
			hdr.csum_offset = cpu_to_le16(offset);
			error = vpv_net_hdr_check(&hdr, &all, len);
			if (error == VPV_NET_HDR_OK)
				CHECK(start && start + offset + 2 <= len && start + 8 <= len);
			else
				CHECK_EQ(error, VPV_NET_HDR_CSUM);
		}
	hdr.csum_start = cpu_to_le16(34);
	hdr.csum_offset = cpu_to_le16(16);
	CHECK_EQ(vpv_net_hdr_check(&hdr, &all, 52), VPV_NET_HDR_OK);
	CHECK_EQ(vpv_net_hdr_check(&hdr, &all, 51), VPV_NET_HDR_CSUM);
	/* What is not asked for is not looked at. */
	hdr.flags = 0;
	hdr.csum_start = cpu_to_le16(0xffff);
	CHECK_EQ(vpv_net_hdr_check(&hdr, &all, 51), VPV_NET_HDR_OK);
}

TEST(hdr_average_follows_and_is_bounded)
{
	u32 avg = 0, n;

	for (n = 0; n < 200; n++)
		avg = vpv_net_avg(avg, 9000);
	CHECK(avg / 8 >= 8990 && avg / 8 <= 9000);
	CHECK_EQ(vpv_net_buf_len(avg, 1518, 3700), 3700);
	CHECK_EQ(vpv_net_buf_len(0, 1518, 3700), 1518);
	CHECK_EQ(vpv_net_buf_len(2000 * 8, 1518, 3700), 2000);
	for (n = 0; n < 1000; n++)
		avg = vpv_net_avg(avg, 0xffffffu);
	CHECK(avg / 8 <= 0xffffffu);
}
