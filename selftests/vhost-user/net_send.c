// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of the device's own, numbered, at a rate: of a protocol nobody speaks, or
 * datagrams, one by one or many in one frame with a GSO header.
 */
#include <stdlib.h>
#include <string.h>

#include "net.h"

/* IEEE 802: for experiments on one network */
#define ETH_TEST 0x88b5
#define ETH_IP 0x0800
#define IP_UDP 17
#define UDP_PORT 9
#define HEADERS (NET_ETH + 20 + 8)
#define TICK 1000000ULL

static struct {
	struct vu_timer timer;
	uint64_t left, rate, start, sent, number;
	unsigned int len, gso, flows;
	bool udp;
} job;

static const uint8_t from[6] = { 0x52, 0x54, 0x00, 0x76, 0x75, 0xfe };

static void put_eth(struct net_frame *f, uint16_t type)
{
	memcpy(f->data, net.guest_mac, 6);
	memcpy(f->data + 6, from, 6);
	net_put16(f->data + 12, type);
}

static void put_number(uint8_t *p)
{
	for (int i = 0; i < 8; i++)
		p[i] = job.number >> 8 * (7 - i);
}

static struct net_frame *make_raw(void)
{
	struct net_frame *f = net_frame_new(job.len);

	put_eth(f, ETH_TEST);
	put_number(f->data + NET_ETH);
	return f;
}

static void put_ip(uint8_t *ip, unsigned int len)
{
	ip[0] = 0x45;
	net_put16(ip + 2, len);
	net_put16(ip + 6, 0x4000);
	ip[8] = 64;
	ip[9] = IP_UDP;
	memcpy(ip + 12, net.peer_ip, 4);
	memcpy(ip + 16, net.guest_ip, 4);
	net_put16(ip + 10, ~net_fold(net_sum(0, ip, 20)));
}

/* With GSO the sum is that of the pseudo header, for the whole of the frame. */
static void put_udp(struct net_frame *f, uint8_t *udp, unsigned int len)
{
	uint32_t sum = net_sum(IP_UDP + len, udp - 8, 8);

	net_put16(udp, 4096 + job.number % job.flows);
	net_put16(udp + 2, UDP_PORT);
	net_put16(udp + 4, len);
	put_number(udp + 8);
	if (!net_ctrl_guest_offload(NET_F_GUEST_CSUM)) {
		net_put16(udp + 6, ~net_fold(net_sum(sum, udp, len)));
		return;
	}
	net_put16(udp + 6, net_fold(sum));
	f->hdr.flags = NET_HDR_NEEDS_CSUM;
	f->hdr.csum_start = NET_ETH + 20;
	f->hdr.csum_offset = 6;
	if (!job.gso)
		return;
	f->hdr.gso_type = NET_GSO_UDP_L4;
	f->hdr.gso_size = job.gso;
	f->hdr.hdr_len = HEADERS;
}

static struct net_frame *make_udp(void)
{
	struct net_frame *f = net_frame_new(job.len);

	put_eth(f, ETH_IP);
	put_ip(f->data + NET_ETH, job.len - NET_ETH);
	put_udp(f, f->data + NET_ETH + 20, job.len - NET_ETH - 20);
	return f;
}

static void send_one(void)
{
	unsigned int flow = job.number % job.flows;
	struct net_frame *f = job.udp ? make_udp() : make_raw();

	f->hdr.hash = flow;
	f->hdr.report = job.udp ? 2 + 3 : 0;	/* UDPv4 */
	net_rx_queue(net_ctrl_steer(flow), f);
	job.number++;
	job.sent++;
	job.left--;
}

static void tick(struct vu_timer *t)
{
	struct vu_dev *dev = t->ctx;
	uint64_t should = job.rate ? (vu_now() - job.start) * job.rate / 1000000000 : UINT64_MAX;

	/* No more at once than a ring has. */
	for (unsigned int burst = 256; burst && job.left && job.sent < should; burst--)
		send_one();
	if (job.left)
		vu_timer_set(dev, t, vu_now() + TICK);
}

void net_send_init(struct vu_dev *dev)
{
	job.timer.fire = tick;
	job.timer.ctx = dev;
}

static const char *read_word(const char *w)
{
	uint64_t v;

	if (!strcmp(w, "udp")) {
		job.udp = true;
		return NULL;
	}
	if (!strncmp(w, "rate=", 5) && vu_number(w + 5, &job.rate))
		return NULL;
	if (!strncmp(w, "gso=", 4) && vu_number(w + 4, &v) && v && v <= UINT16_MAX) {
		job.gso = v;
		return NULL;
	}
	if (!strncmp(w, "flows=", 6) && vu_number(w + 6, &v) && v && v <= 4096) {
		job.flows = v;
		return NULL;
	}
	return "send wants COUNT LENGTH [udp] [gso=SIZE] [rate=PER-SECOND] [flows=N]";
}

static const char *cmd_send(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	const char *wrong = NULL;
	uint64_t n, len;

	(void)out;
	job.left = 0;
	job.udp = false;
	job.gso = 0;
	job.rate = 0;
	job.flows = 1;
	if (argc < 3 || !vu_number(argv[1], &n) || !vu_number(argv[2], &len))
		return read_word("");
	for (int i = 3; i < argc && !wrong; i++)
		wrong = read_word(argv[i]);
	if (wrong)
		return wrong;
	if (len < (job.udp ? HEADERS + 8 : NET_ETH + 8) || len > 65535 + NET_ETH)
		return "that is no length of a frame";
	if (!net.know_guest)
		return "the guest has not asked for anybody's address yet";
	if (job.gso && !net_ctrl_guest_offload(NET_F_GUEST_USO4))
		return "the guest takes no datagrams in segments";
	job.left = n;
	job.len = len;
	job.sent = 0;
	job.start = vu_now();
	vu_timer_set(dev, &job.timer, vu_now());
	return NULL;
}

const struct vu_command net_send_command = {
	"send", "COUNT LENGTH [udp] [gso=SIZE] [rate=PER-SECOND] [flows=N]",
	"frames to the guest", cmd_send
};
