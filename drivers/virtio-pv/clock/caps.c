// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which clocks the device has. Asked once it is live, and again after each reset:
 * they should be the same (5.23.6), and a PTP clock that has become another one
 * would be a trap.
 */
#include <linux/slab.h>

#include "clock.h"

static int read_count(struct vpv_clock_dev *vc)
{
	struct virtio_rtc_req_cfg req = {
		.head.msg_type = cpu_to_le16(VIRTIO_RTC_REQ_CFG),
	};
	struct virtio_rtc_resp_cfg resp;
	struct vpv_clock_msg msg = {
		.req = &req, .req_len = sizeof(req),
		.resp = &resp, .resp_len = sizeof(resp),
		.own = true,
	};
	int nr, err;

	err = vpv_clock_xfer(vc, &msg);
	if (err) {
		dev_err(vc->vdev->dev, "device does not tell how many clocks it has: error %d\n",
			err);
		return err;
	}
	nr = vpv_clock_check_count(le16_to_cpu(resp.num_clocks));
	if (nr < 0)
		dev_err(vc->vdev->dev, "device claims %u clocks, more than %u are not plausible\n",
			le16_to_cpu(resp.num_clocks), VPV_CLOCK_MAX);
	return nr;
}

/* A device that cannot say does not support it. */
static bool read_cross(struct vpv_clock_dev *vc, u16 id)
{
	int counter = vpv_clock_counter();
	struct virtio_rtc_req_cross_cap req = {
		.head.msg_type = cpu_to_le16(VIRTIO_RTC_REQ_CROSS_CAP),
		.clock_id = cpu_to_le16(id),
		.hw_counter = counter,
	};
	struct virtio_rtc_resp_cross_cap resp;
	struct vpv_clock_msg msg = {
		.req = &req, .req_len = sizeof(req),
		.resp = &resp, .resp_len = sizeof(resp),
		.own = true,
	};

	if (counter < 0 || vpv_clock_xfer(vc, &msg))
		return false;
	return resp.flags & VIRTIO_RTC_FLAG_CROSS_CAP;
}

static int read_caps(struct vpv_clock_dev *vc, u16 id, struct vpv_clock_caps *caps)
{
	struct virtio_rtc_req_clock_cap req = {
		.head.msg_type = cpu_to_le16(VIRTIO_RTC_REQ_CLOCK_CAP),
		.clock_id = cpu_to_le16(id),
	};
	struct virtio_rtc_resp_clock_cap resp;
	struct vpv_clock_msg msg = {
		.req = &req, .req_len = sizeof(req),
		.resp = &resp, .resp_len = sizeof(resp),
		.own = true,
	};
	int err;

	memset(caps, 0, sizeof(*caps));
	err = vpv_clock_xfer(vc, &msg);
	if (err)
		return err;
	caps->type = resp.type;
	/* Only this type has one (5.23.6.4). */
	if (resp.type == VIRTIO_RTC_CLOCK_UTC_SMEARED)
		caps->smearing = resp.leap_second_smearing;
	/* RTC-005: the flag means nothing without the feature. */
	caps->alarm = vpv_has_feature(vc->vdev, VIRTIO_RTC_F_ALARM) &&
		      resp.flags & VIRTIO_RTC_FLAG_ALARM_CAP;
	caps->cross = read_cross(vc, id);
	caps->known = vpv_clock_type_name(caps->type, caps->smearing);
	return 0;
}

int vpv_clock_caps_read(struct vpv_clock_dev *vc)
{
	struct device *dev = vc->vdev->dev;
	int nr, err;
	u16 id;

	nr = read_count(vc);
	if (nr < 0)
		return nr;
	if (!nr)
		dev_notice(dev, "device has no clocks\n");
	vc->clocks = kcalloc(nr, sizeof(*vc->clocks), GFP_KERNEL);
	if (!vc->clocks)
		return -ENOMEM;
	for (id = 0; id < nr; id++) {
		struct vpv_clock *c = &vc->clocks[id];

		c->vc = vc;
		c->id = id;
		spin_lock_init(&c->last_lock);
		spin_lock_init(&c->line_lock);
		err = read_caps(vc, id, &c->caps);
		if (err) {
			dev_err(dev, "clock %u: device does not tell what it is: error %d\n", id,
				err);
			return err;
		}
		if (!c->caps.known)
			dev_notice(dev, "clock %u is of unknown type %u: left alone\n", id,
				   c->caps.type);
	}
	vc->nr_clocks = nr;
	return 0;
}

static bool same(const struct vpv_clock_caps *a, const struct vpv_clock_caps *b)
{
	return a->type == b->type && a->smearing == b->smearing && a->alarm == b->alarm &&
	       a->cross == b->cross;
}

/* 0: as before; -ESTALE: not; else they could not be read. */
int vpv_clock_caps_same(struct vpv_clock_dev *vc)
{
	struct vpv_clock_caps caps;
	int nr, err;
	u16 id;

	nr = read_count(vc);
	if (nr < 0)
		return nr;
	if (nr != vc->nr_clocks)
		return -ESTALE;
	for (id = 0; id < nr; id++) {
		err = read_caps(vc, id, &caps);
		if (err)
			return err;
		if (!same(&caps, &vc->clocks[id].caps))
			return -ESTALE;
	}
	return 0;
}
