// SPDX-License-Identifier: GPL-2.0-only
/* What the clock driver believes of a device, and how it computes with it. */
#include <string.h>

#include "../../drivers/virtio-pv/clock/check.c"
#include "ktap.h"

TEST(clock_status_is_an_errno)
{
	unsigned int status;

	CHECK_EQ(vpv_clock_status(VIRTIO_RTC_S_OK), 0);
	CHECK_EQ(vpv_clock_status(VIRTIO_RTC_S_EIO), -EIO);
	for (status = 0; status < 256; status++)
		CHECK(vpv_clock_status(status) <= 0);
	/* 1 has no meaning, 0xff is what the driver writes before it asks */
	CHECK_EQ(vpv_clock_status(1), -EPROTO);
	CHECK_EQ(vpv_clock_status(0xff), -EPROTO);
}

TEST(clock_short_responses_are_refused)
{
	const u32 need = sizeof(struct virtio_rtc_resp_read);
	u32 len;

	for (len = 0; len < need; len++)
		CHECK_EQ(vpv_clock_check_response(len, VIRTIO_RTC_S_OK, need), -EPROTO);
	CHECK_EQ(vpv_clock_check_response(need, VIRTIO_RTC_S_OK, need), 0);
	/* nothing but the status counts when it is an error */
	CHECK_EQ(vpv_clock_check_response(1, VIRTIO_RTC_S_EOPNOTSUPP, need), -EOPNOTSUPP);
	CHECK_EQ(vpv_clock_check_response(0, VIRTIO_RTC_S_EOPNOTSUPP, need), -EPROTO);
}

TEST(clock_absurd_values_are_refused)
{
	CHECK_EQ(vpv_clock_check_count(0), 0);
	CHECK_EQ(vpv_clock_check_count(VPV_CLOCK_MAX), VPV_CLOCK_MAX);
	CHECK_EQ(vpv_clock_check_count(VPV_CLOCK_MAX + 1), -EINVAL);
	CHECK_EQ(vpv_clock_check_count(0xffff), -EINVAL);
	CHECK_EQ(vpv_clock_check_reading(S64_MAX), 0);
	CHECK_EQ(vpv_clock_check_reading((u64)S64_MAX + 1), -EOVERFLOW);
	CHECK_EQ(vpv_clock_check_reading(~0ULL), -EOVERFLOW);
}

static const struct vpv_clock_point from = { 1000, 1100, 5000000, 7000000 };
static const struct vpv_clock_point to = { 3000, 3100, 5002000, 7001000 };

TEST(clock_counter_between_the_points)
{
	s64 sys, raw;

	/* the middle of both: half of both spans */
	CHECK_EQ(vpv_clock_between(&from, &to, 2050, &sys, &raw), 0);
	CHECK_EQ(sys, 5001000);
	CHECK_EQ(raw, 7000500);
	/* within a point's own uncertainty: the point */
	CHECK_EQ(vpv_clock_between(&from, &to, 1000, &sys, &raw), 0);
	CHECK_EQ(sys, from.sys);
	CHECK_EQ(vpv_clock_between(&from, &to, 3100, &sys, &raw), 0);
	CHECK_EQ(sys, to.sys);
}

TEST(clock_counter_elsewhere_is_refused)
{
	s64 sys, raw;

	CHECK_EQ(vpv_clock_between(&from, &to, 999, &sys, &raw), -ERANGE);
	CHECK_EQ(vpv_clock_between(&from, &to, 3101, &sys, &raw), -ERANGE);
	CHECK_EQ(vpv_clock_between(&from, &to, 0, &sys, &raw), -ERANGE);
	CHECK_EQ(vpv_clock_between(&from, &to, ~0ULL, &sys, &raw), -ERANGE);
	/* a counter that ran backwards between the points */
	CHECK_EQ(vpv_clock_between(&to, &from, 2000, &sys, &raw), -ERANGE);
}

