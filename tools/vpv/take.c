// SPDX-License-Identifier: GPL-2.0-only
/* vpv take, give, keep, apply. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vpv.h"

struct wish {
	bool ours;		/* take; else give */
	bool all;
	bool persist;
	bool once;		/* give: it stays on the list for the next start */
	bool boot;		/* apply: no complaints about what is as it should be */
	unsigned int revert_after;
	struct move_options move;
};

static void result(json_t *report, const char *what)
{
	json_object_set_new(report, "result", json_string(what));
}

static enum status refuse(json_t *report, enum status status, const char *problem)
{
	json_object_set_new(report, "problem", json_string(problem));
	result(report, "refused");
	return status;
}

static enum status refuse_in_use(json_t *report, const char *name, json_t *reasons)
{
	autofree char *text = format("%s is in use%s", name, in_use_hard(reasons) ? "" :
				     "; --force moves it all the same, --revert-after puts it back");

	json_object_set(report, "reasons", reasons);
	return refuse(report, ST_IN_USE, text);
}

/* Without a device or an end: can it be taken at all? */
static enum status can_take(const struct device *dev, json_t *report)
{
	if (!dev->kind->ours)
		return refuse(report, ST_NO_DEVICE, "virtio-pv has no driver for this type of device");
	if (device_legacy_only(dev->address))
		return refuse(report, ST_NO_DEVICE,
			      "it has the legacy interface only; leave out disable-modern=on on the host");
	return ST_OK;
}

static enum status check_use(const struct device *dev, const struct wish *wish, json_t *report)
{
	json_t *reasons = in_use(dev);
	const char *node = device_node(dev);
	enum status status = ST_OK;

	if (json_array_size(reasons) && (in_use_hard(reasons) || !wish->move.force))
		status = refuse_in_use(report, node ? node : dev->address, reasons);
	json_decref(reasons);
	return status;
}

/* Nothing to move: what is asked to last is written all the same. */
static enum status after(const struct device *dev, const struct wish *wish, const char *driver,
			 json_t *report)
{
	bool listed = persist_has(dev->address);
	int err = 0;

	if (wish->ours && wish->persist)
		err = persist_set(dev->address, driver);
	else if (!wish->ours && !wish->once)
		err = persist_set(dev->address, NULL);
	json_object_set_new(report, "list_changed",
			    json_boolean(listed != persist_has(dev->address)));
	if (!err)
		return ST_OK;
	json_object_set_new(report, "problem", json_sprintf("%s cannot be written: %s", PERSIST_LIST,
							     strerror(-err)));
	return ST_FAILED;
}

static void describe_end(const char *address, json_t *report)
{
	autodevice dev;

	if (!device_read(address, &dev))
		return;
	json_object_set_new(report, "driver", json_text_or_null(dev.driver));
	json_object_set_new(report, "node", json_text_or_null(device_node(&dev)));
}

static enum status do_move(const struct device *dev, const struct wish *wish, const char *driver,
			   json_t *report)
{
	enum status status = load_driver(dev->kind, driver, report);

	if (status == ST_OK && wish->revert_after &&
	    revert_arm(dev->address, wish->ours ? IN_TREE : dev->kind->ours, wish->revert_after))
		return refuse(report, ST_FAILED, "the process that would put it back does not start");
	if (status == ST_OK)
		status = move_device(dev->address, driver, &wish->move, report);
	if (status != ST_OK) {
		revert_disarm(dev->address);
		result(report, "failed");
		return status;
	}
	/* The in-tree driver takes it by itself from now on. */
	if (!wish->ours)
		sys_write("\n", "/sys/bus/pci/devices/%s/driver_override", dev->address);
	result(report, wish->ours ? "taken" : "given");
	return ST_OK;
}

/* Does the wish say what shall be at the next start? Then what is in use can wait for that. */
static bool can_wait(const struct device *dev, const struct wish *wish)
{
	if (wish->boot)
		return false;
	return wish->ours ? wish->persist : !wish->once && persist_has(dev->address);
}

/* A module that does not load now will not load then. */
static enum status at_next_start(const struct device *dev, const struct wish *wish,
				 const char *driver, json_t *report)
{
	enum status status = ST_OK;

	json_object_del(report, "problem");
	if (wish->ours)
		status = load_driver(dev->kind, driver, report);
	if (status == ST_OK)
		status = after(dev, wish, driver, report);
	result(report, status != ST_OK ? "failed" : wish->ours ? "listed" : "unlisted");
	return status;
}

static enum status move_one(const struct device *dev, const struct wish *wish, json_t *report)
{
	const char *driver = wish->ours ? dev->kind->ours : IN_TREE, *node = device_node(dev);
	enum status status = ST_OK;

