// SPDX-License-Identifier: GPL-2.0-only
/* Who would miss a device: mounts, swap, holders, processes. */
#include <errno.h>
#include <fcntl.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vpv.h"

void in_use_add(json_t *reasons, const char *what, bool force, const char *fmt, ...)
{
	json_t *reason = json_object();
	va_list args;

	va_start(args, fmt);
	json_object_set_new(reason, "what", json_string(what));
	json_object_set_new(reason, "text", json_vsprintf(fmt, args));
	json_object_set_new(reason, "force", json_boolean(force));
	va_end(args);
	json_array_append_new(reasons, reason);
}

bool in_use_hard(const json_t *reasons)
{
	const json_t *reason;
	size_t i;

	json_array_foreach(reasons, i, reason)
		if (!json_is_true(json_object_get(reason, "force")))
			return true;
	return false;
}

/* ---- disks ---- */

/* mountinfo writes a space as \040 and so on. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

static void mounted(const char *node, const char *number, json_t *reasons)
{
	autofree char *text = sys_read("/proc/self/mountinfo");
	char *line, *rest = NULL;

	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		char dev[32], where[512];

		if (sscanf(line, "%*d %*d %31s %*s %511s", dev, where) != 2 || strcmp(dev, number))
			continue;
		unescape(where);
		in_use_add(reasons, "mounted", false, "%s is mounted on %s", node, where);
		return;
	}
}

static void swapped(const char *node, json_t *reasons)
{
	autofree char *text = sys_read("/proc/swaps");
	char *line, *rest = NULL;

	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, " \t")] = '\0';
		if (!strncmp(line, "/dev/", 5) && !strcmp(line + 5, node))
			in_use_add(reasons, "swap", false, "%s is swap space", node);
	}
}

static void held(const char *dir, const char *node, json_t *reasons)
{
	autonames holders = sys_list("%s/holders", dir);
	size_t i;

	for (i = 0; i < holders.n; i++) {
		autofree char *name = sys_read("/sys/block/%s/dm/name", holders.v[i]);

		in_use_add(reasons, "holder", false, "%s is part of %s%s%s%s", node, holders.v[i],
			   name ? " (" : "", name ? name : "", name ? ")" : "");
	}
}

static void backs_a_loop(const char *node, json_t *reasons)
{
	autonames blocks = sys_list("/sys/block");
	autofree char *path = format("/dev/%s", node);
	size_t i;

	for (i = 0; i < blocks.n; i++) {
		autofree char *file = sys_read("/sys/block/%s/loop/backing_file", blocks.v[i]);

		if (file && !strcmp(file, path))
			in_use_add(reasons, "loop", false, "%s is behind %s", node, blocks.v[i]);
	}
}

void openers(const char *node, dev_t rdev, struct names *found)
{
	autofree char *path = format("/dev/%s", node);
	autonames processes = sys_list("/proc");
	size_t i, j;

	for (i = 0; i < processes.n; i++) {
		const char *pid = processes.v[i];
		autonames fds = { 0 };

		if (!isdigit(pid[0]))
			continue;
		fds = sys_list("/proc/%s/fd", pid);
		for (j = 0; j < fds.n; j++) {
			autofree char *fd = sys_path("/proc/%s/fd/%s", pid, fds.v[j]);
			autofree char *comm = NULL, *who = NULL;
			char target[256] = "";
			struct stat st;

			/* In a container the node may have another name. */
			if (!(rdev && stat(fd, &st) == 0 && (S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode)) &&
			      st.st_rdev == rdev) &&
			    (readlink(fd, target, sizeof(target) - 1) < 0 || strcmp(target, path)))
				continue;
			comm = sys_read("/proc/%s/comm", pid);
			who = format("%s (pid %s)", comm ? comm : "a process", pid);
			names_add(found, who);
			break;
		}
	}
}

/* A file system in another mount namespace shows in this only. */
static bool claimed(const char *node)
{
	autofree char *path = sys_path("/dev/%s", node);
	int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	bool busy = fd < 0 && errno == EBUSY;

	if (fd >= 0)
		close(fd);
	return busy;
}

struct looking {
	const char *node;
	dev_t rdev;
	bool block;
	struct names who;
};

static bool nobody_looks(void *ctx)
{
	struct looking *l = ctx;

	names_free(&l->who);
	openers(l->node, l->rdev, &l->who);
	return !l->who.n && !(l->block && claimed(l->node));
}

/* udev and blkid look into a new disk for a moment: that is no use. */
static void opened(const char *node, bool block, json_t *reasons)
{
	autofree char *path = sys_path("/dev/%s", node);
	struct looking l = { .node = node, .block = block };
	struct stat st;
	size_t i;

	if (stat(path, &st) == 0 && (S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode)))
		l.rdev = st.st_rdev;
	if (!wait_until(*sys_root ? 0 : 2000, nobody_looks, &l)) {
		for (i = 0; i < l.who.n; i++)
			in_use_add(reasons, "open", false, "%s is open by %s", node, l.who.v[i]);
		if (!l.who.n)
			in_use_add(reasons, "claimed", false,
				   "%s is claimed by something in the kernel, perhaps a mount in another namespace",
				   node);
	}
	names_free(&l.who);
}

static void one_block_node(const char *dir, const char *node, json_t *reasons)
{
	autofree char *number = sys_read("%s/dev", dir);
	size_t before = json_array_size(reasons);

	if (number)
		mounted(node, number, reasons);
	swapped(node, reasons);
	held(dir, node, reasons);
	backs_a_loop(node, reasons);
	if (json_array_size(reasons) == before)
		opened(node, true, reasons);
}

static void disk_in_use(const struct device *dev, const char *disk, json_t *reasons)
{
	autofree char *dir = dev->virtio && !device_ours(dev) ?
		format("/sys/bus/pci/devices/%s/%s/block/%s", dev->address, dev->virtio, disk) :
		format("/sys/bus/pci/devices/%s/block/%s", dev->address, disk);
	autonames entries = sys_list("%s", dir);
	size_t i;

	/* Partitions first: theirs are the better reasons. */
	for (i = 0; i < entries.n; i++) {
		autofree char *part = format("%s/%s", dir, entries.v[i]);

		if (sys_exists("%s/partition", part))
			one_block_node(part, entries.v[i], reasons);
	}
	if (!json_array_size(reasons))
		one_block_node(dir, disk, reasons);
}

json_t *in_use(const struct device *dev)
{
	json_t *reasons = json_array();
	size_t i;

	/* vfio-pci and the like: some program has it, and we cannot see which. */
	if (dev->driver && strcmp(dev->driver, IN_TREE) && !device_ours(dev))
		in_use_add(reasons, "driver", true, "%s has it", dev->driver);
	for (i = 0; i < dev->disks.n; i++)
		disk_in_use(dev, dev->disks.v[i], reasons);
	for (i = 0; i < dev->clocks.n; i++)
		opened(dev->clocks.v[i], false, reasons);
	in_use_net(dev, reasons);
	return reasons;
}
