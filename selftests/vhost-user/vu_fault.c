// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that breaks the rules, on demand. The lies about completions are
 * told where a buffer is given back; others are single acts of a command.
 */
#include <stdlib.h>
#include <string.h>

#include "vu.h"

/* What the first number after the fault's name means. */
enum arg_is { ARG_NONE, ARG_VALUE, ARG_TIMES };

static const struct {
	const char *name;
	enum arg_is arg;
	int64_t value;
	uint64_t times;		/* 0: until cleared */
	const char *help;
} kinds[VU_NR_FAULTS] = {
	[VU_FAULT_SILENT] = { "silent", ARG_NONE, 0, 0,
		"take nothing, answer nothing" },
	[VU_FAULT_MUTE] = { "mute", ARG_NONE, 0, 0, "silent until the queue is started anew" },
	[VU_FAULT_SILENT_AFTER] = { "silent-after", ARG_TIMES, 0, 1,
		"N more requests, then silent" },
	[VU_FAULT_SLOW] = { "slow", ARG_VALUE, 100, 0,
		"serve each request N ms late" },
	[VU_FAULT_SHUFFLE] = { "shuffle", ARG_NONE, 0, 0,
		"out of order (allowed; not on in-order queues)" },
	[VU_FAULT_STATUS] = { "status", ARG_VALUE, 1, 1,
		"answer status N without doing anything" },
	[VU_FAULT_SHORT] = { "short-read", ARG_VALUE, 512, 1,
		"used length N bytes short, status good" },
	[VU_FAULT_BAD_LEN] = { "bad-len", ARG_VALUE, 0xfffffff0, 1,
		"used length N" },
	[VU_FAULT_BAD_ID] = { "bad-id", ARG_VALUE, -1, 1,
		"used id N (default: beyond the queue)" },
	[VU_FAULT_STALE_ID] = { "stale-id", ARG_NONE, 0, 1,
		"used id in range that is not in flight" },
	[VU_FAULT_DUP_ID] = { "dup-id", ARG_NONE, 0, 1,
		"complete twice" },
	[VU_FAULT_IDX_JUMP] = { "idx-jump", ARG_VALUE, 1000, 1,
		"used position N too far" },
	[VU_FAULT_REWRITE] = { "rewrite-desc", ARG_NONE, 0, 0,
		"spoil descriptors and tables before completing" },
	[VU_FAULT_NO_IRQ] = { "no-irq", ARG_TIMES, 0, 1,
		"drop the next N interrupts" },
	[VU_FAULT_NO_KICK] = { "no-kick", ARG_TIMES, 0, 1,
		"do not hear the next N kicks" },
	[VU_FAULT_TORN_CONFIG] = { "torn-config", ARG_NONE, 0, 0,
		"configuration differs at each read" },
};

bool vu_fault_hit(struct vu_queue *q, enum vu_fault_kind kind, int64_t *arg)
{
	struct vu_fault *f = &q->dev->faults[kind];

	if (!f->on || (f->queue >= 0 && (unsigned int)f->queue != q->index))
		return false;
	f->hits++;
	if (arg)
		*arg = f->arg;
	if (f->left && !--f->left)
		f->on = false;
	return true;
}

/* ---- lies about a completion ---- */

/* An id in range that nothing in flight has, as far as one can tell from here. */
static uint16_t stale_id(const struct vu_ring *r, uint16_t id)
{
	return (uint16_t)((id + r->num / 2 + 1) % r->num);
}

static void jump(struct vu_ring *r, unsigned int n)
{
	vu_ring_publish(r);
	if (!r->packed) {
		r->used_idx += n;
		r->since += n;
		return;
	}
	/*
	 * A packed ring has no index: call the next descriptors used. Only some: a
	 * lap later they would be covered by the good ones that follow.
	 */
	for (unsigned int i = 0; i < n && i < 8 && i < r->num; i++)
		vu_ring_put_used(r, stale_id(r, r->used_idx), 0, 1);
}

/*
 * Both become visible at once: between them the driver could use the id again,
 * and the second would be a good one.
 */