	json_object_set_new(report, "device", json_string(dev->address));
	json_object_set_new(report, "before", json_text_or_null(dev->driver));
	json_object_set_new(report, "node_before", json_text_or_null(node));
	if (wish->ours)
		status = can_take(dev, report);
	if (status != ST_OK)
		return status;
	if (dev->driver && !strcmp(dev->driver, driver)) {
		result(report, "unchanged");
		return after(dev, wish, driver, report);
	}
	status = check_use(dev, wish, report);
	if (status == ST_IN_USE && can_wait(dev, wish))
		return at_next_start(dev, wish, driver, report);
	if (status == ST_OK)
		status = do_move(dev, wish, driver, report);
	describe_end(dev->address, report);
	return status == ST_OK ? after(dev, wish, driver, report) : status;
}

/* What does not take effect before the next start, and what an initramfs may know of it. */
static void print_next_start(const json_t *report, const char *device, const char *what)
{
	if (!strcmp(what, "listed"))
		say("%s: stays with %s as long as it is in use; virtio-pv takes it at the next start",
		    device, json_text(report, "before"));
	if (!strcmp(what, "unlisted"))
		say("%s: stays with %s as long as it is in use; the in-tree driver has it from the next start",
		    device, json_text(report, "before"));
	if (!json_is_true(json_object_get(report, "list_changed")))
		return;
	if (sys_exists("/usr/sbin/update-initramfs"))
		say("%s: an initramfs has a list of its own, now run: update-initramfs -u -k all", device);
	else if (sys_exists("/usr/bin/dracut"))
		say("%s: an initramfs has a list of its own, now run: dracut --regenerate-all -f", device);
}

static void print_move(const json_t *report, const struct wish *wish, const char *device,
		       const char *what)
{
	const char *node = json_text(report, "node"), *was = json_text(report, "node_before");

	if (!strcmp(what, "unchanged"))
		say("%s: is with %s already", device, json_text(report, "before"));
	else
		say("%s: %s%s%s is with %s now%s%s", device, was ? was : "", was ? ", " : "", what,
		    json_text(report, "driver"), node ? ", as " : "", node ? node : "");
	if (wish->revert_after && strcmp(what, "unchanged"))
		say("%s: goes back in %u s, unless: vpv keep %s", device, wish->revert_after, device);
}

static void print_report(const json_t *report, const struct wish *wish)
{
	const char *device = json_text(report, "device"), *what = json_text(report, "result");
	const json_t *part;
	size_t i;

	if (json_text(report, "problem"))
		complain("%s: %s", device, json_text(report, "problem"));
	json_array_foreach(json_object_get(report, "reasons"), i, part)
		complain("  %s", json_text(part, "text"));
	json_array_foreach(json_object_get(report, "notes"), i, part)
		complain("  note: %s", json_string_value(part));
	if (json_is_true(json_object_get(report, "undone")))
		complain("  everything is as it was before");
	if (json_is_false(json_object_get(report, "undone")))
		complain("  and it could not be put back: see vpv status %s and dmesg", device);
	if (!what || !strcmp(what, "refused") || !strcmp(what, "failed") ||
	    (wish->boot && !strcmp(what, "unchanged")))
		return;
	if (strcmp(what, "listed") && strcmp(what, "unlisted"))
		print_move(report, wish, device, what);
	print_next_start(report, device, what);
}

static bool wanted_by_all(const struct device *dev, const struct wish *wish)
{
	if (wish->ours)
		return dev->kind->ours && (!device_ours(dev) || wish->persist);
	return device_ours(dev) || (!wish->once && persist_has(dev->address));
}

static enum status move_all(const struct names *devices, const struct wish *wish, json_t *reports)
{
	enum status worst = ST_OK, status;
	size_t i;

	for (i = 0; i < devices->n; i++) {
		json_t *report = json_object();
		autodevice dev;

		if (device_find(devices->v[i], &dev)) {
			status = wish->all && !wanted_by_all(&dev, wish) ? ST_OK :
				 move_one(&dev, wish, report);
		} else {
			json_object_set_new(report, "device", json_string(devices->v[i]));
			status = refuse(report, ST_NO_DEVICE, "no such virtio device; see: vpv list");
		}
		if (status != ST_OK && (worst == ST_OK || status == ST_HALFWAY))
			worst = status;
		if (!json_object_size(report)) {
			json_decref(report);
			continue;
		}
		json_object_set_new(report, "status", json_integer(status));
		if (!out_json)
			print_report(report, wish);
		json_array_append_new(reports, report);
	}
	return worst;
}

