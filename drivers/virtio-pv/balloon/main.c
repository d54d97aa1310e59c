// SPDX-License-Identifier: GPL-2.0-only
/* Module, life cycle and configuration of the balloon. */
#include <linux/cc_platform.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio_ids.h>

#include "balloon.h"

static unsigned int floor_mib;
module_param(floor_mib, uint, 0444);
MODULE_PARM_DESC(floor_mib, "MiB that stay available to the guest whatever the host wants; 0 (default): 1/32 of memory, at least 16 and at most 512");

unsigned int vpv_bal_timeout_ms = 20000;
module_param_named(timeout_ms, vpv_bal_timeout_ms, uint, 0444);
MODULE_PARM_DESC(timeout_ms, "a device that takes so long for a buffer is reset (default 20000, at least 1000)");

struct workqueue_struct *vpv_bal_wq;

/* ---- configuration ---- */

static const struct vpv_config_field wanted_fields[] = {
	VPV_CONFIG(virtio_balloon_config, num_pages, VPV_NO_BIT),
	VPV_CONFIG(virtio_balloon_config, free_page_hint_cmd_id, VIRTIO_BALLOON_F_FREE_PAGE_HINT),
};

static int read_target(struct vpv_bal *vb)
{
	struct virtio_balloon_config config = {};
	int err;

	err = vpv_config_read(vb->vdev, wanted_fields, ARRAY_SIZE(wanted_fields), &config);
	if (err)
		return err;
	WRITE_ONCE(vb->target, le32_to_cpu(config.num_pages) / VPV_BAL_PER_PAGE);
	vpv_bal_hint_command(vb, le32_to_cpu(config.free_page_hint_cmd_id));
	return 0;
}

/* The core calls at most once in VPV_CONFIG_PERIOD_MS, however the target flaps. */
static void config_changed(struct vpv_dev *vdev)
{
	struct vpv_bal *vb = vdev->priv;
	unsigned long before = vb->target;

	if (read_target(vb) || vb->target == before || READ_ONCE(vb->leaving))
		return;
	WRITE_ONCE(vb->told, false);
	mod_delayed_work(vpv_bal_wq, &vb->resize, 0);
}

static void set_floor(struct vpv_bal *vb)
{
	unsigned long mib = totalram_pages() >> (20 - PAGE_SHIFT);

	mib = floor_mib ?: clamp(mib / 32, 16UL, 512UL);
	vb->floor = mib << (20 - PAGE_SHIFT);
}

/* BALLOON-035, BALLOON-036: before DRIVER_OK, each time. */
static void write_poison(struct vpv_dev *vdev)
{
	if (vpv_has_feature(vdev, VIRTIO_BALLOON_F_PAGE_POISON))
		vpv_config_write32(vdev, offsetof(struct virtio_balloon_config, poison_val),
				   vpv_bal_poison_value());
}

/* ---- before DRIVER_OK ---- */

static const struct vpv_queue_desc queue_descs[VPV_BAL_QUEUES] = {
	[VPV_BAL_INFLATE] = { .name = "inflate", .callback = vpv_bal_irq, .direct_max = 1 },
	[VPV_BAL_DEFLATE] = { .name = "deflate", .callback = vpv_bal_irq, .direct_max = 1 },
	[VPV_BAL_STATSQ] = { .name = "stats", .callback = vpv_bal_stats_irq, .direct_max = 1,
			     .standing = true },
	[VPV_BAL_HINT] = { .name = "hint", .callback = vpv_bal_irq, .direct_max = 1 },
	[VPV_BAL_REPORT] = { .name = "report", .callback = vpv_bal_irq,
			     .table_len = VPV_BAL_RANGES },
};

/*
 * Devices number their queues without gaps: a queue whose feature is not there is
 * left out, and those behind it move up.
 */
static bool has_queue(const struct vpv_dev *vdev, unsigned int i)
{
	switch (i) {
	case VPV_BAL_STATSQ:
		return vpv_has_feature(vdev, VIRTIO_BALLOON_F_STATS_VQ);
	case VPV_BAL_HINT:
		return vpv_has_feature(vdev, VIRTIO_BALLOON_F_FREE_PAGE_HINT);
	case VPV_BAL_REPORT:
		return vpv_has_feature(vdev, VIRTIO_BALLOON_F_REPORTING);
	default:
		return true;
	}
}

