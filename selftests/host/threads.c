// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submit side, completion side and device, each in a thread of its own, with
 * the real sleeping protocols on both ends. Built with the thread sanitizer too.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/err.h>

#include "fakedev.h"
#include "ktap.h"

#ifndef TOTAL
#define TOTAL 20000u
#endif
#define HANG_SECONDS 20

struct run {
	struct vpv_ring_cfg cfg;
	struct vpv_ring *ring;
	struct fakedev dev;
	unsigned char *came;
	u32 kicks, irqs;	/* atomic: counted up to wake the other end */
	u32 done;		/* atomic: completions checked */
	bool slept_device, slept_driver;
	const char *error;	/* atomic: the first thing that went wrong */
};

#define GET(x)		__atomic_load_n(&(x), __ATOMIC_SEQ_CST)
#define SET(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_SEQ_CST)
#define ADD(x, v)	__atomic_add_fetch(&(x), (v), __ATOMIC_SEQ_CST)

static void wrong(struct run *t, const char *what)
{
	const char *none = NULL;

	__atomic_compare_exchange_n(&t->error, &none, what, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
}

/* Wait until @counter moves on from @seen; a long wait is a lost wake-up. */
static bool wait_for(struct run *t, u32 *counter, u32 seen, const char *who)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (GET(*counter) == seen) {
		if (GET(t->error) || GET(t->done) == TOTAL)
			return false;
		sched_yield();
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec > HANG_SECONDS) {
			wrong(t, who);
			return false;
		}
	}
	return true;
}

static void *submit(void *arg)
{
	struct run *t = arg;
	unsigned int seed = 1;
	u32 serial = 0;

	while (serial < TOTAL && !GET(t->error)) {
		struct vpv_seg seg[3];
		struct vpv_buf b = { seg, 0, 1, NULL };
		u32 n = 1 + rand_r(&seed) % 8;
		int ret = 0;

		while (n-- && serial < TOTAL) {
			b.nr_out = rand_r(&seed) % 2;
			if (b.nr_out + 1u > vpv_ring_max_segs(t->ring))
				b.nr_out = 0;
			seg[0].addr = seg[1].addr = serial;
			seg[0].len = seg[1].len = 64;
			b.token = (void *)(uintptr_t)(serial + 1);
			ret = vpv_ring_stage(t->ring, &b, 1);
			if (ret != 1)
				break;
			serial++;
		}
		if (ret < 0)
			wrong(t, "stage failed");
		vpv_ring_publish(t->ring);
		if (rand_r(&seed) % 4 && serial < TOTAL && ret)
			continue;	/* the decision may come later */
		if (vpv_ring_decide(t->ring))
			ADD(t->kicks, 1);
		if (!ret)
			sched_yield();
	}
	return NULL;
}

static void *complete(void *arg)
{
	struct run *t = arg;
	struct vpv_done done[16];

	while (GET(t->done) < TOTAL && !GET(t->error)) {
		u32 seen = GET(t->irqs);
		unsigned int n, i;

		do {
			vpv_ring_park(t->ring);
			while ((n = vpv_ring_reap(t->ring, done, 16))) {
				for (i = 0; i < n; i++) {
					uintptr_t serial = (uintptr_t)done[i].token - 1;

					if (serial >= TOTAL || t->came[serial]++)
						wrong(t, "a token came twice or was never staged");
					else if (!done[i].flags && done[i].len != serial % 65)
						wrong(t, "wrong length");
				}
				ADD(t->done, n);
			}
			if (vpv_ring_error(t->ring))
				wrong(t, vpv_ring_error_str(vpv_ring_error(t->ring)));
			if (GET(t->done) == TOTAL || GET(t->error))
				return NULL;
		} while (!vpv_ring_arm(t->ring, 1));
		t->slept_driver = true;
		if (!wait_for(t, &t->irqs, seen, "the driver waits for an interrupt"))
			break;
	}
	return NULL;
}

