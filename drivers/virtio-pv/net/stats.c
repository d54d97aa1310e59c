// SPDX-License-Identifier: GPL-2.0-only
/* Counters: per queue, named as the in-tree driver names what both have. The device's: devstat.c */
#include <linux/ethtool.h>

#include "net.h"

struct counter {
	const char *name;
	size_t offset;
};

#define RX_COUNTER(_name, _member) { _name, offsetof(struct vpv_net_rx_stats, _member) }
#define TX_COUNTER(_name, _member) { _name, offsetof(struct vpv_net_tx_stats, _member) }

static const struct counter rx_counters[] = {
	RX_COUNTER("packets", packets),
	RX_COUNTER("bytes", bytes),
	RX_COUNTER("drops", drops),
	RX_COUNTER("kicks", kicks),
	RX_COUNTER("length_errors", bad_len),
	RX_COUNTER("header_errors", bad_hdr),
	RX_COUNTER("count_errors", bad_count),
	RX_COUNTER("no_memory", no_memory),
	RX_COUNTER("xdp_packets", xdp_packets),
	RX_COUNTER("xdp_tx", xdp_tx),
	RX_COUNTER("xdp_redirects", xdp_redirects),
	RX_COUNTER("xdp_drops", xdp_drops),
};

static const struct counter tx_counters[] = {
	TX_COUNTER("packets", packets),
	TX_COUNTER("bytes", bytes),
	TX_COUNTER("drops", drops),
	TX_COUNTER("kicks", kicks),
	TX_COUNTER("stop", stops),
	TX_COUNTER("tx_timeouts", timeouts),
	TX_COUNTER("xdp_tx", xdp_tx),
	TX_COUNTER("xdp_tx_drops", xdp_tx_drops),
};

static const char * const ctrl_counters[] = {
	"ctrl_commands", "ctrl_failed", "ctrl_kicks", "ctrl_bad_results",
};

static u64 read_counter(const void *stats, const struct u64_stats_sync *syncp, size_t offset)
{
	unsigned int start;
	u64 value;

	do {
		start = u64_stats_fetch_begin(syncp);
		value = u64_stats_read((const u64_stats_t *)(stats + offset));
	} while (u64_stats_fetch_retry(syncp, start));
	return value;
}

#define RX_READ(_rx, _member) \
	read_counter(&(_rx)->stats, &(_rx)->stats.syncp, offsetof(struct vpv_net_rx_stats, _member))
#define TX_READ(_tx, _member) \
	read_counter(&(_tx)->stats, &(_tx)->stats.syncp, offsetof(struct vpv_net_tx_stats, _member))

void vpv_net_get_stats(struct net_device *dev, struct rtnl_link_stats64 *total)
{
	struct vpv_net *vn = vpv_net_of(dev);

	for (unsigned int i = 0; i < vn->nr_pairs; i++) {
		struct vpv_net_rx *rx = &vn->pairs[i].rx;
		struct vpv_net_tx *tx = &vn->pairs[i].tx;

		total->rx_packets += RX_READ(rx, packets);
		total->rx_bytes += RX_READ(rx, bytes);
		total->rx_dropped += RX_READ(rx, drops);
		total->rx_length_errors += RX_READ(rx, bad_len);
		total->rx_frame_errors += RX_READ(rx, bad_hdr);
		total->tx_packets += TX_READ(tx, packets);
		total->tx_bytes += TX_READ(tx, bytes);
		total->tx_dropped += TX_READ(tx, drops);
		total->tx_errors += TX_READ(tx, timeouts);
	}
}

/* ---- per queue, by netlink ---- */

static void own_stats_rx(const struct vpv_net *vn, int idx, struct netdev_queue_stats_rx *stats)
{
	const struct vpv_net_rx *rx = &vn->pairs[idx].rx;

	stats->packets = RX_READ(rx, packets);
	stats->bytes = RX_READ(rx, bytes);
	stats->alloc_fail = RX_READ(rx, no_memory);
	stats->hw_drops = RX_READ(rx, drops);
}

static void own_stats_tx(const struct vpv_net *vn, int idx, struct netdev_queue_stats_tx *stats)
{
	const struct vpv_net_tx *tx = &vn->pairs[idx].tx;

	stats->packets = TX_READ(tx, packets);
	stats->bytes = TX_READ(tx, bytes);
	stats->hw_drops = TX_READ(tx, drops);
	stats->stop = TX_READ(tx, stops);
}

