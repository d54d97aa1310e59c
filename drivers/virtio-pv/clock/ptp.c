// SPDX-License-Identifier: GPL-2.0-only
/* PTP clocks: one for each clock of the device, for reading only. */
#include "clock.h"

static void before(void *sts)
{
	ptp_read_system_prets(sts);
}

static void after(void *sts)
{
	ptp_read_system_postts(sts);
}

/* A monotonic clock never goes back (5.23.6.5), whichever answer is taken first. */
static int monotone(struct vpv_clock *c, u64 ns, u64 floor)
{
	int err = 0;

	spin_lock(&c->last_lock);
	if (ns < floor)
		err = -EIO;
	else if (ns > c->last)
		c->last = ns;
	spin_unlock(&c->last_lock);
	return err;
}

static u64 floor_of(struct vpv_clock *c)
{
	u64 last;

	spin_lock(&c->last_lock);
	last = c->last;
	spin_unlock(&c->last_lock);
	return last;
}

int vpv_clock_plausible(struct vpv_clock *c, u64 ns)
{
	int err = vpv_clock_check_reading(ns);

	if (err) {
		atomic64_inc(&c->refused);
		dev_err_ratelimited(c->vc->vdev->dev,
				    "clock %u: reading %llu ns is no time: refused\n", c->id, ns);
		return err;
	}
	atomic64_inc(&c->readings);
	return 0;
}

int vpv_clock_read(struct vpv_clock *c, struct ptp_system_timestamp *sts, u64 *ns)
{
	struct virtio_rtc_req_read req = {
		.head.msg_type = cpu_to_le16(VIRTIO_RTC_REQ_READ),
		.clock_id = cpu_to_le16(c->id),
	};
	struct virtio_rtc_resp_read resp;
	struct vpv_clock_msg msg = {
		.req = &req, .req_len = sizeof(req),
		.resp = &resp, .resp_len = sizeof(resp),
		.before = before, .after = after, .ctx = sts,
	};
	bool monotonic = c->caps.type == VIRTIO_RTC_CLOCK_MONOTONIC;
	u64 floor = monotonic ? floor_of(c) : 0;
	int err;

	err = vpv_clock_xfer(c->vc, &msg);
	if (err)
		return err;
	*ns = le64_to_cpu(resp.clock_reading);
	if (monotonic && monotone(c, *ns, floor)) {
		atomic64_inc(&c->refused);
		dev_err_ratelimited(c->vc->vdev->dev,
				    "clock %u: monotonic clock went back to %llu ns: refused\n",
				    c->id, *ns);
		return -EIO;
	}
	return vpv_clock_plausible(c, *ns);
}

static int gettimex64(struct ptp_clock_info *info, struct timespec64 *ts,
		      struct ptp_system_timestamp *sts)
{
	struct vpv_clock *c = container_of(info, struct vpv_clock, info);
	u64 ns;
	int err;

	if (vpv_clock_extrapolates(c))
		err = vpv_clock_extrapolate(c, sts, &ns);
	else
		err = vpv_clock_read(c, sts, &ns);
	if (!err)
		*ts = ns_to_timespec64(ns);
	return err;
}

/* Reading is all there is; the PTP core wants to hear so. */

static int settime64(struct ptp_clock_info *info, const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static int enable(struct ptp_clock_info *info, struct ptp_clock_request *rq, int on)
{
	return -EOPNOTSUPP;
}

int vpv_clock_ptp_add(struct vpv_clock *c)
{
	struct ptp_clock *ptp;

	c->info = (struct ptp_clock_info) {
		.owner = THIS_MODULE,
		.gettimex64 = gettimex64,
		.settime64 = settime64,
		.adjtime = adjtime,
		.adjfine = adjfine,
		.enable = enable,
		.getcrosststamp = c->caps.cross ? vpv_clock_getcrosststamp : NULL,
	};
	strscpy(c->info.name, vpv_clock_type_name(c->caps.type, c->caps.smearing),
		sizeof(c->info.name));
	ptp = ptp_clock_register(&c->info, c->vc->vdev->dev);
	if (IS_ERR(ptp))
		return PTR_ERR(ptp);
	c->ptp = ptp;	/* NULL in a kernel without PTP clocks */
	return 0;
}

/* Waits for readers that are inside. */
void vpv_clock_ptp_del(struct vpv_clock *c)
{
	if (c->ptp)
		ptp_clock_unregister(c->ptp);
	c->ptp = NULL;
}
