// SPDX-License-Identifier: GPL-2.0-only
/* A clock as a straight line: see line.h. */
#include <linux/kernel.h>
#include <linux/math64.h>

#include "line.h"

/* Samples closer than this say too little of the rate, ... */
#define BASE_MIN_NS 10000000ULL
/* ... and further apart they say nothing of the rate now. */
#define BASE_MAX_NS 100000000000ULL
/* What a clock under control of NTP may gain or lose: 500 ppm. */
#define DRIFT_DIVISOR 2000
/* No counter ticks slower than this or faster, ns per cycle or cycles per ns. */
#define RATE_MAX 1000

void vpv_clock_line_forget(struct vpv_clock_line *line)
{
	line->samples = 0;
}

/* Rates outside of this would overflow the arithmetic, and are no counter's. */
static bool sane(u64 ns, u64 cycles)
{
	return ns >= BASE_MIN_NS && ns <= BASE_MAX_NS && cycles <= ns * RATE_MAX &&
	       cycles >= ns / RATE_MAX;
}

static bool follows(const struct vpv_clock_sample *a, const struct vpv_clock_sample *b)
{
	return b->ns > a->ns && b->cycles > a->cycles &&
	       sane(b->ns - a->ns, b->cycles - a->cycles);
}

static bool on_line(const struct vpv_clock_line *line, const struct vpv_clock_sample *s)
{
	u64 window = BASE_MAX_NS, bound, ns;

	if (line->samples < 2)
		return true;
	if (!vpv_clock_line_at(line, s->cycles, window, &ns))
		return false;
	bound = vpv_clock_line_bound(line, ns - line->last.ns) + s->width;
	return ns > s->ns ? ns - s->ns <= bound : s->ns - ns <= bound;
}

void vpv_clock_line_add(struct vpv_clock_line *line, const struct vpv_clock_sample *s)
{
	/* Too early to say more: the line stays as it is. */
	if (line->samples && s->ns > line->last.ns && s->ns - line->last.ns < BASE_MIN_NS &&
	    on_line(line, s))
		return;
	if (line->samples && follows(&line->last, s) && on_line(line, s)) {
		line->base = line->last;
		line->samples = 2;
	} else {
		line->samples = 1;
	}
	line->last = *s;
}

bool vpv_clock_line_at(const struct vpv_clock_line *line, u64 cycles, u64 window, u64 *ns)
{
	u64 whole_ns, whole_cycles, part;

	if (line->samples < 2 || cycles < line->last.cycles)
		return false;
	part = cycles - line->last.cycles;
	/* Bounds the result below: no more than RATE_MAX times BASE_MAX_NS. */
	if (part > BASE_MAX_NS * RATE_MAX)
		return false;
	whole_ns = line->last.ns - line->base.ns;
	whole_cycles = line->last.cycles - line->base.cycles;
	part = mul_u64_u64_div_u64(part, whole_ns, whole_cycles);
	if (part > window)
		return false;
	*ns = line->last.ns + part;
	return true;
}

u64 vpv_clock_line_bound(const struct vpv_clock_line *line, u64 window)
{
	u64 rate;

	if (line->samples < 2)
		return 0;
	/* Both ends of the base may be off, in opposite directions. */
	rate = mul_u64_u64_div_u64(line->last.width + line->base.width, window,
				   line->last.ns - line->base.ns);
	return line->last.width + rate + window / DRIFT_DIVISOR;
}