static void put_twice(struct vu_ring *r, uint16_t id, uint16_t slots, uint32_t len)
{
	uint16_t idx = r->used_idx;
	bool wrap = r->used_wrap;

	if (!r->packed) {
		vu_ring_put_used(r, id, len, slots);
		vu_ring_put_used(r, id, len, slots);
		return;
	}
	r->used_idx += slots;
	if (r->used_idx >= r->num) {
		r->used_idx -= r->num;
		r->used_wrap = !r->used_wrap;
	}
	vu_ring_put_used(r, id, len, slots);
	r->used_idx = idx;
	r->used_wrap = wrap;
	vu_ring_put_used(r, id, len, slots);
	r->used_idx += slots;
	if (r->used_idx >= r->num) {
		r->used_idx -= r->num;
		r->used_wrap = !r->used_wrap;
	}
}

static void spoil(void *p, size_t words, uint64_t *seed)
{
	uint32_t *w = p;

	while (words--) {
		*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
		*w++ = *seed >> 32;
	}
}

/*
 * Spoil what the driver described its buffer with. Its own copy is what a good
 * driver goes by, so the request has to come out right all the same.
 */
static void rewrite(struct vu_queue *q, const struct vu_elem *e)
{
	struct vu_ring *r = &q->ring;
	uint64_t *seed = &q->dev->seed;

	if (r->packed) {
		struct vu_packed_desc *ring = r->desc;

		for (unsigned int i = 0; i < e->slots; i++) {
			struct vu_packed_desc *d = &ring[(e->pos + i) % r->num];

			spoil(&d->addr, 3, seed);
			/* Nobody's descriptor is made available by this. */
			if (i)
				d->flags ^= VU_DESC_NEXT | VU_DESC_WRITE | VU_DESC_INDIRECT;
		}
		return;
	}
	struct vu_desc *ring = r->desc;
	uint16_t i = e->id;

	for (unsigned int n = 0; n < r->num && i < r->num; n++) {
		bool more = ring[i].flags & VU_DESC_NEXT;
		uint16_t next = ring[i].next;

		spoil(&ring[i].addr, 3, seed);
		ring[i].flags = VU_DESC_NEXT;
		ring[i].next = i;
		if (!more)
			break;
		i = next;
	}
}

void vu_fault_done(struct vu_queue *q, struct vu_elem *e, uint32_t len)
{
	struct vu_ring *r = &q->ring;
	bool full = len >= e->in_len;
	uint16_t id = e->id;
	uint32_t used_id;
	int64_t arg;

	if (vu_fault_hit(q, VU_FAULT_REWRITE, NULL))
		rewrite(q, e);
	if (len > 1 && vu_fault_hit(q, VU_FAULT_SHORT, &arg)) {
		len = arg < len ? len - arg : 0;
		full = false;
	}
	if (vu_fault_hit(q, VU_FAULT_BAD_LEN, &arg)) {
		len = arg;
		full = false;
	}
	if (vu_fault_hit(q, VU_FAULT_BAD_ID, &arg)) {
		used_id = arg < 0 ? (r->packed ? UINT16_MAX : 0x10000u + r->num) : (uint32_t)arg;
		vu_ring_publish(r);
		vu_ring_put_used(r, used_id, len, e->slots);
		return;
	}
	if (vu_fault_hit(q, VU_FAULT_STALE_ID, NULL))
		id = stale_id(r, id);
	if (vu_fault_hit(q, VU_FAULT_DUP_ID, NULL)) {
		vu_ring_publish(r);
		put_twice(r, id, e->slots, len);
	} else {
		vu_ring_push(r, id, e->slots, len, full);
	}
	if (vu_fault_hit(q, VU_FAULT_IDX_JUMP, &arg))
		jump(r, arg);
}

/*
 * The first 8 bytes (capacity, in a disk) flip between two values. Nobody is
 * told: QEMU 11.1 ends when a change is reported for each read of the
 * configuration.
 */
