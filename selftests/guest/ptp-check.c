// SPDX-License-Identifier: GPL-2.0-only
/*
 * ptp-check DEVICE VERB [N]: what a PTP clock answers, for the guest tests. Prints
 * lines "NAME VALUE"; exits with 1 and the reason when a call fails.
 *
 *	caps		capabilities
 *	read N		N readings between two system times (PTP_SYS_OFFSET_EXTENDED):
 *			shortest and median bracket, offset of the shortest, in ns
 *	basic N		the same by PTP_SYS_OFFSET: offset only
 *	get N		N times clock_gettime(): ns each, and the last one
 *	precise N	N cross-timestamps (PTP_SYS_OFFSET_PRECISE): median offset, and how
 *			far apart the outermost are
 *	raw N		N readings between two times of CLOCK_MONOTONIC_RAW: how many
 *			are in order
 *	extras		external timestamps, periodic output, pulse per second: refused or accepted
 *	set		clock_settime(), clock_adjtime(): errno of each
 *	calibrate N	what this machine's counter has more than the clock tells, when the
 *			clock tells the host's counter: best guess, and how wide it is
 *	parallel N	eight threads, N readings each: good ones, and steps back
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define FD_TO_CLOCKID(fd) ((clockid_t)((((unsigned int)~(fd)) << 3) | 3))
#define NS 1000000000LL
#define THREADS 8

static int fd;

static void die(const char *what)
{
	printf("error %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t ns(const struct ptp_clock_time *t)
{
	return t->sec * NS + t->nsec;
}

static int64_t get(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		die("clock_gettime");
	return ts.tv_sec * NS + ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void caps(void)
{
	struct ptp_clock_caps c = {};

	if (ioctl(fd, PTP_CLOCK_GETCAPS, &c))
		die("PTP_CLOCK_GETCAPS");
	printf("cross %d\nmax_adj %d\nn_alarm %d\npps %d\n", c.cross_timestamping, c.max_adj,
	       c.n_alarm, c.pps);
}

static void extended(int n)
{
	struct ptp_sys_offset_extended x;
	int64_t *bracket = calloc(n, sizeof(*bracket)), best = INT64_MAX, offset = 0;
	int i;

	for (i = 0; i < n; i++) {
		int64_t t0, t1;

		memset(&x, 0, sizeof(x));
		x.n_samples = 1;
		if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &x))
			die("PTP_SYS_OFFSET_EXTENDED");
		t0 = ns(&x.ts[0][0]);
		t1 = ns(&x.ts[0][2]);
		bracket[i] = t1 - t0;
		if (bracket[i] < best) {
			best = bracket[i];
			offset = ns(&x.ts[0][1]) - (t0 + t1) / 2;
		}
	}
	qsort(bracket, n, sizeof(*bracket), by_value);
	printf("best %lld\nmedian %lld\noffset %lld\n", (long long)best,
	       (long long)bracket[n / 2], (long long)offset);
}

/* Older kernels have something reserved where the clock's id is now, and want it to be 0. */
static void raw(int n)
{
	struct ptp_sys_offset_extended x;
	int i, ordered = 0;

	for (i = 0; i < n; i++) {
		int64_t before = get(CLOCK_MONOTONIC_RAW), after;

		memset(&x, 0, sizeof(x));
		x.n_samples = 1;
		x.clockid = CLOCK_MONOTONIC_RAW;
		if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &x))
			die("PTP_SYS_OFFSET_EXTENDED");
		after = get(CLOCK_MONOTONIC_RAW);
		ordered += before <= ns(&x.ts[0][0]) && ns(&x.ts[0][0]) <= ns(&x.ts[0][2]) &&
			   ns(&x.ts[0][2]) <= after;
	}
	printf("ordered %d\n", ordered);
}

static void try(const char *name, unsigned long request, void *arg)
{
	printf("%s %s\n", name, ioctl(fd, request, arg) ? "refused" : "accepted");
}

static void extras(void)
{
	struct ptp_extts_request extts = { .flags = PTP_ENABLE_FEATURE };
	struct ptp_perout_request perout = { .period.sec = 1 };

	try("extts", PTP_EXTTS_REQUEST, &extts);
	try("perout", PTP_PEROUT_REQUEST, &perout);
	try("pps", PTP_ENABLE_PPS, (void *)1);
}

static void basic(int n)
{
	struct ptp_sys_offset x = { .n_samples = n };
	int64_t before, after;

	if (n > PTP_MAX_SAMPLES)
		x.n_samples = PTP_MAX_SAMPLES;
	if (ioctl(fd, PTP_SYS_OFFSET, &x))
		die("PTP_SYS_OFFSET");
	before = ns(&x.ts[0]);
	after = ns(&x.ts[2]);
	printf("offset %lld\n", (long long)(ns(&x.ts[1]) - (before + after) / 2));
}

