// SPDX-License-Identifier: GPL-2.0-only
/*
 * A balloon (virtio 1.4, 5.5) that keeps book of every page: what the driver gave
 * away, whether it left that alone, and whether it says the right number.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "vu.h"

#define PAGE_BYTES 4096
#define PFNS (1u << 20)		/* 4 GiB of guest is plenty */
#define MAX_STATS 32

enum {
	BAL_F_MUST_TELL_HOST = 0,
	BAL_F_STATS_VQ = 1,
	BAL_F_DEFLATE_ON_OOM = 2,
	BAL_F_FREE_PAGE_HINT = 3,
	BAL_F_PAGE_POISON = 4,
	BAL_F_REPORTING = 5,
};

/* Little-endian, as this program's machine has to be. */
struct bal_config {
	uint32_t num_pages;
	uint32_t actual;
	uint32_t cmd_id;
	uint32_t poison;
};

struct bal_stat {
	uint16_t tag;
	uint64_t val;
} __attribute__((packed));

enum role { INFLATE, DEFLATE, STATS, HINT, REPORT, NR_ROLES };

static struct balloon {
	enum role role[NR_ROLES];	/* of each queue */
	uint8_t given[PFNS / 8];
	struct bal_config *config;
	unsigned int num_queues;
	bool blind;
	struct vu_queue *stats_q;
	bool polling;
	uint64_t starts;
	struct vu_timer flap;
	uint64_t flap_period, flap_left;
	uint32_t flap_value[2];
	bool hinting;
	struct bal_stat stat[MAX_STATS];
	unsigned int nr_stats;
	struct {
		uint64_t inflated, deflated, twice, stranger, touched, outside, held;
		uint64_t hinted, unasked, hint_rounds, hint_ends, reported, reports, polls, actual_writes;
		uint64_t inflate_buffers, deflate_buffers;
	} n;
} bal;

/* ---- pages ---- */

static bool is_given(uint32_t pfn)
{
	return bal.given[pfn / 8] & (1 << pfn % 8);
}

/* What lies in a page that was given away: nobody but us knows, nobody may change it. */
static uint64_t mark_of(uint32_t pfn)
{
	return (pfn * 0x9e3779b97f4a7c15ULL) ^ 0xba11000000000000ULL;
}

static uint64_t *page(struct vu_queue *q, uint32_t pfn)
{
	uint64_t len = PAGE_BYTES;
	void *p = q->ring.map(q->ring.map_ctx, (uint64_t)pfn * PAGE_BYTES, &len);

	return pfn < PFNS && len == PAGE_BYTES ? p : NULL;
}

static void inflate(struct vu_queue *q, uint32_t pfn)
{
	uint64_t *p = page(q, pfn);

	if (!p) {
		bal.n.outside++;
		return;
	}
	bal.n.inflated++;
	if (is_given(pfn)) {
		bal.n.twice++;
		return;
	}
	bal.given[pfn / 8] |= 1 << pfn % 8;
	bal.n.held++;
	*p = mark_of(pfn);
}

static void deflate(struct vu_queue *q, uint32_t pfn)
{
	uint64_t *p = page(q, pfn);

	if (!p) {
		bal.n.outside++;
		return;
	}
	bal.n.deflated++;
	if (!is_given(pfn)) {
		bal.n.stranger++;
		return;
	}
	bal.given[pfn / 8] &= ~(1 << pfn % 8);
	bal.n.held--;
	if (*p != mark_of(pfn))
		bal.n.touched++;
	*p = 0;
}

static void each_pfn(struct vu_queue *q, const struct vu_elem *e,
		     void (*act)(struct vu_queue *q, uint32_t pfn))
{
	uint32_t pfn[256];
	size_t off = 0, got;

	if (bal.blind)
		return;
	while ((got = vu_read(e, off, pfn, sizeof(pfn)))) {
		for (size_t i = 0; i < got / 4; i++)
			act(q, pfn[i]);
		off += got;
	}
}

/* ---- other queues ---- */

/* The driver's buffer lies in its queue until somebody asks; it has what was then. */
static bool bal_idle(struct vu_queue *q)
{
	if (bal.role[q->index] != STATS)
		return false;
	bal.stats_q = q;
	return !bal.polling;
}

static void take_stats(struct vu_elem *e)
{
	bal.nr_stats = vu_read(e, 0, bal.stat, sizeof(bal.stat)) / sizeof(bal.stat[0]);
	bal.polling = false;
	bal.n.polls++;
}