void vu_fault_config(struct vu_dev *dev, uint8_t *config)
{
	struct vu_fault *f = &dev->faults[VU_FAULT_TORN_CONFIG];

	if (!f->on)
		return;
	if (f->hits++ & 1)
		for (int i = 0; i < 8; i += 4)
			config[i] ^= 0xff;
	if (f->left && !--f->left)
		f->on = false;
}

/* ---- single acts ---- */

static struct vu_queue *live_queue(struct vu_dev *dev, int index)
{
	if (index < 0)
		index = 0;
	if ((unsigned int)index >= dev->nr_queues || !dev->queues[index].ring.running)
		return NULL;
	return &dev->queues[index];
}

/* Complete a buffer that was not offered yet: what its id will be is a guess. */
static const char *act_early(struct vu_queue *q, uint64_t n)
{
	struct vu_ring *r = &q->ring;
	uint16_t id = 0;

	(void)n;
	if (!r->packed) {
		const struct vu_avail *avail = r->driver;

		id = avail->ring[r->avail_idx & (r->num - 1)] % r->num;
	}
	vu_ring_put_used(r, id, 1, 1);
	vu_ring_publish(r);
	r->since = 0;
	vu_queue_irq(q);
	return NULL;
}

/*
 * Random words anywhere in the ring's memory. What they describe now is not for
 * us to follow: the ring is left alone until it is started anew.
 */
static const char *act_flip(struct vu_queue *q, uint64_t n)
{
	struct vu_ring *r = &q->ring;
	struct {
		void *p;
		size_t size;
	} area[] = {
		{ r->desc, vu_ring_desc_size(r->num) },
		{ r->driver, vu_ring_driver_size(r) },
		{ r->device, vu_ring_device_size(r) },
	};
	uint64_t *seed = &q->dev->seed;

	while (n--) {
		uint32_t pick[2];

		spoil(pick, 2, seed);
		unsigned int a = pick[0] % 3;
		size_t word = pick[1] % (area[a].size / 2);

		spoil(pick, 1, seed);
		((uint16_t *)area[a].p)[word] = pick[0] >> 8;
	}
	vu_ring_stop(r);
	vu_queue_irq(q);
	return NULL;
}

static void storm_tick(struct vu_timer *t)
{
	struct vu_dev *dev = t->ctx;
	struct vu_storm *s = &dev->storm;
	uint64_t now = vu_now();

	for (unsigned int i = 0; i < dev->nr_queues; i++)
		if (s->queue < 0 || (unsigned int)s->queue == i)
			vu_queue_irq(&dev->queues[i]);
	if (now < s->end)
		vu_timer_set(dev, t, now + s->period);
}

static const char *act_storm(struct vu_dev *dev, uint64_t hz, uint64_t ms, int queue)
{
	if (!hz || hz > 1000000)
		return "storm wants 1 to 1000000 interrupts per second";
	dev->storm.timer.fire = storm_tick;
	dev->storm.timer.ctx = dev;
	dev->storm.period = 1000000000 / hz;
	dev->storm.end = vu_now() + ms * 1000000;
	dev->storm.queue = queue;
	vu_timer_set(dev, &dev->storm.timer, vu_now());
	return NULL;
}

/* ---- the command ---- */

struct args {
	bool have_value;
	uint64_t value;
	uint64_t times;
	uint64_t ms;
	int queue;
};

/* [N] [n=TIMES] [q=QUEUE] [ms=N] */
static const char *read_args(int argc, char **argv, struct args *a)
{
	uint64_t v;

	a->queue = -1;
	for (int i = 0; i < argc; i++) {
		const char *eq = strchr(argv[i], '=');

		if (!vu_number(eq ? eq + 1 : argv[i], &v))
			return "arguments are numbers: [N] [n=TIMES] [q=QUEUE] [ms=MILLISECONDS]";
		if (!eq) {
			a->value = v;
			a->have_value = true;
		} else if (!strncmp(argv[i], "n=", 2)) {
			a->times = v;
		} else if (!strncmp(argv[i], "q=", 2)) {
			a->queue = v;
		} else if (!strncmp(argv[i], "ms=", 3)) {
			a->ms = v;
		} else {
			return "arguments are [N] [n=TIMES] [q=QUEUE] [ms=MILLISECONDS]";
		}
	}
	return NULL;
}

