// SPDX-License-Identifier: GPL-2.0-only
/* Queues come and go, start and stop. Process context, under the device's mutex. */
#include <linux/delay.h>
#include <linux/log2.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "vpv_core.h"

/* ---- memory ---- */

static int alloc_area(struct vpv_dev *vdev, const struct vpv_ring_area *area,
		      struct vpv_shared *s)
{
	if (!area->size)
		return 0;
	s->mem = vpv_alloc_shared(vdev, area->size, &s->addr);
	if (!s->mem)
		return -ENOMEM;
	s->size = area->size;
	return 0;
}

static void free_area(struct vpv_dev *vdev, struct vpv_shared *s)
{
	vpv_free_shared(vdev, s->size, s->mem, s->addr);
	memset(s, 0, sizeof(*s));
}

static void free_areas(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;

	free_area(q->vdev, &qc->tables);
	free_area(q->vdev, &qc->device);
	free_area(q->vdev, &qc->driver);
	free_area(q->vdev, &qc->desc);
}

/* Whole pages, so every alignment a ring asks for is met. */
static int alloc_areas(struct vpv_queue *q, const struct vpv_ring_layout *layout)
{
	struct vpv_queue_core *qc = q->core;
	int err;

	err = alloc_area(q->vdev, &layout->desc, &qc->desc);
	if (!err)
		err = alloc_area(q->vdev, &layout->driver, &qc->driver);
	if (!err)
		err = alloc_area(q->vdev, &layout->device, &qc->device);
	if (!err)
		err = alloc_area(q->vdev, &layout->tables, &qc->tables);
	if (err)
		free_areas(q);
	return err;
}

/* ---- ring ---- */

static int create_ring(struct vpv_queue *q)
{
	struct vpv_queue_core *qc = q->core;
	struct vpv_ring_layout layout;
	struct vpv_ring_mem mem;
	int err;

	err = vpv_ring_layout(&qc->cfg, &layout);
	if (err)
		return err;
	err = alloc_areas(q, &layout);
	if (err)
		return err;
	mem = (struct vpv_ring_mem) {
		.desc = qc->desc.mem,
		.driver = qc->driver.mem,
		.device = qc->device.mem,
		.tables = qc->tables.mem,
		.tables_addr = qc->tables.addr,
	};
	q->ring = vpv_ring_create(&qc->cfg, &mem);
	if (IS_ERR(q->ring)) {
		err = PTR_ERR(q->ring);
		q->ring = NULL;
		free_areas(q);
	}
	return err;
}

/* 2.7: a split ring's size is a power of two; smaller than offered is fine. */
u16 vpv_queue_round(const struct vpv_queue *q, u16 num)
{
	return num && !vpv_has_feature(q->vdev, VIRTIO_F_RING_PACKED) ? rounddown_pow_of_two(num) :
									num;
}

static u16 queue_size(struct vpv_queue *q, const struct vpv_queue_desc *desc)
{
	struct vpv_dev_core *d = vpv_core(q->vdev);
	u16 num = min_t(u16, d->ops->queue_max(d, q->index), VPV_RING_MAX_NUM);

	if (num && desc->num_max)
		num = min(num, desc->num_max);
	return vpv_queue_round(q, num);
}

/*
 * To QEMU (11.1) a packed in-order ring that is in flight as a whole looks
 * empty, and it completes nothing of it, ever.
 */
static u16 spare_descs(struct vpv_dev *vdev, u16 num)
{
	return num > 1 && vpv_has_feature(vdev, VIRTIO_F_RING_PACKED) &&
	       vpv_has_feature(vdev, VIRTIO_F_IN_ORDER);
}

static void shape_ring(struct vpv_queue *q, u16 direct_max, u16 num)
{
	struct vpv_dev *vdev = q->vdev;
	bool indirect = vpv_has_feature(vdev, VIRTIO_RING_F_INDIRECT_DESC);

	q->num = num;
	q->core->cfg = (struct vpv_ring_cfg) {
		.num = num,
		/* SPLIT-008: no chain is longer than the queue is large */
		.table_len = indirect ? min(q->core->max_table, num) : 0,
		.direct_max = direct_max,
		.spare = spare_descs(vdev, num),
		.packed = vpv_has_feature(vdev, VIRTIO_F_RING_PACKED),
		.in_order = vpv_has_feature(vdev, VIRTIO_F_IN_ORDER),
		.event_idx = vpv_has_feature(vdev, VIRTIO_RING_F_EVENT_IDX),
		.order_platform = vpv_has_feature(vdev, VIRTIO_F_ORDER_PLATFORM),
	};
}