static int create_queues(struct vpv_bal *vb)
{
	struct vpv_queue_desc descs[VPV_BAL_QUEUES];
	unsigned int i, n = 0;
	int err;

	for (i = 0; i < VPV_BAL_QUEUES; i++) {
		vb->vq[i].vb = vb;
		init_waitqueue_head(&vb->vq[i].wait);
		if (!has_queue(vb->vdev, i))
			continue;
		descs[n] = queue_descs[i];
		descs[n++].ctx = &vb->vq[i];
	}
	err = vpv_queues_create(vb->vdev, descs, n, NULL);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		struct vpv_bal_vq *vq = vb->vdev->queues[i].ctx;

		vq->q = &vb->vdev->queues[i];
	}
	return 0;
}

static void free_memory(struct vpv_bal *vb)
{
	unsigned int i;

	for (i = 0; i < VPV_BAL_BATCHES; i++)
		vpv_bal_batch_destroy(vb, &vb->batch[i]);
	vpv_bal_batch_destroy(vb, &vb->oom_batch);
	vpv_bal_move_destroy(vb);
	vpv_bal_hint_destroy(vb);
	vpv_bal_stats_destroy(vb);
}

static int alloc_memory(struct vpv_bal *vb)
{
	unsigned int i;
	int err;

	err = vpv_bal_stats_init(vb);
	if (!err)
		err = vpv_bal_hint_init(vb);
	if (!err)
		err = vpv_bal_move_init(vb);
	if (!err)
		err = vpv_bal_batch_init(vb, &vb->oom_batch, VPV_BAL_OOM_PFNS);
	for (i = 0; i < VPV_BAL_BATCHES && !err; i++)
		err = vpv_bal_batch_init(vb, &vb->batch[i], VPV_BAL_PFNS);
	if (err)
		free_memory(vb);
	return err;
}

/*
 * Page frame numbers are guest physical addresses, with ACCESS_PLATFORM as without.
 * Encrypted memory is the guest's alone: the host can neither take a page of it nor
 * hand it back as it was.
 */
