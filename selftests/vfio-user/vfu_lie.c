// SPDX-License-Identifier: GPL-2.0-only
/* Lies of the PCI side, told on command. */
#include <string.h>

#include "vfu.h"

static const char *const names[VFU_NR_LIES] = {
	[VFU_LIE_STUCK_RESET] = "stuck-reset",
	[VFU_LIE_SLOW_RESET] = "slow-reset",
	[VFU_LIE_NO_FEATURES_OK] = "no-features-ok",
	[VFU_LIE_GENERATION] = "generation",
	[VFU_LIE_GONE] = "gone",
	[VFU_LIE_CAP_BAR] = "cap-bar",
	[VFU_LIE_CAP_OFFSET] = "cap-offset",
	[VFU_LIE_CAP_WRAP] = "cap-wrap",
	[VFU_LIE_CAP_LENGTH] = "cap-length",
	[VFU_LIE_CAP_TYPE] = "cap-type",
	[VFU_LIE_CONFIG_LENGTH] = "config-length",
	[VFU_LIE_NOTIFY_OFF] = "notify-off",
	[VFU_LIE_NO_VECTOR] = "no-vector",
};

static const char *cmd_lie(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	if (argc == 2 && !strcmp(argv[1], "none")) {
		memset(vfu.lies, 0, sizeof(vfu.lies));
		vfu.needs_reset = 0;
		return NULL;
	}
	for (int i = 0; i < VFU_NR_LIES; i++) {
		if (argc == 2 && !strcmp(argv[1], names[i])) {
			vfu.lies[i] = true;
			return NULL;
		}
		if (argc == 1)
			fprintf(out, "%s\n", names[i]);
	}
	return argc == 1 ? NULL : "no such lie; lie alone lists them";
}

/* Now, and so many times more as soon as the driver is ready again. */
static const char *cmd_needs_reset(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	uint64_t n = 0;

	(void)dev;
	(void)out;
	if (argc > 2 || (argc == 2 && !vu_number(argv[1], &n)))
		return "needs-reset wants a number, or nothing";
	vfu.needs_reset = n;
	vfu_set_needs_reset();
	return NULL;
}

static const char *cmd_pci(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	uint64_t bad = 0, behind = 0;

	(void)argc;
	(void)argv;
	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		bad += vfu.queues[i].bad_data;
		behind += vfu.queues[i].behind;
	}
	fprintf(out, "status %u\nreset-writes %llu\nwide-notifications %llu\nbad-notifications %llu\n",
		dev->status, (unsigned long long)vfu.reset_writes,
		(unsigned long long)vfu.wide_notifications, (unsigned long long)bad);
	fprintf(out, "behind-notifications %llu\n", (unsigned long long)behind);
	fprintf(out, "bus-master %d\n", !!(vfu.space[4] & 4));
	return NULL;
}

/* Since it was asked the last time: firmware drives the disk as well. */
static const char *cmd_judge(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	(void)argc;
	(void)argv;
	fprintf(out, "breaches %llu %s\n", (unsigned long long)vfu.breaches,
		vfu.breaches ? vfu.breach : "none");
	vfu.breaches = 0;
	return NULL;
}

const struct vu_command vu_transport_commands[] = {
	{ "lie", "[NAME|none]", "of the PCI side; alone: lists them", cmd_lie },
	{ "needs-reset", "[N]", "DEVICE_NEEDS_RESET, and N times more after a reset", cmd_needs_reset },
	{ "pci", "", "counters of the PCI side", cmd_pci },
	{ "judge", "", "clauses the driver broke at the registers since the last time", cmd_judge },
	{ 0 }
};
