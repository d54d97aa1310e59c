// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes below the PCI function, a folder for each clock: clock0/type and so
 * on. All are for reading.
 */
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "clock.h"

enum { TYPE, SMEARING, PTP, CROSS, ALARM, READINGS, REFUSED, EXTRAPOLATED, BOUND, NR_ATTRS };

/**
 * struct vpv_clock_attrs - the folder of a clock
 * @name: its name
 * @attr: its files
 * @list: the same, as sysfs wants them
 * @group: the same
 */
struct vpv_clock_attrs {
	char name[16];
	struct dev_ext_attribute attr[NR_ATTRS];
	struct attribute *list[NR_ATTRS + 1];
	struct attribute_group group;
};

static struct vpv_clock *clock_of(struct device_attribute *attr)
{
	return container_of(attr, struct dev_ext_attribute, attr)->var;
}

static ssize_t type_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vpv_clock *c = clock_of(attr);

	return sysfs_emit(buf, "%s\n", vpv_clock_type_name(c->caps.type, c->caps.smearing));
}

static ssize_t smearing_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", vpv_clock_smearing_name(clock_of(attr)->caps.smearing));
}

static ssize_t ptp_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vpv_clock *c = clock_of(attr);

	return c->ptp ? sysfs_emit(buf, "ptp%d\n", ptp_clock_index(c->ptp)) : 0;
}

static ssize_t cross_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", clock_of(attr)->caps.cross);
}

static ssize_t alarm_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", clock_of(attr)->caps.alarm);
}

static ssize_t readings_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&clock_of(attr)->readings));
}

static ssize_t refused_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&clock_of(attr)->refused));
}

static ssize_t extrapolated_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&clock_of(attr)->extrapolated));
}

static ssize_t extrapolation_bound_ns_show(struct device *dev, struct device_attribute *attr,
					   char *buf)
{
	return sysfs_emit(buf, "%llu\n", vpv_clock_extrapolate_bound(clock_of(attr)));
}

static const struct device_attribute templates[NR_ATTRS] = {
	[TYPE] = __ATTR_RO(type),
	[SMEARING] = __ATTR_RO(smearing),
	[PTP] = __ATTR_RO(ptp),
	[CROSS] = __ATTR_RO(cross),
	[ALARM] = __ATTR_RO(alarm),
	[READINGS] = __ATTR_RO(readings),
	[REFUSED] = __ATTR_RO(refused),
	[EXTRAPOLATED] = __ATTR_RO(extrapolated),
	[BOUND] = __ATTR_RO(extrapolation_bound_ns),
};

int vpv_clock_sysfs_add(struct vpv_clock *c)
{
	struct vpv_clock_attrs *a;
	unsigned int i;
	int err;

	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	snprintf(a->name, sizeof(a->name), "clock%u", c->id);
	for (i = 0; i < NR_ATTRS; i++) {
		a->attr[i].attr = templates[i];
		a->attr[i].var = c;
		sysfs_attr_init(&a->attr[i].attr.attr);
		a->list[i] = &a->attr[i].attr.attr;
	}
	a->group.name = a->name;
	a->group.attrs = a->list;
	err = sysfs_create_group(&c->vc->vdev->dev->kobj, &a->group);
	if (err) {
		kfree(a);
		return err;
	}
	c->attrs = a;
	return 0;
}

/* Waits for readers that are inside. */
void vpv_clock_sysfs_del(struct vpv_clock *c)
{
	if (!c->attrs)
		return;
	sysfs_remove_group(&c->vc->vdev->dev->kobj, &c->attrs->group);
	kfree(c->attrs);
	c->attrs = NULL;
}
