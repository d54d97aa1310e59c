// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wrong answers, on demand: well-formed messages that say what cannot be true.
 * Malformed ones are among the faults that all devices share.
 */
#include <string.h>

#include "rtc.h"

enum how { SET, ADD, SUBTRACT };

static struct {
	const char *name;
	enum how how;
	const char *help;
	bool on;
	uint64_t left;		/* 0: until cleared */
	int64_t value;
	uint64_t told;
} lies[RTC_NR_LIES] = {
	[RTC_LIE_CLOCKS] = { .name = "clocks", .how = SET, .help = "there are N clocks" },
	[RTC_LIE_TYPE] = { .name = "type", .how = SET, .help = "each clock is of type N" },
	[RTC_LIE_READING] = { .name = "reading", .how = SET, .help = "each clock reads N" },
	[RTC_LIE_BACK] = { .name = "back", .how = SUBTRACT, .help = "readings N ns too low" },
	[RTC_LIE_AHEAD] = { .name = "ahead", .how = ADD, .help = "counters N cycles ahead" },
	[RTC_LIE_BELL_CLOCK] = { .name = "bell-clock", .how = SET,
		.help = "the alarm of clock N expired" },
	[RTC_LIE_BELL_TYPE] = { .name = "bell-type", .how = SET,
		.help = "alarm notifications of type N" },
};

void rtc_lie(enum rtc_lie lie, uint64_t *value)
{
	if (!lies[lie].on)
		return;
	switch (lies[lie].how) {
	case SET:
		*value = lies[lie].value;
		break;
	case ADD:
		*value += lies[lie].value;
		break;
	case SUBTRACT:
		*value -= lies[lie].value;
		break;
	}
	lies[lie].told++;
	if (lies[lie].left && !--lies[lie].left)
		lies[lie].on = false;
}

static const char *cmd_lie(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	uint64_t times = 0;
	int64_t value;

	(void)dev;
	if (argc < 2) {
		for (int i = 0; i < RTC_NR_LIES; i++)
			fprintf(out, "%s N [n=TIMES]: %s\n", lies[i].name, lies[i].help);
		return NULL;
	}
	if (argc == 2 && !strcmp(argv[1], "none")) {
		for (int i = 0; i < RTC_NR_LIES; i++)
			lies[i].on = false;
		return NULL;
	}
	if (argc < 3 || argc > 4 || !rtc_signed(argv[2], &value) ||
	    (argc == 4 && (strncmp(argv[3], "n=", 2) || !vu_number(argv[3] + 2, &times))))
		return "lie wants NAME N [n=TIMES], or none";
	for (int i = 0; i < RTC_NR_LIES; i++) {
		if (strcmp(argv[1], lies[i].name))
			continue;
		lies[i].value = value;
		lies[i].left = times;
		lies[i].on = true;
		return NULL;
	}
	return "no such lie; lie alone lists them";
}

const struct vu_command rtc_lie_command = {
	"lie", "[NAME N [n=TIMES]]", "say what is not true; lie none: the truth again", cmd_lie
};

void rtc_lie_stats(FILE *out)
{
	for (int i = 0; i < RTC_NR_LIES; i++)
		if (lies[i].told)
			fprintf(out, "lie-%s %llu\n", lies[i].name,
				(unsigned long long)lies[i].told);
}
