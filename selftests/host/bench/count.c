// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions per operation. Runs under callgrind, which dumps one total for
 * each region named here; bench/count sums up. A region holds nothing but calls
 * of the library and their loop; "empty" is the loop alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>
#include <linux/err.h>

#include "fakedev.h"

#define NUM	256
#define ROUNDS	64

struct shape {
	const char *name;
	bool packed, in_order;
	u16 segs;		/* more than one: a table */
};

static const struct shape shapes[] = {
	{ "split", false, false, 1 },
	{ "split-inorder", false, true, 1 },
	{ "packed", true, false, 1 },
	{ "packed-inorder", true, true, 1 },
	{ "split-indirect3", false, false, 3 },
	{ "split-inorder-indirect3", false, true, 3 },
	{ "packed-indirect3", true, false, 3 },
	{ "packed-inorder-indirect3", true, true, 3 },
};

static struct vpv_ring *ring;
static struct fakedev dev;
static struct vpv_seg seg[3] = { { 0x1000, 16 }, { 0x2000, 4096 }, { 0x3000, 1 } };
static struct vpv_buf bufs[16];
static struct vpv_done done[16];

static void *area(size_t size)
{
	void *p = aligned_alloc(64, (size + 64) & ~63ul);

	if (!p)
		abort();
	return p;
}

static void make(const struct shape *s)
{
	struct vpv_ring_cfg cfg = {
		.num = NUM, .packed = s->packed, .in_order = s->in_order,
		.event_idx = true, .table_len = s->segs > 1 ? 4 : 0,
	};
	struct vpv_ring_layout l;
	struct vpv_ring_mem mem;
	unsigned int i;

	vpv_ring_layout(&cfg, &l);
	mem.desc = area(l.desc.size);
	mem.driver = area(l.driver.size);
	mem.device = area(l.device.size);
	mem.tables = area(l.tables.size);
	mem.tables_addr = 0x100000;
	ring = vpv_ring_create(&cfg, &mem);
	if (IS_ERR(ring))
		abort();
	fakedev_init(&dev, &cfg, &mem);
	for (i = 0; i < 16; i++) {
		/* One request of a disk: header out, data and status in. */
		bufs[i].seg = s->segs == 1 ? &seg[1] : seg;
		bufs[i].nr_out = s->segs == 1 ? 0 : 1;
		bufs[i].nr_in = s->segs == 1 ? 1 : 2;
		bufs[i].token = &bufs[i];
	}
}

static void device_uses_all(void)
{
	struct fakedev_buf b;

	while (fakedev_pop(&dev, &b))
		fakedev_push(&dev, &b, b.in_len);
	if (dev.violation)
		abort();
}

static void dump(const char *shape, const char *op, unsigned int n)
{
	char label[80];

	snprintf(label, sizeof(label), "%s %s %u", shape, op, n);
	CALLGRIND_DUMP_STATS_AT(label);
}

#define REGION(shape, op, n, code)			\
	do {						\
		unsigned int region_i = 0;		\
		CALLGRIND_ZERO_STATS;			\
		CALLGRIND_TOGGLE_COLLECT;		\
		for (; region_i < ROUNDS; region_i++) {	\
			code;				\
		}					\
		CALLGRIND_TOGGLE_COLLECT;		\
		dump(shape, op, ROUNDS * (n));		\
	} while (0)

#define EXPECT(cond)	do { if (!(cond)) abort(); } while (0)

static void shape_run(const struct shape *s)
{
	unsigned int round;

	make(s);
	for (round = 0; round < 5; round++) {
		/* One by one, as a request that comes alone. */
		REGION(s->name, "add1", 1,
		       EXPECT(vpv_ring_stage(ring, bufs, 1) == 1); vpv_ring_publish(ring));
		device_uses_all();
		REGION(s->name, "get1", 1, EXPECT(vpv_ring_reap(ring, done, 1) == 1));
		/* By sixteen, as a plugged batch or a NAPI frame. */
		for (unsigned int q = 0; q < 4; q++)
			EXPECT(vpv_ring_stage(ring, bufs, 16) == 16);
		vpv_ring_publish(ring);
		device_uses_all();
		for (unsigned int q = 0; q < 4; q++)
			EXPECT(vpv_ring_reap(ring, done, 16) == 16);
	}
	for (round = 0; round < 5; round++) {
		unsigned int q;

		for (q = 0; q < 4; q++) {
			CALLGRIND_ZERO_STATS;
			CALLGRIND_TOGGLE_COLLECT;
			for (unsigned int i = 0; i < 4; i++) {
				EXPECT(vpv_ring_stage(ring, bufs, 16) == 16);
				vpv_ring_publish(ring);
			}
			CALLGRIND_TOGGLE_COLLECT;
			dump(s->name, "add16", 64);
			device_uses_all();
			CALLGRIND_ZERO_STATS;
			CALLGRIND_TOGGLE_COLLECT;
			for (unsigned int i = 0; i < 4; i++)
				EXPECT(vpv_ring_reap(ring, done, 16) == 16);
			CALLGRIND_TOGGLE_COLLECT;
			dump(s->name, "get16", 64);
		}
	}
	for (round = 0; round < 100; round++) {
		EXPECT(vpv_ring_stage(ring, bufs, 1) == 1);
		vpv_ring_publish(ring);
		CALLGRIND_ZERO_STATS;
		CALLGRIND_TOGGLE_COLLECT;
		vpv_ring_decide(ring);
		CALLGRIND_TOGGLE_COLLECT;
		dump(s->name, "decide", 1);
		device_uses_all();
		CALLGRIND_ZERO_STATS;
		CALLGRIND_TOGGLE_COLLECT;
		vpv_ring_park(ring);
		CALLGRIND_TOGGLE_COLLECT;
		dump(s->name, "park", 1);
		EXPECT(vpv_ring_reap(ring, done, 16) == 1);
		CALLGRIND_ZERO_STATS;
		CALLGRIND_TOGGLE_COLLECT;
		vpv_ring_arm(ring, 1);
		CALLGRIND_TOGGLE_COLLECT;
		dump(s->name, "arm", 1);
	}
	vpv_ring_destroy(ring);
}

int main(void)
{
	unsigned int i;

	REGION("none", "empty", 1, __asm__ __volatile__("" ::: "memory"));
	for (i = 0; i < 100; i++) {
		CALLGRIND_ZERO_STATS;
		CALLGRIND_TOGGLE_COLLECT;
		CALLGRIND_TOGGLE_COLLECT;
		dump("none", "toggle", 1);
	}
	for (i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		shape_run(&shapes[i]);
	return 0;
}
