// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who answers the guest's frames: a host that has every address, and echoes pings
 * and what is sent to UDP port 7; or a mirror that swaps the Ethernet addresses; or
 * nobody. A host keeps no state, so fragments come back one by one.
 */
#include <stdlib.h>
#include <string.h>

#include "net.h"

#define U(v) ((unsigned long long)(v))

#define ETH_IP 0x0800
#define ETH_ARP 0x0806
#define IP_ICMP 1
#define IP_UDP 17
#define ECHO_PORT 7

static const uint8_t peer_mac[6] = { 0x52, 0x54, 0x00, 0x76, 0x75, 0xfe };

static struct {
	uint64_t arps, announces, pings, fragments, echoes, udp, mirrored, others, unsendable,
		 bad_csum;
} n;

uint16_t net_get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

void net_put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

uint32_t net_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += net_get16(p + i);
	return len & 1 ? sum + (p[len - 1] << 8) : sum;
}

uint16_t net_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t copy[16];

	memcpy(copy, a, len);
	memcpy(a, b, len);
	memcpy(b, copy, len);
}

/* ---- back to the guest ---- */

static bool guest_takes(uint8_t type)
{
	switch (type & ~NET_GSO_ECN) {
	case NET_GSO_NONE:
		return true;
	case NET_GSO_TCPV4:
		return net_ctrl_guest_offload(NET_F_GUEST_TSO4);
	case NET_GSO_TCPV6:
		return net_ctrl_guest_offload(NET_F_GUEST_TSO6);
	case NET_GSO_UDP_L4:
		return net_ctrl_guest_offload(NET_F_GUEST_USO4);
	default:
		return false;
	}
}

/* The sum is over what is there, in which stands the sum of the pseudo header. */
static void finish_csum(struct net_frame *f)
{
	uint8_t *sum = f->data + f->hdr.csum_start + f->hdr.csum_offset;
	uint16_t v;

	v = ~net_fold(net_sum(0, f->data + f->hdr.csum_start, f->len - f->hdr.csum_start));
	net_put16(sum, v ? v : 0xffff);
	f->hdr.flags = 0;
	f->hdr.csum_start = 0;
	f->hdr.csum_offset = 0;
}

static void send_back(unsigned int pair, struct net_frame *f)
{
	if (!guest_takes(f->hdr.gso_type)) {
		n.unsendable++;
		free(f);
		return;
	}
	if (f->hdr.flags & NET_HDR_NEEDS_CSUM && !net_ctrl_guest_offload(NET_F_GUEST_CSUM))
		finish_csum(f);
	net_rx_queue(pair, f);
}

static struct net_frame *copy_of(const struct net_frame *f)
{
	struct net_frame *c = net_frame_new(f->len);

	c->hdr = f->hdr;
	memcpy(c->data, f->data, f->len);
	return c;
}

static struct net_frame *answer_to(const struct net_frame *f)
{
	struct net_frame *a = copy_of(f);

	memcpy(a->data, f->data + 6, 6);
	memcpy(a->data + 6, peer_mac, 6);
	return a;
}

/* ---- protocols ---- */

static void take_arp(unsigned int pair, const struct net_frame *f)
{
	const uint8_t *arp = f->data + NET_ETH;
	struct net_frame *a;

	if (f->len < NET_ETH + 28)
		return;
	if (!memcmp(arp + 14, arp + 24, 4)) {
		n.announces++;
		return;
	}
	if (net_get16(arp + 6) != 1)
		return;
	n.arps++;
	net.know_guest = true;
	memcpy(net.guest_mac, arp + 8, 6);
	memcpy(net.guest_ip, arp + 14, 4);
	memcpy(net.peer_ip, arp + 24, 4);
	a = answer_to(f);
	a->data[NET_ETH + 7] = 2;
	memcpy(a->data + NET_ETH + 18, arp + 8, 10);
	memcpy(a->data + NET_ETH + 14, arp + 24, 4);
	memcpy(a->data + NET_ETH + 8, peer_mac, 6);
	send_back(pair, a);
}

