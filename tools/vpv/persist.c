// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices to be taken at every start: lines "ADDRESS DRIVER". A udev rule runs
 * "vpv apply ADDRESS" for each virtio function, in the initramfs too.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vpv.h"

static bool names_address(const char *line, const char *address)
{
	size_t len = strlen(address);

	return !strncmp(line, address, len) && (line[len] == ' ' || line[len] == '\t');
}

char *persist_driver(const char *address)
{
	autofree char *text = sys_read(PERSIST_LIST);
	char *line, *rest = NULL;

	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		if (!names_address(line, address))
			continue;
		line += strlen(address);
		line += strspn(line, " \t");
		line[strcspn(line, " \t#")] = '\0';
		return *line ? strdup(line) : NULL;
	}
	return NULL;
}

bool persist_has(const char *address)
{
	autofree char *driver = persist_driver(address);

	return driver;
}

static void copy_others(FILE *to, const char *address)
{
	autofree char *text = sys_read(PERSIST_LIST);
	char *line, *rest = NULL;

	if (!text)
		fputs("# Devices that virtio-pv takes at every start: ADDRESS DRIVER. Written by vpv(8).\n", to);
	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
		if (!names_address(line, address))
			fprintf(to, "%s\n", line);
}

/* The new list takes the place of the old in one step. */
int persist_set(const char *address, const char *driver)
{
	autofree char *path = sys_path(PERSIST_LIST);
	autofree char *new = format("%s.new", path);
	bool bad;
	FILE *to;
	int err;

	if (!driver && !persist_has(address))
		return 0;
	err = sys_mkdirs("/etc/virtio-pv");
	if (err)
		return err;
	to = fopen(new, "we");
	if (!to)
		return -errno;
	copy_others(to, address);
	if (driver)
		fprintf(to, "%s %s\n", address, driver);
	bad = fflush(to) || fsync(fileno(to));
	bad |= fclose(to) != 0;
	if (bad || rename(new, path)) {
		err = errno ? -errno : -EIO;
		remove(new);
	}
	return err;
}

bool vpv_off(void)
{
	autofree char *text = sys_read("/proc/cmdline");
	char *word, *rest = NULL;

	for (word = text ? strtok_r(text, " ", &rest) : NULL; word; word = strtok_r(NULL, " ", &rest))
		if (!strcmp(word, "vpv.off") || !strcmp(word, "vpv.off=1"))
			return true;
	return false;
}
