// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters that the device keeps (DEVICE_STATS, 5.1.9.5.11): asked for when somebody
 * reads ours. What comes back is taken apart from a private copy; each value is a
 * number and nothing more, and one that does not come keeps what it was.
 */
#include <linux/slab.h>

#include "net.h"

/* Which of them; types of more than 63 are not known here. */
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

struct wire_query {
	__le16 index;
	__le16 reserved[3];
	__le64 types;
};

struct wire_head {
	u8 type;
	u8 reserved;
	__le16 index;
	__le16 reserved1;
	__le16 size;
};

#define MAX_VALUES 6
/* Of one queue, all types together. */
#define QUEUE_BYTES (4 * sizeof(struct wire_head) + VPV_NET_DEV_VALUES * sizeof(__le64))
/* Queues asked for with one command. */
#define QUERIES (VPV_NET_CTRL_RESULT / QUEUE_BYTES)

/**
 * struct group - values that come together
 * @type: of the reply
 * @first: place of the first in &vpv_net_devstat.values
 * @names: of them
 */
struct group {
	u8 type;
	u8 first;
	const char *names[MAX_VALUES];
};

static const struct group rx_groups[] = {
	{ RX_BASIC, 0, { "notifications", "packets", "bytes", "interrupts", "drops",
			 "drop_overruns" } },
	{ RX_CSUM, 6, { "csum_valid", "needs_csum", "csum_none", "csum_bad" } },
	{ RX_GSO, 10, { "gso_packets", "gso_bytes", "gso_packets_coalesced",
			"gso_bytes_coalesced" } },
	{ RX_SPEED, 14, { "packets_allowance_exceeded", "bytes_allowance_exceeded" } },
};

static const struct group tx_groups[] = {
	{ TX_BASIC, 0, { "notifications", "packets", "bytes", "interrupts", "drops",
			 "drop_malformed" } },
	{ TX_CSUM, 6, { "csum_none", "needs_csum" } },
	{ TX_GSO, 8, { "gso_packets", "gso_bytes", "gso_segments", "gso_segments_bytes",
		       "gso_packets_noseg", "gso_bytes_noseg" } },
	{ TX_SPEED, 14, { "packets_allowance_exceeded", "bytes_allowance_exceeded" } },
};

static const struct group cvq_groups[] = {
	{ CVQ, 0, { "command_num", "ok_num" } },
};

#define NR_GROUPS ARRAY_SIZE(rx_groups)
static_assert(ARRAY_SIZE(tx_groups) == NR_GROUPS);

static unsigned int nr_values(const struct group *g)
{
	unsigned int n = 0;

	while (n < MAX_VALUES && g->names[n])
		n++;
	return n;
}

/* ---- queues: those in use, and at the end the control queue ---- */

static unsigned int nr_queues(const struct vpv_net *vn)
{
	return 2 * vn->nr_pairs + 1;
}

static u16 wire_index(const struct vpv_net *vn, unsigned int i)
{
	return i == 2 * vn->nr_pairs ? vn->ctrl.q->index : i;
}

static const struct group *groups_of(const struct vpv_net *vn, unsigned int i, unsigned int *n)
{
	*n = NR_GROUPS;
	if (i == 2 * vn->nr_pairs) {
		*n = ARRAY_SIZE(cvq_groups);
		return cvq_groups;
	}
	return i & 1 ? tx_groups : rx_groups;
}

static u64 types_of(const struct vpv_net *vn, unsigned int i)
{
	unsigned int n, j;
	const struct group *g = groups_of(vn, i, &n);
	u64 types = 0;

	for (j = 0; j < n; j++)
		types |= BIT_ULL(g[j].type);
	return types & vn->devstat->types;
}

/* ---- replies ---- */

static const struct group *find_group(const struct vpv_net *vn, unsigned int i, u8 type)
{
	unsigned int n, j;
	const struct group *g = groups_of(vn, i, &n);

	for (j = 0; j < n; j++)
		if (g[j].type == type && (types_of(vn, i) & BIT_ULL(type)))
			return &g[j];
	return NULL;
}

/* @body: of @size bytes. A short one has the first of the values. */
static bool take_reply(struct vpv_net *vn, const struct wire_head *head, const u8 *body, u32 size,
		       unsigned int first, unsigned int nr)
{
	u16 index = le16_to_cpu(head->index);
	const struct group *g;
	__le64 value;
	u64 *to;

	for (unsigned int i = first; i < first + nr; i++) {
		if (wire_index(vn, i) != index)
			continue;
		g = find_group(vn, i, head->type);
		if (!g)
			return false;
		to = &vn->devstat->values[i * VPV_NET_DEV_VALUES + g->first];
		for (unsigned int j = 0; j < nr_values(g) && size >= sizeof(value); j++) {
			memcpy(&value, body + j * sizeof(value), sizeof(value));
			to[j] = le64_to_cpu(value);
			size -= sizeof(value);
		}
		return true;
	}
	return false;
}

