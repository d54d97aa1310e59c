/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the virtqueue library: the ring's private state, and the only
 * functions that read a word the device can write.
 */
#ifndef VPV_RING_PRIV_H
#define VPV_RING_PRIV_H

#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/types.h>
#include <linux/virtio_ring.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>

#include "vpv_ring.h"

/* A packed position: offset in bits 0..14, wrap counter in bit 15 (2.8.14). */
#define VPV_POS_WRAP	0x8000
#define VPV_POS_OFF	0x7fff

/*
 * Where the private record of a buffer stands. A ring in any order needs to
 * know just that; in order, a free record has no token and the sequence number
 * tells how many buffers a batch spans.
 */
enum vpv_slot_state {
	VPV_SLOT_FREE,		/* or staged only */
	VPV_SLOT_PUBLISHED,
};

/*
 * A buffer, found by its id. Submit fills it in, completion retires it; the
 * hand-over is vpv_submit.published one way and vpv_complete.retired the other.
 */
struct vpv_slot {
	void *token;
	u32 in_len;
	union {
		u16 state;	/* any order */
		u16 seq;	/* in order: number of the buffer, free-running */
	};
	u16 ndesc;
};

/* Written by the submit side only. Counters are free-running modulo 2^16. */
struct vpv_submit {
	u16 staged;		/* buffers placed */
	u16 published;		/* of them made available */
	u16 decided;		/* of them covered by a decision */
	u16 placed;		/* descriptors placed */
	u16 placed_published;
	u16 placed_decided;
	u16 room;		/* descriptors known to be free */
	u16 pos;		/* next descriptor, or next entry of the id FIFO */
	u16 id_pos;		/* packed, any order: next entry of the id FIFO */
	u16 id_published;	/* the same, of the first staged buffer */
	u16 wrap_flags;		/* packed: AVAIL and USED of this lap */
	u16 head_pos;		/* packed: first staged head, and the flags */
	u16 head_flags;		/* that publish it */
	u16 next;		/* what vpv_ring_kick_data() says */
	bool latched;		/* a decision to kick not yet handed out */
	bool detaching;		/* vpv_ring_detach() is at work */
	u32 device_event;
};

/* Written by the completion side only. */
struct vpv_complete {
	u16 completed;		/* buffers reaped */
	u16 retired;		/* descriptors given back */
	u16 published;		/* vpv_submit.published as last seen */
	u16 used_seen;		/* split: used index as last seen and checked */
	u16 used_pos;		/* packed: position; split, in order: head */
	u16 id_pos;		/* where the next id goes in the FIFO */
	u16 event;		/* event word or flags as last stored */
	u16 armed_at;
	u16 batch;		/* in order: buffers resolved, not yet reaped */
	u32 batch_len;		/* bytes written to the last of them */
	bool seen;		/* packed: vpv_ring_arm() saw a completion */
};

struct vpv_ring {
	union {
		struct vring_desc *desc;
		struct vring_packed_desc *pdesc;
	};
	union {
		struct vring_avail *avail;
		__le32 *driver_event;
	};
	union {
		struct vring_used *used;
		__le32 *device_event;
	};
	void *tables;
	u64 tables_addr;
	struct vpv_slot *slots;
	u16 *fifo;		/* any order: free ids, completion to submit */
	u16 *chain;		/* split, any order: next descriptor of a chain */
	u16 *avail_shadow;	/* split: what the available ring holds */
	u16 num;
	u16 mask;		/* split */
	u16 table_len;
	u16 direct_max;
	u16 max_segs;
	u32 table_bytes;	/* of one table */
	u16 usable;		/* descriptors that may be out at once */
	bool packed;
	bool in_order;
	bool event_idx;
	bool order_platform;
	u32 error;		/* enum vpv_ring_error, set once */
	u32 error_value;

	struct vpv_submit submit ____cacheline_aligned;
	struct vpv_complete complete ____cacheline_aligned;
};

/* The three states stay in lines of their own. */
static_assert(sizeof(struct vpv_submit) <= 64);
static_assert(sizeof(struct vpv_complete) <= 64);
static_assert(sizeof(struct vpv_slot) <= 16);
static_assert(sizeof(struct vpv_seg) == sizeof(struct vring_desc));

/* ---- barriers between us and the device ---- */

static inline void vpv_mb(const struct vpv_ring *r)
{
	if (r->order_platform)
		mb();
	else
		virt_mb();
}

static inline void vpv_rmb(const struct vpv_ring *r)
{
	if (r->order_platform)
		dma_rmb();
	else
		virt_rmb();
}

static inline void vpv_wmb(const struct vpv_ring *r)
{
	if (r->order_platform)
		dma_wmb();
	else
		virt_wmb();
}

/* ---- words of the ring: little-endian, each touched once ---- */

static inline u16 vpv_get16(const __virtio16 *p)
{
	return le16_to_cpu((__force __le16)READ_ONCE(*p));
}

static inline u32 vpv_get32(const __virtio32 *p)
{
	return le32_to_cpu((__force __le32)READ_ONCE(*p));
}

static inline void vpv_put16(__virtio16 *p, u16 v)
{
	WRITE_ONCE(*p, (__force __virtio16)cpu_to_le16(v));
}

static inline void vpv_put_desc(struct vring_desc *d, u64 addr, u32 len, u16 flags)
{
	d->addr = (__force __virtio64)cpu_to_le64(addr);
	d->len = (__force __virtio32)cpu_to_le32(len);
	d->flags = (__force __virtio16)cpu_to_le16(flags);
}

/* ---- common to both layouts ---- */

/* Break the ring; the first reason stays. Never inlined: not the hot path. */
void vpv_ring_fail(struct vpv_ring *r, enum vpv_ring_error error, u32 value);

