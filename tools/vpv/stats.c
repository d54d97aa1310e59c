// SPDX-License-Identifier: GPL-2.0-only
/* vpv stats, vpv top: the counters of each queue, and how fast they grow. */
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vpv.h"

static const struct column stats_columns[] = {
	{ "DEVICE", "device" }, { "NODE", "node" }, { "QUEUE", "queue" }, { "NAME", "name" },
	{ "IN-FLIGHT", "in_flight" }, { "KICKS", "kicks" }, { "AVOIDED", "kicks_avoided" },
	{ "IRQS", "irqs" }, { "SPURIOUS", "irqs_spurious" }, { "COMPLETIONS", "completions" },
	{ "BREAKS", "breaks" }, { NULL, NULL }
};

static const struct column top_columns[] = {
	{ "DEVICE", "device" }, { "NODE", "node" }, { "QUEUE", "queue" }, { "NAME", "name" },
	{ "IN-FLIGHT", "in_flight" }, { "KICKS/s", "kicks" }, { "AVOIDED/s", "kicks_avoided" },
	{ "IRQS/s", "irqs" }, { "COMPL/s", "completions" }, { "LATENCY ms", "latency_ms" },
	{ NULL, NULL }
};

static const char * const rates[] = { "kicks", "kicks_avoided", "irqs", "completions", NULL };

static void wanted_of(int argc, char **argv, struct names *wanted)
{
	for (; optind < argc; optind++)
		names_add(wanted, argv[optind]);
}

static json_t *row_of(const json_t *dev, const json_t *queue)
{
	json_t *row = json_deep_copy(queue);

	json_object_set(row, "device", json_object_get(dev, "device"));
	json_object_set(row, "node", json_object_get(dev, "node"));
	return row;
}

static json_t *rows_of(const json_t *all)
{
	json_t *rows = json_array();
	const json_t *dev, *queue;
	size_t i, j;

	json_array_foreach(all, i, dev)
		json_array_foreach(json_object_get(dev, "queues"), j, queue)
			json_array_append_new(rows, row_of(dev, queue));
	return rows;
}

static enum status ready(void)
{
	if (debugfs_ready())
		return ST_OK;
	if (!*sys_root && geteuid())
		complain("the counters are for root; run: sudo vpv ...");
	else if (!sys_exists("/sys/module/virtio_pv"))
		complain("no device is driven by virtio-pv; see: vpv list");
	else
		complain("debugfs is not mounted; run: mount -t debugfs debugfs /sys/kernel/debug");
	return ST_FAILED;
}

enum status verb_stats(int argc, char **argv)
{
	autonames wanted = { 0 };
	enum status status = ready();
	json_t *all, *rows;

	if (status != ST_OK)
		return status;
	if (getopt(argc, argv, "") != -1)
		return ST_USAGE;
	wanted_of(argc, argv, &wanted);
	all = counters_all(&wanted, &status);
	if (out_json) {
		out_value(all);
	} else if (out_prometheus) {
		counters_prometheus(all, stdout);
	} else {
		rows = rows_of(all);
		if (json_array_size(rows))
			out_table(rows, stats_columns);
		else if (status == ST_OK)
			puts("no device is driven by virtio-pv; see: vpv list");
		json_decref(rows);
	}
	json_decref(all);
	return status;
}

/* ---- top ---- */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static const json_t *device_in(const json_t *all, const char *address)
{
	const json_t *dev;
	size_t i;

	json_array_foreach(all, i, dev)
		if (!strcmp(json_text(dev, "device"), address))
			return dev;
	return NULL;
}

static json_int_t grown(const json_t *from, const json_t *to, const char *key)
{
	json_int_t by = json_integer_value(json_object_get(to, key)) -
			json_integer_value(json_object_get(from, key));

	/* A device that was given and taken counts from 0 again. */
	return by < 0 ? 0 : by;
}

/* Mean over the interval, of all queues of a disk. */
static json_t *latency(const json_t *before, const json_t *after)
{
	const json_t *from = json_object_get(before, "requests"), *to = json_object_get(after, "requests");
	json_int_t n = grown(from, to, "reads") + grown(from, to, "writes");

	return json_is_object(to) && n ? json_real((double)grown(from, to, "ms") / n) : json_null();
}

static json_t *rate_row(const json_t *before, const json_t *after, size_t index, double seconds)
{
	const json_t *q = json_array_get(json_object_get(after, "queues"), index);
	const json_t *p = json_array_get(json_object_get(before, "queues"), index);
	json_t *row = json_object();
	size_t i;

	json_object_set(row, "device", json_object_get(after, "device"));
	json_object_set(row, "node", json_object_get(after, "node"));
	json_object_set(row, "queue", json_object_get(q, "queue"));
	json_object_set(row, "name", json_object_get(q, "name"));
	json_object_set(row, "in_flight", json_object_get(q, "in_flight"));
	for (i = 0; rates[i]; i++)
		json_object_set_new(row, rates[i], json_integer((json_int_t)(grown(p, q, rates[i]) / seconds + 0.5)));
	json_object_set_new(row, "latency_ms", latency(before, after));
	return row;
}

static json_t *rate_rows(const json_t *before, const json_t *after, double seconds)
{
	json_t *rows = json_array();
	const json_t *dev, *was;
	size_t i, j;

	json_array_foreach(after, i, dev) {
		was = device_in(before, json_text(dev, "device"));
		for (j = 0; was && j < json_array_size(json_object_get(dev, "queues")); j++)
			json_array_append_new(rows, rate_row(was, dev, j, seconds));
	}
	return rows;
}

static void show(json_t *rows, bool terminal)
{
	if (out_json) {
		json_dumpf(rows, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		if (terminal)
			fputs("\033[H\033[J", stdout);
		out_table(rows, top_columns);
		if (!terminal)
			putchar('\n');
	}
	fflush(stdout);
	json_decref(rows);
}

/* True when it is time to stop: q was typed, or the terminal is gone. */
static bool rest(double seconds, bool terminal)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };
	char c;

	if (poll(&in, terminal ? 1 : 0, (int)(seconds * 1000)) <= 0)
		return false;
	return read(0, &c, 1) <= 0 || c == 'q';
}

enum status verb_top(int argc, char **argv)
{
	autonames wanted = { 0 };
	bool terminal = !out_json && isatty(1) && isatty(0);
	double seconds = 2, then, at;
	enum status status = ready();
	json_t *before, *after;
	long times = -1;
	int c;

	if (status != ST_OK)
		return status;
	while ((c = getopt(argc, argv, "d:n:")) != -1) {
		if (c == 'd' && atof(optarg) >= 0.1)
			seconds = atof(optarg);
		else if (c == 'n' && atol(optarg) > 0)
			times = atol(optarg);
		else
			return complain("usage: vpv top [-d SECONDS] [-n TIMES] [DEV...]"), ST_USAGE;
	}
	wanted_of(argc, argv, &wanted);
	before = counters_all(&wanted, &status);
	then = now();
	while (status == ST_OK && times-- && !rest(seconds, terminal)) {
		after = counters_all(&wanted, &status);
		at = now();
		show(rate_rows(before, after, at - then), terminal);
		json_decref(before);
		before = after;
		then = at;
	}
	json_decref(before);
	return status;
}
