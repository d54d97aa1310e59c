// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator may have set on a disk or an interface is lost with its
 * node: kept before a move, set again on the node of the other driver, and the
 * two nodes are compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vpv.h"

#define SAMPLE 4096

/* Those people set; the rest follows from the device and its driver. */
static const char * const queue_settings[] = {
	"scheduler", "read_ahead_kb", "nomerges", "rq_affinity", "iostats", "add_random",
	"wbt_lat_usec", NULL
};

void note(json_t *notes, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	json_array_append_new(notes, json_vsprintf(fmt, args));
	va_end(args);
}

/* "none [mq-deadline]": the one in brackets */
static char *chosen(char *text)
{
	char *open = text ? strchr(text, '[') : NULL, *one;

	if (!open)
		return text;
	one = strndup(open + 1, strcspn(open + 1, "]"));
	free(text);
	return one;
}

static char *queue_setting(const char *disk, const char *name)
{
	return chosen(sys_read("/sys/block/%s/queue/%s", disk, name));
}

/* The first bytes of a disk in hex, or NULL. Past the page cache where that goes. */
static char *sample(const char *disk)
{
	autofree char *path = sys_path("/dev/%s", disk);
	autofree char *text = NULL;
	uint32_t sum = 2166136261u;
	void *buf = NULL;
	ssize_t got = -1, i;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
	if (fd < 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (!posix_memalign(&buf, SAMPLE, SAMPLE))
		got = read(fd, buf, SAMPLE);
	close(fd);
	for (i = 0; i < got; i++)
		sum = (sum ^ ((uint8_t *)buf)[i]) * 16777619u;
	free(buf);
	return got < 0 ? NULL : format("%zd:%08x", got, sum);
}

static json_t *save_disk(const char *disk)
{
	autofree char *size = sys_read("/sys/block/%s/size", disk), *first = sample(disk);
	json_t *saved = json_object(), *queue = json_object();
	size_t i;

	for (i = 0; queue_settings[i]; i++) {
		autofree char *value = queue_setting(disk, queue_settings[i]);

		if (value)
			json_object_set_new(queue, queue_settings[i], json_string(value));
	}
	json_object_set_new(saved, "name", json_string(disk));
	json_object_set_new(saved, "size", json_text_or_null(size));
	json_object_set_new(saved, "sample", json_text_or_null(first));
	json_object_set_new(saved, "queue", queue);
	return saved;
}

static int restore_disk(const char *disk, const json_t *saved, json_t *notes)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(saved, "queue"), key, value) {
		const char *want = json_string_value(value);
		autofree char *is = queue_setting(disk, key);
		int err;

		if (!is || !want || !strcmp(is, want))
			continue;
		err = sys_write(want, "/sys/block/%s/queue/%s", disk, key);
		if (err)
			note(notes, "%s of %s stays %s: the kernel refuses %s (%s)", key, disk, is,
			     want, strerror(-err));
	}
	return 0;
}

json_t *settings_save(const struct device *dev)
{
	json_t *saved = json_object();

	json_object_set_new(saved, "address", json_string(dev->address));
	json_object_set_new(saved, "driver", json_text_or_null(dev->driver));
	json_object_set_new(saved, "override", json_text_or_null(dev->override));
	if (dev->disks.n)
		json_object_set_new(saved, "disk", save_disk(dev->disks.v[0]));
	if (dev->interfaces.n)
		json_object_set_new(saved, "interface", settings_save_net(dev->interfaces.v[0]));
	return saved;
}

int settings_restore(const struct device *dev, const json_t *saved, json_t *notes)
{
	const json_t *disk = json_object_get(saved, "disk");
	const json_t *interface = json_object_get(saved, "interface");

	if (disk && dev->disks.n)
		return restore_disk(dev->disks.v[0], disk, notes);
	if (interface && dev->interfaces.n)
		return settings_restore_net(dev->interfaces.v[0], interface, notes);
	return 0;
}

static char *compare_disk(const char *disk, const json_t *saved)
{
	autofree char *size = sys_read("/sys/block/%s/size", disk), *first = NULL;
	const char *was = json_text(saved, "size"), *had = json_text(saved, "sample");

	if (was && (!size || strcmp(was, size)))
		return format("%s has %s sectors, had %s", disk, size ? size : "no", was);
	if (!had)
		return NULL;
	first = sample(disk);
	if (!first)
		return format("%s cannot be read: %s", disk, strerror(errno));
	return strcmp(had, first) ? format("%s begins with other data than before", disk) : NULL;
}

static char *compare_interface(const char *ifname, const json_t *saved)
{
	const char *was = json_text(saved, "address");
	autofree char *is = sys_read("/sys/class/net/%s/address", ifname);

	/* An address that was set by hand is set again later. */
	if (!was || json_integer_value(json_object_get(saved, "addr_assign_type")))
		return NULL;
	return !is || strcmp(is, was) ? format("%s has address %s, had %s", ifname, is, was) : NULL;
}

char *settings_verify(const struct device *dev, const json_t *saved)
{
	const json_t *disk = json_object_get(saved, "disk");
	const json_t *interface = json_object_get(saved, "interface");

	if (disk)
		return dev->disks.n ? compare_disk(dev->disks.v[0], disk) :
				      format("there is no disk");
	if (interface)
		return dev->interfaces.n ? compare_interface(dev->interfaces.v[0], interface) :
					   format("there is no network interface");
	return NULL;
}