static const char *fault_arm(struct vu_dev *dev, enum vu_fault_kind kind, const struct args *a)
{
	struct vu_fault *f = &dev->faults[kind];

	f->arg = a->have_value ? (int64_t)a->value : kinds[kind].value;
	f->left = a->times ? a->times : kinds[kind].times;
	if (kinds[kind].arg == ARG_TIMES && a->have_value)
		f->left = a->value;
	f->queue = a->queue;
	f->on = kinds[kind].arg != ARG_TIMES || f->left;
	if (kind == VU_FAULT_SILENT_AFTER && !f->on)
		dev->faults[VU_FAULT_SILENT] = (struct vu_fault){ .on = true, .queue = a->queue };
	return NULL;
}

static const char *fault_clear(struct vu_dev *dev)
{
	for (int i = 0; i < VU_NR_FAULTS; i++)
		dev->faults[i].on = false;
	dev->storm.end = 0;
	/* What a silent device did not take is still there. */
	vu_run_all(dev);
	return NULL;
}

static const char *cmd_fault(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	struct args a = { .ms = 1000 };
	struct vu_queue *q;
	const char *wrong;

	(void)out;
	if (argc < 2)
		return "which fault? help lists them";
	if (!strcmp(argv[1], "none"))
		return fault_clear(dev);
	wrong = read_args(argc - 2, argv + 2, &a);
	if (wrong)
		return wrong;
	for (int i = 0; i < VU_NR_FAULTS; i++)
		if (!strcmp(argv[1], kinds[i].name))
			return fault_arm(dev, i, &a);
	if (!strcmp(argv[1], "storm"))
		return act_storm(dev, a.have_value ? a.value : 10000, a.ms, a.queue);
	if (!strcmp(argv[1], "drop")) {
		vu_proto_close(dev);
		return NULL;
	}
	if (!strcmp(argv[1], "dead")) {
		dev->quit = true;
		return NULL;
	}
	q = live_queue(dev, a.queue);
	if (!strcmp(argv[1], "early"))
		return q ? act_early(q, 1) : "the queue is not running";
	if (!strcmp(argv[1], "flip"))
		return q ? act_flip(q, a.have_value ? a.value : 16) : "the queue is not running";
	return "no such fault; help lists them";
}

static const char *cmd_faults(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	(void)argc;
	(void)argv;
	for (int i = 0; i < VU_NR_FAULTS; i++)
		fprintf(out, "%-13s %-3s %s\n", kinds[i].name,
			kinds[i].arg == ARG_NONE ? "" : "[N]", kinds[i].help);
	fprintf(out, "%-13s     %s\n%-13s     %s\n%-13s [N] %s\n%-13s [N] %s\n%-13s     %s\n",
		"none", "no fault any more; serve what was left",
		"early", "now: complete what was not offered",
		"flip", "now: N random words in the ring, mute",
		"storm", "now: N interrupts per second for ms=MS with nothing used",
		"drop", "now: close the connection, wait for the next");
	fprintf(out, "%-13s     %s\n", "dead", "now: close the connection and end");
	fprintf(out, "n=TIMES: how often; q=QUEUE: on this queue only\n");
	return NULL;
}

const struct vu_command vu_fault_commands[] = {
	{ "fault", "NAME [N] [n=TIMES] [q=QUEUE]", "misbehave; fault none: behave again",
	  cmd_fault },
	{ "faults", "", "list the faults", cmd_faults },
	{ 0 }
};

void vu_fault_stats(struct vu_dev *dev, FILE *out)
{
	for (int i = 0; i < VU_NR_FAULTS; i++)
		if (dev->faults[i].on || dev->faults[i].hits)
			fprintf(out, "fault-%s %llu%s\n", kinds[i].name,
				(unsigned long long)dev->faults[i].hits,
				dev->faults[i].on ? " on" : "");
}