/* Smaller rings are tried while memory is short; each try halves the size. */
static int create_queue(struct vpv_queue *q, const struct vpv_queue_desc *desc)
{
	u16 num = queue_size(q, desc);
	int err;

	if (!num) {
		dev_err(q->vdev->dev, "device has no queue %u (%s)\n", q->index, q->name);
		return -ENOENT;
	}
	q->core->max_num = num;
	q->core->max_table = desc->table_len;
	do {
		shape_ring(q, desc->direct_max, num);
		err = create_ring(q);
		num /= 2;
	} while (err == -ENOMEM && num);
	if (err)
		dev_err(q->vdev->dev, "queue %s: no ring: error %d\n", q->name, err);
	return err;
}

/*
 * Nobody submits or reaps, and the device does not know the queue; in timers and the
 * like it may still be looked at. An error changes nothing.
 */
int vpv_queue_remake(struct vpv_queue *q, u16 num)
{
	struct vpv_queue_core *qc = q->core;
	struct vpv_shared desc = qc->desc, driver = qc->driver, device = qc->device;
	struct vpv_shared tables = qc->tables, none = {};
	struct vpv_ring_cfg cfg = qc->cfg;
	struct vpv_ring *ring = q->ring;
	int err;

	qc->desc = none;
	qc->driver = none;
	qc->device = none;
	qc->tables = none;
	shape_ring(q, cfg.direct_max, num);
	err = create_ring(q);
	if (err) {
		qc->desc = desc;
		qc->driver = driver;
		qc->device = device;
		qc->tables = tables;
		qc->cfg = cfg;
		q->ring = ring;
		q->num = cfg.num;
		return err;
	}
	/* A timer of the driver's, or the stack's watchdog, may be looking at the old one. */
	synchronize_rcu_expedited();
	vpv_ring_destroy(ring);
	free_area(q->vdev, &tables);
	free_area(q->vdev, &device);
	free_area(q->vdev, &driver);
	free_area(q->vdev, &desc);
	return 0;
}

u16 vpv_queue_max_num(const struct vpv_queue *q)
{
	return q->core->max_num;
}
EXPORT_SYMBOL_GPL(vpv_queue_max_num);

static void init_queue(struct vpv_dev *vdev, u16 index, const struct vpv_queue_desc *desc)
{
	struct vpv_queue *q = &vdev->queues[index];

	q->vdev = vdev;
	q->index = index;
	q->name = desc->name;
	q->ctx = desc->ctx;
	q->core->generation = 1;
	q->core->callback = desc->callback;
	q->core->with_previous = desc->with_previous && index;
	q->core->standing = desc->standing;
	q->core->moderate = desc->moderate && desc->callback;
	q->core->reaps_late = desc->reaps_late;
	q->core->poll_cpu = -1;
	spin_lock_init(&q->submit_lock);
	spin_lock_init(&q->reap_lock);
	lockdep_set_class(&q->submit_lock, &vdev->drv->queue_keys[0]);
	lockdep_set_class(&q->reap_lock, &vdev->drv->queue_keys[1]);
	vpv_moderate_init(q);
}

static int alloc_queues(struct vpv_dev_core *d, const struct vpv_queue_desc *descs,
			unsigned int nr)
{
	struct vpv_dev *vdev = &d->vdev;
	struct vpv_queue_core *qc;
	unsigned int i;

	vdev->queues = kvcalloc(nr, sizeof(*vdev->queues), GFP_KERNEL);
	qc = kvcalloc(nr, sizeof(*qc), GFP_KERNEL);
	if (!vdev->queues || !qc) {
		kvfree(vdev->queues);
		kvfree(qc);
		vdev->queues = NULL;
		return -ENOMEM;
	}
	vdev->nr_queues = nr;
	for (i = 0; i < nr; i++) {
		vdev->queues[i].core = &qc[i];
		init_queue(vdev, i, &descs[i]);
	}
	return 0;
}

void vpv_queues_destroy(struct vpv_dev_core *d)
{
	struct vpv_dev *vdev = &d->vdev;
	unsigned int i;

	if (!vdev->queues)
		return;
	d->ops->vectors_destroy(d);
	for (i = 0; i < vdev->nr_queues; i++) {
		vpv_ring_destroy(vdev->queues[i].ring);
		free_areas(&vdev->queues[i]);
	}
	kvfree(vdev->queues[0].core);
	kvfree(vdev->queues);
	vdev->queues = NULL;
	vdev->nr_queues = 0;
}

