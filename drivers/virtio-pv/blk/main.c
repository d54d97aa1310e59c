// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module and life cycle. Each step of probe has its inverse, taken in reverse
 * order by a failed probe and by remove.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>

#include "blk.h"

static unsigned int vpv_blk_num_queues;
module_param_named(num_queues, vpv_blk_num_queues, uint, 0444);
MODULE_PARM_DESC(num_queues, "most request queues of a disk, polled ones included; 0 (default): one per CPU");

static unsigned int vpv_blk_poll_queues;
module_param_named(poll_queues, vpv_blk_poll_queues, uint, 0444);
MODULE_PARM_DESC(poll_queues, "how many of a disk's queues are polled, for io_uring with IOPOLL (default 0); one queue always interrupts");

static unsigned int vpv_blk_queue_depth;
module_param_named(queue_depth, vpv_blk_queue_depth, uint, 0444);
MODULE_PARM_DESC(queue_depth, "most requests in flight per queue; 0 (default): as many as the device's ring holds");

static unsigned int vpv_blk_timeout_s = 30;
module_param_named(timeout_s, vpv_blk_timeout_s, uint, 0444);
MODULE_PARM_DESC(timeout_s, "seconds until an unanswered request makes the driver reset the queue or the device (default 30, 1 to 3600)");

static unsigned int vpv_blk_notify = VPV_NOTIFY_DEFAULT;
module_param_cb(notify, &vpv_notify_ops, &vpv_blk_notify, 0644);
MODULE_PARM_DESC(notify, VPV_NOTIFY_HELP);

static void vpv_blk_release(struct kref *ref)
{
	kfree(container_of(ref, struct vpv_blk, ref));
}

void vpv_blk_put(struct vpv_blk *vb)
{
	kref_put(&vb->ref, vpv_blk_release);
}

/* ---- queues ---- */

static void vpv_blk_count_queues(struct vpv_blk *vb)
{
	unsigned int nr = min_t(unsigned int, vb->cfg.num_queues, num_possible_cpus());

	if (vpv_blk_num_queues)
		nr = min(nr, vpv_blk_num_queues);
	vb->nr_poll_queues = min(vpv_blk_poll_queues, nr - 1);
	vb->nr_irq_queues = nr - vb->nr_poll_queues;
}

static void vpv_blk_describe_queue(struct vpv_blk *vb, unsigned int i, struct vpv_queue_desc *desc)
{
	struct vpv_blk_hctx *vq = &vb->queues[i];

	vq->vb = vb;
	vq->polled = i >= vb->nr_irq_queues;
	snprintf(vq->name, sizeof(vq->name), "%s.%u", vq->polled ? "poll" : "req", i);

	desc->name = vq->name;
	desc->callback = vq->polled ? NULL : vpv_blk_irq;
	desc->table_len = min(vb->cfg.seg_max + 2, (u32)VPV_BLK_TABLE_LEN);
	desc->direct_max = VPV_BLK_DIRECT_MAX;
	desc->moderate = !vq->polled;
	desc->ctx = vq;
}

static int vpv_blk_make_rings(struct vpv_blk *vb)
{
	unsigned int nr = vpv_blk_nr_queues(vb);
	struct vpv_queue_desc *descs;
	struct irq_affinity affd = {};
	int err;

	descs = kcalloc(nr, sizeof(*descs), GFP_KERNEL);
	if (!descs)
		return -ENOMEM;
	for (unsigned int i = 0; i < nr; i++)
		vpv_blk_describe_queue(vb, i, &descs[i]);
	err = vpv_queues_create(vb->vdev, descs, nr, &affd);
	kfree(descs);
	return err;
}

/* Depth and pieces that every ring can do. */
static int vpv_blk_size_queues(struct vpv_blk *vb)
{
	unsigned int num = UINT_MAX, segs = UINT_MAX;

	for (unsigned int i = 0; i < vpv_blk_nr_queues(vb); i++) {
		struct vpv_queue *q = &vb->vdev->queues[i];

		vb->queues[i].q = q;
		num = min_t(unsigned int, num, q->num);
		segs = min_t(unsigned int, segs, vpv_queue_max_segs(q));
	}
	if (segs < 3) {
		dev_err(vb->vdev->dev, "rings of %u descriptors have no room for a request\n", num);
		return -EINVAL;
	}
	vb->max_segments = min_t(unsigned int, segs - 2, vb->cfg.seg_max);

	/* Direct chains only: a request takes at least header, status and mostly data. */
	if (!vpv_has_feature(vb->vdev, VIRTIO_RING_F_INDIRECT_DESC))
		num = max(num / 2, 1U);
	vb->depth = min_t(unsigned int, num, BLK_MQ_MAX_DEPTH);
	if (vpv_blk_queue_depth)
		vb->depth = min(vb->depth, vpv_blk_queue_depth);
	return 0;
}

