// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of the disk: serial (udev makes by-id/virtio-SERIAL of it),
 * cache_type, and the wear of the storage: life_time and pre_eol_info, named
 * and written as the MMC layer does.
 */
#include <linux/delay.h>
#include <linux/sysfs.h>

#include "blk.h"

/* For a device that is being reset to be back. */
#define VPV_BLK_SWITCH_TIMEOUT (10 * HZ)

static struct vpv_blk *vpv_blk_of(struct device *dev)
{
	return dev_to_disk(dev)->private_data;
}

int vpv_blk_own_request(struct vpv_blk *vb, u32 cmd, void *reply, unsigned int len)
{
	struct vpv_blk_req *vr;
	struct request *rq;
	int err;

	rq = blk_mq_alloc_request(vb->disk->queue, REQ_OP_DRV_IN, 0);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	vr = blk_mq_rq_to_pdu(rq);
	vr->cmd = cmd;
	vr->cmd_sector = 0;
	err = blk_status_to_errno(blk_execute_rq(rq, false));
	if (!err)
		memcpy(reply, vr->reply, min_t(size_t, len, sizeof(vr->reply)));
	blk_mq_free_request(rq);
	return err;
}

/* Asked of the device once; it may lack a terminator (5.2.6). */
static ssize_t serial_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vpv_blk *vb = vpv_blk_of(dev);
	ssize_t ret = 0;

	mutex_lock(&vb->attr_lock);
	if (!vb->have_id) {
		ret = vpv_blk_own_request(vb, VIRTIO_BLK_T_GET_ID, vb->id, VIRTIO_BLK_ID_BYTES);
		vb->have_id = !ret;
	}
	if (!ret)
		ret = sysfs_emit(buf, "%s", vb->id);
	else if (ret == -EOPNOTSUPP)	/* the device has none */
		ret = 0;
	mutex_unlock(&vb->attr_lock);
	return ret;
}
static DEVICE_ATTR_RO(serial);

static const char *const vpv_blk_cache_types[] = { "write through", "write back" };

static ssize_t cache_type_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vpv_blk *vb = vpv_blk_of(dev);

	return sysfs_emit(buf, "%s\n", vpv_blk_cache_types[READ_ONCE(vb->cfg.writeback)]);
}

/*
 * With no write under way, since one that straddles the change is undefined (5.2.6.2).
 * While the device is being reset it must not be spoken to (BASIC-019, BLK-004).
 */
static int vpv_blk_switch_device_cache(struct vpv_blk *vb, bool writeback)
{
	unsigned long end = jiffies + VPV_BLK_SWITCH_TIMEOUT;
	struct request_queue *q = vb->disk->queue;
	unsigned int memflags;
	int err;

	for (;;) {
		memflags = blk_mq_freeze_queue(q);
		err = vpv_config_change8(vb->vdev,
					 offsetof(struct vpv_blk_wire_config, writeback),
					 writeback);
		blk_mq_unfreeze_queue(q, memflags);
		if (err != -EAGAIN || vpv_dev_dead(vb->vdev) || time_after(jiffies, end))
			return err;
		msleep(20);
	}
}

static int vpv_blk_tell_block_layer(struct vpv_blk *vb, bool writeback)
{
	struct queue_limits lim = queue_limits_start_update(vb->disk->queue);

	if (writeback)
		lim.features |= BLK_FEAT_WRITE_CACHE;
	else
		lim.features &= ~BLK_FEAT_WRITE_CACHE;
	return queue_limits_commit_update_frozen(vb->disk->queue, &lim);
}

/*
 * The block layer has to send flushes at least as long as the device may hold
 * volatile writes: it is told of a writeback cache first, and of a writethrough
 * one only after a flush of what was written before (BLK-023). A recovery may
 * come in between and restore cfg.writeback, so that has to be the mode the
 * block layer is about to rely on.
 */
static int vpv_blk_to_writeback(struct vpv_blk *vb)
{
	int err;

	err = vpv_blk_tell_block_layer(vb, true);
	if (!err)
		err = vpv_blk_switch_device_cache(vb, true);
	if (!err)
		WRITE_ONCE(vb->cfg.writeback, true);
	return err;
}

static int vpv_blk_to_writethrough(struct vpv_blk *vb)
{
	int err;

	WRITE_ONCE(vb->cfg.writeback, false);
	err = vpv_blk_switch_device_cache(vb, false);
	if (!err)
		err = blkdev_issue_flush(vb->disk->part0);
	if (!err)
		err = vpv_blk_tell_block_layer(vb, false);
	if (err)
		WRITE_ONCE(vb->cfg.writeback, true);
	return err;
}

static ssize_t cache_type_store(struct device *dev, struct device_attribute *attr,
				const char *buf, size_t count)
{
	struct vpv_blk *vb = vpv_blk_of(dev);
	int type, err = 0;

	type = sysfs_match_string(vpv_blk_cache_types, buf);
	if (type < 0)
		return type;

	mutex_lock(&vb->attr_lock);
	if (type != vb->cfg.writeback)
		err = type ? vpv_blk_to_writeback(vb) : vpv_blk_to_writethrough(vb);
	mutex_unlock(&vb->attr_lock);
	return err ? err : count;
}
static DEVICE_ATTR_RW(cache_type);

static int vpv_blk_lifetime(struct device *dev, struct vpv_blk_lifetime *life)
{
	return vpv_blk_own_request(vpv_blk_of(dev), VIRTIO_BLK_T_GET_LIFETIME, life, sizeof(*life));
}

static ssize_t life_time_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vpv_blk_lifetime life;
	int err = vpv_blk_lifetime(dev, &life);

	if (err)
		return err;
	return sysfs_emit(buf, "0x%02x 0x%02x\n", le16_to_cpu(life.est_typ_a),
			  le16_to_cpu(life.est_typ_b));
}
static DEVICE_ATTR_RO(life_time);

static ssize_t pre_eol_info_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vpv_blk_lifetime life;
	int err = vpv_blk_lifetime(dev, &life);

	if (err)
		return err;
	return sysfs_emit(buf, "0x%02x\n", le16_to_cpu(life.pre_eol_info));
}
static DEVICE_ATTR_RO(pre_eol_info);

static struct attribute *vpv_blk_attrs[] = {
	&dev_attr_serial.attr,
	&dev_attr_cache_type.attr,
	&dev_attr_life_time.attr,
	&dev_attr_pre_eol_info.attr,
	NULL
};

static umode_t vpv_blk_attr_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	struct vpv_dev *vdev = vpv_blk_of(kobj_to_dev(kobj))->vdev;

	if (attr == &dev_attr_cache_type.attr &&
	    !vpv_has_feature(vdev, VIRTIO_BLK_F_CONFIG_WCE))
		return 0444;
	if ((attr == &dev_attr_life_time.attr || attr == &dev_attr_pre_eol_info.attr) &&
	    !vpv_has_feature(vdev, VIRTIO_BLK_F_LIFETIME))
		return 0;
	return attr->mode;
}

static const struct attribute_group vpv_blk_group = {
	.attrs = vpv_blk_attrs,
	.is_visible = vpv_blk_attr_visible,
};

const struct attribute_group *vpv_blk_groups[] = { &vpv_blk_group, NULL };