TEST(clock_points_too_far_apart)
{
	struct vpv_clock_point far = to, set = to;
	s64 sys, raw;

	far.first = from.last + (2ULL << 32);
	far.last = far.first + 100;
	CHECK_EQ(vpv_clock_between(&from, &far, 5000, &sys, &raw), -ETIME);
	/* the system clock was set back, or far ahead, in between */
	set.sys = from.sys - 1;
	CHECK_EQ(vpv_clock_between(&from, &set, 2000, &sys, &raw), -ETIME);
	set.sys = from.sys + (1LL << 40);
	CHECK_EQ(vpv_clock_between(&from, &set, 2000, &sys, &raw), -ETIME);
	set = to;
	set.raw = from.raw - 1;
	CHECK_EQ(vpv_clock_between(&from, &set, 2000, &sys, &raw), -ETIME);
}

/* Widest spans the check lets through: no product overflows. */
TEST(clock_interpolation_is_exact_at_the_limits)
{
	struct vpv_clock_point a = { ~0ULL / 2, ~0ULL / 2, S64_MAX / 2, 0 };
	struct vpv_clock_point b = a;
	s64 sys, raw;

	b.first = b.last = a.first + U32_MAX;
	b.sys = a.sys + U32_MAX;
	b.raw = a.raw + U32_MAX;
	CHECK_EQ(vpv_clock_between(&a, &b, b.last, &sys, &raw), 0);
	CHECK_EQ(sys, b.sys);
	CHECK_EQ(raw, b.raw);
	CHECK_EQ(vpv_clock_between(&a, &b, b.last - 1, &sys, &raw), 0);
	CHECK_EQ(sys, b.sys - 1);
	/* no time at all between them */
	CHECK_EQ(vpv_clock_between(&a, &a, a.first, &sys, &raw), 0);
	CHECK_EQ(sys, a.sys);
}

TEST(clock_polling_follows_the_device)
{
	u64 ewma = 0, i;

	CHECK_EQ(vpv_clock_poll_budget(0, 50000), POLL_MIN_NS);
	CHECK_EQ(vpv_clock_poll_budget(10000, 50000), 20000);
	CHECK_EQ(vpv_clock_poll_budget(40000, 50000), 50000);
	/* slower than that: hardly at all */
	CHECK_EQ(vpv_clock_poll_budget(60000, 50000), POLL_MIN_NS);
	CHECK_EQ(vpv_clock_poll_budget(~0ULL, 50000), POLL_MIN_NS);
	CHECK_EQ(vpv_clock_poll_budget(10000, 0), 0);

	for (i = 0; i < 100; i++)
		ewma = vpv_clock_ewma(ewma, 8000);
	CHECK(ewma > 7900 && ewma <= 8000);
	/* one long pause is forgotten again */
	ewma = vpv_clock_ewma(ewma, ~0ULL);
	CHECK(ewma <= SAMPLE_MAX_NS);
	for (i = 0; i < 200; i++)
		ewma = vpv_clock_ewma(ewma, 8000);
	CHECK(ewma < 9000);
}

TEST(clock_names_fit_and_differ)
{
	const char *names[6];
	unsigned int i, j;

	names[0] = vpv_clock_type_name(VIRTIO_RTC_CLOCK_UTC, 0);
	names[1] = vpv_clock_type_name(VIRTIO_RTC_CLOCK_TAI, 0);
	names[2] = vpv_clock_type_name(VIRTIO_RTC_CLOCK_MONOTONIC, 0);
	names[3] = vpv_clock_type_name(VIRTIO_RTC_CLOCK_UTC_SMEARED, VIRTIO_RTC_SMEAR_NOON_LINEAR);
	names[4] = vpv_clock_type_name(VIRTIO_RTC_CLOCK_UTC_SMEARED, VIRTIO_RTC_SMEAR_UTC_SLS);
	names[5] = vpv_clock_type_name(VIRTIO_RTC_CLOCK_UTC_MAYBE_SMEARED, 0);
	for (i = 0; i < 6; i++) {
		CHECK(names[i] && strlen(names[i]) < 16);
		for (j = 0; j < i; j++)
			CHECK(strcmp(names[i], names[j]));
	}
	CHECK(!vpv_clock_type_name(5, 0));
	CHECK(!vpv_clock_type_name(0xf0, 0));
}
