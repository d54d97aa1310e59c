// SPDX-License-Identifier: GPL-2.0-only
/*
 * vuio DISK DEPTH SECONDS OPERATIONS: direct I/O of 4 KiB that tells apart a
 * wrong answer from an error and from none. Each of DEPTH slots has a block of
 * its own, writes to it and reads it back, again and again.
 *
 * Prints "done N errors N wrong N unanswered N". A block whose write failed may
 * hold the old or the new data. Exits with 1 for wrong data or a request
 * without an answer, which is what no fault of a device may lead to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096

struct slot {
	struct iocb cb;
	uint64_t *data;
	uint64_t good, maybe;	/* what the block may hold */
	int reading, busy;
};

static int fd;
static unsigned long done, errors, wrong;

static void fill(uint64_t *data, uint64_t value)
{
	for (int i = 0; i < BLOCK / 8; i++)
		data[i] = value + i;
}

static int holds(const uint64_t *data, uint64_t value)
{
	for (int i = 0; i < BLOCK / 8; i++)
		if (data[i] != value + i)
			return 0;
	return 1;
}

static int start(aio_context_t ctx, struct slot *s, unsigned long index)
{
	struct iocb *cb = &s->cb;

	if (s->reading) {
		memset(s->data, 0x5a, BLOCK);
	} else {
		s->maybe += 1 << 20;
		fill(s->data, s->maybe);
	}
	memset(cb, 0, sizeof(*cb));
	cb->aio_data = index;
	cb->aio_fildes = fd;
	cb->aio_lio_opcode = s->reading ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
	cb->aio_buf = (uintptr_t)s->data;
	cb->aio_nbytes = BLOCK;
	cb->aio_offset = index * BLOCK;
	s->busy = syscall(SYS_io_submit, ctx, 1, &cb) == 1;
	return s->busy;
}

static void finish(struct slot *s, long result)
{
	done++;
	s->busy = 0;
	if (result != BLOCK) {
		errors++;
	} else if (!s->reading) {
		s->good = s->maybe;
	} else if (!holds(s->data, s->good) && !holds(s->data, s->maybe)) {
		wrong++;
		printf("# block at %llu: wrong data\n", (unsigned long long)s->cb.aio_offset);
	}
	s->reading = !s->reading;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static struct slot *make_slots(unsigned long depth)
{
	struct slot *slots = calloc(depth, sizeof(*slots));

	for (unsigned long i = 0; slots && i < depth; i++) {
		slots[i].data = aligned_alloc(BLOCK, BLOCK);
		if (!slots[i].data)
			return NULL;
		slots[i].maybe = (uint64_t)getpid() << 32 | i << 40;
	}
	return slots;
}

int main(int argc, char **argv)
{
	unsigned long depth, seconds, left, busy = 0;
	struct io_event events[64];
	aio_context_t ctx = 0;
	struct slot *slots;
	double end;

	if (argc != 5) {
		fprintf(stderr, "usage: vuio DISK DEPTH SECONDS OPERATIONS\n");
		return 2;
	}
	depth = strtoul(argv[2], NULL, 0);
	seconds = strtoul(argv[3], NULL, 0);
	left = strtoul(argv[4], NULL, 0);
	slots = make_slots(depth);
	fd = open(argv[1], O_RDWR | O_DIRECT);
	if (fd < 0 || !slots || syscall(SYS_io_setup, depth, &ctx)) {
		fprintf(stderr, "vuio: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	end = now() + seconds;
	do {
		struct timespec ts = { .tv_sec = 1 };

		for (unsigned long i = 0; i < depth && left; i++) {
			if (slots[i].busy || !left)
				continue;
			left--;
			if (start(ctx, &slots[i], i))
				busy++;
			else
				finish(&slots[i], -errno);
		}
		int n = busy ? syscall(SYS_io_getevents, ctx, 1, 64, events, &ts) : 0;

		for (int i = 0; i < n; i++) {
			finish(&slots[events[i].data], events[i].res);
			busy--;
		}
	} while ((busy || left) && now() < end);
	printf("done %lu errors %lu wrong %lu unanswered %lu\n", done, errors, wrong, busy);
	fflush(stdout);
	/* The kernel waits for what is unanswered: do not, the verdict is out. */
	_exit(wrong || busy);
}
