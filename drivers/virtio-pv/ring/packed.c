// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packed virtqueues: one ring of descriptors, written by both sides (virtio
 * 1.4, 2.8).
 *
 * Positions go round twice per cycle, once with the wrap counter set and once
 * with it clear; "lap position" below means off + (wrap ? 0 : num), so that
 * differences are taken modulo 2 * num. In any order, ids come from a FIFO; in
 * order, the id is the position of the buffer's first descriptor.
 */
#include <linux/string.h>

#include "ring_priv.h"

#define PACKED_F_AVAIL		(1 << VRING_PACKED_DESC_F_AVAIL)
#define PACKED_F_USED		(1 << VRING_PACKED_DESC_F_USED)
#define PACKED_F_LAP		(PACKED_F_AVAIL | PACKED_F_USED)

static inline u32 packed_lap(const struct vpv_ring *r, u16 pos)
{
	return (pos & VPV_POS_OFF) + (pos & VPV_POS_WRAP ? 0 : r->num);
}

static inline u16 packed_pos(const struct vpv_ring *r, u32 lap)
{
	if (lap >= 2u * r->num)
		lap -= 2u * r->num;
	return lap < r->num ? lap | VPV_POS_WRAP : lap - r->num;
}

/* From @from to @to in ring order. */
static inline u32 packed_dist(const struct vpv_ring *r, u32 from, u32 to)
{
	return to >= from ? to - from : to + 2u * r->num - from;
}

static __always_inline u16 packed_advance(const struct vpv_ring *r, u16 pos, u16 n)
{
	u32 off = (pos & VPV_POS_OFF) + n;

	pos &= VPV_POS_WRAP;
	if (off >= r->num) {
		off -= r->num;
		pos ^= VPV_POS_WRAP;
	}
	return off | pos;
}

/* ---- submit side ---- */

static __always_inline void packed_put(struct vpv_ring *r, u16 off, const struct vpv_seg *seg,
				       u16 id)
{
	struct vring_packed_desc *d = &r->pdesc[off];

	d->addr = cpu_to_le64(seg->addr);
	d->len = cpu_to_le32(seg->len);
	d->id = cpu_to_le16(id);
}

static __always_inline void packed_put_flags(struct vpv_ring *r, u16 off, u16 flags)
{
	WRITE_ONCE(r->pdesc[off].flags, cpu_to_le16(flags));
}

/* Only WRITE may be set in a table (PACKED-013). */
static __always_inline u32 packed_put_table(struct vpv_ring *r, const struct vpv_buf *b,
					    unsigned int segs, u16 id, u16 off)
{
	struct vring_packed_desc *d = vpv_table(r, id);
	const struct vpv_seg *seg = b->seg;
	const struct vpv_seg *in = seg + b->nr_out, *end = seg + segs;
	struct vpv_seg table;
	u32 in_len = 0;

	for (; seg < in; seg++, d++) {
		d->addr = cpu_to_le64(seg->addr);
		d->len = cpu_to_le32(seg->len);
		d->flags = 0;
	}
	for (; seg < end; seg++, d++) {
		d->addr = cpu_to_le64(seg->addr);
		d->len = cpu_to_le32(seg->len);
		d->flags = cpu_to_le16(VRING_DESC_F_WRITE);
		in_len += seg->len;
	}
	table.addr = vpv_table_addr(r, id);
	table.len = segs * sizeof(struct vring_packed_desc);
	packed_put(r, off, &table, id);
	return in_len;
}

/* All pieces of a chain but the flags of the first. */
static __always_inline u32 packed_put_chain(struct vpv_ring *r, const struct vpv_buf *b,
					    unsigned int segs, u16 id)
{
	u16 off = r->submit.pos, lap = r->submit.wrap_flags;
	u32 in_len = 0;
	unsigned int i;

	for (i = 0; i < segs; i++) {
		u16 flags = i + 1 < segs ? VRING_DESC_F_NEXT : 0;

		if (i >= b->nr_out) {
			flags |= VRING_DESC_F_WRITE;
			in_len += b->seg[i].len;
		}
		packed_put(r, off, &b->seg[i], id);
		if (i)
			packed_put_flags(r, off, flags | lap);
		if (++off == r->num) {
			off = 0;
			lap ^= PACKED_F_LAP;
		}
	}
	return in_len;
}

