// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device from one driver to another: override, unbind, probe, wait, compare,
 * set what was lost. If a step fails the device goes back the same way, and what
 * was lost is set there. The override of a PCI function names the one driver
 * that may have it, so no other is tried in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "vpv.h"

#define PCI "/sys/bus/pci/devices"

static int lock_fd = -1;

/* One vpv at a time moves devices; the lock goes with the process. */
bool move_lock(void)
{
	autofree char *path = sys_path(STATE_DIR "/lock");

	if (lock_fd >= 0)
		return true;
	if (sys_mkdirs(STATE_DIR))
		return false;
	lock_fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	return lock_fd >= 0 && !flock(lock_fd, LOCK_EX);
}

/* For a child: the parent's lock stays the parent's. */
void move_lock_forget(void)
{
	if (lock_fd >= 0)
		close(lock_fd);
	lock_fd = -1;
}

struct waiting {
	const char *address;
	const char *driver;
	bool node;
};

static bool has_driver(void *ctx)
{
	const struct waiting *w = ctx;
	autofree char *driver = sys_link(PCI "/%s/driver", w->address);

	return driver && !strcmp(driver, w->driver);
}

/* A disk is read for its partitions before its node is there for all. */
static bool has_node(void *ctx)
{
	const struct waiting *w = ctx;
	autodevice dev;

	if (!device_read(w->address, &dev))
		return false;
	return !w->node || (dev.disks.n && sys_exists("/dev/%s", dev.disks.v[0])) ||
	       dev.interfaces.n;
}

/* udev gives an interface its name and a disk its links. */
static void settle(void)
{
	if (sys_exists("/run/udev/control"))
		run(NULL, "udevadm", "settle", "--timeout=10", NULL);
}

static int write_override(const char *address, const char *driver)
{
	return sys_write(driver ? driver : "\n", PCI "/%s/driver_override", address);
}

static int release(const char *address)
{
	if (!sys_exists(PCI "/%s/driver", address))
		return 0;
	return sys_write(address, PCI "/%s/driver/unbind", address);
}

/* Fails with what went wrong in problem. */
static bool bind_to(const char *address, const char *driver, unsigned int wait_ms, char **problem)
{
	struct waiting w = { .address = address, .driver = driver };
	int err = write_override(address, driver);

	if (err) {
		*problem = format("cannot set the override: %s", strerror(-err));
		return false;
	}
	err = release(address);
	if (err) {
		*problem = format("the driver does not let it go: %s", strerror(-err));
		return false;
	}
	err = sys_write(address, "/sys/bus/pci/drivers_probe");
	if (err && err != -EINVAL) {
		*problem = format("probing failed: %s", strerror(-err));
		return false;
	}
	if (!wait_until(wait_ms, has_driver, &w)) {
		*problem = format("%s did not take it; see dmesg", driver);
		return false;
	}
	return true;
}

/* The node is there, is the same thing as before, and set as before. */
static bool complete(const char *address, const json_t *saved, const struct move_options *options,
		     json_t *notes, char **problem)
{
	struct waiting w = { .address = address };
	autodevice dev = { 0 };
	int err;

	w.node = json_object_get(saved, "disk") || json_object_get(saved, "interface");
	if (w.node && !wait_until(options->wait_ms, has_node, &w)) {
		*problem = format("no %s appeared", json_object_get(saved, "disk") ? "disk" : "interface");
		return false;
	}
	if (!options->in_udev)
		settle();
	if (!device_read(address, &dev)) {
		*problem = format("the device is gone");
		return false;
	}
	*problem = settings_verify(&dev, saved);
	if (*problem)
		return false;
	err = settings_restore(&dev, saved, notes);
	if (err) {
		*problem = format("its settings could not be restored: %s", strerror(-err));
		return false;
	}
	return true;
}