static int check_platform(struct vpv_dev *vdev)
{
	if (!cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return 0;
	dev_err(vdev->dev,
		"no balloon in a guest with encrypted memory: take the device out of its configuration\n");
	return -EOPNOTSUPP;
}

static int probe(struct vpv_dev *vdev)
{
	struct vpv_bal *vb;
	int err;

	err = check_platform(vdev);
	if (err)
		return err;
	vb = kzalloc(sizeof(*vb), GFP_KERNEL);
	if (!vb)
		return -ENOMEM;
	vb->vdev = vdev;
	vdev->priv = vb;
	mutex_init(&vb->resize_lock);
	mutex_init(&vb->oom_lock);
	INIT_DELAYED_WORK(&vb->resize, vpv_bal_resize_work);
	vpv_bal_pages_init(vb);
	vb->wait_ms = max(vpv_bal_timeout_ms, 1000u);
	set_floor(vb);

	err = create_queues(vb);
	if (err)
		goto free;
	err = alloc_memory(vb);
	if (err)
		goto free;
	write_poison(vdev);
	return 0;

free:
	kfree(vb);
	return err;
}

bool vpv_bal_stopped(struct vpv_bal *vb)
{
	return !READ_ONCE(vb->live) || READ_ONCE(vb->gone) || READ_ONCE(vb->leaving);
}

static int revalidate(struct vpv_dev *vdev)
{
	write_poison(vdev);
	return 0;
}

/* ---- from DRIVER_OK on ---- */

static void start(struct vpv_bal *vb)
{
	vpv_bal_set_live(vb, true);
	vpv_bal_stats_start(vb);
	read_target(vb);
	if (!READ_ONCE(vb->leaving))
		mod_delayed_work(vpv_bal_wq, &vb->resize, 0);
}

static void stop_work(struct vpv_bal *vb)
{
	WRITE_ONCE(vb->leaving, true);
	vpv_bal_set_wait(vb, 0);
	/* After this no move of a page queues its work any more. */
	mutex_lock(&vb->move_lock);
	mutex_unlock(&vb->move_lock);
	cancel_delayed_work_sync(&vb->resize);
	cancel_delayed_work_sync(&vb->stats);
	cancel_delayed_work_sync(&vb->move_work);
	cancel_work_sync(&vb->hint.work);
}

static int attach(struct vpv_dev *vdev)
{
	struct vpv_bal *vb = vdev->priv;
	int err;

	err = vpv_bal_sysfs_add(vb);
	if (err)
		return err;
	start(vb);
	err = vpv_bal_oom_register(vb);
	if (err)
		goto del_sysfs;
	err = vpv_bal_report_register(vb);
	if (err)
		goto unregister_oom;
	return 0;

unregister_oom:
	vpv_bal_oom_unregister(vb);
del_sysfs:
	stop_work(vb);
	vpv_bal_sysfs_del(vb);
	return err;
}

static void detach(struct vpv_dev *vdev)
{
	struct vpv_bal *vb = vdev->priv;

	stop_work(vb);
	vpv_bal_report_unregister(vb);
	vpv_bal_oom_unregister(vb);
	vpv_bal_deflate_all(vb);
	vpv_bal_sysfs_del(vb);
}

static void quiesce(struct vpv_dev *vdev)
{
	vpv_bal_set_live(vdev->priv, false);
}

static void resume(struct vpv_dev *vdev)
{
	struct vpv_bal *vb = vdev->priv;

	WRITE_ONCE(vb->retell, true);
	vpv_bal_hint_again(vb);
	start(vb);
}

static void failed(struct vpv_dev *vdev)
{
	struct vpv_bal *vb = vdev->priv;
	unsigned int i;

	WRITE_ONCE(vb->gone, true);
	for (i = 0; i < VPV_BAL_QUEUES; i++)
		wake_up_all(&vb->vq[i].wait);
}

static void remove(struct vpv_dev *vdev)
{
	struct vpv_bal *vb = vdev->priv;

	stop_work(vb);
	vpv_bal_free_all(vb);
	free_memory(vb);
	kfree(vb);
}

/* ---- module ---- */

static const struct vpv_feature plain_features[] = {
	VPV_FEATURE(VIRTIO_BALLOON_F_MUST_TELL_HOST),
	VPV_FEATURE(VIRTIO_BALLOON_F_STATS_VQ),
	VPV_FEATURE(VIRTIO_BALLOON_F_DEFLATE_ON_OOM),
	VPV_FEATURE(VIRTIO_BALLOON_F_FREE_PAGE_HINT),
	VPV_FEATURE(VIRTIO_BALLOON_F_REPORTING),
};

/* For a kernel that initialises free pages, see report.c. */
static const struct vpv_feature poison_features[] = {
	VPV_FEATURE(VIRTIO_BALLOON_F_MUST_TELL_HOST),
	VPV_FEATURE(VIRTIO_BALLOON_F_STATS_VQ),
	VPV_FEATURE(VIRTIO_BALLOON_F_DEFLATE_ON_OOM),
	VPV_FEATURE(VIRTIO_BALLOON_F_FREE_PAGE_HINT),
	VPV_FEATURE(VIRTIO_BALLOON_F_PAGE_POISON),
	VPV_FEATURE_REQ(VIRTIO_BALLOON_F_REPORTING, VIRTIO_BALLOON_F_PAGE_POISON),
};

static struct vpv_driver vpv_balloon_driver = {
	.name = "virtio_pv_balloon",
	.device_id = VIRTIO_ID_BALLOON,
	.transitional_id = 0x1002,
	.features = plain_features,
	.nr_features = ARRAY_SIZE(plain_features),
	.probe = probe,
	.attach = attach,
	.detach = detach,
	.remove = remove,
	.quiesce = quiesce,
	.revalidate = revalidate,
	.resume = resume,
	.failed = failed,
	.drop = vpv_bal_drop,
	.config_changed = config_changed,
};

static int __init vpv_balloon_init(void)
{
	int err;

	if (vpv_bal_pages_are_initialised()) {
		vpv_balloon_driver.features = poison_features;
		vpv_balloon_driver.nr_features = ARRAY_SIZE(poison_features);
	}
	/* Frozen before a suspend: the image of a hibernation must not change below it. */
	vpv_bal_wq = alloc_workqueue("virtio_pv_balloon", WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!vpv_bal_wq)
		return -ENOMEM;
	err = vpv_driver_register(&vpv_balloon_driver, THIS_MODULE);
	if (err)
		destroy_workqueue(vpv_bal_wq);
	return err;
}
module_init(vpv_balloon_init);

static void __exit vpv_balloon_exit(void)
{
	vpv_driver_unregister(&vpv_balloon_driver);
	destroy_workqueue(vpv_bal_wq);
}
module_exit(vpv_balloon_exit);

MODULE_DESCRIPTION("Paravirtual memory balloon (virtio-balloon) with few notifications");
MODULE_VERSION(VPV_VERSION);
MODULE_LICENSE("GPL");
