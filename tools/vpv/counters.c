// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counters of our drivers. They live in debugfs, for root; a line "name:
 * value" becomes a member, so a counter that is added there needs nothing here.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vpv.h"

#define DEBUGFS "/sys/kernel/debug/virtio_pv"

bool debugfs_ready(void)
{
	return sys_exists(DEBUGFS);
}

static json_t *value_of(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 0);

	return end != text && !*end ? json_integer(n) : json_text_or_null(text);
}

static json_t *members(char *text)
{
	json_t *object = json_object();
	char *line, *rest = NULL;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *colon = strstr(line, ": ");

		if (!colon)
			continue;
		*colon = '\0';
		json_object_set_new(object, line, value_of(colon + 2));
	}
	return object;
}

/* From the counters of the block layer: nothing has to be measured for it. */
static json_t *requests_of(const char *disk)
{
	autofree char *text = sys_read("/sys/block/%s/stat", disk);
	unsigned long long v[15] = { 0 };

	if (!text || sscanf(text, "%llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1],
			    &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10]) < 11)
		return json_null();
	return json_pack("{sI sI sI sI sI sI}", "reads", (json_int_t)v[0], "read_sectors",
			 (json_int_t)v[2], "writes", (json_int_t)v[4], "write_sectors",
			 (json_int_t)v[6], "ms", (json_int_t)(v[3] + v[7]), "in_flight",
			 (json_int_t)v[8]);
}

json_t *counters_of(const struct device *dev)
{
	autofree char *text = sys_read(DEBUGFS "/%s/device", dev->address);
	autonames queues = { 0 };
	json_t *object, *list;
	size_t i;

	if (!text || !device_ours(dev))
		return NULL;
	object = members(text);
	list = json_array();
	queues = sys_list(DEBUGFS "/%s/queues", dev->address);
	for (i = 0; i < queues.n; i++) {
		autofree char *one = sys_read(DEBUGFS "/%s/queues/%s", dev->address, queues.v[i]);
		json_t *queue;

		if (!one)
			continue;
		queue = members(one);
		json_object_set_new(queue, "queue", value_of(queues.v[i]));
		json_array_append_new(list, queue);
	}
	json_object_set_new(object, "device", json_string(dev->address));
	json_object_set_new(object, "kind", json_string(dev->kind->name));
	json_object_set_new(object, "node", json_text_or_null(device_node(dev)));
	if (dev->disks.n)
		json_object_set_new(object, "requests", requests_of(dev->disks.v[0]));
	json_object_set_new(object, "queues", list);
	return object;
}

/* Of those wanted, or of all of ours; what cannot be had is complained about. */
json_t *counters_all(const struct names *wanted, enum status *status)
{
	bool named = wanted->n;
	autonames all = { 0 };
	json_t *list = json_array();
	size_t i;

	*status = ST_OK;
	if (!named) {
		all = device_all();
		wanted = &all;
	}
	for (i = 0; i < wanted->n; i++) {
		autodevice dev;
		json_t *one;

		if (!device_find(wanted->v[i], &dev)) {
			if (!named)
				continue;
			complain("no virtio device '%s'; see: vpv list", wanted->v[i]);
			*status = ST_NO_DEVICE;
			continue;
		}
		one = counters_of(&dev);
		if (one) {
			json_array_append_new(list, one);
		} else if (named) {
			complain("%s: %s", dev.address, device_ours(&dev) ?
				 "no counters; they are in debugfs, for root" :
				 "not driven by virtio-pv, so nothing is counted");
			*status = ST_FAILED;
		}
	}
	return list;
}

/* ---- the text format of Prometheus ---- */

static const char * const gauges[] = {
	"in_flight", "free", "staged", "num", "undecided", "quarantined_bytes",
	"recoveries_in_a_row", "queues", NULL
};

static const char * const counters[] = {
	"publishes", "buffers", "decisions", "kicks", "kicks_avoided", "irqs", "irqs_spurious",
	"reaps", "completions", "arms", "arm_raced", "queue_resets", "breaks", "resets",
	"config_irqs", NULL
};

static void metric(const json_t *all, const char *name, bool queue, bool gauge, FILE *to)
{
	const json_t *dev, *q, *value;
	bool first = true;
	size_t i, j;

	json_array_foreach(all, i, dev) {
		const json_t *one = json_pack("[O]", dev);
		const json_t *from = queue ? json_object_get(dev, "queues") : one;

		json_array_foreach(from, j, q) {
			value = json_object_get(q, name);
			if (!json_is_integer(value))
				continue;
			if (first)
				fprintf(to, "# TYPE virtio_pv_%s%s%s %s\n", queue ? "queue_" : "device_", name,
					gauge ? "" : "_total", gauge ? "gauge" : "counter");
			first = false;
			fprintf(to, "virtio_pv_%s%s%s{device=\"%s\",driver=\"%s\"", queue ? "queue_" : "device_",
				name, gauge ? "" : "_total", json_text(dev, "device"), json_text(dev, "driver"));
			if (queue)
				fprintf(to, ",queue=\"%lld\",name=\"%s\"",
					(long long)json_integer_value(json_object_get(q, "queue")),
					json_text(q, "name"));
			fprintf(to, "} %lld\n", (long long)json_integer_value(value));
		}
		json_decref((json_t *)one);
	}
}

static void up(const json_t *all, FILE *to)
{
	const json_t *dev;
	size_t i;

	if (json_array_size(all))
		fputs("# TYPE virtio_pv_device_live gauge\n", to);
	json_array_foreach(all, i, dev) {
		const char *state = json_text(dev, "state");

		fprintf(to, "virtio_pv_device_live{device=\"%s\",driver=\"%s\"} %d\n",
			json_text(dev, "device"), json_text(dev, "driver"), state && !strcmp(state, "live"));
	}
}

void counters_prometheus(const json_t *all, FILE *to)
{
	size_t i;

	up(all, to);
	for (i = 0; counters[i]; i++) {
		metric(all, counters[i], false, false, to);
		metric(all, counters[i], true, false, to);
	}
	for (i = 0; gauges[i]; i++) {
		metric(all, gauges[i], false, true, to);
		metric(all, gauges[i], true, true, to);
	}
}