/* With no driver before, none is what it goes back to. */
static bool go_back(const char *address, const json_t *saved, const struct move_options *options,
		    json_t *notes, char **problem)
{
	const char *driver = json_text(saved, "driver"), *override = json_text(saved, "override");
	bool back;

	if (driver)
		back = bind_to(address, driver, options->wait_ms, problem) &&
		       complete(address, saved, options, notes, problem);
	else
		back = !release(address);
	return !write_override(address, override) && back;
}

/* A connection that breaks must not stop a move half-way. */
static void hold_signals(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, old);
}

/* While a device moves, what it was before is on record. */
static char *record(const char *address, const json_t *saved)
{
	autofree char *path = sys_path(STATE_DIR "/%s.json", address);

	if (sys_mkdirs(STATE_DIR) || json_dump_file(saved, path, JSON_INDENT(1)))
		return NULL;
	return strdup(path);
}

static enum status fail(const char *address, const json_t *saved,
			const struct move_options *options, json_t *report, const char *problem)
{
	json_t *notes = json_object_get(report, "notes");
	autofree char *worse = NULL;

	json_object_set_new(report, "problem", json_string(problem));
	if (go_back(address, saved, options, notes, &worse)) {
		json_object_set_new(report, "undone", json_true());
		return ST_FAILED;
	}
	json_object_set_new(report, "undone", json_false());
	note(notes, "and undoing failed: %s", worse ? worse : "see dmesg");
	return ST_HALFWAY;
}

enum status move_device(const char *address, const char *driver,
			const struct move_options *options, json_t *report)
{
	autofree char *problem = NULL, *kept = NULL;
	json_t *saved, *notes = json_array();
	enum status status = ST_OK;
	autodevice dev;
	sigset_t old;

	json_object_set_new(report, "notes", notes);
	if (!device_read(address, &dev))
		return ST_NO_DEVICE;
	hold_signals(&old);
	saved = settings_save(&dev);
	kept = record(address, saved);
	if (!bind_to(address, driver, options->wait_ms, &problem) ||
	    !complete(address, saved, options, notes, &problem))
		status = fail(address, saved, options, report, problem);
	if (kept && status != ST_HALFWAY)
		remove(kept);
	json_decref(saved);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return status;
}

static const char *first_line(char *text)
{
	return strtok(text, "\n");
}

/* A kernel that is locked down has no word of its own for a key it does not know. */
static bool key_refused(const char *line)
{
	return strstr(line, "Key was rejected") || strstr(line, "Required key") ||
	       (strstr(line, "Operation not permitted") && signed_modules_only());
}

/* modprobe tells why; the commonest reasons get a hint. */
static enum status no_driver(const char *module, char *said, json_t *report)
{
	autofree char *release = kernel_release();
	const char *line = said ? first_line(said) : NULL;

	if (line && strstr(line, "not found"))
		json_object_set_new(report, "problem", json_sprintf(
			"there is no module %s for Linux %s; try: dkms autoinstall -k %s",
			module, release, release));
	else if (line && key_refused(line))
		json_object_set_new(report, "problem", json_sprintf(
			"the kernel refuses %s, which is not signed with a key it trusts; see: vpv doctor",
			module));
	else
		json_object_set_new(report, "problem", json_sprintf("%s does not load: %s", module,
								     line ? line : "no reason told"));
	return ST_NO_DRIVER;
}

enum status load_driver(const struct kind *kind, const char *driver, json_t *report)
{
	autofree char *said = NULL, *more = NULL;

	if (strcmp(driver, IN_TREE))
		return run(&said, "modprobe", driver, NULL) ? no_driver(driver, said, report) : ST_OK;
	/* virtio-pci may be built in, and other devices work without the second. */
	if (!sys_exists("/sys/bus/pci/drivers/" IN_TREE) &&
	    run(&said, "modprobe", "virtio_pci", NULL))
		return no_driver("virtio_pci", said, report);
	if (kind->theirs)
		run(&more, "modprobe", "-q", kind->theirs, NULL);
	return ST_OK;
}
