// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts that wait for further packets or for their time (5.1.9.5.10). */
#include "net.h"

static void due(struct vu_timer *t)
{
	vu_queue_look(t->ctx);
}

bool net_coal_hold(struct vu_queue *q)
{
	struct net_queue *nq = &net.queue[q->index];

	if (!nq->max_packets || !nq->max_usecs || !q->ring.since ||
	    q->ring.since >= nq->max_packets) {
		vu_timer_set(q->dev, &nq->coal, 0);
		return false;
	}
	if (!nq->coal.due)
		vu_timer_set(q->dev, &nq->coal, vu_now() + nq->max_usecs * 1000ULL);
	nq->n.waits++;
	return true;
}

/* What waits now is judged anew. */
bool net_coal_set(unsigned int index, uint32_t packets, uint32_t usecs)
{
	struct net_queue *nq = &net.queue[index];

	if (index >= 2 * net.max_pairs)
		return false;
	nq->max_packets = packets;
	nq->max_usecs = usecs;
	if (!net_coal_hold(&net.dev->queues[index]))
		vu_queue_look(&net.dev->queues[index]);
	return true;
}

void net_coal_init(struct vu_dev *dev)
{
	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		net.queue[i].coal.fire = due;
		net.queue[i].coal.ctx = &dev->queues[i];
	}
}
