// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is a sequence of driver calls and of device writes, honest, lying
 * or plain garbage. Whatever the device does: each buffer comes back at most
 * once and only after it was published, no length exceeds the buffer, what is in
 * flight is conserved, each call does bounded work, and after a detach and a
 * reset nothing is missing and the ring works.
 *
 * PACKED and IN_ORDER are chosen when compiling: a target for each layout.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>

#include "fakedev.h"

#ifndef PACKED
#define PACKED 0
#endif
#ifndef IN_ORDER
#define IN_ORDER 0
#endif

#define MAX_NUM 16

#define REQUIRE(cond)							\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort();					\
		}							\
	} while (0)

struct token {
	bool out, published;
	u32 in_len;
};

static struct vpv_ring_cfg cfg;
static struct vpv_ring_layout layout;
static struct vpv_ring_mem mem;
static struct vpv_ring *ring;
static struct fakedev dev;
static struct fakedev_buf held[MAX_NUM];
static unsigned int nr_held;
static struct token tokens[2 * MAX_NUM];
static unsigned int staged, in_flight;

static const uint8_t *in;
static size_t left;

static u32 next(void)
{
	if (!left)
		return 0;
	left--;
	return *in++;
}

static u32 next32(void)
{
	u32 v = next();

	v |= next() << 8;
	v |= next() << 16;
	return v | next() << 24;
}

static void *area(const struct vpv_ring_area *a)
{
	void *p = NULL;

	if (a->size && posix_memalign(&p, 16, a->size))
		abort();
	return p;
}

static void op_stage(void)
{
	struct vpv_seg seg[8];
	struct vpv_buf b = { seg, next() % 4, next() % 4, NULL };
	unsigned int i, t, segs = b.nr_out + b.nr_in;
	u16 room = vpv_ring_room(ring);
	bool broken = vpv_ring_error(ring);
	int ret;

	for (t = 0; t < 2 * MAX_NUM && tokens[t].out; t++)
		;
	REQUIRE(t < 2 * MAX_NUM);
	tokens[t].in_len = 0;
	for (i = 0; i < segs; i++) {
		seg[i].addr = t;
		seg[i].len = 1 + next();
		if (i >= b.nr_out)
			tokens[t].in_len += seg[i].len;
	}
	b.token = &tokens[t];
	ret = vpv_ring_stage(ring, &b, 1);
	if (broken) {
		REQUIRE(ret == -5);
	} else if (!segs || segs > vpv_ring_max_segs(ring)) {
		REQUIRE(ret == -90);
	} else if (ret == 0) {
		REQUIRE(room < segs && (!cfg.table_len || segs == 1 || room < 1 ||
					cfg.direct_max >= segs));
	} else {
		REQUIRE(ret == 1);
		tokens[t].out = true;
		tokens[t].published = false;
		staged++;
	}
}

static void op_publish(void)
{
	unsigned int t;

	vpv_ring_publish(ring);
	for (t = 0; t < 2 * MAX_NUM; t++)
		tokens[t].published |= tokens[t].out;
	in_flight += staged;
	staged = 0;
}

static void op_decide(void)
{
	u16 undecided = vpv_ring_undecided(ring);
	bool due = vpv_ring_decide(ring);

	REQUIRE(undecided || !due);
	REQUIRE(!vpv_ring_undecided(ring));
	REQUIRE(!vpv_ring_decide(ring));
}

static unsigned int op_reap(unsigned int max)
{
	struct vpv_done done[MAX_NUM];
	bool broken = vpv_ring_error(ring);
	unsigned int n = vpv_ring_reap(ring, done, max), i;

	REQUIRE(n <= max && n <= in_flight);
	REQUIRE(!broken || !n);
	for (i = 0; i < n; i++) {
		struct token *t = done[i].token;

		REQUIRE(t >= tokens && t < tokens + 2 * MAX_NUM);
		REQUIRE(t->out && t->published);
		REQUIRE(done[i].len <= t->in_len);
		REQUIRE(!done[i].flags || (cfg.in_order && done[i].flags == VPV_DONE_SKIPPED));
		t->out = false;
	}
	in_flight -= n;
	REQUIRE(vpv_ring_in_flight(ring) == in_flight);
	return n;
}

/* The loop of the header's recipe ends, whatever the device showed before. */
static void op_drain(void)
{
	unsigned int turns = 0;

	do {
		vpv_ring_park(ring);
		while (op_reap(1 + next() % MAX_NUM))
			REQUIRE(++turns <= 2 * MAX_NUM);
		REQUIRE(++turns <= 2 * MAX_NUM);
	} while (!vpv_ring_arm(ring, 1 + next() % 4));
}