static void take_hint(struct vu_elem *e)
{
	uint32_t id;

	if (e->out_len == sizeof(id)) {
		vu_read(e, 0, &id, sizeof(id));
		bal.hinting = id >= 2 && id == bal.config->cmd_id;
		bal.n.hint_rounds += bal.hinting;
		bal.n.hint_ends += !id;
	} else if (bal.hinting) {
		bal.n.hinted += e->in_len;
	} else {
		bal.n.unasked++;
	}
}

/* What we discard ourselves nobody has touched. */
static void mark_again(struct vu_queue *q, const struct iovec *range)
{
	const char *from = range->iov_base;

	for (uint32_t pfn = 0; pfn < PFNS; pfn++) {
		uint64_t *p = is_given(pfn) ? page(q, pfn) : NULL;

		if (p && (char *)p >= from && (char *)p < from + range->iov_len)
			*p = mark_of(pfn);
	}
}

/*
 * A page that is poisoned stays so (5.5.6.7.2). One that was given to us meanwhile,
 * on another queue, is reported late; that is no mistake.
 */
static void take_report(struct vu_queue *q, struct vu_elem *e)
{
	bool poisoned = q->dev->features & VU_BIT(BAL_F_PAGE_POISON) && bal.config->poison;

	bal.n.reports++;
	for (unsigned int i = 0; i < e->nin; i++) {
		bal.n.reported += e->in[i].iov_len;
		if (poisoned)
			continue;
		madvise(e->in[i].iov_base, e->in[i].iov_len, MADV_REMOVE);
		mark_again(q, &e->in[i]);
	}
}

/* A device that was reset knows of no page. QEMU says so by starting the queues anew. */
static void look_for_reset(struct vu_dev *dev)
{
	if (bal.starts == dev->queues[0].n.starts)
		return;
	bal.starts = dev->queues[0].n.starts;
	memset(bal.given, 0, sizeof(bal.given));
	bal.n.held = 0;
	bal.hinting = false;
}

static uint32_t bal_request(struct vu_queue *q, struct vu_elem *e)
{
	look_for_reset(q->dev);
	switch (bal.role[q->index]) {
	case INFLATE:
		bal.n.inflate_buffers++;
		each_pfn(q, e, inflate);
		break;
	case DEFLATE:
		bal.n.deflate_buffers++;
		each_pfn(q, e, deflate);
		break;
	case STATS:
		take_stats(e);
		break;
	case HINT:
		take_hint(e);
		break;
	default:
		take_report(q, e);
		break;
	}
	return 0;
}

static void bal_config_written(struct vu_dev *dev, size_t off, size_t len)
{
	(void)dev;
	if (off == offsetof(struct bal_config, actual) && len == 4)
		bal.n.actual_writes++;
}

/* ---- options ---- */

static int set_num_queues(struct vu_dev *dev, const char *value)
{
	uint64_t n;

	(void)dev;
	if (!vu_number(value, &n))
		return -1;
	bal.num_queues = n;
	return 0;
}

static int offer(struct vu_dev *dev, unsigned int bit)
{
	dev->offered |= VU_BIT(bit);
	return 0;
}

#define OFFER(_fn, _bit)						\
static int _fn(struct vu_dev *dev, const char *value)			\
{									\
	(void)value;							\
	return offer(dev, _bit);					\
}

OFFER(set_must_tell, BAL_F_MUST_TELL_HOST)
OFFER(set_stats, BAL_F_STATS_VQ)
OFFER(set_oom, BAL_F_DEFLATE_ON_OOM)
OFFER(set_hint, BAL_F_FREE_PAGE_HINT)
OFFER(set_poison, BAL_F_PAGE_POISON)
OFFER(set_reporting, BAL_F_REPORTING)

static const struct vu_option bal_options[] = {
	{ "num-queues", "N", "what the VMM was told; checked", set_num_queues },
	{ "must-tell-host", NULL, "pages are used again only when told", set_must_tell },
	{ "stats", NULL, "statistics queue", set_stats },
	{ "deflate-on-oom", NULL, "the guest may take pages back", set_oom },
	{ "hint", NULL, "free page hints", set_hint },
	{ "poison", NULL, "poison value", set_poison },
	{ "reporting", NULL, "free page reporting", set_reporting },
	{ 0 }
};

static int bal_start(struct vu_dev *dev)
{
	static const int bit[NR_ROLES] = { -1, -1, BAL_F_STATS_VQ, BAL_F_FREE_PAGE_HINT,
					   BAL_F_REPORTING };

	dev->nr_queues = 0;
	for (int i = 0; i < NR_ROLES; i++)
		if (bit[i] < 0 || dev->offered & VU_BIT(bit[i]))
			bal.role[dev->nr_queues++] = i;
	if (bal.num_queues && bal.num_queues != dev->nr_queues) {
		vu_log(dev, "these options make %u queues, not %u", dev->nr_queues,
		       bal.num_queues);
		return -1;
	}
	bal.config = (void *)dev->config;
	dev->config_size = sizeof(*bal.config);
	return 0;
}

