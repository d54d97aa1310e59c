// SPDX-License-Identifier: GPL-2.0-only
/* Attributes below the PCI function: balloon/actual and so on, all for reading. */
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "balloon.h"

static struct vpv_bal *attr_vb(struct device_attribute *attr);

static ssize_t in_kib(char *buf, u64 pages)
{
	return sysfs_emit(buf, "%llu\n", pages << (PAGE_SHIFT - 10));
}

#define SHOW(_name, _expr)						\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{									\
	struct vpv_bal *vb = attr_vb(attr);				\
									\
	return _expr;							\
}

SHOW(actual_kib, in_kib(buf, vpv_bal_held(vb)))
SHOW(target_kib, in_kib(buf, READ_ONCE(vb->target)))
SHOW(floor_kib, in_kib(buf, vb->floor))
SHOW(inflated_kib, in_kib(buf, atomic64_read(&vb->inflated)))
SHOW(deflated_kib, in_kib(buf, atomic64_read(&vb->deflated)))
SHOW(oom_deflated_kib, in_kib(buf, atomic64_read(&vb->oom_deflated)))
SHOW(migrated_kib, in_kib(buf, atomic64_read(&vb->migrated)))
SHOW(hinted_kib, in_kib(buf, atomic64_read(&vb->hinted)))
SHOW(hints_held_kib, in_kib(buf, READ_ONCE(vb->hint.held)))
SHOW(reported_kib, in_kib(buf, atomic64_read(&vb->reported)))
SHOW(reporting, sysfs_emit(buf, "%d\n", vb->reporting))
SHOW(stats_sent, sysfs_emit(buf, "%lld\n", atomic64_read(&vb->stats_sent)))
SHOW(acks_late, sysfs_emit(buf, "%lld\n", atomic64_read(&vb->acks_late)))

/* Blocks held of each order, single pages first. */
static ssize_t blocks_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vpv_bal *vb = attr_vb(attr);
	unsigned int order;
	int len = 0;

	for (order = 0; order < VPV_BAL_ORDERS; order++)
		len += sysfs_emit_at(buf, len, "%s%lu", order ? " " : "",
				     READ_ONCE(vb->count[order]));
	return len + sysfs_emit_at(buf, len, "\n");
}

static const struct device_attribute templates[] = {
	__ATTR_RO(actual_kib), __ATTR_RO(target_kib), __ATTR_RO(floor_kib), __ATTR_RO(blocks),
	__ATTR_RO(inflated_kib), __ATTR_RO(deflated_kib), __ATTR_RO(oom_deflated_kib),
	__ATTR_RO(migrated_kib), __ATTR_RO(hinted_kib), __ATTR_RO(hints_held_kib),
	__ATTR_RO(reported_kib), __ATTR_RO(reporting), __ATTR_RO(stats_sent),
	__ATTR_RO(acks_late),
};

/**
 * struct vpv_bal_attrs - the folder of a balloon
 * @attr: its files
 * @list: the same, as sysfs wants them
 * @group: the same
 */
struct vpv_bal_attrs {
	struct dev_ext_attribute attr[ARRAY_SIZE(templates)];
	struct attribute *list[ARRAY_SIZE(templates) + 1];
	struct attribute_group group;
};

static struct vpv_bal *attr_vb(struct device_attribute *attr)
{
	return container_of(attr, struct dev_ext_attribute, attr)->var;
}

int vpv_bal_sysfs_add(struct vpv_bal *vb)
{
	struct vpv_bal_attrs *a;
	unsigned int i;
	int err;

	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(templates); i++) {
		a->attr[i].attr = templates[i];
		a->attr[i].var = vb;
		sysfs_attr_init(&a->attr[i].attr.attr);
		a->list[i] = &a->attr[i].attr.attr;
	}
	a->group.name = "balloon";
	a->group.attrs = a->list;
	err = sysfs_create_group(&vb->vdev->dev->kobj, &a->group);
	if (err) {
		kfree(a);
		return err;
	}
	vb->attrs = a;
	return 0;
}

void vpv_bal_sysfs_del(struct vpv_bal *vb)
{
	if (!vb->attrs)
		return;
	sysfs_remove_group(&vb->vdev->dev->kobj, &vb->attrs->group);
	kfree(vb->attrs);
	vb->attrs = NULL;
}
