// SPDX-License-Identifier: GPL-2.0-only
/* What a clock can say that is not true. */
#include "rtc.h"
#include "vu_lie.h"

#define LIE(_name, _how, _help) { .name = (_name), .how = (_how), .help = (_help) }

static struct vu_lie lies[RTC_NR_LIES] = {
	[RTC_LIE_CLOCKS] = LIE("clocks", VU_LIE_SET, "there are N clocks"),
	[RTC_LIE_TYPE] = LIE("type", VU_LIE_SET, "each clock is of type N"),
	[RTC_LIE_READING] = LIE("reading", VU_LIE_SET, "each clock reads N"),
	[RTC_LIE_BACK] = LIE("back", VU_LIE_SUBTRACT, "readings N ns too low"),
	[RTC_LIE_AHEAD] = LIE("ahead", VU_LIE_ADD, "counters N cycles ahead"),
	[RTC_LIE_BELL_CLOCK] = LIE("bell-clock", VU_LIE_SET, "the alarm of clock N expired"),
	[RTC_LIE_BELL_TYPE] = LIE("bell-type", VU_LIE_SET, "alarm notifications of type N"),
};

void rtc_lie(enum rtc_lie lie, uint64_t *value)
{
	vu_lie(&lies[lie], value);
}

static const char *cmd_lie(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	return vu_lie_command(lies, RTC_NR_LIES, argc, argv, out);
}

const struct vu_command rtc_lie_command = {
	"lie", "[NAME N [n=TIMES]]", "say what is not true; lie none: the truth again", cmd_lie
};

void rtc_lie_stats(FILE *out)
{
	vu_lie_stats(lies, RTC_NR_LIES, out);
}