static void queue_stats_rx(struct net_device *dev, int idx, struct netdev_queue_stats_rx *stats)
{
	own_stats_rx(vpv_net_of(dev), idx, stats);
	vpv_net_devstat_rx(vpv_net_of(dev), idx, stats);
}

static void queue_stats_tx(struct net_device *dev, int idx, struct netdev_queue_stats_tx *stats)
{
	own_stats_tx(vpv_net_of(dev), idx, stats);
	vpv_net_devstat_tx(vpv_net_of(dev), idx, stats);
}

/* Of queues that are not in use now; the device is not asked for them. */
static void base_stats(struct net_device *dev, struct netdev_queue_stats_rx *rx,
		       struct netdev_queue_stats_tx *tx)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct netdev_queue_stats_rx one_rx;
	struct netdev_queue_stats_tx one_tx;

	rx->packets = 0;
	rx->bytes = 0;
	rx->alloc_fail = 0;
	rx->hw_drops = 0;
	tx->packets = 0;
	tx->bytes = 0;
	tx->hw_drops = 0;
	tx->stop = 0;
	for (unsigned int i = vn->cur_pairs; i < vn->nr_pairs; i++) {
		own_stats_rx(vn, i, &one_rx);
		rx->packets += one_rx.packets;
		rx->bytes += one_rx.bytes;
		rx->alloc_fail += one_rx.alloc_fail;
		rx->hw_drops += one_rx.hw_drops;
		own_stats_tx(vn, i, &one_tx);
		tx->packets += one_tx.packets;
		tx->bytes += one_tx.bytes;
		tx->hw_drops += one_tx.hw_drops;
		tx->stop += one_tx.stop;
	}
}

const struct netdev_stat_ops vpv_net_stat_ops = {
	.get_queue_stats_rx = queue_stats_rx,
	.get_queue_stats_tx = queue_stats_tx,
	.get_base_stats = base_stats,
};

/* ---- ethtool ---- */

int vpv_net_sset_count(struct net_device *dev, int sset)
{
	struct vpv_net *vn = vpv_net_of(dev);

	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return ARRAY_SIZE(ctrl_counters) +
	       vn->nr_pairs * (ARRAY_SIZE(rx_counters) + ARRAY_SIZE(tx_counters)) +
	       vpv_net_devstat_count(vn);
}

void vpv_net_strings(struct net_device *dev, u32 sset, u8 *data)
{
	struct vpv_net *vn = vpv_net_of(dev);
	unsigned int i, j;

	if (sset != ETH_SS_STATS)
		return;
	for (j = 0; j < ARRAY_SIZE(ctrl_counters); j++)
		ethtool_sprintf(&data, "%s", ctrl_counters[j]);
	for (i = 0; i < vn->nr_pairs; i++)
		for (j = 0; j < ARRAY_SIZE(rx_counters); j++)
			ethtool_sprintf(&data, "rx%u_%s", i, rx_counters[j].name);
	for (i = 0; i < vn->nr_pairs; i++)
		for (j = 0; j < ARRAY_SIZE(tx_counters); j++)
			ethtool_sprintf(&data, "tx%u_%s", i, tx_counters[j].name);
	vpv_net_devstat_strings(vn, &data);
}

void vpv_net_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data)
{
	struct vpv_net *vn = vpv_net_of(dev);
	unsigned int i, j;

	spin_lock_irq(&vn->ctrl.lock);
	*data++ = vn->ctrl.commands;
	*data++ = vn->ctrl.failed;
	*data++ = vn->ctrl.kicks;
	spin_unlock_irq(&vn->ctrl.lock);
	*data++ = vn->devstat ? READ_ONCE(vn->devstat->bad) : 0;
	for (i = 0; i < vn->nr_pairs; i++)
		for (j = 0; j < ARRAY_SIZE(rx_counters); j++)
			*data++ = read_counter(&vn->pairs[i].rx.stats, &vn->pairs[i].rx.stats.syncp,
					       rx_counters[j].offset);
	for (i = 0; i < vn->nr_pairs; i++)
		for (j = 0; j < ARRAY_SIZE(tx_counters); j++)
			*data++ = read_counter(&vn->pairs[i].tx.stats, &vn->pairs[i].tx.stats.syncp,
					       tx_counters[j].offset);
	vpv_net_devstat_values(vn, data);
}
