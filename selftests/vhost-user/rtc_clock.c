// SPDX-License-Identifier: GPL-2.0-only
/*
 * What time it is. The clocks are the host's, each with an offset; there is no
 * leap second to smear, so smeared clocks tell the same as UTC.
 *
 * The counter of a guest that KVM runs is the host's plus an offset QEMU does not
 * tell; so it is with emulated guests of QEMU, as long as it does not count
 * instructions. Whoever can read the guest's counter finds the offset by reading
 * a clock that tells the host's counter (the control command "clock N source counter").
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rtc.h"

#define NS 1000000000LL
/* TAI less UTC since 2017; the kernel's own is 0 until somebody tells it. */
#define TAI_SECONDS 37
#define CROSS_TRIES 5

static const struct {
	const char *name;
	uint8_t type;
	uint8_t smearing;
} kinds[] = {
	{ "utc", VIRTIO_RTC_CLOCK_UTC, VIRTIO_RTC_SMEAR_UNSPECIFIED },
	{ "tai", VIRTIO_RTC_CLOCK_TAI, VIRTIO_RTC_SMEAR_UNSPECIFIED },
	{ "mono", VIRTIO_RTC_CLOCK_MONOTONIC, VIRTIO_RTC_SMEAR_UNSPECIFIED },
	{ "smeared", VIRTIO_RTC_CLOCK_UTC_SMEARED, VIRTIO_RTC_SMEAR_UNSPECIFIED },
	{ "noon", VIRTIO_RTC_CLOCK_UTC_SMEARED, VIRTIO_RTC_SMEAR_NOON_LINEAR },
	{ "sls", VIRTIO_RTC_CLOCK_UTC_SMEARED, VIRTIO_RTC_SMEAR_UTC_SLS },
	{ "maybe", VIRTIO_RTC_CLOCK_UTC_MAYBE_SMEARED, VIRTIO_RTC_SMEAR_UNSPECIFIED },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- words ---- */

static bool parse_kind(struct rtc_clock *c, const char *word)
{
	uint64_t type;

	for (size_t i = 0; i < NR_KINDS; i++) {
		if (!strcmp(word, kinds[i].name)) {
			c->type = kinds[i].type;
			c->smearing = kinds[i].smearing;
			return true;
		}
	}
	if (!vu_number(word, &type) || type > UINT8_MAX)
		return false;
	c->type = type;
	return true;
}

const char *rtc_clock_parse(struct rtc_clock *c, const char *text)
{
	char copy[128], *save = NULL, *w;

	if (strlen(text) >= sizeof(copy))
		return "too long";
	strcpy(copy, text);
	w = strtok_r(copy, ",", &save);
	if (!w || !parse_kind(c, w))
		return "the first word is a type: utc tai mono smeared noon sls maybe, or a number";
	while ((w = strtok_r(NULL, ",", &save))) {
		if (!strcmp(w, "alarm"))
			c->has_alarm = true;
		else if (!strcmp(w, "cross"))
			c->cross = true;
		else if (strncmp(w, "offset=", 7) || !vu_signed(w + 7, &c->offset))
			return "after the type come: alarm cross offset=NANOSECONDS";
	}
	return NULL;
}

const char *rtc_clock_name(const struct rtc_clock *c)
{
	for (size_t i = 0; i < NR_KINDS; i++)
		if (c->type == kinds[i].type && c->smearing == kinds[i].smearing)
			return kinds[i].name;
	return "unknown";
}

/* ---- the counter ---- */

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>

int rtc_counter_id(void)
{
	return VIRTIO_RTC_COUNTER_X86_TSC;
}

uint64_t rtc_counter(void)
{
	uint64_t cycles;

	_mm_lfence();
	cycles = __rdtsc();
	_mm_lfence();
	return cycles;
}
#elif defined(__aarch64__)
int rtc_counter_id(void)
{
	return VIRTIO_RTC_COUNTER_ARM_VCT;
}

uint64_t rtc_counter(void)
{
	uint64_t cycles;

	__asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(cycles) : : "memory");
	return cycles;
}
#else
int rtc_counter_id(void)
{
	return -1;
}

uint64_t rtc_counter(void)
{
	return 0;
}
#endif

/* ---- the time ---- */

uint64_t rtc_now(const struct rtc_clock *c)
{
	bool mono = c->type == VIRTIO_RTC_CLOCK_MONOTONIC;
	struct timespec ts;
	uint64_t ns;

	if (c->from_counter)
		return rtc_counter();
	clock_gettime(mono ? CLOCK_MONOTONIC : CLOCK_REALTIME, &ts);
	ns = (uint64_t)ts.tv_sec * NS + ts.tv_nsec + c->offset;
	return c->type == VIRTIO_RTC_CLOCK_TAI ? ns + TAI_SECONDS * NS : ns;
}

static void linger(void)
{
	uint64_t start = rtc_counter();

	while (rtc_counter() - start < rtc.counter_margin)
		;
}

/*
 * The closest pair of some: we may lose the processor at any time. An offset that
 * is known within the margin only still gives a counter value that the guest
 * has had between its request and our answer.
 */
uint64_t rtc_now_cross(const struct rtc_clock *c, uint64_t *cycles)
{
	uint64_t best = UINT64_MAX, ns = 0;

	linger();
	for (int i = 0; i < CROSS_TRIES; i++) {
		uint64_t before = rtc_counter(), now = rtc_now(c), after = rtc_counter();

		if (after - before < best) {
			best = after - before;
			*cycles = before + best / 2 + rtc.counter_offset;
			ns = now;
		}
	}
	linger();
	return ns;
}
