// SPDX-License-Identifier: GPL-2.0-only
/* Is there a module for each installed kernel, or what is needed to build one? */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "vpv.h"

#define MODULES "/lib/modules"

static const char * const places[] = { "updates/dkms", "updates", "extra", "kernel/drivers/virtio-pv" };
static const char * const endings[] = { "", ".xz", ".zst", ".gz" };

/* A path below the folder of the kernel, or NULL. */
static char *module_of(const char *release, const char *name)
{
	size_t i, j;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (j = 0; j < sizeof(endings) / sizeof(endings[0]); j++) {
			char *path = format("%s/%s.ko%s", places[i], name, endings[j]);

			if (sys_exists(MODULES "/%s/%s", release, path))
				return path;
			free(path);
		}
	}
	/* put where modules_install was told to */
	autofree char *dep = sys_read(MODULES "/%s/modules.dep", release);
	autofree char *file = format("/%s.ko", name);
	char *at = dep ? strstr(dep, file) : NULL, *start = at;

	while (start && start > dep && start[-1] != '\n' && start[-1] != ' ')
		start--;
	return start ? strndup(start, strcspn(start, ":\n ")) : NULL;
}

static bool installed(const char *release)
{
	/* Headers alone leave a folder with a link to them. */
	return sys_exists(MODULES "/%s/modules.dep", release) || sys_exists("/boot/vmlinuz-%s", release);
}

static void one_kernel(json_t *list, const char *release, bool running)
{
	autofree char *path = module_of(release, "virtio_pv"), *text = NULL, *mend = NULL;
	bool headers = sys_exists(MODULES "/%s/build/Makefile", release);

	if (path) {
		text = format("Linux %s%s has the modules (%s)", release, running ? " (running)" : "", path);
		finding(list, H_OK, "kernel", text, NULL);
	} else if (!headers) {
		text = format("Linux %s%s has no modules, and no headers to build them", release,
			      running ? " (running)" : "");
		mend = format("apt-get install linux-headers-%s && dkms autoinstall -k %s", release, release);
		finding(list, running ? H_BAD : H_WARN, "kernel", text, mend);
	} else {
		text = format("Linux %s%s has headers, but no modules", release, running ? " (running)" : "");
		mend = format("dkms autoinstall -k %s; if that fails, its log is below /var/lib/dkms/virtio-pv",
			      release);
		finding(list, running ? H_BAD : H_WARN, "kernel", text, mend);
	}
}

/* NULL: DKMS has none */
char *dkms_version(void)
{
	autonames versions = sys_list("/var/lib/dkms/virtio-pv");
	size_t i;

	/* kernel-RELEASE-ARCH are links to what is installed. */
	for (i = 0; i < versions.n; i++)
		if (strncmp(versions.v[i], "kernel-", 7))
			return strdup(versions.v[i]);
	return NULL;
}

/* A failed build leaves its log and no module. */
static void dkms_state(json_t *list)
{
	autofree char *version = dkms_version(), *text = NULL;

	if (version) {
		text = format("DKMS has virtio-pv %s", version);
		finding(list, H_OK, "dkms", text, NULL);
		return;
	}
	finding(list, H_INFO, "dkms", "DKMS does not know virtio-pv: new kernels get no modules by themselves",
		"apt-get install virtio-pv-dkms");
}

/* The loaded one may be of before an upgrade. */
static void loaded_version(json_t *list)
{
	autofree char *loaded = sys_read("/sys/module/virtio_pv/srcversion"), *release = kernel_release();
	autofree char *file = NULL, *text = NULL;

	if (!sys_exists("/sys/module/virtio_pv")) {
		finding(list, H_INFO, "module", "virtio_pv is not loaded; no device is with virtio-pv", NULL);
		return;
	}
	if (run(&file, "modinfo", "-F", "srcversion", "virtio_pv", NULL) || !file || !*file || !loaded) {
		text = format("virtio_pv is loaded; what is installed for %s is not known", release);
		finding(list, H_INFO, "module", text, NULL);
	} else if (strcmp(file, loaded)) {
		finding(list, H_WARN, "module", "the loaded modules are not those that are installed",
			"vpv give --all && modprobe -r virtio_pv_blk virtio_pv_net virtio_pv_balloon virtio_pv_clock && vpv apply; or restart");
	} else {
		finding(list, H_OK, "module", "the loaded modules are those that are installed", NULL);
	}
}

/* In an image that is being made the kernel that runs is another system's. */
static bool in_chroot(void)
{
	autofree char *here = sys_path("/"), *init = sys_path("/proc/1/root");
	struct stat ours, theirs;

	return !stat(here, &ours) && !stat(init, &theirs) &&
	       (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino);
}

/* With others installed, this one was removed while it ran, or it is another system's after all. */
static void not_installed(json_t *list, const char *running, bool others)
{
	autofree char *text = NULL;

	if (in_chroot())
		return;
	if (!others) {
		one_kernel(list, running, true);
		return;
	}
	text = format("Linux %s runs, but is not installed here; another is after the next start", running);
	finding(list, H_INFO, "kernel", text, NULL);
}

void doctor_kernels(json_t *list)
{
	autonames releases = sys_list(MODULES);
	autofree char *running = kernel_release();
	bool seen = false, others = false;
	size_t i;

	for (i = 0; i < releases.n; i++) {
		bool this = running && !strcmp(releases.v[i], running);

		if (!this && !installed(releases.v[i]))
			continue;
		seen |= this;
		others |= !this;
		one_kernel(list, releases.v[i], this);
	}
	if (!seen && running)
		not_installed(list, running, others);
	dkms_state(list);
	loaded_version(list);
}
