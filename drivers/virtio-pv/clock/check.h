/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device says of the time, held against what can be true. Pure: builds in
 * user space too.
 */
#ifndef VPV_CLOCK_CHECK_H
#define VPV_CLOCK_CHECK_H

#include <linux/types.h>

/* More clocks than this no device has; one that says so is broken. */
#define VPV_CLOCK_MAX 64

/**
 * struct vpv_clock_point - counter and system time at one moment
 * @first: counter before the system time was read
 * @last: counter after
 * @sys: the system time of interest, ns
 * @raw: CLOCK_MONOTONIC_RAW, ns
 */
struct vpv_clock_point {
	u64 first;
	u64 last;
	s64 sys;
	s64 raw;
};

/* A response's status as an errno; what the specification does not know is -EPROTO. */
int vpv_clock_status(u8 status);

/*
 * Is a response of @len bytes that begins with @status good for @need bytes?
 * Nothing but the status counts when it is not OK (RTC-001).
 */
int vpv_clock_check_response(u32 len, u8 status, u32 need);

/* Can the kernel represent this reading? 0 or -EOVERFLOW. */
int vpv_clock_check_reading(u64 ns);

/* Number of clocks, or -EINVAL. */
int vpv_clock_check_count(u16 num_clocks);

/*
 * System times when the counter stood at @cycles, between two points. -ERANGE: the
 * counter was not there between them; -ETIME: they lie too far apart.
 */
int vpv_clock_between(const struct vpv_clock_point *before, const struct vpv_clock_point *after,
		      u64 cycles, s64 *sys, s64 *raw);

/*
 * How long to poll for an answer when the last ones took @ewma_ns: twice that, and
 * hardly at all when even that would not do. @max_ns bounds it.
 */
u64 vpv_clock_poll_budget(u64 ewma_ns, u64 max_ns);
u64 vpv_clock_ewma(u64 ewma_ns, u64 sample_ns);

/* Name for user space, at most 15 characters; NULL for a type nobody knows. */
const char *vpv_clock_type_name(u8 type, u8 smearing);
const char *vpv_clock_smearing_name(u8 smearing);

#endif /* VPV_CLOCK_CHECK_H */