int vpv_queues_create(struct vpv_dev *vdev, const struct vpv_queue_desc *descs,
		      unsigned int nr, struct irq_affinity *affd)
{
	struct vpv_dev_core *d = vpv_core(vdev);
	unsigned int i;
	int err;

	if (!nr || vdev->queues)
		return -EINVAL;
	if (nr > d->ops->nr_queues(d)) {
		dev_err(vdev->dev, "device has %u queues, %u are needed\n",
			d->ops->nr_queues(d), nr);
		return -ENOENT;
	}
	err = alloc_queues(d, descs, nr);
	if (err)
		return err;
	for (i = 0; i < nr; i++) {
		err = create_queue(&vdev->queues[i], &descs[i]);
		if (err)
			goto undo;
	}
	err = d->ops->vectors_create(d, affd);
	if (err)
		goto undo;
	err = vpv_queues_activate(d);
	if (err)
		goto undo_active;
	return 0;

undo_active:
	/* The device knows memory that is about to be freed. */
	vpv_dev_reset(d);
undo:
	vpv_queues_destroy(d);
	return err;
}
EXPORT_SYMBOL_GPL(vpv_queues_create);

/* ---- start and stop ---- */

/* Tell the device of a queue; after a reset, its size has to fit still. */
int vpv_queue_activate(struct vpv_queue *q)
{
	struct vpv_dev_core *d = vpv_core(q->vdev);
	struct vpv_queue_core *qc = q->core;
	struct vpv_queue_setup setup = {
		.num = q->num,
		.desc = qc->desc.addr,
		.driver = qc->driver.addr,
		.device = qc->device.addr,
	};

	if (d->ops->queue_max(d, q->index) < q->num) {
		dev_err(q->vdev->dev, "queue %s became smaller than %u: not the same device\n",
			q->name, q->num);
		return -ESTALE;
	}
	return d->ops->queue_start(d, q->index, &setup, &qc->bell);
}

int vpv_queues_activate(struct vpv_dev_core *d)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < d->vdev.nr_queues && !err; i++)
		err = vpv_queue_activate(&d->vdev.queues[i]);
	return err;
}

void vpv_queue_live(struct vpv_queue *q, bool live)
{
	unsigned long flags;

	if (live)
		vpv_moderate_start(q);
	/* Under the lock: a flush point that saw it live has started its timer by then. */
	spin_lock_irqsave(&q->submit_lock, flags);
	/* Pairs with the acquire in vpv_queue_irq(): the ring before the flag. */
	smp_store_release(&q->core->live, live);
	spin_unlock_irqrestore(&q->submit_lock, flags);
	if (!live)
		vpv_moderate_stop(q);
}

void vpv_queues_live(struct vpv_dev_core *d, bool live)
{
	unsigned int i;

	for (i = 0; i < d->vdev.nr_queues; i++)
		vpv_queue_live(&d->vdev.queues[i], live);
}

void vpv_queues_kill(struct vpv_dev_core *d)
{
	unsigned int i;

	for (i = 0; i < d->vdev.nr_queues; i++)
		vpv_ring_kill(d->vdev.queues[i].ring);
}

static void *detach_one(struct vpv_queue *q)
{
	unsigned long flags;
	void *token;

	/* A poller may look at the ring all the time. */
	spin_lock_irqsave(&q->submit_lock, flags);
	spin_lock(&q->reap_lock);
	token = vpv_ring_detach(q->ring);
	spin_unlock(&q->reap_lock);
	spin_unlock_irqrestore(&q->submit_lock, flags);
	return token;
}

void vpv_queue_drop(struct vpv_queue *q, bool retry)
{
	void *token;

	while ((token = detach_one(q)))
		q->vdev->drv->drop(q, token, retry);
	/* Who sees the new one sees that no buffer is left: vpv_queue_generation(). */
	smp_store_release(&q->core->generation, q->core->generation + 1);
}

void vpv_queues_drop(struct vpv_dev_core *d, bool retry)
{
	unsigned int i;

	for (i = 0; i < d->vdev.nr_queues; i++)
		vpv_queue_drop(&d->vdev.queues[i], retry);
}

/* An empty ring, as after its creation. */
void vpv_queue_restart(struct vpv_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&q->submit_lock, flags);
	spin_lock(&q->reap_lock);
	vpv_ring_reset(q->ring);
	q->core->staged = 0;
	clear_bit(0, &q->core->broken);
	spin_unlock(&q->reap_lock);
	spin_unlock_irqrestore(&q->submit_lock, flags);
}

static bool drained(struct vpv_dev_core *d)
{
	unsigned int i;

	for (i = 0; i < d->vdev.nr_queues; i++)
		if (!d->vdev.queues[i].core->standing &&
		    vpv_queue_in_flight(&d->vdev.queues[i]) &&
		    vpv_ring_error(d->vdev.queues[i].ring) == VPV_RING_OK)
			return false;
	return true;
}

/* Wait for what is in flight; nothing new comes. False: the device was too slow. */
bool vpv_queues_drain(struct vpv_dev_core *d)
{
	unsigned long end = jiffies + msecs_to_jiffies(VPV_DRAIN_TIMEOUT_MS);

	while (!drained(d)) {
		if (time_after(jiffies, end) || !d->ops->present(d))
			return false;
		usleep_range(1000, 2000);
	}
	return true;
}
