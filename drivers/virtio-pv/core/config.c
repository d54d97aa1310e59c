// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device configuration space: consistent snapshots, and changes the device tells
 * of. A device may change it at any rate, so changes are looked at by one work
 * item that runs at most once in VPV_CONFIG_PERIOD_MS.
 */
#include <linux/jiffies.h>
#include <linux/virtio_config.h>

#include "vpv_core.h"

/* With one vector for all, an interrupt does not say that nothing changed. */
#define VPV_CONFIG_POLL_MS 200

static bool wanted(const struct vpv_dev *vdev, const struct vpv_config_field *f)
{
	return f->feature == VPV_NO_BIT || vpv_has_feature(vdev, f->feature);
}

static int check_fields(struct vpv_dev_core *d, const struct vpv_config_field *fields,
			unsigned int nr)
{
	size_t len = d->ops->config_len(d);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!wanted(&d->vdev, &fields[i]) ||
		    fields[i].offset + fields[i].width <= len)
			continue;
		dev_err_ratelimited(d->vdev.dev,
				    "device configuration of %zu bytes lacks the field at %u\n",
				    len, fields[i].offset);
		return -EINVAL;
	}
	return 0;
}

int vpv_config_read(struct vpv_dev *vdev, const struct vpv_config_field *fields,
		    unsigned int nr, void *dst)
{
	struct vpv_dev_core *d = vpv_core(vdev);
	unsigned int i, tries;
	u32 before;
	int err;

	err = check_fields(d, fields, nr);
	if (err)
		return err;

	for (tries = 0; tries < VPV_CONFIG_TRIES; tries++) {
		before = d->ops->generation(d);
		for (i = 0; i < nr; i++)
			if (wanted(vdev, &fields[i]))
				d->ops->read_config(d, fields[i].offset, fields[i].width,
						    dst + fields[i].offset);
		if (d->ops->generation(d) != before)
			continue;
		if (!d->ops->present(d))
			return -ENODEV;
		WRITE_ONCE(d->config_gen, before);
		return 0;
	}
	dev_err_ratelimited(vdev->dev, "device configuration never stands still\n");
	return -EBUSY;
}
EXPORT_SYMBOL_GPL(vpv_config_read);

void vpv_config_write8(struct vpv_dev *vdev, unsigned int offset, u8 value)
{
	struct vpv_dev_core *d = vpv_core(vdev);

	if (offset < d->ops->config_len(d))
		d->ops->write_config8(d, offset, value);
}
EXPORT_SYMBOL_GPL(vpv_config_write8);

void vpv_config_write32(struct vpv_dev *vdev, unsigned int offset, u32 value)
{
	struct vpv_dev_core *d = vpv_core(vdev);

	if (offset + sizeof(value) <= d->ops->config_len(d))
		d->ops->write_config32(d, offset, value);
}
EXPORT_SYMBOL_GPL(vpv_config_write32);

/*
 * A stop clears d->up under this lock before the reset, so what is written here the
 * device never sees between a reset and FEATURES_OK, when it must not be (BASIC-019).
 */
int vpv_config_change8(struct vpv_dev *vdev, unsigned int offset, u8 value)
{
	struct vpv_dev_core *d = vpv_core(vdev);
	unsigned long flags;
	int err = -EAGAIN;
	u8 now = value;

	if (offset >= d->ops->config_len(d))
		return -EINVAL;
	spin_lock_irqsave(&d->config_lock, flags);
	if (d->up) {
		d->ops->write_config8(d, offset, value);
		d->ops->read_config(d, offset, sizeof(now), &now);
		err = now == value ? 0 : -EIO;
	}
	spin_unlock_irqrestore(&d->config_lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(vpv_config_change8);

int vpv_config_change32(struct vpv_dev *vdev, unsigned int offset, u32 value)
{
	struct vpv_dev_core *d = vpv_core(vdev);
	unsigned long flags;
	int err = -EAGAIN;

	spin_lock_irqsave(&d->config_lock, flags);
	if (d->up) {
		vpv_config_write32(vdev, offset, value);
		err = 0;
	}
	spin_unlock_irqrestore(&d->config_lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(vpv_config_change32);

static void config_work(struct work_struct *work)
{
	struct vpv_dev_core *d = container_of(to_delayed_work(work), struct vpv_dev_core,
					      config_work);
	bool forced;
	u8 status;

	vpv_dev_lock(d);
	d->config_at = jiffies;
	forced = xchg(&d->config_forced, false);
	if (d->state != VPV_LIVE)
		goto unlock;

	status = d->ops->status(d);
	if (status == 0xff && !d->ops->present(d))
		vpv_dev_recover(&d->vdev, "device is gone");
	else if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
		vpv_dev_recover(&d->vdev, "device asks for a reset");
	else if (d->attached && d->vdev.drv->config_changed &&
		 (forced || d->ops->generation(d) != READ_ONCE(d->config_gen)))
		d->vdev.drv->config_changed(&d->vdev);
unlock:
	vpv_dev_unlock(d);
}

void vpv_config_irq(struct vpv_dev_core *d)
{
	unsigned long now = jiffies, next, delay = 0;

	if (!smp_load_acquire(&d->up))	/* pairs with the release in go_live() */
		return;
	d->config_irqs++;
	WRITE_ONCE(d->config_forced, true);
	next = READ_ONCE(d->config_at) + msecs_to_jiffies(VPV_CONFIG_PERIOD_MS);
	if (time_before(now, next))
		delay = next - now;
	mod_delayed_work(vpv_wq, &d->config_work, delay);
}

void vpv_config_poll(struct vpv_dev_core *d)
{
	if (smp_load_acquire(&d->up))	/* pairs with the release in go_live() */
		queue_delayed_work(vpv_wq, &d->config_work,
				   msecs_to_jiffies(VPV_CONFIG_POLL_MS));
}

void vpv_config_init(struct vpv_dev_core *d)
{
	spin_lock_init(&d->config_lock);
	INIT_DELAYED_WORK(&d->config_work, config_work);
	d->config_at = jiffies - msecs_to_jiffies(VPV_CONFIG_PERIOD_MS);
}