/* Each round takes a head at least, so it ends. */
static bool take_replies(struct vpv_net *vn, const u8 *data, u32 len, unsigned int first,
			 unsigned int nr)
{
	struct wire_head head;
	u32 size;

	while (len) {
		if (len < sizeof(head))
			return false;
		memcpy(&head, data, sizeof(head));
		size = le16_to_cpu(head.size);
		if (size < sizeof(head) || size > len ||
		    !take_reply(vn, &head, data + sizeof(head), size - sizeof(head), first, nr))
			return false;
		data += size;
		len -= size;
	}
	return true;
}

/* ---- questions ---- */

/* Queues @first on, @nr of them. */
static int ask(struct vpv_net *vn, unsigned int first, unsigned int nr)
{
	struct vpv_net_devstat *ds = vn->devstat;
	struct wire_query query[QUERIES];
	unsigned int i, n = 0;
	u32 len = VPV_NET_CTRL_RESULT;
	int err;

	for (i = first; i < first + nr; i++) {
		if (!types_of(vn, i))
			continue;
		query[n++] = (struct wire_query){
			.index = cpu_to_le16(wire_index(vn, i)),
			.types = cpu_to_le64(types_of(vn, i)),
		};
	}
	if (!n)
		return 0;
	err = vpv_net_ctrl_ask(vn, VIRTIO_NET_CTRL_STATS, VIRTIO_NET_CTRL_STATS_GET, query,
			       n * sizeof(query[0]), ds->reply, &len);
	if (!err && !take_replies(vn, ds->reply, len, first, nr)) {
		ds->bad++;
		err = -EPROTO;
	}
	return err;
}

/* What does not come now is shown as it was. May sleep; RTNL or the netdev's lock. */
static void refresh(struct vpv_net *vn, unsigned int first, unsigned int nr)
{
	struct vpv_net_devstat *ds = vn->devstat;
	unsigned int n;

	mutex_lock(&ds->lock);
	for (; nr; first += n, nr -= n) {
		n = min_t(unsigned int, nr, QUERIES);
		/* A device that does not answer is not asked again and again. */
		if (ask(vn, first, n) == -ETIMEDOUT)
			break;
	}
	mutex_unlock(&ds->lock);
}

/* ---- for stats.c ---- */

/* Values of a queue in the order of their names. */
static unsigned int each(const struct vpv_net *vn, unsigned int i, const char **names, u64 *values)
{
	unsigned int nr, n = 0, j, k;
	const struct group *g = groups_of(vn, i, &nr);

	for (j = 0; j < nr; j++) {
		if (!(types_of(vn, i) & BIT_ULL(g[j].type)))
			continue;
		for (k = 0; k < nr_values(&g[j]); k++, n++) {
			names[n] = g[j].names[k];
			values[n] = vn->devstat->values[i * VPV_NET_DEV_VALUES + g[j].first + k];
		}
	}
	return n;
}

unsigned int vpv_net_devstat_count(const struct vpv_net *vn)
{
	const char *names[VPV_NET_DEV_VALUES];
	u64 values[VPV_NET_DEV_VALUES];
	unsigned int n = 0;

	for (unsigned int i = 0; vn->devstat && i < nr_queues(vn); i++)
		n += each(vn, i, names, values);
	return n;
}

void vpv_net_devstat_strings(const struct vpv_net *vn, u8 **data)
{
	const char *names[VPV_NET_DEV_VALUES];
	u64 values[VPV_NET_DEV_VALUES];
	unsigned int i, j, n;

	for (i = 0; vn->devstat && i < nr_queues(vn); i++) {
		n = each(vn, i, names, values);
		for (j = 0; j < n; j++) {
			if (i == 2 * vn->nr_pairs)
				ethtool_sprintf(data, "cq_hw_%s", names[j]);
			else
				ethtool_sprintf(data, "%cx%u_hw_%s", i & 1 ? 't' : 'r', i / 2,
						names[j]);
		}
	}
}

/* As many as there are names. */
u64 *vpv_net_devstat_values(struct vpv_net *vn, u64 *data)
{
	const char *names[VPV_NET_DEV_VALUES];

	if (!vn->devstat)
		return data;
	refresh(vn, 0, nr_queues(vn));
	for (unsigned int i = 0; i < nr_queues(vn); i++)
		data += each(vn, i, names, data);
	return data;
}

/* @i: 2 * pair, and one more for transmit. NULL: none of this kind. */
static const u64 *values_of(const struct vpv_net *vn, unsigned int i, u8 type)
{
	const struct group *g = find_group(vn, i, type);

	return g ? &vn->devstat->values[i * VPV_NET_DEV_VALUES + g->first] : NULL;
}