static __always_inline int packed_stage(struct vpv_ring *r, const struct vpv_buf *bufs,
					unsigned int n, const bool in_order)
{
	struct vpv_submit *s = &r->submit;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct vpv_buf *b = &bufs[i];
		unsigned int segs = b->nr_out + b->nr_in, need = 1;
		u16 off = s->pos, id, flags;
		u32 in_len;

		if (segs != 1) {
			if (unlikely(!segs || segs > r->max_segs))
				return i ? (int)i : -EMSGSIZE;
			if (!vpv_wants_table(r, segs))
				need = segs;
		}
		if (unlikely(s->room < need) && vpv_refresh_room(r) < need)
			break;

		id = in_order ? off : r->fifo[s->id_pos];
		if (segs == 1) {
			packed_put(r, off, b->seg, id);
			flags = b->nr_in ? VRING_DESC_F_WRITE : 0;
			in_len = b->nr_in ? b->seg->len : 0;
		} else if (need == 1) {
			in_len = packed_put_table(r, b, segs, id, off);
			flags = VRING_DESC_F_INDIRECT;
		} else {
			in_len = packed_put_chain(r, b, segs, id);
			flags = VRING_DESC_F_NEXT | (b->nr_out ? 0 : VRING_DESC_F_WRITE);
		}
		vpv_slot_fill(&r->slots[id], b, in_len, need, s->staged, in_order);

		/*
		 * The device reads on only behind an available descriptor, so
		 * holding back the first head holds back the batch (PACKED-011).
		 */
		flags |= s->wrap_flags;
		if (s->staged == s->published) {
			s->head_pos = off;
			s->head_flags = flags;
		} else {
			packed_put_flags(r, off, flags);
		}
		s->staged++;
		s->placed += need;
		s->room -= need;
		if (!in_order && ++s->id_pos == r->num)
			s->id_pos = 0;
		s->pos = off + need;
		if (unlikely(s->pos >= r->num)) {
			s->pos -= r->num;
			s->wrap_flags ^= PACKED_F_LAP;
		}
	}
	return i;
}

int vpv_packed_stage(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n)
{
	return packed_stage(r, bufs, n, false);
}

int vpv_packed_stage_in_order(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n)
{
	return packed_stage(r, bufs, n, true);
}

/*
 * The ids of staged buffers still stand in the FIFO: the completion side fills
 * it up behind the buffers it reaps, and these have not even been offered.
 */
static void packed_mark_published(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;
	u16 n = s->staged - s->published, pos = s->id_published;

	smp_wmb();	/* slots before their state; see packed_slot_checked() */
	while (n--) {
		WRITE_ONCE(r->slots[r->fifo[pos]].state, VPV_SLOT_PUBLISHED);
		if (++pos == r->num)
			pos = 0;
	}
	s->id_published = pos;
}

void vpv_packed_publish(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;

	if (!r->in_order)
		packed_mark_published(r);
	smp_store_release(&s->published, s->staged);
	WRITE_ONCE(s->next, s->pos | (s->wrap_flags & PACKED_F_AVAIL ? VPV_POS_WRAP : 0));
	s->placed_published = s->placed;

	vpv_wmb(r);		/* all that is staged before the flags (PACKED-016) */
	packed_put_flags(r, s->head_pos, s->head_flags);
}

/*
 * After a full barrier: does the device want to hear of the descriptors made
 * available since the last decision? What it may not say counts as yes (B6).
 */
bool vpv_packed_event_due(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;
	u32 event = le32_to_cpu(READ_ONCE(*r->device_event));
	u16 pos = event & 0xffff, flags = (event >> 16) & 3;
	u32 back;

	s->device_event = event;
	if (flags == VRING_PACKED_EVENT_FLAG_DISABLE)
		return false;
	if (flags != VRING_PACKED_EVENT_FLAG_DESC || !r->event_idx ||
	    (pos & VPV_POS_OFF) >= r->num)
		return true;
	back = packed_dist(r, packed_lap(r, pos), packed_lap(r, s->next));
	/* 0 is a whole cycle ahead: the next descriptor to be made available. */
	return back && back <= (u16)(s->placed_published - s->placed_decided);
}

/* ---- completion side ---- */

/* Used in the lap of @pos, by the flags at our own position and nothing else. */
static __always_inline bool packed_is_used(const struct vpv_ring *r, u16 pos)
{
	u16 flags = le16_to_cpu(READ_ONCE(r->pdesc[pos & VPV_POS_OFF].flags));

	return (flags & PACKED_F_LAP) == (pos & VPV_POS_WRAP ? PACKED_F_LAP : 0);
}

