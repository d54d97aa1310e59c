// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cross-timestamps: the device tells its clock together with the counter the guest
 * would have read at that moment. System time and counter are read before and
 * after the request; between the two, system time at the device's counter value
 * follows by interpolation, whatever the system's own clocksource is.
 */
#include <linux/ktime.h>
#include <vpv_compat_crosststamp.h>

#include "clock.h"

#if defined(CONFIG_X86_TSC)
#include <asm/tsc.h>

int vpv_clock_counter(void)
{
	if (!boot_cpu_has(X86_FEATURE_TSC) || check_tsc_unstable())
		return -ENODEV;
	return VIRTIO_RTC_COUNTER_X86_TSC;
}

u64 vpv_clock_read_counter(void)
{
	return rdtsc_ordered();
}
#elif defined(CONFIG_ARM64)
#include <asm/arch_timer.h>

int vpv_clock_counter(void)
{
	return VIRTIO_RTC_COUNTER_ARM_VCT;
}

u64 vpv_clock_read_counter(void)
{
	return __arch_counter_get_cntvct();
}
#else
int vpv_clock_counter(void)
{
	return -ENODEV;
}

u64 vpv_clock_read_counter(void)
{
	return 0;
}
#endif

/**
 * struct cross - a cross-timestamp in the making
 * @xts: what the PTP core wants
 * @sts: system time before and after, or NULL
 * @from: before the device could see the request
 * @to: after its answer was seen
 */
struct cross {
	struct system_device_crosststamp *xts;
	struct ptp_system_timestamp *sts;
	struct vpv_clock_point from;
	struct vpv_clock_point to;
};

static void take_point(const struct cross *x, struct vpv_clock_point *p)
{
	unsigned long flags;
	ktime_t sys, raw;

	local_irq_save(flags);
	p->first = vpv_clock_read_counter();
	vpv_crosststamp_now(x->xts, &sys, &raw);
	p->last = vpv_clock_read_counter();
	local_irq_restore(flags);
	p->sys = ktime_to_ns(sys);
	p->raw = ktime_to_ns(raw);
}

static void before(void *ctx)
{
	struct cross *x = ctx;

	ptp_read_system_prets(x->sts);
	take_point(x, &x->from);
}

static void after(void *ctx)
{
	struct cross *x = ctx;

	take_point(x, &x->to);
	ptp_read_system_postts(x->sts);
}

static int read_cross(struct vpv_clock *c, struct cross *x, u64 *ns, u64 *cycles)
{
	struct virtio_rtc_req_read_cross req = {
		.head.msg_type = cpu_to_le16(VIRTIO_RTC_REQ_READ_CROSS),
		.clock_id = cpu_to_le16(c->id),
		.hw_counter = vpv_clock_counter(),
	};
	struct virtio_rtc_resp_read_cross resp;
	struct vpv_clock_msg msg = {
		.req = &req, .req_len = sizeof(req),
		.resp = &resp, .resp_len = sizeof(resp),
		.before = before, .after = after, .ctx = x,
	};
	int err;

	/* A counter that turned out unstable since is no base any more. */
	if (vpv_clock_counter() < 0)
		return -EOPNOTSUPP;
	err = vpv_clock_xfer(c->vc, &msg);
	if (err)
		return err;
	*ns = le64_to_cpu(resp.clock_reading);
	*cycles = le64_to_cpu(resp.counter_cycles);
	return vpv_clock_plausible(c, *ns);
}

/* A reading, and system time when the counter stood where the device says. */
static int read_between(struct vpv_clock *c, struct cross *x, u64 *ns, u64 *cycles, s64 *sys,
			s64 *raw)
{
	int err;

	err = read_cross(c, x, ns, cycles);
	if (err)
		return err;
	err = vpv_clock_between(&x->from, &x->to, *cycles, sys, raw);
	if (err == -ERANGE) {
		atomic64_inc(&c->refused);
		dev_err_ratelimited(c->vc->vdev->dev,
				    "clock %u: counter %llu is not between %llu and %llu: refused\n",
				    c->id, *cycles, x->from.first, x->to.last);
		return -EIO;
	}
	return err;
}

int vpv_clock_getcrosststamp(struct ptp_clock_info *info, struct system_device_crosststamp *xts)
{
	struct vpv_clock *c = container_of(info, struct vpv_clock, info);
	struct cross x = { .xts = xts };
	u64 ns, cycles;
	s64 sys, raw;
	int err;

	err = read_between(c, &x, &ns, &cycles, &sys, &raw);
	if (err == -ETIME)
		return -EAGAIN;	/* interrupted for long, or the system clock was set */
	if (err)
		return err;
	vpv_crosststamp_fill(xts, ns_to_ktime(ns), ns_to_ktime(sys), ns_to_ktime(raw));
	return 0;
}

/* A cross-timestamp by itself. */
int vpv_clock_sample(struct vpv_clock *c, struct ptp_system_timestamp *sts,
		     struct vpv_clock_sample *s)
{
	struct system_device_crosststamp xts = { };
	struct cross x = { .xts = &xts, .sts = sts };
	s64 sys, raw;
	int err;

	err = read_between(c, &x, &s->ns, &s->cycles, &sys, &raw);
	/* The raw clock runs on whatever the system's is set to. */
	if (err && err != -ETIME)
		return err;
	if (x.to.raw < x.from.raw)
		return -EIO;
	s->width = x.to.raw - x.from.raw;
	return 0;
}