static void op_reset(void)
{
	unsigned int n = staged + in_flight;
	struct token *t;

	while ((t = vpv_ring_detach(ring))) {
		REQUIRE(n--);
		REQUIRE(t >= tokens && t < tokens + 2 * MAX_NUM);
		REQUIRE(t->out);
		t->out = false;
	}
	REQUIRE(!n);
	REQUIRE(!vpv_ring_in_flight(ring));
	vpv_ring_reset(ring);
	REQUIRE(vpv_ring_room(ring) == cfg.num);
	REQUIRE(!vpv_ring_error(ring));
	fakedev_init(&dev, &cfg, &mem);
	nr_held = staged = in_flight = 0;
}

static void op_scribble(void)
{
	void *const areas[] = { mem.desc, mem.driver, mem.device, mem.tables };
	const size_t sizes[] = {
		layout.desc.size, layout.driver.size, layout.device.size, layout.tables.size,
	};
	unsigned int which = next() % 4, n = 1 + next() % 16;
	u32 at;

	if (!sizes[which])
		return;
	at = (next() | next() << 8) % sizes[which];
	while (n-- && at < sizes[which])
		((u8 *)areas[which])[at++] = next();
}

static void op_device(u32 op)
{
	switch (op % 8) {
	case 0:
		if (nr_held < MAX_NUM && fakedev_pop(&dev, &held[nr_held]))
			nr_held++;
		break;
	case 1:
	case 2:
		if (nr_held) {
			unsigned int i = cfg.in_order ? 0 : next() % nr_held;

			fakedev_push(&dev, &held[i], op & 8 ? next32() :
				     held[i].in_len ? next() % held[i].in_len : 0);
			memmove(&held[i], &held[i + 1], (--nr_held - i) * sizeof(*held));
		}
		break;
	case 3:
		if (nr_held && cfg.in_order) {
			unsigned int n = 1 + next() % nr_held;

			fakedev_push_batch(&dev, held, n, next());
			memmove(held, held + n, (nr_held - n) * sizeof(*held));
			nr_held -= n;
		}
		break;
	case 4:
		fakedev_lie_used(&dev, op & 8 ? next32() : next() % (cfg.num + 1), next());
		break;
	case 5:
		if (!cfg.packed)
			fakedev_lie_used_idx(&dev, op & 8 ? next32() : dev.used + next() % 4 - 1);
		break;
	case 6:
		fakedev_lie_event(&dev, next32());
		break;
	case 7:
		op_scribble();
		break;
	}
}

static void start(void)
{
	u32 shape = next(), num = next();

	memset(&cfg, 0, sizeof(cfg));
	cfg.packed = PACKED;
	cfg.in_order = IN_ORDER;
	cfg.num = PACKED ? 1 + num % MAX_NUM : 1 << num % 5;
	cfg.event_idx = shape & 1;
	cfg.order_platform = shape & 2;
	cfg.table_len = shape & 4 ? (cfg.num < 4 ? cfg.num : 4) : 0;
	cfg.direct_max = shape & 8 ? 3 : 0;
	REQUIRE(!vpv_ring_layout(&cfg, &layout));
	mem.desc = area(&layout.desc);
	mem.driver = area(&layout.driver);
	mem.device = area(&layout.device);
	mem.tables = area(&layout.tables);
	mem.tables_addr = 0x10000;
	ring = vpv_ring_create(&cfg, &mem);
	REQUIRE(!IS_ERR(ring));
	memset(tokens, 0, sizeof(tokens));
	fakedev_init(&dev, &cfg, &mem);
	nr_held = staged = in_flight = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vpv_ring_state state;

	in = data;
	left = size;
	start();
	while (left) {
		u32 op = next();

		if (op < 0x30)
			op_stage();
		else if (op < 0x50)
			op_publish();
		else if (op < 0x60)
			op_decide();
		else if (op < 0x80)
			op_reap(1 + op % MAX_NUM);
		else if (op < 0x90)
			op_drain();
		else if (op < 0x98)
			vpv_ring_arm(ring, op & 7);
		else if (op < 0xa0)
			vpv_ring_park(ring);
		else if (op == 0xa0)
			op_reset();
		else if (op == 0xa1)
			vpv_ring_kill(ring);
		else if (op >= 0xb0)
			op_device(op);
		vpv_ring_peek(ring, &state);
		REQUIRE(state.staged == staged && state.in_flight == in_flight);
		REQUIRE(state.free + staged + in_flight <= cfg.num);
		REQUIRE(vpv_ring_pending(ring) <= !!in_flight);
	}
	op_reset();
	op_stage();
	op_publish();
	op_drain();
	vpv_ring_destroy(ring);
	free(mem.desc);
	free(mem.driver);
	free(mem.device);
	free(mem.tables);
	return 0;
}
