// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time per buffer with a device in a second thread that polls, that sleeps by
 * the protocol of the event index, or that is slow. Wall clock: compare rows of
 * one run on a quiet machine, nothing else.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/err.h>

#include "fakedev.h"

#define NUM	256
#define TOTAL	200000u
#define BATCH	16

enum kind { POLLS, SLEEPS, SLOW };

static const char * const kinds[] = { "polls", "sleeps", "slow" };

static struct vpv_ring *ring;
static struct fakedev dev;
static u32 kicks, irqs, nr_kicks, nr_irqs;
static bool stop;
static enum kind kind;

#define GET(x)	__atomic_load_n(&(x), __ATOMIC_SEQ_CST)

static void wake(u32 *word, u32 *count)
{
	(*count)++;
	__atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void sleep_on(u32 *word, u32 seen)
{
	struct timespec second = { 1, 0 };

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, &second, NULL, 0);
}

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void *device(void *arg)
{
	struct fakedev_buf b;

	(void)arg;
	while (!GET(stop)) {
		u32 seen = GET(kicks);
		bool any = false;

		while (fakedev_pop(&dev, &b)) {
			if (kind == SLOW) {
				u64 until = now_ns() + 2000;

				while (now_ns() < until)
					;
			}
			fakedev_push(&dev, &b, 0);
			any = true;
			if (kind == SLOW && fakedev_interrupt(&dev))
				wake(&irqs, &nr_irqs);
		}
		if (any && fakedev_interrupt(&dev))
			wake(&irqs, &nr_irqs);
		if (kind == POLLS)
			continue;
		fakedev_arm(&dev);
		if (!fakedev_avail(&dev) && !GET(stop))
			sleep_on(&kicks, seen);
	}
	return NULL;
}

static void *area(size_t size)
{
	void *p = aligned_alloc(64, (size + 64) & ~63ul);

	if (!p)
		abort();
	return p;
}

/* One thread as driver: submits by batches, sleeps when there is no room. */
static void drive(void)
{
	struct vpv_seg seg = { 0x1000, 64 };
	struct vpv_buf bufs[BATCH];
	struct vpv_done done[BATCH];
	u32 sent = 0, got = 0, i, n;

	for (i = 0; i < BATCH; i++)
		bufs[i] = (struct vpv_buf){ &seg, 0, 1, &bufs[i] };
	while (got < TOTAL) {
		u32 seen = GET(irqs);
		u32 want = TOTAL - sent < BATCH ? TOTAL - sent : BATCH;
		int staged = vpv_ring_stage(ring, bufs, want);

		if (staged < 0)
			abort();
		sent += staged;
		vpv_ring_publish(ring);
		if (vpv_ring_decide(ring))
			wake(&kicks, &nr_kicks);
		vpv_ring_park(ring);
		while ((n = vpv_ring_reap(ring, done, BATCH)))
			got += n;
		if (got < TOTAL && (sent == TOTAL || !vpv_ring_room(ring)) && vpv_ring_arm(ring, 1))
			sleep_on(&irqs, seen);
		if (vpv_ring_error(ring))
			abort();
	}
}

static void run(bool packed, bool in_order)
{
	struct vpv_ring_cfg cfg = {
		.num = NUM, .packed = packed, .in_order = in_order, .event_idx = true,
	};
	struct vpv_ring_layout l;
	struct vpv_ring_mem mem = { 0 };
	pthread_t thread;
	u64 start, ns;

	vpv_ring_layout(&cfg, &l);
	mem.desc = area(l.desc.size);
	mem.driver = area(l.driver.size);
	mem.device = area(l.device.size);
	ring = vpv_ring_create(&cfg, &mem);
	if (IS_ERR(ring))
		abort();
	fakedev_init(&dev, &cfg, &mem);
	kicks = irqs = nr_kicks = nr_irqs = 0;
	stop = false;
	if (kind == POLLS)
		fakedev_no_kick(&dev);
	if (pthread_create(&thread, NULL, device, NULL))
		abort();
	start = now_ns();
	drive();
	ns = now_ns() - start;
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	wake(&kicks, &(u32){ 0 });
	pthread_join(thread, NULL);
	printf("%-8s%-18s%10.1f%12.4f%16.4f\n", kinds[kind],
	       packed ? in_order ? "packed-inorder" : "packed" :
	       in_order ? "split-inorder" : "split",
	       (double)ns / TOTAL, (double)nr_kicks / TOTAL, (double)nr_irqs / TOTAL);
	vpv_ring_destroy(ring);
	free(mem.desc);
	free(mem.driver);
	free(mem.device);
}

int main(void)
{
	unsigned int i;

	printf("%-8s%-18s%10s%12s%16s\n", "device", "ring of 256", "ns/buffer", "kicks/buffer",
	       "interrupts/buffer");
	for (kind = POLLS; kind <= SLOW; kind++)
		for (i = 0; i < 4; i++)
			run(i & 2, i & 1);
	return 0;
}
