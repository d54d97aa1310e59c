// SPDX-License-Identifier: GPL-2.0-only
/* Readings between cross-timestamps: the line through the last two. */
#include <string.h>

#include "../../drivers/virtio-pv/clock/line.c"
#include "ktap.h"

#define MS 1000000ULL
#define SECOND (1000 * MS)
#define WIDTH 700

/* A counter of 2 GHz, and a clock that is at 5 s when it stands at 1000. */
static struct vpv_clock_sample sample(u64 ns)
{
	return (struct vpv_clock_sample) {
		.ns = 5 * SECOND + ns, .cycles = 1000 + 2 * ns, .width = WIDTH,
	};
}

static void add(struct vpv_clock_line *line, struct vpv_clock_sample s)
{
	vpv_clock_line_add(line, &s);
}

/* With samples at 0 and 1 s. */
static struct vpv_clock_line ready(void)
{
	struct vpv_clock_line line = { .samples = 0 };

	add(&line, sample(0));
	add(&line, sample(SECOND));
	return line;
}

TEST(line_wants_two_samples)
{
	struct vpv_clock_line line = { .samples = 0 };
	u64 ns;

	CHECK(!vpv_clock_line_at(&line, 1000, SECOND, &ns));
	CHECK_EQ(vpv_clock_line_bound(&line, SECOND), 0);
	add(&line, sample(0));
	CHECK(!vpv_clock_line_at(&line, 1000, SECOND, &ns));
	CHECK_EQ(vpv_clock_line_bound(&line, SECOND), 0);
	line = ready();
	CHECK(vpv_clock_line_at(&line, sample(SECOND).cycles, SECOND, &ns));
	vpv_clock_line_forget(&line);
	CHECK(!vpv_clock_line_at(&line, sample(SECOND).cycles, SECOND, &ns));
}

TEST(line_goes_on_straight_for_a_window)
{
	struct vpv_clock_line line = ready();
	u64 at, ns;

	for (at = 0; at <= 200 * MS; at += 1234567) {
		CHECK(vpv_clock_line_at(&line, sample(SECOND + at).cycles, 200 * MS, &ns));
		CHECK_EQ(ns, sample(SECOND + at).ns);
	}
	CHECK(!vpv_clock_line_at(&line, sample(SECOND + 201 * MS).cycles, 200 * MS, &ns));
	/* What was before the last sample is not its business, however little. */
	CHECK(!vpv_clock_line_at(&line, sample(SECOND).cycles - 1, 200 * MS, &ns));
	CHECK(!vpv_clock_line_at(&line, ~0ULL, ~0ULL, &ns));
}

TEST(line_is_left_alone_by_samples_close_by)
{
	struct vpv_clock_line line = ready();

	add(&line, sample(SECOND + 9 * MS));
	CHECK_EQ(line.last.ns, sample(SECOND).ns);
	add(&line, sample(SECOND + 10 * MS));
	CHECK_EQ(line.last.ns, sample(SECOND + 10 * MS).ns);
	CHECK_EQ(line.base.ns, sample(SECOND).ns);
	CHECK_EQ(line.samples, 2);
}

/* Off the line, backwards, or at no counter's rate. */
TEST(line_begins_anew)
{
	const struct vpv_clock_sample odd[] = {
		{ .ns = sample(2 * SECOND).ns + 2 * MS, .cycles = sample(2 * SECOND).cycles },
		{ .ns = sample(2 * SECOND).ns - 2 * MS, .cycles = sample(2 * SECOND).cycles },
		{ .ns = sample(SECOND + 5 * MS).ns, .cycles = sample(2 * SECOND).cycles },
		{ .ns = sample(0).ns, .cycles = sample(2 * SECOND).cycles },
		{ .ns = sample(2 * SECOND).ns, .cycles = sample(0).cycles },
		{ .ns = sample(200 * SECOND).ns, .cycles = sample(200 * SECOND).cycles },
	};
	struct vpv_clock_line line;
	u64 ns;

	for (unsigned int i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		line = ready();
		add(&line, odd[i]);
		snprintf(ktap_where, sizeof(ktap_where), "odd sample %u", i);
		CHECK_EQ(line.samples, 1);
		CHECK_EQ(line.last.ns, odd[i].ns);
		CHECK(!vpv_clock_line_at(&line, odd[i].cycles, SECOND, &ns));
	}
	ktap_where[0] = '\0';
}

/* The first two have no line to be off of: their rate has to be a counter's. */
TEST(line_has_the_rate_of_a_counter)
{
	const u64 cycles[] = { 0, SECOND / 1000 - 1, SECOND * 1000 + 1 };
	struct vpv_clock_line line;
	struct vpv_clock_sample s;

	for (unsigned int i = 0; i < sizeof(cycles) / sizeof(cycles[0]); i++) {
		line = (struct vpv_clock_line) { .samples = 0 };
		add(&line, sample(0));
		s = sample(SECOND);
		s.cycles = sample(0).cycles + cycles[i];
		add(&line, s);
		CHECK_EQ(line.samples, 1);
	}
	/* Nor do samples that are far apart say anything of it. */
	line = (struct vpv_clock_line) { .samples = 0 };
	add(&line, sample(0));
	add(&line, sample(101 * SECOND));
	CHECK_EQ(line.samples, 1);
}

/* Its width, what the base may be off carried on, and 500 ppm. */
TEST(line_bound_grows_with_the_window)
{
	struct vpv_clock_line line = ready();

	CHECK_EQ(vpv_clock_line_bound(&line, 0), WIDTH);
	CHECK_EQ(vpv_clock_line_bound(&line, SECOND), WIDTH + 2 * WIDTH + SECOND / 2000);
	CHECK_EQ(vpv_clock_line_bound(&line, 10 * MS), WIDTH + 2 * WIDTH / 100 + 10 * MS / 2000);
}
