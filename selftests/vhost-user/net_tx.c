// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames from the guest, and what is wrong with them: the driver's part of 5.1.9.2,
 * looked at without trust.
 */
#include <stdlib.h>
#include <string.h>

#include "net.h"

#define U(v) ((unsigned long long)(v))

static uint64_t violations, sizes[4], gso_bytes, gso_segments;
static const char *violation = "none";

static bool wrong(const char *what)
{
	violations++;
	violation = what;
	return false;
}

static bool gso_offered(uint8_t type)
{
	switch (type) {
	case NET_GSO_TCPV4:
		return net_has(NET_F_HOST_TSO4);
	case NET_GSO_TCPV6:
		return net_has(NET_F_HOST_TSO6);
	case NET_GSO_UDP_L4:
		return net_has(NET_F_HOST_USO);
	default:
		return false;
	}
}

/* Up to the payload, as the frame itself says. */
static unsigned int real_hdr_len(const struct net_frame *f)
{
	unsigned int at = f->hdr.csum_start;

	if ((f->hdr.gso_type & ~NET_GSO_ECN) == NET_GSO_UDP_L4)
		return at + 8;
	return at + 12 < f->len ? at + 4 * (f->data[at + 12] >> 4) : 0;
}

static bool check_csum(const struct net_frame *f)
{
	const struct net_hdr *h = &f->hdr;

	if (h->flags & ~NET_HDR_NEEDS_CSUM)
		return wrong("flags");
	if (!(h->flags & NET_HDR_NEEDS_CSUM))
		return true;
	if (!net_has(NET_F_CSUM))
		return wrong("partial checksum that was not negotiated");
	if (!h->csum_start || (uint32_t)h->csum_start + h->csum_offset + 2 > f->len)
		return wrong("checksum beyond the frame");
	return true;
}

static bool check_gso(const struct net_frame *f)
{
	const struct net_hdr *h = &f->hdr;

	if (h->gso_type == NET_GSO_NONE)
		return true;
	if (!gso_offered(h->gso_type & ~NET_GSO_ECN))
		return wrong("GSO that was not negotiated");
	if (!(h->flags & NET_HDR_NEEDS_CSUM))
		return wrong("GSO without partial checksum");
	if (!h->gso_size)
		return wrong("GSO size");
	if (net_has(NET_F_GUEST_HDRLEN) && h->hdr_len != real_hdr_len(f))
		return wrong("header length");
	return true;
}

static bool check(const struct net_frame *f, const struct vu_elem *e)
{
	if (e->in_len)
		return wrong("a buffer to write to");
	if (f->len < NET_ETH)
		return wrong("a short frame");
	if (f->hdr.num_buffers)
		return wrong("num_buffers");
	if (f->hdr.hash || f->hdr.report || f->hdr.padding)
		return wrong("bytes behind the header that are not 0");
	return check_csum(f) && check_gso(f);
}

static void count(struct net_queue *nq, const struct net_frame *f)
{
	unsigned int hdr = real_hdr_len(f);

	nq->n.packets++;
	nq->n.bytes += f->len;
	nq->n.csum += f->hdr.flags & NET_HDR_NEEDS_CSUM;
	sizes[f->len > 1514 ? 3 : f->len > 256 ? 2 : f->len > 64 ? 1 : 0]++;
	if (f->hdr.gso_type == NET_GSO_NONE)
		return;
	nq->n.gso++;
	gso_bytes += f->len;
	gso_segments += (f->len - hdr + f->hdr.gso_size - 1) / f->hdr.gso_size;
}

uint32_t net_tx_take(struct vu_queue *q, struct vu_elem *e)
{
	struct net_queue *nq = &net.queue[q->index];
	size_t hdr_len = net_hdr_len();
	struct net_frame *f;

	if (e->out_len < hdr_len || e->out_len - hdr_len > NET_MAX_FRAME) {
		wrong("length");
		nq->n.drops++;
		nq->n.malformed++;
		return 0;
	}
	f = net_frame_new(e->out_len - hdr_len);
	vu_read(e, 0, &f->hdr, hdr_len);
	vu_read(e, hdr_len, f->data, f->len);
	if (check(f, e)) {
		count(nq, f);
		net_peer_take(q->index / 2, f);
	} else {
		nq->n.drops++;
		nq->n.malformed++;
	}
	free(f);
	return 0;
}

void net_tx_stats(FILE *out)
{
	fprintf(out, "tx-violations %llu\ntx-violation %s\n", U(violations), violation);
	fprintf(out, "tx-64 %llu\ntx-256 %llu\ntx-1514 %llu\ntx-long %llu\n", U(sizes[0]),
		U(sizes[1]), U(sizes[2]), U(sizes[3]));
	fprintf(out, "tx-gso-bytes %llu\ntx-gso-segments %llu\n", U(gso_bytes), U(gso_segments));
}
