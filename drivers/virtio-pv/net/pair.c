// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pair: a receive and a transmit queue that share one interrupt vector and one
 * NAPI, so that an answer and the completion of its question cost one interrupt.
 *
 * A device may have more pairs than this machine has CPUs. The control queue
 * comes after all of them, so the rest gets rings too, of the smallest size and
 * without interrupts, and is never used.
 */
#include <linux/cpumask.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>

#include "tx.h"

#define IDLE_RING 2
/* The timer behind the interrupts of a stream is not set shorter. */
#define STREAM_TIMER_MIN_NS (100 * NSEC_PER_USEC)
/* In vpv_net_pair.armed: no interrupt will come, the timer polls. */
#define POLL_LATER 1

static unsigned int vpv_net_max_pairs;
module_param_named(queue_pairs, vpv_net_max_pairs, uint, 0444);
MODULE_PARM_DESC(queue_pairs, "most queue pairs of a device; 0 (default): one per CPU");

static void pair_irq(struct vpv_queue *q)
{
	struct vpv_net_pair *pair = q->ctx;

	/* Who wins the right to poll has the receive side to himself. */
	if (!napi_schedule_prep(&pair->napi))
		return;
	vpv_queue_park(pair->rx.q);
	__napi_schedule(&pair->napi);
}

static u64 stream_timer_ns(const struct vpv_net_pair *pair)
{
	return max_t(u64, 2 * vpv_queue_patience_ns(pair->tx.q), STREAM_TIMER_MIN_NS);
}

/*
 * Moved lazily: started with the first of many late interrupts that all come in
 * time, and never forwarded, because NAPI may start it meanwhile.
 */
static enum hrtimer_restart pair_moderate(struct hrtimer *timer)
{
	struct vpv_net_pair *pair = container_of(timer, struct vpv_net_pair, moderate);
	u64 armed, due;
	s64 left;

	smp_mb();	/* not queued any more, before armed; pair_rearm() does the reverse */
	armed = READ_ONCE(pair->armed);
	due = armed + stream_timer_ns(pair);
	left = (s64)(due - local_clock());
	if (armed > POLL_LATER && left > 0) {
		left = min_t(s64, left, stream_timer_ns(pair));
		hrtimer_start(timer, ns_to_ktime(left), HRTIMER_MODE_REL_SOFT);
	} else if (armed) {
		WRITE_ONCE(pair->timed, true);
		napi_schedule(&pair->napi);
	}
	return HRTIMER_NORESTART;
}

/*
 * Where interrupts are to be rare, a poll that found packets is followed by one
 * at its time, and only one that found none asks for an interrupt. The queue
 * stays parked until then.
 */
static bool pair_polls_later(struct vpv_net_pair *pair, int work)
{
	unsigned int usecs = READ_ONCE(pair->rx_usecs);

	if (!usecs || !work)
		return false;
	WRITE_ONCE(pair->armed, POLL_LATER);
	if (napi_complete_done(&pair->napi, work))
		hrtimer_start(&pair->moderate, ns_to_ktime((u64)usecs * NSEC_PER_USEC),
			      HRTIMER_MODE_REL_SOFT);
	return true;
}

static void pair_start_timer(struct vpv_net_pair *pair)
{
	smp_mb();	/* armed before the timer's state; pair_moderate() does the reverse */
	if (!hrtimer_is_queued(&pair->moderate))
		hrtimer_start(&pair->moderate, ns_to_ktime(stream_timer_ns(pair)),
			      HRTIMER_MODE_REL_SOFT);
}

/*
 * Asks for the next interrupt of the receive queue: for the next packet, or in a
 * stream for one after it, with the timer behind it. False: poll on.
 */
static bool pair_rearm(struct vpv_net_pair *pair, int work)
{
	struct vpv_net_rx *rx = &pair->rx;
	u64 now = rx->joined ? local_clock() : 0;
	u16 k;

	k = vpv_net_stream_arm(&rx->stream, rx->joined, rx->joined_buffers, !work,
			       xchg(&pair->timed, false),
			       vpv_queue_patience_ns(pair->tx.q), now);
	/* Never so many that the device runs out of buffers before. */
	k = min_t(u16, k, rx->q->num / 4);
	if (work || k == 1)
		WRITE_ONCE(pair->armed, k > 1 ? now : 0);
	if (k > 1)
		pair_start_timer(pair);
	return vpv_queue_rearm_after(rx->q, k);
}