void vpv_net_devstat_rx(struct vpv_net *vn, unsigned int pair, struct netdev_queue_stats_rx *stats)
{
	const u64 *v;

	if (!vn->devstat)
		return;
	refresh(vn, 2 * pair, 1);
	v = values_of(vn, 2 * pair, RX_BASIC);
	if (v) {
		stats->hw_drops = v[4];
		stats->hw_drop_overruns = v[5];
	}
	v = values_of(vn, 2 * pair, RX_CSUM);
	if (v) {
		stats->csum_unnecessary = v[0];
		stats->csum_none = v[2];
		stats->csum_bad = v[3];
	}
	v = values_of(vn, 2 * pair, RX_GSO);
	if (v) {
		stats->hw_gro_packets = v[0];
		stats->hw_gro_bytes = v[1];
		stats->hw_gro_wire_packets = v[2];
		stats->hw_gro_wire_bytes = v[3];
	}
	v = values_of(vn, 2 * pair, RX_SPEED);
	if (v)
		stats->hw_drop_ratelimits = v[0];
}

void vpv_net_devstat_tx(struct vpv_net *vn, unsigned int pair, struct netdev_queue_stats_tx *stats)
{
	const u64 *v;

	if (!vn->devstat)
		return;
	refresh(vn, 2 * pair + 1, 1);
	v = values_of(vn, 2 * pair + 1, TX_BASIC);
	if (v) {
		stats->hw_drops = v[4];
		stats->hw_drop_errors = v[5];
	}
	v = values_of(vn, 2 * pair + 1, TX_CSUM);
	if (v) {
		stats->csum_none = v[0];
		stats->needs_csum = v[1];
	}
	v = values_of(vn, 2 * pair + 1, TX_GSO);
	if (v) {
		stats->hw_gso_packets = v[0];
		stats->hw_gso_bytes = v[1];
		stats->hw_gso_wire_packets = v[2];
		stats->hw_gso_wire_bytes = v[3];
	}
	v = values_of(vn, 2 * pair + 1, TX_SPEED);
	if (v)
		stats->hw_drop_ratelimits = v[0];
}

/* ---- life ---- */

/* Types whose features were not agreed may not be asked for. */
static u64 allowed(const struct vpv_net *vn)
{
	u64 types = BIT_ULL(RX_BASIC) | BIT_ULL(TX_BASIC) | BIT_ULL(RX_SPEED) |
		    BIT_ULL(TX_SPEED) | BIT_ULL(CVQ);

	if (vpv_net_has(vn, VIRTIO_NET_F_GUEST_CSUM))
		types |= BIT_ULL(RX_CSUM);
	if (vpv_net_has(vn, VIRTIO_NET_F_CSUM))
		types |= BIT_ULL(TX_CSUM);
	if (vpv_net_has(vn, VIRTIO_NET_F_GUEST_TSO4) || vpv_net_has(vn, VIRTIO_NET_F_GUEST_TSO6))
		types |= BIT_ULL(RX_GSO);
	if (vpv_net_has(vn, VIRTIO_NET_F_HOST_TSO4) || vpv_net_has(vn, VIRTIO_NET_F_HOST_TSO6) ||
	    vpv_net_has(vn, VIRTIO_NET_F_HOST_USO))
		types |= BIT_ULL(TX_GSO);
	return types;
}

static struct vpv_net_devstat *devstat_alloc(unsigned int queues)
{
	struct vpv_net_devstat *ds = kvzalloc(sizeof(*ds), GFP_KERNEL);

	if (!ds)
		return NULL;
	ds->values = kvcalloc(queues, VPV_NET_DEV_VALUES * sizeof(*ds->values), GFP_KERNEL);
	if (!ds->values) {
		kvfree(ds);
		return NULL;
	}
	mutex_init(&ds->lock);
	return ds;
}

/* Before the netdev is seen: the names do not change after that. */
void vpv_net_devstat_begin(struct vpv_net *vn)
{
	struct vpv_net_devstat *ds;
	__le64 types = 0;
	u32 len = sizeof(types);
	int err;

	BUILD_BUG_ON(QUERIES * sizeof(struct wire_query) > VPV_NET_CTRL_PAYLOAD);
	if (!vpv_net_has(vn, VIRTIO_NET_F_DEVICE_STATS))
		return;
	err = vpv_net_ctrl_ask(vn, VIRTIO_NET_CTRL_STATS, VIRTIO_NET_CTRL_STATS_QUERY, NULL, 0,
			       &types, &len);
	if (!err && len < sizeof(types))
		err = -EPROTO;
	if (err) {
		netdev_warn(vn->dev, "device does not say which counters it has: error %d\n", err);
		return;
	}
	ds = devstat_alloc(nr_queues(vn));
	if (!ds)
		return;
	ds->types = le64_to_cpu(types) & allowed(vn);
	vn->devstat = ds;
}

void vpv_net_devstat_end(struct vpv_net *vn)
{
	if (!vn->devstat)
		return;
	kvfree(vn->devstat->values);
	kvfree(vn->devstat);
	vn->devstat = NULL;
}