static enum status move_wanted(const struct names *devices, const struct wish *wish)
{
	json_t *reports = json_array();
	enum status status;

	if (!*sys_root && geteuid()) {
		complain("moving devices needs root; run: sudo vpv ...");
		json_decref(reports);
		return ST_FAILED;
	}
	if (!move_lock()) {
		complain("cannot lock " STATE_DIR "/lock: %s", strerror(errno));
		json_decref(reports);
		return ST_FAILED;
	}
	status = move_all(devices, wish, reports);
	if (out_json)
		out_value(reports);
	else if (wish->all && !json_array_size(reports))
		say("nothing to do");
	json_decref(reports);
	return status;
}

/* "30", "30s", "5m" */
static unsigned int seconds(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end == 'm')
		n *= 60;
	if (end == text || (*end && strcmp(end, "s") && strcmp(end, "m")) || n > 86400)
		return 0;
	return n;
}

static bool read_wish(int argc, char **argv, struct wish *wish)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' }, { "persist", no_argument, NULL, 'p' },
		{ "once", no_argument, NULL, 'o' }, { "force", no_argument, NULL, 'f' }, { "revert-after", required_argument, NULL, 'r' },
		{ "wait", required_argument, NULL, 'w' }, { NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "apfr:w:", options, NULL)) != -1) {
		if (c == 'a')
			wish->all = true;
		else if (c == 'p' && wish->ours)
			wish->persist = true;
		else if (c == 'o' && !wish->ours)
			wish->once = true;
		else if (c == 'f')
			wish->move.force = true;
		else if (c == 'r' && seconds(optarg))
			wish->revert_after = seconds(optarg);
		else if (c == 'w' && seconds(optarg))
			wish->move.wait_ms = seconds(optarg) * 1000;
		else
			return false;
	}
	return wish->all ? optind == argc : optind < argc;
}

static enum status verb_move(int argc, char **argv, struct wish *wish)
{
	autonames devices = { 0 };

	wish->move.wait_ms = 15000;
	if (!read_wish(argc, argv, wish)) {
		complain("usage: vpv %s DEV...|--all [%s] [--revert-after SECONDS] [--force] [--wait SECONDS]",
			 argv[0], wish->ours ? "--persist" : "--once");
		return ST_USAGE;
	}
	if (wish->revert_after && wish->persist) {
		complain("--persist and --revert-after exclude each other: take, keep, then take --persist");
		return ST_USAGE;
	}
	if (wish->all)
		devices = device_all();
	for (; optind < argc; optind++)
		names_add(&devices, argv[optind]);
	return move_wanted(&devices, wish);
}

enum status verb_take(int argc, char **argv)
{
	struct wish wish = { .ours = true };

	return verb_move(argc, argv, &wish);
}

enum status verb_give(int argc, char **argv)
{
	struct wish wish = { .ours = false };

	return verb_move(argc, argv, &wish);
}

/* Quiet when there is nothing to do: udev runs it for every virtio function. */
enum status verb_apply(int argc, char **argv)
{
	struct wish wish = { .ours = true, .boot = true,
			     .move = { .wait_ms = 15000, .in_udev = true } };
	autonames all = device_all(), devices = { 0 };
	autodevice named = { 0 };
	size_t i;

	if (argc > 2) {
		complain("usage: vpv apply [DEV]");
		return ST_USAGE;
	}
	if (vpv_off() || (argc > 1 && !device_find(argv[1], &named)))
		return ST_OK;
	for (i = 0; i < all.n; i++)
		if (persist_has(all.v[i]) && (argc < 2 || !strcmp(all.v[i], named.address)))
			names_add(&devices, all.v[i]);
	return devices.n ? move_wanted(&devices, &wish) : ST_OK;
}

enum status verb_keep(int argc, char **argv)
{
	autonames devices = { 0 };
	json_t *kept = json_array();
	enum status status = ST_OK;
	int i;

	if (argc < 2)
		devices = device_all();
	for (i = 1; i < argc; i++)
		names_add(&devices, argv[i]);
	for (i = 0; i < (int)devices.n; i++) {
		autodevice dev;

		if (!device_find(devices.v[i], &dev)) {
			complain("no virtio device '%s'; see: vpv list", devices.v[i]);
			status = ST_NO_DEVICE;
		} else if (revert_disarm(dev.address)) {
			json_array_append_new(kept, json_string(dev.address));
			say("%s: stays with %s", dev.address, dev.driver ? dev.driver : "nobody");
		} else if (argc > 1) {
			complain("%s: was not going to go back", dev.address);
			status = ST_FAILED;
		}
	}
	if (out_json)
		out_value(kept);
	json_decref(kept);
	return status;
}
