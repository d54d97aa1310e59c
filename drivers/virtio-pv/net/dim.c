// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive interrupts that follow the load (adaptive-rx). The kernel's library for
 * that looks at the packets, bytes and polls of a pair, and picks one of its profiles;
 * coalesce.c has the device, or the pair itself, act accordingly.
 */
#include "net.h"

static void dim_work(struct work_struct *work)
{
	struct dim *dim = container_of(work, struct dim, work);
	struct vpv_net_pair *pair = container_of(dim, struct vpv_net_pair, dim);
	struct dim_cq_moder moder = net_dim_get_rx_moderation(dim->mode, dim->profile_ix);

	vpv_net_coal_adapt(pair, moder.pkts, moder.usec);
	dim->state = DIM_START_MEASURE;
}

/* NAPI, at the end of a poll; @work: packets it found. */
void vpv_net_dim_poll(struct vpv_net_pair *pair, int work)
{
	const struct vpv_net_rx_stats *stats = &pair->rx.stats;
	struct dim_sample sample = {};

	if (!work || !READ_ONCE(pair->adaptive))
		return;
	dim_update_sample(++pair->polls, u64_stats_read(&stats->packets),
			  u64_stats_read(&stats->bytes), &sample);
	net_dim(&pair->dim, &sample);
}

/* Nobody polls any more, or the pair is no longer adaptive. */
void vpv_net_dim_stop(struct vpv_net_pair *pair)
{
	cancel_work_sync(&pair->dim.work);
	pair->dim.state = DIM_START_MEASURE;
}

void vpv_net_dim_init(struct vpv_net_pair *pair)
{
	INIT_WORK(&pair->dim.work, dim_work);
	pair->dim.mode = DIM_CQ_PERIOD_MODE_START_FROM_EQE;
}
