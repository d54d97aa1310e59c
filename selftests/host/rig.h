/* SPDX-License-Identifier: GPL-2.0-only */
/* A ring, its memory and a device, with an oracle of its own. */
#ifndef HOST_RIG_H
#define HOST_RIG_H

#include "fakedev.h"
#include "ktap.h"

#define RIG_TABLES_ADDR 0x100000000ull

/* What the test believes of a token: (void *)(index + 1). */
struct rig_token {
	u32 in_len;
	u32 want_len;		/* what the device reported; RIG_NO_LEN: skipped */
	u16 nr_out, nr_in;
	u32 serial;		/* of the buffer; addresses are made from it */
	bool out;		/* offered and not yet come back */
};

#define RIG_NO_LEN 0xffffffffu

struct rig {
	struct vpv_ring_cfg cfg;
	struct vpv_ring_mem mem;
	struct vpv_ring_layout layout;
	struct vpv_ring *ring;
	struct fakedev dev;
	struct rig_token *tokens;
	u32 nr_tokens, serial;
	u32 out;		/* tokens out */
	u64 random;
};

void rig_make(struct rig *g, const struct vpv_ring_cfg *cfg);
void rig_free(struct rig *g);
void rig_reset(struct rig *g);

u32 rig_random(struct rig *g, u32 below);

/* A buffer to stage; its pieces are @len, @len + 1, ... bytes long. */
struct rig_shape {
	u16 nr_out, nr_in;
	u32 len;
};

#define RIG_MAX_BATCH 64

/* Stage up to RIG_MAX_BATCH buffers in one call; what vpv_ring_stage() said. */
int rig_stage_batch(struct rig *g, const struct rig_shape *shape, unsigned int n);
/* Stage a buffer; 1, or what vpv_ring_stage() said. */
int rig_stage(struct rig *g, u16 nr_out, u16 nr_in, u32 seg_len);
/* Stage, publish; one readable descriptor of 16 bytes, or a writable of 64. */
void rig_offer_out(struct rig *g);
void rig_offer_in(struct rig *g);

/* Take a buffer as the device and compare it with what was staged. */
bool rig_pop(struct rig *g, struct fakedev_buf *b);
u32 rig_token_of(struct rig *g, const struct fakedev_buf *b);

/* Reap up to @max and check each against the oracle. */
unsigned int rig_reap(struct rig *g, unsigned int max);
/* Account for a token that came back. */
struct rig_token *rig_back(struct rig *g, void *token);

/* Call @fn for every combination of options, and some sizes of each layout. */
void rig_for_each(void (*fn)(struct rig *g));
/* The same with these sizes only (0 ends; split takes the powers of two). */
void rig_for_sizes(void (*fn)(struct rig *g), const u16 *sizes);

#endif
