// SPDX-License-Identifier: GPL-2.0-only
/* The module: its parameters, its workqueue, and the list of transports. */
#include <linux/module.h>
#include <linux/slab.h>

#include "vpv_core.h"

/*
 * Recovery of a disk may be what stands between the machine and free memory, so
 * the queue has a thread of its own for that case.
 */
struct workqueue_struct *vpv_wq;

/* Feature bits the administrator does not want agreed with any device. */
static DECLARE_BITMAP(features_off, VPV_FEATURE_BITS);

static int features_off_set(const char *val, const struct kernel_param *kp)
{
	DECLARE_BITMAP(bits, VPV_FEATURE_BITS);
	int err;

	err = bitmap_parselist(val, bits, VPV_FEATURE_BITS);
	if (err)
		return err;
	bitmap_copy(features_off, bits, VPV_FEATURE_BITS);
	return 0;
}

static int features_off_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%*pbl\n", VPV_FEATURE_BITS, features_off);
}

static const struct kernel_param_ops features_off_ops = {
	.set = features_off_set,
	.get = features_off_get,
};

module_param_cb(features_off, &features_off_ops, NULL, 0644);
MODULE_PARM_DESC(features_off,
		 "Debugging: list of feature bits not to accept, such as 34,28-29; for devices bound from then on");

static const char * const notify_names[VPV_POLICY_NR_MODES] = {
	[VPV_POLICY_LATENCY] = "latency",
	[VPV_POLICY_AUTO] = "auto",
	[VPV_POLICY_THROUGHPUT] = "throughput",
};

static_assert(VPV_NOTIFY_DEFAULT == VPV_POLICY_AUTO);

static int notify_set(const char *val, const struct kernel_param *kp)
{
	int mode = sysfs_match_string(notify_names, val);

	if (mode < 0)
		return mode;
	WRITE_ONCE(*(unsigned int *)kp->arg, mode);
	return 0;
}

static int notify_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", notify_names[READ_ONCE(*(unsigned int *)kp->arg)]);
}

const struct kernel_param_ops vpv_notify_ops = {
	.set = notify_set,
	.get = notify_get,
};
EXPORT_SYMBOL_GPL(vpv_notify_ops);

bool vpv_feature_off(unsigned int bit)
{
	return test_bit(bit, features_off);
}

int __vpv_driver_register(struct vpv_driver *drv, struct module *owner,
			  struct lock_class_key *queue_keys)
{
	const char *wrong = vpv_features_check(drv->features, drv->nr_features);

	if (wrong) {
		pr_err("virtio_pv: %s: feature list refused: %s\n", drv->name, wrong);
		return -EINVAL;
	}
	drv->owner = owner;
	drv->queue_keys = queue_keys;
	return vpv_pci_register(drv, owner);
}
EXPORT_SYMBOL_GPL(__vpv_driver_register);

void vpv_driver_unregister(struct vpv_driver *drv)
{
	vpv_pci_unregister(drv);
}
EXPORT_SYMBOL_GPL(vpv_driver_unregister);

static int __init vpv_init(void)
{
	vpv_wq = alloc_workqueue("virtio_pv", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!vpv_wq)
		return -ENOMEM;
	vpv_debugfs_init();
	return 0;
}
module_init(vpv_init);

static void __exit vpv_exit(void)
{
	vpv_debugfs_exit();
	destroy_workqueue(vpv_wq);
}
module_exit(vpv_exit);

MODULE_DESCRIPTION("Paravirtual drivers with few notifications: rings, device core, PCI transport");
MODULE_LICENSE("GPL");
#ifdef VPV_VERSION
MODULE_VERSION(VPV_VERSION);
#endif
