// SPDX-License-Identifier: GPL-2.0-only
/*
 * rtc-check DEVICE VERB [N]: an rtc class device and its alarm, for the guest tests.
 * Prints lines "NAME VALUE"; exits with 1 and the reason when a call fails.
 *
 *	time		what it tells, seconds since 1970
 *	alarm		"alarm SECONDS" and "enabled 0|1"
 *	in N		set and enable an alarm N seconds from now
 *	at N		set and enable an alarm at N seconds since 1970
 *	on, off		enable, disable the alarm as it is set
 *	wait N		set an alarm 2 seconds ahead and wait for it, at most N seconds:
 *			"fired 1", and by how many seconds it was late
 *	set		set the time: errno
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static int fd;

static void die(const char *what)
{
	printf("error %s: %s\n", what, strerror(errno));
	exit(1);
}

/* struct rtc_time has the fields of struct tm, and the first ones in its order. */
static time_t seconds(const struct rtc_time *t)
{
	struct tm tm = {
		.tm_sec = t->tm_sec, .tm_min = t->tm_min, .tm_hour = t->tm_hour,
		.tm_mday = t->tm_mday, .tm_mon = t->tm_mon, .tm_year = t->tm_year,
	};

	return timegm(&tm);
}

static struct rtc_time broken_down(time_t when)
{
	struct tm tm;

	gmtime_r(&when, &tm);
	return (struct rtc_time){
		.tm_sec = tm.tm_sec, .tm_min = tm.tm_min, .tm_hour = tm.tm_hour,
		.tm_mday = tm.tm_mday, .tm_mon = tm.tm_mon, .tm_year = tm.tm_year,
	};
}

static time_t now(void)
{
	struct rtc_time t;

	if (ioctl(fd, RTC_RD_TIME, &t))
		die("RTC_RD_TIME");
	return seconds(&t);
}

static void show_alarm(void)
{
	struct rtc_wkalrm alarm = { 0 };

	if (ioctl(fd, RTC_WKALM_RD, &alarm))
		die("RTC_WKALM_RD");
	printf("alarm %lld\nenabled %d\n", (long long)seconds(&alarm.time), alarm.enabled);
}

static void set_alarm(time_t when)
{
	struct rtc_wkalrm alarm = { .enabled = 1, .time = broken_down(when) };

	if (ioctl(fd, RTC_WKALM_SET, &alarm))
		die("RTC_WKALM_SET");
}

static void wait_alarm(int limit)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	time_t when = now() + 2;
	unsigned long what = 0;

	set_alarm(when);
	if (poll(&p, 1, limit * 1000) != 1) {
		printf("fired 0\n");
		return;
	}
	if (read(fd, &what, sizeof(what)) != sizeof(what))
		die("read");
	printf("fired %d\nlate %lld\n", !!(what & RTC_AF), (long long)(now() - when));
}

static void set_time(void)
{
	struct rtc_time t = broken_down(1000000000);

	printf("set %s\n", ioctl(fd, RTC_SET_TIME, &t) ? strerror(errno) : "accepted");
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[2] : "";
	long long n = argc > 3 ? atoll(argv[3]) : 10;

	if (argc < 3) {
		fprintf(stderr, "usage: rtc-check DEVICE time|alarm|in|at|on|off|wait|set [N]\n");
		return 64;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		die(argv[1]);
	if (!strcmp(verb, "time"))
		printf("time %lld\n", (long long)now());
	else if (!strcmp(verb, "alarm"))
		show_alarm();
	else if (!strcmp(verb, "in"))
		set_alarm(now() + n);
	else if (!strcmp(verb, "at"))
		set_alarm(n);
	else if (!strcmp(verb, "on") && ioctl(fd, RTC_AIE_ON))
		die("RTC_AIE_ON");
	else if (!strcmp(verb, "off") && ioctl(fd, RTC_AIE_OFF))
		die("RTC_AIE_OFF");
	else if (!strcmp(verb, "wait"))
		wait_alarm(n);
	else if (!strcmp(verb, "set"))
		set_time();
	return 0;
}
