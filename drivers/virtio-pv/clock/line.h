/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A clock as a straight line over this machine's counter, through the last two
 * cross-timestamps. Pure: builds in user space too.
 */
#ifndef VPV_CLOCK_LINE_H
#define VPV_CLOCK_LINE_H

#include <linux/types.h>

/**
 * struct vpv_clock_sample - a cross-timestamp
 * @cycles: counter
 * @ns: reading at that counter value
 * @width: ns between the looks at the counter around the request: the reading
 *	belongs to a moment in between, whatever the device says of the counter
 */
struct vpv_clock_sample {
	u64 cycles;
	u64 ns;
	u64 width;
};

/**
 * struct vpv_clock_line - the last two
 * @last: the later one
 * @base: the one before
 * @samples: how many of them there are: 0, 1, 2
 */
struct vpv_clock_line {
	struct vpv_clock_sample last;
	struct vpv_clock_sample base;
	unsigned int samples;
};

void vpv_clock_line_forget(struct vpv_clock_line *line);

/* A further cross-timestamp. One that is off the line begins a new one. */
void vpv_clock_line_add(struct vpv_clock_line *line, const struct vpv_clock_sample *s);

/* Reading at @cycles, at most @window ns after the last sample. False: cannot say. */
bool vpv_clock_line_at(const struct vpv_clock_line *line, u64 cycles, u64 window, u64 *ns);

/*
 * How far off readings may be @window ns after the last sample, as long as the
 * device's clock is not set meanwhile; 0: there is no line.
 */
u64 vpv_clock_line_bound(const struct vpv_clock_line *line, u64 window);

#endif /* VPV_CLOCK_LINE_H */