/*
 * The receive queue is armed before NAPI is over: an interrupt in between makes
 * napi_complete_done() fail, and the poll goes on.
 */
static int pair_poll_all(struct vpv_net_pair *pair, int budget)
{
	int work;

	vpv_net_tx_poll(pair, budget);
	work = vpv_net_rx_poll(pair, budget);
	if (pair->tx.xsk && vpv_net_xsk_send(pair))
		return budget;
	if (work == budget)
		return budget;
	vpv_net_dim_poll(pair, work);
	if (pair_polls_later(pair, work))
		return work;
	if (!pair_rearm(pair, work)) {
		vpv_queue_park(pair->rx.q);
		return budget;
	}
	if (!napi_complete_done(&pair->napi, work))
		vpv_queue_park(pair->rx.q);
	return work;
}

/*
 * What is sent because of what was received, answers above all, is one batch; GRO
 * lets go of some of it only when NAPI is over.
 */
static int pair_poll(struct napi_struct *napi, int budget)
{
	struct vpv_net_pair *pair = container_of(napi, struct vpv_net_pair, napi);
	int work;

	/* netpoll: no packet is received, so no program runs. */
	if (!budget) {
		vpv_net_tx_poll(pair, 0);
		return 0;
	}
	vpv_queue_poll_begin(pair->tx.q);
	work = pair_poll_all(pair, budget);
	vpv_queue_poll_end(pair->tx.q);
	return work;
}

/* ---- open and stop; RTNL ---- */

static void pair_start(struct vpv_net_pair *pair)
{
	if (pair->running)
		return;
	pair->running = true;
	pair->armed = 0;
	pair->timed = false;
	memset(&pair->rx.stream, 0, sizeof(pair->rx.stream));
	vpv_net_rx_start(pair);
	vpv_net_tx_start(pair);
	napi_enable(&pair->napi);
	/* The first poll arms the receive queue. */
	local_bh_disable();
	napi_schedule(&pair->napi);
	local_bh_enable();
}

/* No transmitter runs. */
static void pair_stop(struct vpv_net_pair *pair)
{
	if (!pair->running)
		return;
	napi_disable(&pair->napi);
	hrtimer_cancel(&pair->moderate);
	vpv_net_dim_stop(pair);
	vpv_net_tx_stop(pair);
	vpv_net_rx_stop(pair);
	pair->running = false;
}

void vpv_net_pairs_start(struct vpv_net *vn, unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++)
		pair_start(&vn->pairs[i]);
}

/* Of the stack, or of XDP. */
static void wait_for_transmitter(struct vpv_net_tx *tx)
{
	__netif_tx_lock_bh(tx->txq);
	netif_tx_stop_queue(tx->txq);
	tx->open = false;
	/* What is to come back has to be known to the device. */
	vpv_net_tx_flush_now(tx);
	__netif_tx_unlock_bh(tx->txq);
}

void vpv_net_pairs_stop(struct vpv_net *vn, unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++)
		wait_for_transmitter(&vn->pairs[i].tx);
	for (unsigned int i = from; i < to; i++)
		pair_stop(&vn->pairs[i]);
}

/*
 * Buffers of both queues come from elsewhere from now on. All that the device has
 * of the old are back when this returns; a device that fails has none either.
 */
void vpv_net_pair_renew(struct vpv_net_pair *pair, struct xsk_buff_pool *pool)
{
	struct vpv_net *vn = pair->vn;
	unsigned int i = pair->index;
	bool running = pair->running;

	vpv_net_pairs_stop(vn, i, i + 1);
	pair->rx.xsk = pool;
	pair->tx.xsk = pool;
	vpv_queue_reset(pair->rx.q);
	/* Unless the whole device was reset, and the pair runs already. */
	if (!pair->running && vpv_queue_in_flight(pair->tx.q))
		vpv_queue_reset(pair->tx.q);
	if (!running || vn->stopped)
		return;
	vpv_net_pairs_start(vn, i, i + 1);
	netif_tx_wake_queue(pair->tx.txq);
}

