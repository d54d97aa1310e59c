// SPDX-License-Identifier: GPL-2.0-only
/* Statistics for the driver (5.1.9.5.11): those of queues, basic, checksum and GSO. */
#include <string.h>

#include "net.h"

enum {
	RX_BASIC = 0,
	RX_CSUM = 1,
	RX_GSO = 2,
	RX_SPEED = 3,
	TX_BASIC = 16,
	TX_CSUM = 17,
	TX_GSO = 18,
	TX_SPEED = 19,
	CVQ = 32,
};

struct query {
	uint16_t index;
	uint16_t reserved[3];
	uint64_t types;
};

struct reply {
	uint8_t type;
	uint8_t reserved;
	uint16_t index;
	uint16_t reserved1;
	uint16_t size;
	uint64_t value[6];
};

/* Those this device has, of what was negotiated. */
static uint64_t supported(void)
{
	uint64_t types = VU_BIT(CVQ) | VU_BIT(RX_BASIC) | VU_BIT(TX_BASIC);

	if (net_has(NET_F_GUEST_CSUM))
		types |= VU_BIT(RX_CSUM);
	if (net_has(NET_F_CSUM))
		types |= VU_BIT(TX_CSUM);
	if (net_has(NET_F_GUEST_TSO4) || net_has(NET_F_GUEST_TSO6))
		types |= VU_BIT(RX_GSO);
	if (net_has(NET_F_HOST_TSO4) || net_has(NET_F_HOST_TSO6) || net_has(NET_F_HOST_USO))
		types |= VU_BIT(TX_GSO);
	return types | VU_BIT(RX_SPEED) | VU_BIT(TX_SPEED);
}

static uint64_t of_queue(unsigned int index)
{
	if (index == net_ctrl_index())
		return VU_BIT(CVQ);
	return index & 1 ? 0xfULL << TX_BASIC : 0xfULL << RX_BASIC;
}

/* How many values of this type there are, in @value. */
static unsigned int values(unsigned int type, unsigned int index, uint64_t *value)
{
	const struct net_queue *nq = &net.queue[index];
	const struct vu_queue *q = &net.dev->queues[index];

	memset(value, 0, 6 * sizeof(*value));
	switch (type) {
	case CVQ:
		value[0] = net_ctrl_commands;
		value[1] = net_ctrl_good + 1;	/* this one */
		return 2;
	case RX_BASIC:
	case TX_BASIC:
		value[0] = q->n.kicks;
		value[1] = nq->n.packets;
		value[2] = nq->n.bytes;
		value[3] = q->n.irqs;
		value[4] = nq->n.drops;
		value[5] = type == RX_BASIC ? nq->n.overruns : nq->n.malformed;
		return 6;
	case RX_CSUM:
		value[1] = nq->n.csum;
		value[2] = nq->n.packets - nq->n.csum;
		return 4;
	case TX_CSUM:
		value[0] = nq->n.packets - nq->n.csum;
		value[1] = nq->n.csum;
		return 2;
	case RX_GSO:
		value[0] = nq->n.gso;
		return 4;
	case TX_GSO:
		value[0] = nq->n.gso;
		value[4] = nq->n.gso;		/* nothing is cut here */
		return 6;
	default:
		return 2;
	}
}

int net_stat_query(uint8_t *result, size_t room)
{
	uint64_t types = net_lie(NET_LIE_STAT_TYPES, supported());
	size_t n = room < sizeof(types) ? room : sizeof(types);

	memcpy(result, &types, n);
	return n;
}

static size_t put(unsigned int type, unsigned int index, uint8_t *result, size_t room)
{
	struct reply r = { .type = net_lie(NET_LIE_STAT_TYPE, type),
			   .index = net_lie(NET_LIE_STAT_QUEUE, index) };
	size_t n = 8 + 8 * values(type, index, r.value);

	r.size = net_lie(NET_LIE_STAT_SIZE, n);
	if (n > room)
		n = room;
	memcpy(result, &r, n);
	return n;
}

static bool fits(const struct query *q)
{
	return (q->index < 2 * net.max_pairs || q->index == net_ctrl_index()) &&
	       !(q->types & ~(supported() & of_queue(q->index)));
}

int net_stat_get(const uint8_t *data, size_t len, uint8_t *result, size_t room)
{
	size_t done = 0;
	struct query q;

	if (!len || len % sizeof(q))
		return -1;
	for (size_t at = 0; at < len; at += sizeof(q)) {
		memcpy(&q, data + at, sizeof(q));
		if (!fits(&q))
			return -1;
	}
	for (size_t at = 0; at < len; at += sizeof(q)) {
		memcpy(&q, data + at, sizeof(q));
		for (unsigned int type = 0; type <= CVQ; type++)
			if (q.types & VU_BIT(type))
				done += put(type, q.index, result + done, room - done);
	}
	done = net_lie(NET_LIE_STAT_BYTES, done);
	return done < room ? done : room;
}
