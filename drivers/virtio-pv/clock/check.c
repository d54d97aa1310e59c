// SPDX-License-Identifier: GPL-2.0-only
/* Plausibility, and the arithmetic of readings: see check.h. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/virtio_rtc.h>

#include "check.h"

/* Polled at least so long: about the cost of going to sleep. */
#define POLL_MIN_NS 2000
/* Weight of a sample: 1/8. */
#define EWMA_SHIFT 3
#define SAMPLE_MAX_NS 1000000000ULL
/* Points closer than this keep the products below 64 bits. */
#define SPAN_MAX U32_MAX

int vpv_clock_status(u8 status)
{
	switch (status) {
	case VIRTIO_RTC_S_OK:
		return 0;
	case VIRTIO_RTC_S_EOPNOTSUPP:
		return -EOPNOTSUPP;
	case VIRTIO_RTC_S_ENODEV:
		return -ENXIO;
	case VIRTIO_RTC_S_EINVAL:
		return -EINVAL;
	case VIRTIO_RTC_S_EIO:
		return -EIO;
	default:
		return -EPROTO;
	}
}

int vpv_clock_check_response(u32 len, u8 status, u32 need)
{
	int err;

	if (len < sizeof(status))
		return -EPROTO;
	err = vpv_clock_status(status);
	if (err)
		return err;
	return len < need ? -EPROTO : 0;
}

int vpv_clock_check_reading(u64 ns)
{
	return ns > S64_MAX ? -EOVERFLOW : 0;
}

int vpv_clock_check_count(u16 num_clocks)
{
	return num_clocks > VPV_CLOCK_MAX ? -EINVAL : num_clocks;
}

static u64 middle(const struct vpv_clock_point *p)
{
	return p->first + (p->last - p->first) / 2;
}

static s64 interpolate(s64 from, s64 to, u64 part, u64 whole)
{
	return from + (s64)div64_u64((u64)(to - from) * part, whole);
}

int vpv_clock_between(const struct vpv_clock_point *before, const struct vpv_clock_point *after,
		      u64 cycles, s64 *sys, s64 *raw)
{
	u64 c0 = middle(before), c1 = middle(after);

	if (before->first > before->last || before->last > after->first ||
	    after->first > after->last)
		return -ERANGE;
	if (cycles < before->first || cycles > after->last)
		return -ERANGE;
	/* The system clock may be set at any time, the raw one only runs. */
	if (c1 - c0 > SPAN_MAX || after->raw < before->raw ||
	    after->raw - before->raw > (s64)SPAN_MAX || after->sys < before->sys ||
	    after->sys - before->sys > (s64)SPAN_MAX)
		return -ETIME;
	if (cycles < c0)
		cycles = c0;
	if (cycles > c1)
		cycles = c1;
	if (c0 == c1) {
		*sys = before->sys;
		*raw = before->raw;
		return 0;
	}
	*sys = interpolate(before->sys, after->sys, cycles - c0, c1 - c0);
	*raw = interpolate(before->raw, after->raw, cycles - c0, c1 - c0);
	return 0;
}

u64 vpv_clock_poll_budget(u64 ewma_ns, u64 max_ns)
{
	u64 budget = ewma_ns * 2;

	/* It would be in vain: leave the processor to others. */
	if (ewma_ns > max_ns)
		budget = POLL_MIN_NS;
	if (budget < POLL_MIN_NS)
		budget = POLL_MIN_NS;
	return budget < max_ns ? budget : max_ns;
}

u64 vpv_clock_ewma(u64 ewma_ns, u64 sample_ns)
{
	/* One answer after a pause of the host must not stand for a minute. */
	if (sample_ns > SAMPLE_MAX_NS)
		sample_ns = SAMPLE_MAX_NS;
	return ewma_ns - (ewma_ns >> EWMA_SHIFT) + (sample_ns >> EWMA_SHIFT);
}

const char *vpv_clock_smearing_name(u8 smearing)
{
	switch (smearing) {
	case VIRTIO_RTC_SMEAR_UNSPECIFIED:
		return "unspecified";
	case VIRTIO_RTC_SMEAR_NOON_LINEAR:
		return "noon-linear";
	case VIRTIO_RTC_SMEAR_UTC_SLS:
		return "utc-sls";
	default:
		return "unknown";
	}
}

const char *vpv_clock_type_name(u8 type, u8 smearing)
{
	switch (type) {
	case VIRTIO_RTC_CLOCK_UTC:
		return "virtio-utc";
	case VIRTIO_RTC_CLOCK_TAI:
		return "virtio-tai";
	case VIRTIO_RTC_CLOCK_MONOTONIC:
		return "virtio-mono";
	case VIRTIO_RTC_CLOCK_UTC_SMEARED:
		if (smearing == VIRTIO_RTC_SMEAR_NOON_LINEAR)
			return "virtio-utc-noon";
		return smearing == VIRTIO_RTC_SMEAR_UTC_SLS ? "virtio-utc-sls" : "virtio-utc-smr";
	case VIRTIO_RTC_CLOCK_UTC_MAYBE_SMEARED:
		return "virtio-utc-may";
	default:
		return NULL;
	}
}