/*
 * The slot of the used descriptor at @pos, or NULL and the ring is broken.
 *
 * The length counts although the descriptor lacks the WRITE flag: devices
 * exist that never set it.
 */
static __always_inline struct vpv_slot *packed_slot_checked(struct vpv_ring *r, u16 pos, u32 *id,
							    u32 *len, const bool in_order)
{
	struct vring_packed_desc *d = &r->pdesc[pos & VPV_POS_OFF];
	struct vpv_slot *slot;

	*id = le16_to_cpu(READ_ONCE(d->id));
	*len = le32_to_cpu(READ_ONCE(d->len));
	if (unlikely(*id >= r->num)) {
		vpv_ring_fail(r, VPV_RING_BAD_ID, *id);
		return NULL;
	}
	*id = array_index_nospec(*id, r->num);
	slot = &r->slots[*id];

	/* Any order: pairs with the smp_wmb() in packed_mark_published(). */
	if (!in_order && unlikely(smp_load_acquire(&slot->state) != VPV_SLOT_PUBLISHED)) {
		vpv_ring_fail(r, VPV_RING_NOT_IN_FLIGHT, *id);
		return NULL;
	}
	return slot;
}

static __always_inline bool packed_len_checked(struct vpv_ring *r, const struct vpv_slot *slot,
					       u32 id, u32 *len)
{
	if (unlikely(*len > slot->in_len) && !vpv_len_ok(len, slot->in_len)) {
		vpv_ring_fail(r, VPV_RING_BAD_LEN, id);
		return false;
	}
	return true;
}

/*
 * Is the descriptor at @pos used, with something in flight to justify it
 * (row B1)? One that vpv_ring_arm() saw used stays so.
 */
static __always_inline bool packed_next_used(struct vpv_ring *r, u16 pos, u16 completed)
{
	struct vpv_complete *c = &r->complete;

	if (c->published == completed) {
		c->published = smp_load_acquire(&r->submit.published);
		if (c->published == completed)
			return false;
	}
	if (!packed_is_used(r, pos)) {
		if (unlikely(c->seen))
			vpv_ring_fail(r, VPV_RING_BAD_INDEX, pos);
		return false;
	}
	c->seen = false;
	vpv_rmb(r);		/* flags before id and len (row B3) */
	return true;
}

unsigned int vpv_packed_reap(struct vpv_ring *r, struct vpv_done *done, unsigned int max)
{
	struct vpv_complete *c = &r->complete;
	u16 completed = c->completed, retired = c->retired, pos = c->used_pos, id_pos = c->id_pos;
	unsigned int i;

	for (i = 0; i < max; i++) {
		struct vpv_slot *slot;
		u32 id, len;

		if (!packed_next_used(r, pos, completed))
			break;
		slot = packed_slot_checked(r, pos, &id, &len, false);
		if (unlikely(!slot) || unlikely(!packed_len_checked(r, slot, id, &len)))
			break;
		done[i].token = slot->token;
		done[i].len = len;
		done[i].flags = 0;
		WRITE_ONCE(slot->state, VPV_SLOT_FREE);
		r->fifo[id_pos] = id;
		if (++id_pos == r->num)
			id_pos = 0;
		retired += slot->ndesc;
		pos = packed_advance(r, pos, slot->ndesc);
		completed++;
	}
	if (!i)
		return 0;
	c->id_pos = id_pos;
	WRITE_ONCE(c->used_pos, pos);
	vpv_give_back(c, completed, retired);
	return i;
}

/*
 * One used descriptor may stand for a batch: its id is the last buffer's and it
 * overwrites the first one's (2.8.8). See split_next_batch().
 */
static __always_inline bool packed_next_batch(struct vpv_ring *r)
{
	struct vpv_complete *c = &r->complete;
	struct vpv_slot *slot;
	u32 id, len;
	u16 d = 1;

	if (!packed_next_used(r, c->used_pos, c->completed))
		return false;
	slot = packed_slot_checked(r, c->used_pos, &id, &len, true);
	if (unlikely(!slot))
		return false;
	if (id != (c->used_pos & VPV_POS_OFF)) {
		d = vpv_in_order_distance(r, id);
		if (unlikely(!d)) {
			vpv_ring_fail(r, VPV_RING_NOT_IN_FLIGHT, id);
			return false;
		}
	}
	if (unlikely(!packed_len_checked(r, slot, id, &len)))
		return false;
	c->batch = d;
	c->batch_len = len;
	return true;
}