static void vpv_blk_free_cells(struct vpv_blk *vb)
{
	for (unsigned int i = 0; i < vpv_blk_nr_queues(vb); i++) {
		struct vpv_blk_hctx *vq = &vb->queues[i];

		kfree(vq->segs);
		if (vq->cells)
			vpv_free_shared(vb->vdev, vb->depth * sizeof(*vq->cells), vq->cells,
					vq->cells_addr);
	}
}

static int vpv_blk_alloc_cells(struct vpv_blk *vb)
{
	for (unsigned int i = 0; i < vpv_blk_nr_queues(vb); i++) {
		struct vpv_blk_hctx *vq = &vb->queues[i];

		vq->cells = vpv_alloc_shared(vb->vdev, vb->depth * sizeof(*vq->cells),
					     &vq->cells_addr);
		vq->segs = kcalloc(vb->max_segments + 2, sizeof(*vq->segs), GFP_KERNEL);
		if (!vq->cells || !vq->segs) {
			vpv_blk_free_cells(vb);
			return -ENOMEM;
		}
	}
	return 0;
}

static int vpv_blk_create_queues(struct vpv_blk *vb)
{
	int err;

	vpv_blk_count_queues(vb);
	vb->queues = kcalloc(vpv_blk_nr_queues(vb), sizeof(*vb->queues), GFP_KERNEL);
	if (!vb->queues)
		return -ENOMEM;
	err = vpv_blk_make_rings(vb);
	if (err)
		goto free_queues;
	err = vpv_blk_size_queues(vb);
	if (err)
		goto free_queues;
	err = vpv_blk_alloc_cells(vb);
	if (err)
		goto free_queues;
	return 0;

free_queues:
	kfree(vb->queues);
	return err;
}

/* The rings are the core's, which destroys them after remove(). */
static void vpv_blk_destroy_queues(struct vpv_blk *vb)
{
	vpv_blk_free_cells(vb);
	kfree(vb->queues);
}

/* ---- tags ---- */

static int vpv_blk_init_hctx(struct blk_mq_hw_ctx *hctx, void *data, unsigned int i)
{
	struct vpv_blk *vb = data;

	hctx->driver_data = &vb->queues[i];
	vb->queues[i].hctx = hctx;
	return 0;
}

/* Submit on the queue whose interrupt comes to this CPU. */
static bool vpv_blk_map_by_vector(struct vpv_blk *vb, struct blk_mq_queue_map *map)
{
	const struct cpumask *mask;
	unsigned int i, cpu;

	for (i = 0; i < map->nr_queues; i++)
		if (!vpv_queue_affinity(vb->queues[map->queue_offset + i].q))
			return false;

	for_each_possible_cpu(cpu)
		map->mq_map[cpu] = map->queue_offset;
	for (i = 0; i < map->nr_queues; i++) {
		mask = vpv_queue_affinity(vb->queues[map->queue_offset + i].q);
		for_each_cpu(cpu, mask)
			map->mq_map[cpu] = map->queue_offset + i;
	}
	return true;
}

static void vpv_blk_map_queues(struct blk_mq_tag_set *set)
{
	struct vpv_blk *vb = set->driver_data;
	struct blk_mq_queue_map *map = &set->map[HCTX_TYPE_DEFAULT];

	map->nr_queues = vb->nr_irq_queues;
	map->queue_offset = 0;
	if (!vpv_blk_map_by_vector(vb, map))
		blk_mq_map_queues(map);
	if (set->nr_maps <= HCTX_TYPE_POLL)
		return;

	/* Reads go with the default queues. */
	set->map[HCTX_TYPE_READ].nr_queues = 0;
	map = &set->map[HCTX_TYPE_POLL];
	map->nr_queues = vb->nr_poll_queues;
	map->queue_offset = vb->nr_irq_queues;
	blk_mq_map_queues(map);
}

static const struct blk_mq_ops vpv_blk_mq_ops = {
	.queue_rq = vpv_blk_queue_rq,
	.queue_rqs = vpv_blk_queue_rqs,
	.commit_rqs = vpv_blk_commit_rqs,
	.complete = vpv_blk_complete,
	.poll = vpv_blk_poll,
	.timeout = vpv_blk_timeout,
	.init_hctx = vpv_blk_init_hctx,
	.map_queues = vpv_blk_map_queues,
};

static int vpv_blk_create_tags(struct vpv_blk *vb)
{
	struct blk_mq_tag_set *set = &vb->tag_set;

	set->ops = &vpv_blk_mq_ops;
	set->nr_hw_queues = vpv_blk_nr_queues(vb);
	set->nr_maps = vb->nr_poll_queues ? HCTX_MAX_TYPES : 1;
	set->queue_depth = vb->depth;
	set->cmd_size = sizeof(struct vpv_blk_req);
	set->numa_node = dev_to_node(vb->vdev->dev);
	set->timeout = clamp(vpv_blk_timeout_s, 1U, 3600U) * HZ;
	set->driver_data = vb;
	return blk_mq_alloc_tag_set(set);
}