static inline bool vpv_ring_broken(const struct vpv_ring *r)
{
	return unlikely(READ_ONCE(r->error) != VPV_RING_OK);
}

/*
 * Learn what the completion side gave back. Pairs with the release in
 * vpv_give_back(): ids in the FIFO and cleared slots are visible after it.
 */
static inline u16 vpv_free_descs(const struct vpv_ring *r, u16 placed)
{
	return r->usable - (u16)(placed - smp_load_acquire(&r->complete.retired));
}

static inline void vpv_give_back(struct vpv_complete *c, u16 completed, u16 retired)
{
	WRITE_ONCE(c->completed, completed);
	smp_store_release(&c->retired, retired);
}

/*
 * Learn what was published. Pairs with the barrier in the publish functions:
 * the slots of all those buffers are visible after it.
 */
static inline u16 vpv_refresh_in_flight(struct vpv_ring *r)
{
	struct vpv_complete *c = &r->complete;

	c->published = smp_load_acquire(&r->submit.published);
	return c->published - c->completed;
}

/* Of @n descriptors, how many are free? Looks at the other side only when it has to. */
static __always_inline unsigned int vpv_room_for(struct vpv_ring *r, unsigned int n)
{
	struct vpv_submit *s = &r->submit;

	if (unlikely(s->room < n))
		s->room = vpv_free_descs(r, s->placed);
	return min_t(unsigned int, s->room, n);
}

static __always_inline void vpv_count_staged(struct vpv_submit *s, unsigned int bufs,
					     unsigned int descs)
{
	s->staged += bufs;
	s->placed += descs;
	s->room -= descs;
}

/*
 * Table or chain? A chain is cheaper for a few pieces but uses the ring up, so
 * it has to be more than half free. The least pieces a table is taken for:
 */
static __always_inline unsigned int vpv_least_for_table(const struct vpv_ring *r)
{
	return r->submit.room > r->num / 2 ? max_t(unsigned int, r->direct_max + 1, 2) : 2;
}

static __always_inline bool vpv_wants_table(const struct vpv_ring *r, unsigned int segs)
{
	return r->table_len && segs >= vpv_least_for_table(r);
}

/* Where the table of a slot lies, from the first one. */
static __always_inline size_t vpv_table_offset(const struct vpv_ring *r, unsigned int id)
{
	return (size_t)id * r->table_bytes;
}

/*
 * The length the device reports, against the room it had. A buffer without
 * writable pieces has no length; devices report all sorts of things there.
 */
static inline bool vpv_len_ok(u32 *len, u32 in_len)
{
	if (likely(*len <= in_len))
		return true;
	*len = 0;
	return !in_len;
}

/*
 * In order: how many buffers does a completion of @id span? 0 for what is not
 * in flight. Pairs with the release in vpv_slot_fill(): a token that is seen
 * comes with its own sequence number, also when the device guesses the id of a
 * buffer that is being staged right now.
 */
static inline u16 vpv_in_order_distance(struct vpv_ring *r, u16 id)
{
	struct vpv_complete *c = &r->complete;
	const struct vpv_slot *slot = &r->slots[id];
	u16 d;

	if (!smp_load_acquire(&slot->token))
		return 0;
	d = READ_ONCE(slot->seq) - c->completed + 1;
	if (d > (u16)(c->published - c->completed) && d > vpv_refresh_in_flight(r))
		return 0;
	return d;
}

static __always_inline void vpv_slot_fill(struct vpv_slot *slot, void *token, u32 in_len,
					  u16 ndesc, u16 seq, const bool in_order)
{
	slot->in_len = in_len;
	slot->ndesc = ndesc;
	if (in_order) {
		WRITE_ONCE(slot->seq, seq);
		smp_store_release(&slot->token, token);
	} else {
		slot->token = token;	/* the state follows with publish */
	}
}

static __always_inline void vpv_done_fill(struct vpv_done *done, void *token, u32 len, u32 flags)
{
	done->token = token;
	done->len = len;
	done->flags = flags;
}

/* ---- one set per layout; in_order is a constant in the hot ones ---- */

int vpv_split_stage(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n);
int vpv_split_stage_in_order(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n);
void vpv_split_mark_published(struct vpv_ring *r);
void vpv_split_publish(struct vpv_ring *r);
bool vpv_split_event_due(struct vpv_ring *r);
unsigned int vpv_split_reap(struct vpv_ring *r, struct vpv_done *done, unsigned int max);
unsigned int vpv_split_reap_in_order(struct vpv_ring *r, struct vpv_done *done, unsigned int max);
bool vpv_split_pending(const struct vpv_ring *r);
void vpv_split_park(struct vpv_ring *r);
bool vpv_split_arm(struct vpv_ring *r, u16 k);
void vpv_split_reset(struct vpv_ring *r);

int vpv_packed_stage(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n);
int vpv_packed_stage_in_order(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n);
void vpv_packed_mark_published(struct vpv_ring *r);
void vpv_packed_publish(struct vpv_ring *r);
bool vpv_packed_event_due(struct vpv_ring *r);
unsigned int vpv_packed_reap(struct vpv_ring *r, struct vpv_done *done, unsigned int max);
unsigned int vpv_packed_reap_in_order(struct vpv_ring *r, struct vpv_done *done, unsigned int max);
bool vpv_packed_pending(const struct vpv_ring *r);
void vpv_packed_park(struct vpv_ring *r);
bool vpv_packed_arm(struct vpv_ring *r, u16 k);
void vpv_packed_reset(struct vpv_ring *r);

#endif /* VPV_RING_PRIV_H */