static void *device(void *arg)
{
	struct run *t = arg;
	struct fakedev *d = &t->dev;
	struct fakedev_buf held[8];
	unsigned int n = 0, seed = 2, i;

	while (GET(t->done) < TOTAL && !GET(t->error)) {
		u32 seen = GET(t->kicks);

		while (n < 8 && fakedev_pop(d, &held[n]))
			n++;
		if (d->violation)
			wrong(t, d->violation);
		if (n && d->cfg.in_order && rand_r(&seed) % 2) {
			fakedev_push_batch(d, held, n, held[n - 1].seg[0].addr % 65);
			n = 0;
		}
		while (n) {
			i = d->cfg.in_order ? 0 : rand_r(&seed) % n;
			fakedev_push(d, &held[i], held[i].seg[0].addr % 65);
			memmove(&held[i], &held[i + 1], (--n - i) * sizeof(*held));
		}
		if (fakedev_interrupt(d))
			ADD(t->irqs, 1);
		if (fakedev_avail(d))
			continue;
		fakedev_arm(d);
		if (fakedev_avail(d)) {
			fakedev_no_kick(d);
			continue;
		}
		t->slept_device = true;
		if (!wait_for(t, &t->kicks, seen, "the device waits for a notification"))
			break;
		fakedev_no_kick(d);
	}
	return NULL;
}

static void *area(size_t size)
{
	void *p = size ? aligned_alloc(64, (size + 63) & ~63ul) : NULL;

	if (p)
		memset(p, 0, size);
	return p;
}

static void run(const struct vpv_ring_cfg *cfg)
{
	void *(*const body[])(void *) = { submit, complete, device };
	struct run t = { .cfg = *cfg };
	struct vpv_ring_layout l;
	struct vpv_ring_mem mem;
	pthread_t thread[3];
	unsigned int i;
	u32 missing = 0;

	snprintf(ktap_where, sizeof(ktap_where), "%s size %u%s%s, tables of %u",
		 cfg->packed ? "packed" : "split", cfg->num, cfg->in_order ? " in order" : "",
		 cfg->event_idx ? " event index" : "", cfg->table_len);
	CHECK_EQ(vpv_ring_layout(cfg, &l), 0);
	mem.desc = area(l.desc.size);
	mem.driver = area(l.driver.size);
	mem.device = area(l.device.size);
	mem.tables = area(l.tables.size);
	mem.tables_addr = 0x1000;
	t.ring = vpv_ring_create(cfg, &mem);
	CHECK(!IS_ERR(t.ring));
	t.came = calloc(TOTAL, 1);
	fakedev_init(&t.dev, cfg, &mem);
	for (i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, body[i], &t), 0);
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	if (t.error)
		ktap_fail(__FILE__, __LINE__, "%s, after %u of %u", t.error, t.done, TOTAL);
	for (i = 0; i < TOTAL; i++)
		missing += t.came[i] != 1;
	CHECK_EQ(missing, 0);
	CHECK_EQ(vpv_ring_in_flight(t.ring), 0);
	/* Or the sleeping protocols were not put to the test. */
	CHECK(t.slept_device || t.slept_driver);
	vpv_ring_destroy(t.ring);
	free(mem.desc);
	free(mem.driver);
	free(mem.device);
	free(mem.tables);
	free(t.came);
}

static void all(bool packed)
{
	unsigned int bits;

	for (bits = 0; bits < 16; bits++) {
		struct vpv_ring_cfg cfg = {
			.num = bits & 8 ? 16 : packed ? 5 : 4,
			.packed = packed, .in_order = bits & 1, .event_idx = bits & 2,
			.table_len = bits & 4 ? 2 : 0,
		};

		run(&cfg);
	}
}

TEST(three_threads_split)
{
	all(false);
}

TEST(three_threads_packed)
{
	all(true);
}