/* ---- life cycle ---- */

static int vpv_blk_probe(struct vpv_dev *vdev)
{
	struct vpv_blk *vb;
	int err;

	vb = kzalloc(sizeof(*vb), GFP_KERNEL);
	if (!vb)
		return -ENOMEM;
	kref_init(&vb->ref);
	mutex_init(&vb->attr_lock);
	vb->vdev = vdev;
	vdev->priv = vb;

	err = vpv_blk_read_config(vdev, &vb->cfg);
	if (err)
		goto put;
	vb->capacity = vb->cfg.capacity;
	err = vpv_blk_create_queues(vb);
	if (err)
		goto put;
	err = vpv_blk_create_tags(vb);
	if (err)
		goto destroy_queues;
	err = vpv_blk_disk_create(vb);
	if (err)
		goto free_tags;
	return 0;

free_tags:
	blk_mq_free_tag_set(&vb->tag_set);
destroy_queues:
	vpv_blk_destroy_queues(vb);
put:
	vpv_blk_put(vb);
	return err;
}

static void vpv_blk_remove(struct vpv_dev *vdev)
{
	struct vpv_blk *vb = vdev->priv;

	vpv_blk_disk_destroy(vb);
	blk_mq_free_tag_set(&vb->tag_set);
	vpv_blk_destroy_queues(vb);
	vpv_blk_put(vb);
}

static int vpv_blk_attach(struct vpv_dev *vdev)
{
	return vpv_blk_disk_add(vdev->priv);
}

static void vpv_blk_detach(struct vpv_dev *vdev)
{
	vpv_blk_disk_del(vdev->priv);
}

static const struct vpv_feature vpv_blk_features[] = {
	VPV_FEATURE(VIRTIO_BLK_F_SIZE_MAX),
	VPV_FEATURE(VIRTIO_BLK_F_SEG_MAX),
	VPV_FEATURE(VIRTIO_BLK_F_GEOMETRY),
	VPV_FEATURE(VIRTIO_BLK_F_RO),
	VPV_FEATURE(VIRTIO_BLK_F_BLK_SIZE),
	VPV_FEATURE(VIRTIO_BLK_F_FLUSH),
	VPV_FEATURE(VIRTIO_BLK_F_TOPOLOGY),
	VPV_FEATURE_REQ(VIRTIO_BLK_F_CONFIG_WCE, VIRTIO_BLK_F_FLUSH),
	VPV_FEATURE(VIRTIO_BLK_F_MQ),
	/* BLK-006: not of a disk that may have zones, known to this kernel or not. */
	{
		.bit = VIRTIO_BLK_F_DISCARD,
		.name = "VIRTIO_BLK_F_DISCARD",
		.requires = { VPV_NO_BIT },
		.excludes = VIRTIO_BLK_F_ZONED,
	},
	VPV_FEATURE(VIRTIO_BLK_F_WRITE_ZEROES),
	VPV_FEATURE(VIRTIO_BLK_F_LIFETIME),
	VPV_FEATURE(VIRTIO_BLK_F_SECURE_ERASE),
	VPV_BLK_ZONED_FEATURES
};

static struct vpv_driver vpv_blk_driver = {
	.name = "virtio_pv_blk",
	.device_id = VIRTIO_ID_BLOCK,
	.transitional_id = 0x1001,
	.features = vpv_blk_features,
	.nr_features = ARRAY_SIZE(vpv_blk_features),
	.probe = vpv_blk_probe,
	.attach = vpv_blk_attach,
	.detach = vpv_blk_detach,
	.remove = vpv_blk_remove,
	.quiesce = vpv_blk_quiesce,
	.revalidate = vpv_blk_revalidate,
	.resume = vpv_blk_resume,
	.failed = vpv_blk_failed,
	.drop = vpv_blk_drop,
	.config_changed = vpv_blk_config_changed,
	.notify = &vpv_blk_notify,
};

static int __init vpv_blk_init(void)
{
	int err;

	err = vpv_blk_disks_init();
	if (err)
		return err;
	err = vpv_driver_register(&vpv_blk_driver, THIS_MODULE);
	if (err)
		vpv_blk_disks_exit();
	return err;
}
module_init(vpv_blk_init);

static void __exit vpv_blk_exit(void)
{
	vpv_driver_unregister(&vpv_blk_driver);
	vpv_blk_disks_exit();
}
module_exit(vpv_blk_exit);

MODULE_DESCRIPTION("Paravirtual block device (virtio-blk) with few notifications");
MODULE_VERSION(VPV_VERSION);
MODULE_LICENSE("GPL");
