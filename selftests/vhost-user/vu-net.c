// SPDX-License-Identifier: GPL-2.0-only
/* A network device: queues, options, statistics. See net.h. */
#include <string.h>

#include "net.h"

#define U(v) ((unsigned long long)(v))

struct net net;

bool net_has(unsigned int bit)
{
	return net.dev->features & VU_BIT(bit);
}

size_t net_hdr_len(void)
{
	return net_has(NET_F_HASH_REPORT) ? sizeof(struct net_hdr) :
					    offsetof(struct net_hdr, hash);
}

/* Without MQ the device has one pair (5.1.2). */
unsigned int net_ctrl_index(void)
{
	return net_has(NET_F_MQ) ? 2 * net.max_pairs : 2;
}

static uint32_t net_request(struct vu_queue *q, struct vu_elem *e)
{
	if (q->index == net_ctrl_index())
		return net_ctrl_serve(q, e);
	return q->index & 1 ? net_tx_take(q, e) : net_rx_buffer(q, e);
}

static uint32_t net_status_request(struct vu_queue *q, struct vu_elem *e, int status)
{
	return q->index == net_ctrl_index() ? net_ctrl_status(e, status) : net_request(q, e);
}

/* Receive buffers lie in their queue until there is a frame. */
static bool net_idle(struct vu_queue *q)
{
	return q->index != net_ctrl_index() && !(q->index & 1) && !net.queue[q->index].waiting;
}

static void net_reset(struct vu_dev *dev)
{
	(void)dev;
	net_ctrl_reset();
	net_rx_reset();
}

static int net_start(struct vu_dev *dev)
{
	net.dev = dev;
	if (net_config_start(dev))
		return -1;
	dev->nr_queues = 2 * net.max_pairs + 1;
	net_rx_reset();
	net_ctrl_reset();
	net_coal_init(dev);
	net_send_init(dev);
	return 0;
}

static void net_stats(struct vu_dev *dev, FILE *out)
{
	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		const struct net_queue *nq = &net.queue[i];

		fprintf(out, "net %u packets %llu bytes %llu drops %llu overruns %llu gso %llu csum %llu waits %llu\n",
			i, U(nq->n.packets), U(nq->n.bytes), U(nq->n.drops), U(nq->n.overruns),
			U(nq->n.gso), U(nq->n.csum), U(nq->n.waits));
	}
	net_ctrl_stats(out);
	net_tx_stats(out);
	net_peer_stats(out);
	net_lie_stats(out);
}

/* Each file's own; put together at the start. */
static struct vu_command net_commands[8];

static const struct vu_ops net_ops = {
	.name = "vu-net",
	.options = net_config_options,
	.commands = net_commands,
	.start = net_start,
	.request = net_request,
	.status_request = net_status_request,
	.idle = net_idle,
	.hold_irq = net_coal_hold,
	.reset = net_reset,
	.stats = net_stats,
};

int main(int argc, char **argv)
{
	const struct vu_command *all[] = { &net_config_command, &net_link_command,
					   &net_ctrl_command, &net_refuse_command,
					   &net_peer_command, &net_send_command,
					   &net_lie_command };
	static struct vu_dev dev;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		net_commands[i] = *all[i];
	return vu_main(&dev, &net_ops, argc, argv);
}
