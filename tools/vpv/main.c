// SPDX-License-Identifier: GPL-2.0-only
/* vpv: see and move the virtio devices of a guest. See vpv(8). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vpv.h"

#ifndef VPV_VERSION
#define VPV_VERSION "0"
#endif

static const struct verb {
	const char *name;
	enum status (*run)(int argc, char **argv);
	const char *arguments;
	const char *help;
} verbs[] = {
	{ "list", verb_list, "", "every virtio function, and who drives it" },
	{ "status", verb_status, "[DEV...]", "more of it: why, features, use" },
	{ "take", verb_take, "DEV...|--all [--persist] [--revert-after SECONDS] [--force]",
	  "move devices to virtio-pv" },
	{ "give", verb_give, "DEV...|--all [--once] [--revert-after SECONDS] [--force]",
	  "move devices back to the in-tree drivers" },
	{ "keep", verb_keep, "[DEV...]", "call off --revert-after" },
	{ "apply", verb_apply, "[DEV...]", "take what is to be taken at every start" },
	{ "stats", verb_stats, "[DEV...]", "counters of each queue; -o prometheus" },
	{ "top", verb_top, "[-d SECONDS] [-n TIMES] [DEV...]", "the same per second, live" },
	{ "trace", verb_trace, "[-e EVENT,...] [-n COUNT] [-t SECONDS] [DEV]", "follow the tracepoints" },
	{ "doctor", verb_doctor, "[CHECK...] [-q]", "what is wrong here, and what mends it" },
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void usage(FILE *to)
{
	size_t i;

	fputs("usage: vpv VERB [ARGUMENTS] [-o json] [-q]\n\n", to);
	for (i = 0; i < NR_VERBS; i++)
		fprintf(to, "  %-7s %s\n          %s\n", verbs[i].name, verbs[i].arguments,
			verbs[i].help);
	fputs("\nDEV is a PCI address, or a disk, interface or clock: 0000:00:04.0, vda, enp0s3, ptp0\n"
	      "Exit status: 0 done, 1 failed and undone, 2 usage, 3 no such device, 4 in use,\n"
	      "5 no driver, 6 failed half-way, 7 doctor has findings. See vpv(8).\n", to);
}

static bool set_output(const char *format)
{
	out_json = out_prometheus = false;
	if (!format)
		return false;
	if (!strcmp(format, "json"))
		out_json = true;
	else if (!strcmp(format, "prometheus"))
		out_prometheus = true;
	else
		return !strcmp(format, "table");
	return true;
}

/* -o, -q and --root may stand anywhere. Fewer arguments, or -1. */
static int common_options(int argc, char **argv)
{
	int from, to = 1;

	for (from = 1; from < argc; from++) {
		char *word = argv[from];

		if (!strcmp(word, "-o") || !strcmp(word, "--output")) {
			if (!set_output(argv[++from]))
				return -1;
		} else if (!strncmp(word, "--output=", 9)) {
			if (!set_output(word + 9))
				return -1;
		} else if (!strcmp(word, "-q") || !strcmp(word, "--quiet")) {
			out_quiet = true;
		} else if (!strcmp(word, "--root") && from + 1 < argc) {
			sys_root = argv[++from];
		} else {
			argv[to++] = word;
		}
	}
	argv[to] = NULL;
	return to;
}

int main(int argc, char **argv)
{
	size_t i;

	/* udev starts programs without a PATH; then only /bin and /usr/bin are looked into. */
	if (!getenv("PATH"))
		setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	if (getenv("VPV_SYSROOT"))
		sys_root = getenv("VPV_SYSROOT");
	argc = common_options(argc, argv);
	if (argc < 0) {
		complain("-o wants json, table or (stats) prometheus");
		return ST_USAGE;
	}
	if (argc > 1 && (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return ST_OK;
	}
	if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version"))) {
		puts("vpv " VPV_VERSION);
		return ST_OK;
	}
	for (i = 0; argc > 1 && i < NR_VERBS; i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		if (out_prometheus && verbs[i].run != verb_stats) {
			complain("only stats knows -o prometheus");
			return ST_USAGE;
		}
		return verbs[i].run(argc - 1, argv + 1);
	}
	if (argc > 1)
		complain("no verb '%s'", argv[1]);
	usage(stderr);
	return ST_USAGE;
}
