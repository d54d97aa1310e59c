// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory statistics. The device drives: it has one buffer, uses it to ask, and
 * gets it back with fresh figures (5.5.6.3). Asked often, it is answered at a
 * bounded rate.
 */
#include <linux/mm.h>
#include <linux/swap.h>

#include "balloon.h"

#define PERIOD_MS 10

/* Not of the specification's ten, and known to few headers; devices skip what they do not know. */
#define STAT_OOM_KILL 10
#define STAT_ALLOC_STALL 11

static void add(struct vpv_bal_stat **s, u16 tag, u64 val)
{
	(*s)->tag = cpu_to_le16(tag);
	(*s)->val = cpu_to_le64(val);
	(*s)++;
}

static u64 bytes(u64 pages)
{
	return pages << PAGE_SHIFT;
}

static u64 stalls(const unsigned long *events)
{
	u64 sum = 0;
	int i;

	/* One event per zone, ending with the movable one. */
	for (i = ALLOCSTALL_MOVABLE - (MAX_NR_ZONES - 1); i <= ALLOCSTALL_MOVABLE; i++)
		sum += events[i];
	return sum;
}

/* The same ones each time (BALLOON-023). */
static u32 collect(struct vpv_bal *vb)
{
	unsigned long events[NR_VM_EVENT_ITEMS] = {};	/* kernels that count none leave it */
	struct vpv_bal_stat *s = vb->stat;
	struct sysinfo i;

	all_vm_events(events);
	si_meminfo(&i);
	add(&s, VIRTIO_BALLOON_S_SWAP_IN, bytes(events[PSWPIN]));
	add(&s, VIRTIO_BALLOON_S_SWAP_OUT, bytes(events[PSWPOUT]));
	add(&s, VIRTIO_BALLOON_S_MAJFLT, events[PGMAJFAULT]);
	add(&s, VIRTIO_BALLOON_S_MINFLT, events[PGFAULT]);
	add(&s, VIRTIO_BALLOON_S_MEMFREE, bytes(i.freeram));
	add(&s, VIRTIO_BALLOON_S_MEMTOT, bytes(i.totalram));
	add(&s, VIRTIO_BALLOON_S_AVAIL, bytes(si_mem_available()));
	add(&s, VIRTIO_BALLOON_S_CACHES, bytes(global_node_page_state(NR_FILE_PAGES)));
#ifdef CONFIG_HUGETLB_PAGE
	add(&s, VIRTIO_BALLOON_S_HTLB_PGALLOC, events[HTLB_BUDDY_PGALLOC]);
	add(&s, VIRTIO_BALLOON_S_HTLB_PGFAIL, events[HTLB_BUDDY_PGALLOC_FAIL]);
#endif
	add(&s, STAT_OOM_KILL, events[OOM_KILL]);
	add(&s, STAT_ALLOC_STALL, stalls(events));
	return (void *)s - (void *)vb->stat;
}

static void send(struct vpv_bal *vb)
{
	struct vpv_seg seg = { .addr = vb->stat_addr, .len = collect(vb) };

	if (!vpv_bal_send(&vb->vq[VPV_BAL_STATSQ], &vb->stats_buf, &seg, 1, 0))
		atomic64_inc(&vb->stats_sent);
}

static void stats_work(struct work_struct *work)
{
	struct vpv_bal *vb = container_of(to_delayed_work(work), struct vpv_bal, stats);

	if (!READ_ONCE(vb->live) || READ_ONCE(vb->leaving))
		return;
	vpv_bal_reap(&vb->vq[VPV_BAL_STATSQ]);
	if (!vpv_bal_sent(&vb->stats_buf))
		send(vb);
}

void vpv_bal_stats_irq(struct vpv_queue *q)
{
	struct vpv_bal_vq *vq = q->ctx;

	vpv_bal_reap(vq);
	queue_delayed_work(vpv_bal_wq, &vq->vb->stats, msecs_to_jiffies(PERIOD_MS));
}

/* The device is live and has no buffer. The queue stays armed: it is the device that asks. */
void vpv_bal_stats_start(struct vpv_bal *vb)
{
	struct vpv_bal_vq *vq = &vb->vq[VPV_BAL_STATSQ];
	unsigned long flags;

	if (!vq->q)
		return;
	spin_lock_irqsave(&vq->q->reap_lock, flags);
	vq->waiters = 1;
	spin_unlock_irqrestore(&vq->q->reap_lock, flags);
	vpv_bal_reap(vq);
	queue_delayed_work(vpv_bal_wq, &vb->stats, 0);
}

int vpv_bal_stats_init(struct vpv_bal *vb)
{
	INIT_DELAYED_WORK(&vb->stats, stats_work);
	vb->stat = vpv_alloc_shared(vb->vdev, VPV_BAL_STATS * sizeof(*vb->stat),
				    &vb->stat_addr);
	return vb->stat ? 0 : -ENOMEM;
}

void vpv_bal_stats_destroy(struct vpv_bal *vb)
{
	vpv_free_shared(vb->vdev, VPV_BAL_STATS * sizeof(*vb->stat), vb->stat, vb->stat_addr);
}