/* A request that becomes an answer: its sum changes by what the type does. */
static bool echo_icmp(uint8_t *icmp, size_t len)
{
	if (len < 8 || icmp[0] != 8)
		return false;
	icmp[0] = 0;
	net_put16(icmp + 2, net_fold(net_get16(icmp + 2) + 0x0800));
	n.pings++;
	return true;
}

/* Whole frames with a full checksum are summed up. */
static void look_at_udp(const struct net_frame *f, const uint8_t *ip, const uint8_t *udp)
{
	size_t len = net_get16(udp + 4);
	uint32_t sum;

	if (f->hdr.flags & NET_HDR_NEEDS_CSUM || !net_get16(udp + 6) ||
	    udp + len > f->data + f->len)
		return;
	sum = net_sum(IP_UDP + len, ip + 12, 8);
	if (net_fold(net_sum(sum, udp, len)) != 0xffff)
		n.bad_csum++;
}

/* Sums do not change when what they are over changes places. */
static bool echo_udp(const struct net_frame *f, uint8_t *ip, uint8_t *udp, size_t len)
{
	if (len < 8)
		return false;
	n.udp++;
	look_at_udp(f, ip, udp);
	if (net_get16(udp + 2) != ECHO_PORT)
		return false;
	swap(udp, udp + 2, 2);
	n.echoes++;
	return true;
}

static void take_ip(unsigned int pair, const struct net_frame *f)
{
	struct net_frame *a = answer_to(f);
	uint8_t *ip = a->data + NET_ETH, *l4;
	size_t ihl = f->len > NET_ETH ? 4 * (ip[0] & 15) : 0, len;
	bool first, back = false;

	if (ihl < 20 || f->len < NET_ETH + ihl) {
		n.others++;
		free(a);
		return;
	}
	first = !(net_get16(ip + 6) & 0x1fff);
	l4 = ip + ihl;
	len = f->len - NET_ETH - ihl;
	if (ip[9] == IP_ICMP)
		back = first ? echo_icmp(l4, len) : true;
	else if (ip[9] == IP_UDP)
		back = first ? echo_udp(a, ip, l4, len) : true;
	n.fragments += !first;
	if (!back) {
		n.others++;
		free(a);
		return;
	}
	swap(ip + 12, ip + 16, 4);
	send_back(pair, a);
}

static void mirror(unsigned int pair, const struct net_frame *f)
{
	struct net_frame *a = copy_of(f);

	swap(a->data, a->data + 6, 6);
	n.mirrored++;
	send_back(pair, a);
}

void net_peer_take(unsigned int pair, const struct net_frame *f)
{
	uint16_t type = net_get16(f->data + 12);

	if (net.peer == NET_SINK)
		n.others++;
	else if (net.peer == NET_REFLECT)
		mirror(pair, f);
	else if (type == ETH_ARP)
		take_arp(pair, f);
	else if (type == ETH_IP)
		take_ip(pair, f);
	else
		n.others++;
}

void net_peer_stats(FILE *out)
{
	fprintf(out, "arps %llu\nannounces %llu\npings %llu\nfragments %llu\nudp %llu\necho %llu\n",
		U(n.arps), U(n.announces), U(n.pings), U(n.fragments), U(n.udp), U(n.echoes));
	fprintf(out, "mirrored %llu\nothers %llu\nunsendable %llu\nbad-csum %llu\n", U(n.mirrored),
		U(n.others), U(n.unsendable), U(n.bad_csum));
}

static const char *cmd_peer(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	static const char * const kinds[] = { "answer", "reflect", "sink" };

	(void)dev;
	(void)out;
	for (int i = 0; argc == 2 && i < 3; i++) {
		if (!strcmp(argv[1], kinds[i])) {
			net.peer = i;
			return NULL;
		}
	}
	return "peer wants answer, reflect or sink";
}

const struct vu_command net_peer_command = {
	"peer", "answer|reflect|sink", "who is on the other end of the wire", cmd_peer
};
