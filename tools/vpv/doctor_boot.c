// SPDX-License-Identifier: GPL-2.0-only
/* The next start: does each initramfs hold what the list of devices wants? */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "vpv.h"

#define MAKE_IMAGES "update-initramfs -u -k all; or: dracut --regenerate-all -f"

/* Names of the files in an image, by whichever program this system has. */
static char *contents(const char *image)
{
	autofree char *path = sys_path("/boot/%s", image);
	char *said = NULL;

	if (!run(&said, "lsinitramfs", path, NULL))
		return said;
	free(said);
	if (!run(&said, "lsinitrd", path, NULL))
		return said;
	free(said);
	return NULL;
}

/* The image has a copy of the list, from when it was made. */
static bool older_than_list(const char *image)
{
	autofree char *path = sys_path("/boot/%s", image), *list = sys_path(PERSIST_LIST);
	struct stat of_image, of_list;

	return !stat(path, &of_image) && !stat(list, &of_list) &&
	       of_image.st_mtime < of_list.st_mtime;
}

static void one_image(json_t *list, const char *image, bool wanted)
{
	autofree char *files = contents(image), *text = NULL;
	bool listed = files && strstr(files, PERSIST_LIST + 1);

	if (!files) {
		text = format("/boot/%s cannot be listed", image);
		finding(list, H_INFO, "initramfs", text, NULL);
	} else if (listed && older_than_list(image)) {
		text = format("/boot/%s has the list of before the last change", image);
		finding(list, H_WARN, "initramfs", text, MAKE_IMAGES);
	} else if (wanted && listed && strstr(files, "virtio_pv.ko") && strstr(files, "sbin/vpv")) {
		text = format("/boot/%s takes devices before the root is mounted", image);
		finding(list, H_OK, "initramfs", text, NULL);
	} else if (wanted) {
		text = format("/boot/%s has not all of virtio-pv: devices are taken later, a root disk is not", image);
		finding(list, H_WARN, "initramfs", text, MAKE_IMAGES);
	}
}

void doctor_boot(json_t *list)
{
	autofree char *text = sys_read(PERSIST_LIST);
	bool wanted = text && strstr(text, "virtio_pv");
	autonames files = { 0 };
	size_t i, seen = 0;

	if (!wanted)
		finding(list, H_INFO, "boot", "no device is to be taken at every start", NULL);
	if (!text)
		return;
	if (vpv_off())
		finding(list, H_INFO, "boot", "vpv.off is on the kernel command line: nothing was taken at this start",
			NULL);
	files = sys_list("/boot");
	for (i = 0; i < files.n; i++) {
		if (strncmp(files.v[i], "initrd.img-", 11) && strncmp(files.v[i], "initramfs-", 10))
			continue;
		seen++;
		one_image(list, files.v[i], wanted);
	}
	if (!seen)
		finding(list, H_INFO, "initramfs", "no initramfs in /boot", NULL);
}
