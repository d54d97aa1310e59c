/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device on the other side of a ring: written from the specification alone,
 * it shares no code with the library. It holds the driver to the rules while
 * it reads, and can be made to lie with the fakedev_lie_*() calls.
 */
#ifndef HOST_FAKEDEV_H
#define HOST_FAKEDEV_H

#include "vpv_ring.h"

#define FAKEDEV_MAX_SEGS 64

/* A buffer as the device found it. */
struct fakedev_buf {
	u16 id;
	u16 ndesc;		/* descriptors in the ring */
	bool indirect;
	unsigned int nr_out, nr_in, nr_segs;
	u32 in_len;
	struct vpv_seg seg[FAKEDEV_MAX_SEGS];	/* the first ones */
};

struct fakedev {
	struct vpv_ring_cfg cfg;
	struct vpv_ring_mem mem;
	const char *violation;	/* a rule the driver broke, or NULL */
	/* available side: index, or position and wrap counter */
	u16 avail;
	bool avail_wrap;
	/* used side */
	u16 used;
	bool used_wrap;
	/* for the interrupt decision: used position at the last one, and since */
	u16 signalled;
	unsigned int used_descs;
	unsigned int interrupts;
};

void fakedev_init(struct fakedev *d, const struct vpv_ring_cfg *cfg,
		  const struct vpv_ring_mem *mem);

/* Is something available? Take it. */
bool fakedev_avail(const struct fakedev *d);
bool fakedev_pop(struct fakedev *d, struct fakedev_buf *b);

/* Use a buffer. */
void fakedev_push(struct fakedev *d, const struct fakedev_buf *b, u32 len);
/* In order: use @n buffers, reporting the last one only. */
void fakedev_push_batch(struct fakedev *d, const struct fakedev_buf *b, unsigned int n, u32 len);
/* As push, for @n buffers, with the used index of a split ring stored once. */
void fakedev_push_many(struct fakedev *d, const struct fakedev_buf *b, unsigned int n,
		       const u32 *len);

/* Does the driver want an interrupt for what was used since the last call? */
bool fakedev_interrupt(struct fakedev *d);

/* Ask for a notification of the next available buffer, or for none. */
void fakedev_arm(struct fakedev *d);
void fakedev_no_kick(struct fakedev *d);
void fakedev_mb(void);

/* ---- lies ---- */

void fakedev_lie_used_idx(struct fakedev *d, u16 idx);
/* A used element (split) or descriptor (packed) where the next one goes. */
void fakedev_lie_used(struct fakedev *d, u32 id, u32 len);
/* Event words: raw 16 or 32 bits of the device area. */
void fakedev_lie_event(struct fakedev *d, u32 word);

#endif
