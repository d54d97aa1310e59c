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

enum status verb_doctor(int argc, char **argv)
{
	json_t *list = json_array(), *f;
	enum health worst = H_OK;
	size_t i;

	if (argc > 1) {
		complain("usage: vpv doctor (it takes no '%s')", argv[1]);
		json_decref(list);
		return ST_USAGE;
	}
	doctor_kernels(list);
	doctor_trust(list);
	doctor_devices(list);
	doctor_boot(list);
	json_array_foreach(list, i, f) {
		if (health_of(f) > worst)
			worst = health_of(f);
		if (!out_json)
			print(f);
	}
	if (out_json)
		out_value(list);
	json_decref(list);
	return worst == H_BAD ? ST_FINDINGS : ST_OK;
}