unsigned int vpv_packed_reap_in_order(struct vpv_ring *r, struct vpv_done *done, unsigned int max)
{
	struct vpv_complete *c = &r->complete;
	u16 retired = c->retired;
	unsigned int i;

	for (i = 0; i < max; i++) {
		struct vpv_slot *slot = &r->slots[c->used_pos & VPV_POS_OFF];

		if (!c->batch && !packed_next_batch(r))
			break;
		done[i].token = slot->token;
		if (likely(!--c->batch)) {
			done[i].len = c->batch_len;
			done[i].flags = 0;
		} else {
			done[i].len = slot->in_len;
			done[i].flags = VPV_DONE_SKIPPED;
		}
		WRITE_ONCE(slot->token, NULL);
		WRITE_ONCE(c->used_pos, packed_advance(r, c->used_pos, slot->ndesc));
		retired += slot->ndesc;
		WRITE_ONCE(c->completed, c->completed + 1);
	}
	if (i)
		vpv_give_back(c, c->completed, retired);
	return i;
}

bool vpv_packed_pending(const struct vpv_ring *r)
{
	const struct vpv_complete *c = &r->complete;

	return READ_ONCE(c->batch) || packed_is_used(r, READ_ONCE(c->used_pos));
}

/* Offset, wrap counter and flags change together: one aligned store. */
static void packed_set_event(struct vpv_ring *r, u16 pos, u16 flags)
{
	struct vpv_complete *c = &r->complete;
	u16 word = flags == VRING_PACKED_EVENT_FLAG_DESC ? pos : flags;

	if (c->event == word)
		return;
	c->event = word;
	WRITE_ONCE(*r->driver_event, cpu_to_le32(pos | (u32)flags << 16));
}

/*
 * The event position comes round every two laps. It is moved to just behind the
 * next completion, unless the device has passed it already (that is known when
 * it is where the next completion lies) and less than half a lap ago: then a
 * whole ring in flight and half a lap more do not reach it.
 */
void vpv_packed_park(struct vpv_ring *r)
{
	struct vpv_complete *c = &r->complete;
	u32 here = packed_lap(r, c->used_pos), back;

	if (!r->event_idx) {
		packed_set_event(r, 0, VRING_PACKED_EVENT_FLAG_DISABLE);
		return;
	}
	if (c->event == c->used_pos && !c->batch && packed_is_used(r, c->used_pos))
		return;
	back = packed_dist(r, packed_lap(r, c->event), here);
	if (!back || back - 1 >= r->num / 2)
		packed_set_event(r, packed_pos(r, here + 2u * r->num - 1),
				 VRING_PACKED_EVENT_FLAG_DESC);
}

/*
 * The position after k - 1 more descriptors: each completion moves the device
 * by one at least. With a completion there already, how many there are could
 * be known only by walking them, so the answer is to reap.
 */
bool vpv_packed_arm(struct vpv_ring *r, u16 k)
{
	struct vpv_complete *c = &r->complete;

	if (c->batch)
		return false;
	if (r->event_idx)
		packed_set_event(r, packed_pos(r, packed_lap(r, c->used_pos) + k - 1),
				 VRING_PACKED_EVENT_FLAG_DESC);
	else
		packed_set_event(r, 0, VRING_PACKED_EVENT_FLAG_ENABLE);
	c->armed_at = c->completed;
	vpv_mb(r);		/* the event before the flags; the device does the reverse */

	if (!packed_next_used(r, c->used_pos, c->completed))
		return !vpv_ring_broken(r);
	c->seen = true;
	return false;
}

void vpv_packed_reset(struct vpv_ring *r)
{
	unsigned int i;

	memset(r->pdesc, 0, sizeof(*r->pdesc) * r->num);
	if (r->table_len)
		memset(r->tables, 0, sizeof(*r->tables) * r->num * r->table_len);
	*r->device_event = 0;
	*r->driver_event = 0;
	if (!r->in_order)
		for (i = 0; i < r->num; i++)
			r->fifo[i] = i;

	r->submit.wrap_flags = PACKED_F_AVAIL;
	r->submit.next = VPV_POS_WRAP;
	r->complete.used_pos = VPV_POS_WRAP;
	if (r->event_idx)
		packed_set_event(r, VPV_POS_WRAP, VRING_PACKED_EVENT_FLAG_DESC);
}
