// SPDX-License-Identifier: GPL-2.0-only
/* vpv list, vpv status: what there is, who drives it and why. */
#include <stdlib.h>
#include <string.h>

#include "vpv.h"

static json_t *nodes_of(const struct device *dev)
{
	json_t *list = json_of_names(&dev->disks), *more;

	more = json_of_names(&dev->interfaces);
	json_array_extend(list, more);
	json_decref(more);
	more = json_of_names(&dev->clocks);
	json_array_extend(list, more);
	json_decref(more);
	return list;
}

/* The driver people know: of the virtio device, where there is one. */
static const char *driver_name(const struct device *dev)
{
	return dev->upper ? dev->upper : dev->driver;
}

static json_t *describe(const struct device *dev)
{
	autofree char *why = device_why(dev);
	json_t *d = json_object();

	json_object_set_new(d, "device", json_string(dev->address));
	json_object_set_new(d, "type", json_integer(dev->type));
	json_object_set_new(d, "kind", json_string(dev->kind->name));
	json_object_set_new(d, "driver", json_text_or_null(driver_name(dev)));
	json_object_set_new(d, "ours", json_boolean(device_ours(dev)));
	json_object_set_new(d, "nodes", nodes_of(dev));
	json_object_set_new(d, "why", json_string(why));
	return d;
}

static json_t *describe_more(const struct device *dev)
{
	json_t *d = describe(dev);
	long long left = revert_left(dev->address);

	json_object_set_new(d, "module", json_text_or_null(dev->kind->ours));
	json_object_set_new(d, "transitional", json_boolean(dev->transitional));
	json_object_set_new(d, "legacy_only", json_boolean(device_legacy_only(dev->address)));
	json_object_set_new(d, "override", json_text_or_null(dev->override));
	json_object_set_new(d, "persistent", json_boolean(persist_has(dev->address)));
	json_object_set_new(d, "interrupted",
			    json_boolean(sys_exists(STATE_DIR "/%s.json", dev->address)));
	json_object_set_new(d, "revert_in", left < 0 ? json_null() : json_integer(left));
	json_object_set_new(d, "in_use", in_use(dev));
	json_object_set_new(d, "features", features_of(dev));
	return d;
}

static void print_features(const json_t *features)
{
	const json_t *f;
	size_t i;

	if (!json_is_array(features)) {
		puts("  features    not known; root sees more");
		return;
	}
	puts("  features");
	json_array_foreach(features, i, f) {
		const char *name = json_text(f, "name"), *why = json_text(f, "why_not");

		printf("    %3d %-20s %s%s%s\n", (int)json_integer_value(json_object_get(f, "bit")),
		       name ? name : "(not known)",
		       json_is_true(json_object_get(f, "used")) ? "used" : "offered",
		       why ? ", not used: " : "", why ? why : "");
	}
}

static void print_status(const json_t *d)
{
	const json_t *reason, *nodes = json_object_get(d, "nodes");
	const char *driver = json_text(d, "driver");
	size_t i;

	printf("%s  %s", json_text(d, "device"), json_text(d, "kind"));
	json_array_foreach(nodes, i, reason)
		printf(" %s", json_string_value(reason));
	printf("\n  driver      %s: %s\n", driver ? driver : "none", json_text(d, "why"));
	if (!json_text(d, "module"))
		puts("  virtio-pv   has no driver for this type");
	else if (json_is_true(json_object_get(d, "legacy_only")))
		puts("  virtio-pv   cannot: legacy interface only; leave out disable-modern=on on the host");
	if (json_is_integer(json_object_get(d, "revert_in")))
		printf("  reverts in  %d s, unless: vpv keep\n",
		       (int)json_integer_value(json_object_get(d, "revert_in")));
	if (json_is_true(json_object_get(d, "interrupted")))
		printf("  interrupted a move did not end; settings of before are in %s/%s.json\n", STATE_DIR,
		       json_text(d, "device"));
	json_array_foreach(json_object_get(d, "in_use"), i, reason)
		printf("  in use      %s%s\n", json_text(reason, "text"),
		       json_is_true(json_object_get(reason, "force")) ? " (--force moves it all the same)" : "");
	print_features(json_object_get(d, "features"));
}

/* The named ones, or all. */
static enum status collect(int argc, char **argv, json_t *(*one)(const struct device *), json_t *list)
{
	autonames all = { 0 };
	enum status status = ST_OK;
	int i;

	if (argc < 2)
		all = device_all();
	else
		for (i = 1; i < argc; i++)
			names_add(&all, argv[i]);
	for (i = 0; i < (int)all.n; i++) {
		autodevice dev;

		if (device_find(all.v[i], &dev)) {
			json_array_append_new(list, one(&dev));
		} else {
			complain("no virtio device '%s'; see: vpv list", all.v[i]);
			status = ST_NO_DEVICE;
		}
	}
	return status;
}

enum status verb_list(int argc, char **argv)
{
	static const struct column columns[] = {
		{ "DEVICE", "device" }, { "KIND", "kind" }, { "DRIVER", "driver" },
		{ "NODE", "nodes" }, { "WHY", "why" }, { NULL, NULL }
	};
	json_t *list = json_array();
	enum status status = collect(argc, argv, describe, list);

	if (out_json)
		out_value(list);
	else if (json_array_size(list))
		out_table(list, columns);
	else if (status == ST_OK)
		puts("no virtio devices on the PCI bus");
	json_decref(list);
	return status;
}

enum status verb_status(int argc, char **argv)
{
	json_t *list = json_array(), *d;
	enum status status = collect(argc, argv, describe_more, list);
	size_t i;

	if (out_json)
		out_value(list);
	else
		json_array_foreach(list, i, d)
			print_status(d);
	json_decref(list);
	return status;
}