static void gettime(int n)
{
	int64_t start = get(CLOCK_MONOTONIC), last = 0;
	int i;

	for (i = 0; i < n; i++)
		last = get(FD_TO_CLOCKID(fd));
	printf("each %lld\nlast %lld\n", (long long)(get(CLOCK_MONOTONIC) - start) / n,
	       (long long)last);
}

static void precise(int n)
{
	struct ptp_sys_offset_precise x;
	int64_t *offset = calloc(n, sizeof(*offset));
	int i;

	for (i = 0; i < n; i++) {
		memset(&x, 0, sizeof(x));
		if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &x))
			die("PTP_SYS_OFFSET_PRECISE");
		offset[i] = ns(&x.device) - ns(&x.sys_realtime);
	}
	qsort(offset, n, sizeof(*offset), by_value);
	printf("offset %lld\nspread %lld\n", (long long)offset[n / 2],
	       (long long)(offset[n - 1] - offset[0]));
}

static void set(void)
{
	struct timespec ts = { .tv_sec = 1 };
	struct timex tx = { .modes = ADJ_SETOFFSET, .time.tv_sec = 1 };
	int err;

	err = clock_settime(FD_TO_CLOCKID(fd), &ts) ? errno : 0;
	printf("settime %s\n", strerror(err));
	err = syscall(SYS_clock_adjtime, FD_TO_CLOCKID(fd), &tx) < 0 ? errno : 0;
	printf("adjtime %s\n", strerror(err));
}

#if defined(__x86_64__)
#include <x86intrin.h>

static int64_t counter(void)
{
	_mm_lfence();
	return __rdtsc();
}

/* Each reading bounds the difference from both sides; the bounds that are closest count. */
static void calibrate(int n)
{
	int64_t lo = INT64_MIN, hi = INT64_MAX;
	int i;

	for (i = 0; i < n; i++) {
		int64_t before = counter(), host = get(FD_TO_CLOCKID(fd)), after = counter();

		lo = before - host > lo ? before - host : lo;
		hi = after - host < hi ? after - host : hi;
	}
	printf("cycles %lld\nwidth %lld\n", (long long)(lo + (hi - lo) / 2), (long long)(hi - lo));
}
#else
static void calibrate(int n)
{
	errno = ENOTSUP;
	die("no counter to calibrate");
}
#endif

struct reader {
	pthread_t thread;
	int n;
	int good;
	int back;
};

static void *reader(void *arg)
{
	struct reader *r = arg;
	int64_t last = 0, now;
	struct timespec ts;
	int i;

	for (i = 0; i < r->n; i++) {
		if (clock_gettime(FD_TO_CLOCKID(fd), &ts))
			continue;
		now = ts.tv_sec * NS + ts.tv_nsec;
		r->good++;
		r->back += now < last;
		last = now;
	}
	return NULL;
}

static void parallel(int n)
{
	struct reader r[THREADS] = {};
	int64_t start = get(CLOCK_MONOTONIC);
	int i, good = 0, back = 0;

	for (i = 0; i < THREADS; i++) {
		r[i].n = n;
		if (pthread_create(&r[i].thread, NULL, reader, &r[i]))
			die("pthread_create");
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(r[i].thread, NULL);
		good += r[i].good;
		back += r[i].back;
	}
	printf("good %d\nbad %d\nback %d\neach %lld\n", good, n * THREADS - good, back,
	       (long long)(get(CLOCK_MONOTONIC) - start) / (n * THREADS));
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[2] : "";
	int n = argc > 3 ? atoi(argv[3]) : 1;

	if (argc < 3 || n < 1 || n > 1000000) {
		fprintf(stderr,
			"usage: ptp-check DEVICE caps|read|raw|basic|get|precise|calibrate|extras|set|parallel [N]\n");
		return 64;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		die(argv[1]);
	if (!strcmp(verb, "caps"))
		caps();
	else if (!strcmp(verb, "read"))
		extended(n);
	else if (!strcmp(verb, "basic"))
		basic(n);
	else if (!strcmp(verb, "get"))
		gettime(n);
	else if (!strcmp(verb, "precise"))
		precise(n);
	else if (!strcmp(verb, "raw"))
		raw(n);
	else if (!strcmp(verb, "extras"))
		extras();
	else if (!strcmp(verb, "calibrate"))
		calibrate(n);
	else if (!strcmp(verb, "set"))
		set();
	else if (!strcmp(verb, "parallel"))
		parallel(n);
	else
		return 64;
	return 0;
}