/* ---- how many; RTNL ---- */

/* One CPU after the other: queue i serves those with number i modulo pairs. */
void vpv_net_pairs_spread(struct vpv_net *vn)
{
	unsigned int i, cpu;
	cpumask_var_t mask;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return;
	for (i = 0; i < vn->cur_pairs; i++) {
		cpumask_clear(mask);
		for_each_online_cpu(cpu)
			if (cpu % vn->cur_pairs == i)
				cpumask_set_cpu(cpu, mask);
		if (cpumask_empty(mask))
			continue;
		vpv_queue_set_affinity(vn->pairs[i].rx.q, mask);
		netif_set_xps_queue(vn->dev, mask, i);
	}
	free_cpumask_var(mask);
}

/* Inverse of wait_for_transmitter(). */
static void let_transmit(struct vpv_net_pair *pair)
{
	__netif_tx_lock_bh(pair->tx.txq);
	pair->tx.open = pair->running;
	__netif_tx_unlock_bh(pair->tx.txq);
	netif_tx_start_queue(pair->tx.txq);
}

/*
 * NET-077, NET-080: fewer to transmit on before, for the stack and for XDP, and more
 * after the device knows.
 */
int vpv_net_set_pairs(struct vpv_net *vn, unsigned int nr)
{
	unsigned int old = vn->cur_pairs;
	int err;

	if (nr == old)
		return 0;
	if (vn->stopped)
		return -EBUSY;
	if (nr < old) {
		err = netif_set_real_num_tx_queues(vn->dev, nr);
		if (err)
			return err;
		for (unsigned int i = nr; i < old && vn->open; i++)
			wait_for_transmitter(&vn->pairs[i].tx);
	} else if (vn->open) {
		vpv_net_pairs_start(vn, old, nr);
	}
	err = vpv_net_rss_set_pairs(vn, nr);
	if (err) {
		netdev_err(vn->dev, "device does not change to %u queue pairs: error %d\n",
			   nr, err);
		for (unsigned int i = nr; i < old && vn->open; i++)
			let_transmit(&vn->pairs[i]);
		if (nr < old)
			netif_set_real_num_tx_queues(vn->dev, old);
		else if (vn->open)
			vpv_net_pairs_stop(vn, old, nr);
		return err;
	}
	vn->cur_pairs = nr;
	if (nr < old && vn->open) {
		vpv_net_pairs_stop(vn, nr, old);
		/* Nobody sends on them; the stack's watchdog looks at stopped ones. */
		for (unsigned int i = nr; i < old; i++)
			netif_tx_start_queue(vn->pairs[i].tx.txq);
	}
	netif_set_real_num_rx_queues(vn->dev, nr);
	if (nr > old)
		netif_set_real_num_tx_queues(vn->dev, nr);
	if (nr > old && vn->open)
		for (unsigned int i = old; i < nr; i++)
			netif_tx_start_queue(vn->pairs[i].tx.txq);
	vpv_net_pairs_spread(vn);
	return 0;
}

/* Without a pause of the link; what is with the device is lost. */
int vpv_net_set_rings(struct vpv_net *vn, u16 rx, u16 tx)
{
	u16 *nums;
	int err;

	nums = kcalloc(vn->vdev->nr_queues, sizeof(*nums), GFP_KERNEL);
	if (!nums)
		return -ENOMEM;
	for (unsigned int i = 0; i < vn->nr_pairs; i++) {
		nums[2 * i] = min(rx, vpv_queue_max_num(vn->pairs[i].rx.q));
		nums[2 * i + 1] = min(tx, vpv_queue_max_num(vn->pairs[i].tx.q));
	}
	err = vpv_queues_resize(vn->vdev, nums);
	kfree(nums);
	return err;
}

/* ---- making them ---- */

