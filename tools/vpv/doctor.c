// SPDX-License-Identifier: GPL-2.0-only
/* vpv doctor: one line per check, and for what is wrong the command that mends it. */
#include <stdlib.h>
#include <string.h>

#include "vpv.h"

static const char * const words[] = { "ok", "info", "warn", "BAD" };
static const char * const keys[] = { "ok", "info", "warn", "bad" };

void finding(json_t *list, enum health health, const char *check, const char *text, const char *mend)
{
	json_t *f = json_object();

	json_object_set_new(f, "check", json_string(check));
	json_object_set_new(f, "health", json_string(keys[health]));
	json_object_set_new(f, "text", json_text_or_null(text));
	json_object_set_new(f, "mend", json_text_or_null(mend));
	json_array_append_new(list, f);
}

static enum health health_of(const json_t *f)
{
	enum health h;

	for (h = H_OK; h < H_BAD; h++)
		if (!strcmp(json_text(f, "health"), keys[h]))
			break;
	return h;
}

static void print(const json_t *f)
{
	printf("%-4s  %-10s  %s\n", words[health_of(f)], json_text(f, "check"), json_text(f, "text"));
	if (json_text(f, "mend"))
		printf("                  %s\n", json_text(f, "mend"));
}

/* Every name that a finding can have */
static const char * const checks[] = {
	"boot", "device", "devices", "dkms", "initramfs", "kernel", "key", "lockdown", "module", "oops",
	"signature", "taint", "udev",
};

static bool is_check(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!strcmp(checks[i], name))
			return true;
	return false;
}

static bool asked_for(const json_t *f, const struct names *wanted)
{
	if (out_quiet && health_of(f) < H_WARN)
		return false;
	return !wanted->n || names_have(wanted, json_text(f, "check"));
}

/* false: wrong usage */
static bool read_wanted(int argc, char **argv, struct names *wanted)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!is_check(argv[i])) {
			complain("usage: vpv doctor [CHECK...] [-q] (there is no check '%s')", argv[i]);
			return false;
		}
		names_add(wanted, argv[i]);
	}
	return true;
}

enum status verb_doctor(int argc, char **argv)
{
	json_t *all, *list, *f;
	enum health worst = H_OK;
	autonames wanted = { 0 };
	size_t i;

	if (!read_wanted(argc, argv, &wanted))
		return ST_USAGE;
	all = json_array();
	list = json_array();
	doctor_kernels(all);
	doctor_trust(all);
	doctor_devices(all);
	doctor_boot(all);
	json_array_foreach(all, i, f) {
		if (!asked_for(f, &wanted))
			continue;
		json_array_append(list, f);
		if (health_of(f) > worst)
			worst = health_of(f);
		if (!out_json)
			print(f);
	}
	if (out_json)
		out_value(list);
	json_decref(list);
	json_decref(all);
	return worst == H_BAD ? ST_FINDINGS : ST_OK;
}
