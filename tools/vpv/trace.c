// SPDX-License-Identifier: GPL-2.0-only
/* vpv trace: the tracepoints, in an instance of their own, so that nobody's tracing is disturbed. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vpv.h"

#define TRACING "/sys/kernel/tracing"

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* "name=value" words into members */
static void add_words(json_t *line, char *text)
{
	char *word, *rest = NULL;

	for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(word, '='), *end;
		long long n;

		if (!value)
			continue;
		*value++ = '\0';
		n = strtoll(value, &end, 0);
		json_object_set_new(line, word, *value && !*end ? json_integer(n) :
				    json_text_or_null(value));
	}
}

/* "  task-12   [001] d..1.   12.345678: kick: dev=0000:00:04.0 queue=0" */
static json_t *parse(const char *text)
{
	char event[64];
	unsigned int cpu;
	double when;
	int used = 0;
	const char *open = strstr(text, " [");
	autofree char *words = NULL, *task = NULL;
	json_t *line;

	while (open && sscanf(open, " [%u] %*s %lf: %63[^:]:%n", &cpu, &when, event, &used) != 3)
		open = strstr(open + 1, " [");
	if (!open || !used)
		return NULL;
	task = strndup(text, open - text);
	line = json_pack("{sf si ss}", "time", when, "cpu", (int)cpu, "event", event);
	json_object_set_new(line, "task", json_text_or_null(strtok(task, " ")));
	words = strdup(open + used);
	add_words(line, words);
	return line;
}

static void show(const char *text)
{
	json_t *line;

	if (!out_json) {
		puts(text);
		return;
	}
	line = parse(text);
	if (!line)
		return;
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void follow(int fd, long count, double seconds)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	char buf[16384], *line, *end;
	double until = now() + seconds;
	size_t len = 0;
	ssize_t got;

	while (!stop && count && (!seconds || now() < until)) {
		poll(&in, 1, 100);
		got = read(fd, buf + len, sizeof(buf) - len - 1);
		if (got <= 0 && (!got || (errno != EAGAIN && errno != EINTR)))
			break;
		len += got > 0 ? got : 0;
		buf[len] = '\0';
		for (line = buf; count && (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			show(line);
			if (count > 0)
				count--;
		}
		len -= line - buf;
		memmove(buf, line, len);
		/* A line that fills the buffer is none of ours. */
		if (len == sizeof(buf) - 1)
			len = 0;
		if (fflush(stdout))
			break;
	}
}

static int enable(const char *instance, char *events, const char *address)
{
	autofree char *filter = address ? format("dev == \"%s\"", address) : NULL;
	char *event, *rest = NULL;
	int err = 0;

	if (filter)
		err = sys_write(filter, "%s/events/virtio_pv/filter", instance);
	if (!err && !events)
		return sys_write("1", "%s/events/virtio_pv/enable", instance);
	for (event = err ? NULL : strtok_r(events, ",", &rest); event && !err;
	     event = strtok_r(NULL, ",", &rest)) {
		err = sys_write("1", "%s/events/virtio_pv/%s/enable", instance, event);
		if (err)
			complain("no event '%s'; see: ls " TRACING "/events/virtio_pv", event);
	}
	return err;
}

static enum status run_trace(char *events, const char *address, long count, double seconds)
{
	autofree char *instance = format(TRACING "/instances/vpv-%d", (int)getpid());
	autofree char *path = sys_path("%s", instance), *pipe = sys_path("%s/trace_pipe", instance);
	enum status status = ST_FAILED;
	int fd, err;

	if (mkdir(path, 0700)) {
		complain("cannot make a trace instance: %s", strerror(errno));
		return ST_FAILED;
	}
	fd = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	err = fd < 0 ? -errno : enable(instance, events, address);
	if (!err) {
		follow(fd, count, seconds);
		sys_write("0", "%s/events/virtio_pv/enable", instance);
		status = ST_OK;
	} else {
		complain("cannot trace: %s", strerror(-err));
	}
	if (fd >= 0)
		close(fd);
	if (rmdir(path))
		complain("%s stays behind: %s", path, strerror(errno));
	return status;
}

static enum status can_trace(void)
{
	if (!*sys_root && geteuid())
		complain("tracing is for root; run: sudo vpv trace");
	else if (!sys_exists(TRACING "/instances"))
		complain("tracefs is not mounted; run: mount -t tracefs tracefs " TRACING);
	else if (!sys_exists(TRACING "/events/virtio_pv"))
		complain("there are no tracepoints of virtio_pv; run: modprobe virtio_pv");
	else
		return ST_OK;
	return ST_FAILED;
}

enum status verb_trace(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	const char *address = NULL;
	autodevice dev = { 0 };
	double seconds = 0;
	long count = -1;
	char *events = NULL;
	enum status status = can_trace();
	int c;

	if (status != ST_OK)
		return status;
	while ((c = getopt(argc, argv, "e:n:t:")) != -1) {
		if (c == 'e')
			events = optarg;
		else if (c == 'n' && atol(optarg) > 0)
			count = atol(optarg);
		else if (c == 't' && atof(optarg) > 0)
			seconds = atof(optarg);
		else
			return complain("usage: vpv trace [-e EVENT,...] [-n COUNT] [-t SECONDS] [DEV]"), ST_USAGE;
	}
	if (optind < argc) {
		if (!device_find(argv[optind], &dev)) {
			complain("no virtio device '%s'; see: vpv list", argv[optind]);
			return ST_NO_DEVICE;
		}
		address = dev.address;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* A reader that goes away must not leave the instance behind. */
	signal(SIGPIPE, SIG_IGN);
	return run_trace(events, address, count, seconds);
}
