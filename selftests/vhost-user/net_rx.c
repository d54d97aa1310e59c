// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames to the guest. They wait for buffers; with mergeable buffers the buffers of
 * a frame are kept until there are enough, and given back together.
 */
#include <stdlib.h>
#include <string.h>

#include "net.h"

#define MOST_WAITING 4096
/* Buffers of a frame; one more than a page each for the longest. */
#define MOST_BUFFERS 48

struct net_frame *net_frame_new(uint32_t len)
{
	struct net_frame *f = calloc(1, sizeof(*f) + len);

	f->len = len;
	return f;
}

void net_rx_queue(unsigned int pair, struct net_frame *f)
{
	unsigned int index = 2 * (pair < net.pairs ? pair : 0);
	struct net_queue *nq = &net.queue[index];

	if (nq->nr_waiting == MOST_WAITING || !net.dev->queues[index].ring.running) {
		nq->n.drops++;
		nq->n.overruns++;
		free(f);
		return;
	}
	f->next = NULL;
	*nq->tail = f;
	nq->tail = &f->next;
	nq->nr_waiting++;
	/* Not from here: who asks may be in the middle of another queue. */
	net.dev->queues[index].again = true;
}

static void next_frame(struct net_queue *nq)
{
	struct net_frame *f = nq->waiting;

	nq->waiting = f->next;
	if (!nq->waiting)
		nq->tail = &nq->waiting;
	nq->nr_waiting--;
	free(f);
}

static void free_part(struct net_queue *nq)
{
	while (nq->part) {
		struct vu_elem *e = nq->part;

		nq->part = e->next;
		free(e);
	}
	nq->part_tail = &nq->part;
	nq->part_room = 0;
	nq->nr_part = 0;
}

static void lie_about(struct net_hdr *h)
{
	h->flags = net_lie(NET_LIE_FLAGS, h->flags);
	h->gso_type = net_lie(NET_LIE_GSO_TYPE, h->gso_type);
	h->hdr_len = net_lie(NET_LIE_HDR_LEN, h->hdr_len);
	h->gso_size = net_lie(NET_LIE_GSO_SIZE, h->gso_size);
	h->csum_start = net_lie(NET_LIE_CSUM_START, h->csum_start);
	h->csum_offset = net_lie(NET_LIE_CSUM_OFFSET, h->csum_offset);
	h->num_buffers = net_lie(NET_LIE_NUM_BUFFERS, h->num_buffers);
	h->hash = net_lie(NET_LIE_HASH, h->hash);
	h->report = net_lie(NET_LIE_REPORT, h->report);
}

/* Header and frame over the buffers; returns bytes in the last one. */
static uint32_t fill(struct net_queue *nq, const struct net_frame *f)
{
	size_t hdr_len = net_hdr_len(), done = 0, total = hdr_len + f->len, n = 0;
	struct net_hdr h = f->hdr;
	uint8_t *bytes;

	h.num_buffers = nq->nr_part;
	lie_about(&h);
	bytes = malloc(total);
	memcpy(bytes, &h, hdr_len);
	memcpy(bytes + hdr_len, f->data, f->len);
	for (struct vu_elem *e = nq->part; e; e = e->next) {
		n = vu_write(e, 0, bytes + done, total - done);
		done += n;
	}
	free(bytes);
	return n;
}

static void count(struct net_queue *nq, const struct net_frame *f)
{
	nq->n.packets++;
	nq->n.bytes += f->len;
	nq->n.gso += f->hdr.gso_type != NET_GSO_NONE;
	nq->n.csum += !!(f->hdr.flags & NET_HDR_NEEDS_CSUM);
}

/* The first frame, or those behind it that fit where it does not. */
static bool enough(struct net_queue *nq)
{
	bool mergeable = net_has(NET_F_MRG_RXBUF);

	while (nq->waiting) {
		if (nq->part_room >= net_hdr_len() + nq->waiting->len)
			return true;
		if (mergeable && nq->nr_part < MOST_BUFFERS)
			return false;
		nq->n.drops++;
		nq->n.malformed++;
		next_frame(nq);
	}
	return false;
}

/* In a batch of buffers of one frame each, faults apply. */
static uint32_t deliver(struct vu_queue *q, struct net_queue *nq, struct vu_elem *e)
{
	uint32_t last = fill(nq, nq->waiting);
	bool alone = nq->part == e;

	count(nq, nq->waiting);
	next_frame(nq);
	if (!alone)
		vu_ring_push_list(&q->ring, nq->part, last);
	else
		nq->part = NULL;
	free_part(nq);
	return alone ? last : VU_LATER;
}

uint32_t net_rx_buffer(struct vu_queue *q, struct vu_elem *e)
{
	struct net_queue *nq = &net.queue[q->index];

	/* Those of before the queue was started anew are not ours. */
	if (nq->starts != q->n.starts)
		free_part(nq);
	nq->starts = q->n.starts;
	e->next = NULL;
	*nq->part_tail = e;
	nq->part_tail = &e->next;
	nq->part_room += e->in_len;
	nq->nr_part++;
	return enough(nq) ? deliver(q, nq, e) : VU_LATER;
}

void net_rx_reset(void)
{
	for (unsigned int i = 0; i < 2 * net.max_pairs; i++) {
		struct net_queue *nq = &net.queue[i];

		while (nq->waiting)
			next_frame(nq);
		nq->tail = &nq->waiting;
		free_part(nq);
	}
}