/* ---- commands ---- */

static const char *cmd_target(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	uint64_t mib;

	(void)out;
	if (argc != 2 || !vu_number(argv[1], &mib))
		return "target wants MiB";
	bal.config->num_pages = mib << 8 > UINT32_MAX ? UINT32_MAX : mib << 8;
	vu_config_changed(dev);
	return NULL;
}

static void flap(struct vu_timer *t)
{
	struct vu_dev *dev = t->ctx;

	bal.config->num_pages = bal.flap_value[bal.flap_left & 1];
	vu_config_changed(dev);
	if (--bal.flap_left)
		vu_timer_set(dev, t, vu_now() + bal.flap_period);
}

static const char *cmd_flap(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	uint64_t low, high, n, hz;

	(void)out;
	if (argc != 5 || !vu_number(argv[1], &low) || !vu_number(argv[2], &high) ||
	    !vu_number(argv[3], &n) || !vu_number(argv[4], &hz) || !hz || !n)
		return "flap wants MIB MIB TIMES HZ";
	bal.flap_value[0] = low << 8;
	bal.flap_value[1] = high << 8;
	bal.flap_left = n;
	bal.flap_period = 1000000000 / hz;
	bal.flap.fire = flap;
	bal.flap.ctx = dev;
	vu_timer_set(dev, &bal.flap, vu_now());
	return NULL;
}

static const char *cmd_hint(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	uint64_t id;

	(void)out;
	if (argc != 2 || !vu_number(argv[1], &id))
		return "hint wants a command id; 0 stops, 1 is done";
	bal.config->cmd_id = id;
	vu_config_changed(dev);
	return NULL;
}

static const char *cmd_poll(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	(void)argc;
	(void)argv;
	(void)out;
	if (!bal.stats_q)
		return "no queue for statistics";
	bal.polling = true;
	vu_queue_run(bal.stats_q);
	return NULL;
}

static const char *cmd_blind(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	(void)out;
	if (argc != 2)
		return "blind wants on or off";
	bal.blind = !strcmp(argv[1], "on");
	return NULL;
}

static const struct vu_command bal_commands[] = {
	{ "target", "MIB", "how much the balloon should hold", cmd_target },
	{ "flap", "MIB MIB TIMES HZ", "two targets in turn", cmd_flap },
	{ "hint", "ID", "ask for hints; 0: stop, 1: done", cmd_hint },
	{ "poll", "", "ask for statistics", cmd_poll },
	{ "blind", "on|off", "acknowledge page numbers without reading them", cmd_blind },
	{ 0 }
};

#define U(v) ((unsigned long long)(v))

static void bal_stats(struct vu_dev *dev, FILE *out)
{
	(void)dev;
	fprintf(out, "target %u\nactual %u\npoison %#x\n", bal.config->num_pages,
		bal.config->actual, bal.config->poison);
	fprintf(out, "held %llu\ninflated %llu\ndeflated %llu\n", U(bal.n.held), U(bal.n.inflated),
		U(bal.n.deflated));
	fprintf(out, "inflate-buffers %llu\ndeflate-buffers %llu\n", U(bal.n.inflate_buffers),
		U(bal.n.deflate_buffers));
	fprintf(out, "twice %llu\nstranger %llu\ntouched %llu\noutside %llu\n", U(bal.n.twice),
		U(bal.n.stranger), U(bal.n.touched), U(bal.n.outside));
	fprintf(out, "hinted %llu\nhint-rounds %llu\nhint-ends %llu\nunasked %llu\n",
		U(bal.n.hinted), U(bal.n.hint_rounds), U(bal.n.hint_ends), U(bal.n.unasked));
	fprintf(out, "reports %llu\nreported %llu\n", U(bal.n.reports), U(bal.n.reported));
	fprintf(out, "polls %llu\nactual-writes %llu\n", U(bal.n.polls), U(bal.n.actual_writes));
	for (unsigned int i = 0; i < bal.nr_stats; i++)
		fprintf(out, "stat-%u %llu\n", bal.stat[i].tag, U(bal.stat[i].val));
}

static const struct vu_ops bal_ops = {
	.name = "vu-balloon",
	.options = bal_options,
	.commands = bal_commands,
	.start = bal_start,
	.request = bal_request,
	.config_written = bal_config_written,
	.idle = bal_idle,
	.stats = bal_stats,
};

int main(int argc, char **argv)
{
	static struct vu_dev dev;

	return vu_main(&dev, &bal_ops, argc, argv);
}