static void describe(struct vpv_net *vn, struct vpv_queue_desc *descs)
{
	for (unsigned int i = 0; i < vn->cfg.max_pairs; i++) {
		struct vpv_net_pair *pair = i < vn->nr_pairs ? &vn->pairs[i] : NULL;
		struct vpv_queue_desc *rx = &descs[2 * i], *tx = &descs[2 * i + 1];

		rx->standing = true;
		rx->name = "idle";
		tx->name = "idle";
		rx->num_max = IDLE_RING;
		tx->num_max = IDLE_RING;
		if (!pair)
			continue;
		snprintf(pair->rx_name, sizeof(pair->rx_name), "rx.%u", i);
		snprintf(pair->tx_name, sizeof(pair->tx_name), "tx.%u", i);
		*rx = (struct vpv_queue_desc){
			.name = pair->rx_name, .callback = pair_irq, .standing = true, .ctx = pair,
		};
		*tx = (struct vpv_queue_desc){
			.name = pair->tx_name, .callback = pair_irq, .with_previous = true,
			.table_len = VPV_NET_TX_SEGS, .direct_max = VPV_NET_TX_DIRECT,
			.moderate = true, .reaps_late = true, .ctx = pair,
		};
	}
	if (vpv_net_has(vn, VIRTIO_NET_F_CTRL_VQ))
		descs[2 * vn->cfg.max_pairs] = (struct vpv_queue_desc){
			.name = "ctrl", .callback = vpv_net_ctrl_irq, .num_max = 64, .ctx = vn,
		};
}

static int make_queues(struct vpv_net *vn)
{
	unsigned int nr = 2 * vn->cfg.max_pairs + vpv_net_has(vn, VIRTIO_NET_F_CTRL_VQ);
	struct vpv_queue_desc *descs;
	int err;

	descs = kvcalloc(nr, sizeof(*descs), GFP_KERNEL);
	if (!descs)
		return -ENOMEM;
	describe(vn, descs);
	err = vpv_queues_create(vn->vdev, descs, nr, NULL);
	kvfree(descs);
	if (err)
		return err;
	for (unsigned int i = 0; i < vn->nr_pairs; i++) {
		vn->pairs[i].rx.q = &vn->vdev->queues[2 * i];
		vn->pairs[i].tx.q = &vn->vdev->queues[2 * i + 1];
	}
	if (vpv_net_has(vn, VIRTIO_NET_F_CTRL_VQ))
		vn->ctrl.q = &vn->vdev->queues[nr - 1];
	return 0;
}

static int pair_create(struct vpv_net_pair *pair)
{
	int err;

	netif_napi_add(pair->vn->dev, &pair->napi, pair_poll);
	vpv_net_dim_init(pair);
	hrtimer_setup(&pair->moderate, pair_moderate, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	err = vpv_net_rx_create(pair);
	if (!err)
		err = vpv_net_tx_create(pair);
	return err;
}

static void pair_destroy(struct vpv_net_pair *pair)
{
	vpv_net_tx_destroy(pair);
	vpv_net_rx_destroy(pair);
	netif_napi_del(&pair->napi);
}

unsigned int vpv_net_count_pairs(const struct vpv_net_config *cfg)
{
	unsigned int nr = min_t(unsigned int, cfg->max_pairs, num_possible_cpus());

	return vpv_net_max_pairs ? min(nr, vpv_net_max_pairs) : nr;
}

int vpv_net_pairs_create(struct vpv_net *vn)
{
	unsigned int i;
	int err;

	vn->pairs = kvcalloc(vn->nr_pairs, sizeof(*vn->pairs), GFP_KERNEL);
	if (!vn->pairs)
		return -ENOMEM;
	for (i = 0; i < vn->nr_pairs; i++) {
		vn->pairs[i].vn = vn;
		vn->pairs[i].index = i;
	}
	err = make_queues(vn);
	if (err)
		goto undo_pairs;
	for (i = 0; i < vn->nr_pairs; i++) {
		err = pair_create(&vn->pairs[i]);
		if (err)
			goto undo_some;
	}
	return 0;

undo_some:
	do {
		pair_destroy(&vn->pairs[i]);
	} while (i--);
undo_pairs:
	kvfree(vn->pairs);
	return err;
}

/* The rings are the core's, which destroys them after remove(). */
void vpv_net_pairs_destroy(struct vpv_net *vn)
{
	for (unsigned int i = 0; i < vn->nr_pairs; i++)
		pair_destroy(&vn->pairs[i]);
	kvfree(vn->pairs);
}
