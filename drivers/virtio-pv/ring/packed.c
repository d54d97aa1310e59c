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

static __always_inline void packed_put(struct vring_packed_desc *d, u64 addr, u32 len, u16 id)
{
	d->addr = cpu_to_le64(addr);
	d->len = cpu_to_le32(len);
	d->id = cpu_to_le16(id);
}

static __always_inline void packed_put_flags(struct vring_packed_desc *d, u16 flags)
{
	WRITE_ONCE(d->flags, cpu_to_le16(flags));
}

/* An entry of a table: two stores. Its id means nothing. */
static __always_inline void packed_put_entry(struct vring_packed_desc *d, u64 addr, u32 len,
					     u16 flags)
{
	__le64 *word = (__le64 *)d;

	word[0] = cpu_to_le64(addr);
	word[1] = cpu_to_le64(len | (u64)flags << 48);
}

/* Fill the table @d. Only WRITE may be set there (PACKED-013). Return: writable bytes. */
static __always_inline u32 packed_put_table(struct vring_packed_desc *d, const struct vpv_buf *b)
{
	const struct vpv_seg *seg = b->seg;
	u32 in_len = 0, len;
	unsigned int n;

	for (n = b->nr_out; n; n--, seg++, d++)
		packed_put_entry(d, seg->addr, seg->len, 0);
	for (n = b->nr_in; n; n--, seg++, d++) {
		len = seg->len;
		in_len += len;
		packed_put_entry(d, seg->addr, len, VRING_DESC_F_WRITE);
	}
	return in_len;
}

/* Place a buffer as a chain, all but the flags of its first descriptor. */
static noinline void packed_put_chain(struct vpv_ring *r, const struct vpv_buf *b,
				      unsigned int segs, u16 id, u16 off, u16 lap)
{
	u32 in_len = 0;
	unsigned int i;

	for (i = 0; i < segs; i++) {
		u16 flags = i + 1 < segs ? VRING_DESC_F_NEXT : 0;

		if (i >= b->nr_out) {
			flags |= VRING_DESC_F_WRITE;
			in_len += b->seg[i].len;
		}
		packed_put(&r->pdesc[off], b->seg[i].addr, b->seg[i].len, id);
		if (i)
			packed_put_flags(&r->pdesc[off], flags | lap);
		if (++off == r->num) {
			off = 0;
			lap ^= PACKED_F_LAP;
		}
	}
	vpv_slot_fill(&r->slots[id], b->token, in_len, segs, r->submit.staged, r->in_order);
}

/*
 * The device reads on only behind an available descriptor, so holding back the
 * first head's flags holds back the batch (PACKED-011).
 */
static __always_inline void packed_put_head(struct vpv_submit *s, struct vring_packed_desc *desc,
					    unsigned int off, u16 flags, bool first)
{
	if (likely(!first)) {
		packed_put_flags(&desc[off], flags);
	} else {
		s->head_pos = off;
		s->head_flags = flags;
	}
}

/*
 * Buffers are placed by the run: those of one piece, those with a table, or one
 * chain. State is held in locals meanwhile: stores to shared memory would make
 * the compiler load it again for each buffer. Each function returns how many of
 * the @n buffers from @b on it placed, 0 when the ring is full.
 */
static __always_inline unsigned int packed_stage_like(struct vpv_ring *r, const struct vpv_buf *b,
						      unsigned int n, const bool in_order,
						      const bool table)
{
	struct vpv_submit *s = &r->submit;
	struct vring_packed_desc *desc = r->pdesc;
	struct vpv_slot *slots = r->slots;
	const u16 *fifo = r->fifo;
	unsigned int num = r->num, off = s->pos, id_pos = s->id_pos, lap = s->wrap_flags;
	unsigned int low = table ? vpv_least_for_table(r) : 1, high = table ? r->table_len : 1;
	u16 staged = s->staged, published = s->published;
	unsigned int i;

	n = vpv_room_for(r, n);
	for (i = 0; i < n; i++, b++) {
		unsigned int nr_in = b->nr_in, segs = b->nr_out + nr_in, id;
		u32 in_len;
		u16 flags;

		if (unlikely(segs < low || segs > high))
			break;
		id = in_order ? off : fifo[id_pos];
		if (table) {
			size_t offset = vpv_table_offset(r, id);

			in_len = packed_put_table(r->tables + offset, b);
			packed_put(&desc[off], r->tables_addr + offset, segs * sizeof(*desc), id);
			flags = VRING_DESC_F_INDIRECT;
		} else {
			u32 len = b->seg->len;

			packed_put(&desc[off], b->seg->addr, len, id);
			in_len = nr_in ? len : 0;
			flags = nr_in * VRING_DESC_F_WRITE;
		}
		vpv_slot_fill(&slots[id], b->token, in_len, 1, staged, in_order);
		packed_put_head(s, desc, off, lap | flags, staged == published);
		staged++;
		if (!in_order && ++id_pos == num)
			id_pos = 0;
		if (unlikely(++off == num)) {
			off = 0;
			lap ^= PACKED_F_LAP;
		}
	}
	s->pos = off;
	s->id_pos = id_pos;
	s->wrap_flags = lap;
	vpv_count_staged(s, i, i);
	return i;
}

static unsigned int packed_stage_chain(struct vpv_ring *r, const struct vpv_buf *b,
				       unsigned int segs)
{
	struct vpv_submit *s = &r->submit;
	unsigned int off = s->pos;
	u16 id;

	if (vpv_room_for(r, segs) < segs)
		return 0;
	id = r->in_order ? off : r->fifo[s->id_pos];	/* given back by now */
	packed_put_chain(r, b, segs, id, off, s->wrap_flags);
	packed_put_head(s, r->pdesc, off, s->wrap_flags | VRING_DESC_F_NEXT |
			(b->nr_out ? 0 : VRING_DESC_F_WRITE), s->staged == s->published);
	if (!r->in_order && ++s->id_pos == r->num)
		s->id_pos = 0;
	off += segs;
	if (off >= r->num) {
		off -= r->num;
		s->wrap_flags ^= PACKED_F_LAP;
	}
	s->pos = off;
	vpv_count_staged(s, 1, segs);
	return 1;
}

static __always_inline int packed_stage_run(struct vpv_ring *r, const struct vpv_buf *b,
					    unsigned int n, const bool in_order)
{
	unsigned int segs = b->nr_out + b->nr_in;

	if (likely(segs == 1))
		return packed_stage_like(r, b, n, in_order, false);
	if (unlikely(!segs || segs > r->max_segs))
		return -EMSGSIZE;
	if (vpv_wants_table(r, segs))
		return packed_stage_like(r, b, n, in_order, true);
	return packed_stage_chain(r, b, segs);
}

static __always_inline int packed_stage_runs(struct vpv_ring *r, const struct vpv_buf *b,
					     unsigned int n, const bool in_order)
{
	unsigned int left = n;
	int placed = 0;

	for (; left; left -= placed, b += placed) {
		placed = packed_stage_run(r, b, left, in_order);
		if (placed <= 0)
			break;
	}
	return left < n ? (int)(n - left) : placed;
}

static noinline int packed_stage_runs_any(struct vpv_ring *r, const struct vpv_buf *b,
					  unsigned int n)
{
	return packed_stage_runs(r, b, n, false);
}

static noinline int packed_stage_runs_ord(struct vpv_ring *r, const struct vpv_buf *b,
					  unsigned int n)
{
	return packed_stage_runs(r, b, n, true);
}

/* With a constant 1 nothing is left of the loops, and that is the usual number. */
int vpv_packed_stage(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n)
{
	return n == 1 ? packed_stage_run(r, bufs, 1, false) : packed_stage_runs_any(r, bufs, n);
}

int vpv_packed_stage_in_order(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n)
{
	return n == 1 ? packed_stage_run(r, bufs, 1, true) : packed_stage_runs_ord(r, bufs, n);
}

/*
 * The ids of staged buffers still stand in the FIFO: the completion side fills
 * it up behind the buffers it reaps, and these have not even been offered.
 */
void vpv_packed_mark_published(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;
	struct vpv_slot *slots = r->slots;
	const u16 *fifo = r->fifo;
	u16 n = s->staged - s->published, pos = s->id_published, num = r->num;

	smp_wmb();	/* slots before their state; see vpv_packed_reap() */
	while (n--) {
		WRITE_ONCE(slots[fifo[pos]].state, VPV_SLOT_PUBLISHED);
		if (++pos == num)
			pos = 0;
	}
	s->id_published = pos;
}

void vpv_packed_publish(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;

	if (!r->in_order)
		vpv_packed_mark_published(r);
	smp_store_release(&s->published, s->staged);
	WRITE_ONCE(s->next, s->pos | (s->wrap_flags & PACKED_F_AVAIL ? VPV_POS_WRAP : 0));
	s->placed_published = s->placed;

	vpv_wmb(r);		/* all that is staged before the flags (PACKED-016) */
	packed_put_flags(&r->pdesc[s->head_pos], s->head_flags);
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

/* AVAIL and USED of a descriptor used in the lap of @pos. */
static __always_inline u16 packed_used_flags(u16 pos)
{
	return pos & VPV_POS_WRAP ? PACKED_F_LAP : 0;
}

/* Used or not, by the flags at our own position and nothing else. */
static __always_inline bool packed_is_used(const struct vring_packed_desc *d, u16 want)
{
	return (le16_to_cpu(READ_ONCE(d->flags)) & PACKED_F_LAP) == want;
}

static bool packed_here_used(const struct vpv_ring *r, u16 pos)
{
	return packed_is_used(&r->pdesc[pos & VPV_POS_OFF], packed_used_flags(pos));
}

/*
 * How many buffers may be completed? What was published bounds the work,
 * whatever the flags say (row B1).
 */
static __always_inline unsigned int packed_bound(struct vpv_ring *r, unsigned int max)
{
	u16 n = r->complete.published - r->complete.completed;

	if (n < max)
		n = vpv_refresh_in_flight(r);
	return min_t(unsigned int, n, max);
}

/* A descriptor that vpv_ring_arm() saw used has to be so still. */
static void packed_check_seen(struct vpv_ring *r, unsigned int reaped)
{
	struct vpv_complete *c = &r->complete;

	if (unlikely(c->seen) && !reaped)
		vpv_ring_fail(r, VPV_RING_BAD_INDEX, c->used_pos);
	c->seen = false;
}

/*
 * The length counts although the used descriptor lacks the WRITE flag: devices
 * exist that never set it.
 */
unsigned int vpv_packed_reap(struct vpv_ring *r, struct vpv_done *done, unsigned int max)
{
	struct vpv_complete *c = &r->complete;
	struct vring_packed_desc *desc = r->pdesc;
	struct vpv_slot *slots = r->slots;
	u16 *fifo = r->fifo;
	unsigned int n = packed_bound(r, max), num = r->num, i;
	unsigned int off = c->used_pos & VPV_POS_OFF, id_pos = c->id_pos;
	u16 want = packed_used_flags(c->used_pos), retired = c->retired;

	for (i = 0; i < n; i++) {
		struct vring_packed_desc *d = &desc[off];
		struct vpv_slot *slot;
		u32 id, len;

		if (!packed_is_used(d, want))
			break;
		vpv_rmb(r);	/* flags before id and len (row B3) */
		id = le16_to_cpu(READ_ONCE(d->id));
		len = le32_to_cpu(READ_ONCE(d->len));
		if (unlikely(id >= num)) {
			vpv_ring_fail(r, VPV_RING_BAD_ID, id);
			break;
		}
		id = array_index_nospec(id, num);
		slot = &slots[id];

		/* Pairs with the smp_wmb() in vpv_packed_mark_published(). */
		if (unlikely(smp_load_acquire(&slot->state) != VPV_SLOT_PUBLISHED)) {
			vpv_ring_fail(r, VPV_RING_NOT_IN_FLIGHT, id);
			break;
		}
		if (unlikely(len > slot->in_len) && !vpv_len_ok(&len, slot->in_len)) {
			vpv_ring_fail(r, VPV_RING_BAD_LEN, id);
			break;
		}
		vpv_done_fill(&done[i], slot->token, len, 0);
		WRITE_ONCE(slot->state, VPV_SLOT_FREE);
		fifo[id_pos] = id;
		if (++id_pos == num)
			id_pos = 0;
		retired += slot->ndesc;
		off += slot->ndesc;
		if (unlikely(off >= num)) {
			off -= num;
			want ^= PACKED_F_LAP;
		}
	}
	packed_check_seen(r, i);
	if (i) {
		c->id_pos = id_pos;
		WRITE_ONCE(c->used_pos, off | (want ? VPV_POS_WRAP : 0));
		vpv_give_back(c, c->completed + i, retired);
	}
	return i;
}

/* Retire the next buffer in order; a batch is resolved already. */
static void packed_retire(struct vpv_ring *r, struct vpv_done *done)
{
	struct vpv_complete *c = &r->complete;
	struct vpv_slot *slot = &r->slots[c->used_pos & VPV_POS_OFF];

	WRITE_ONCE(c->batch, c->batch - 1);
	if (c->batch)
		vpv_done_fill(done, slot->token, slot->in_len, VPV_DONE_SKIPPED);
	else
		vpv_done_fill(done, slot->token, c->batch_len, 0);
	WRITE_ONCE(slot->token, NULL);
	WRITE_ONCE(c->used_pos, packed_advance(r, c->used_pos, slot->ndesc));
	vpv_give_back(c, c->completed + 1, c->retired + slot->ndesc);
}

/*
 * One used descriptor may stand for a batch: its id is the last buffer's and it
 * overwrites the first one's (2.8.8). The whole distance is checked before
 * anything is retired; what the caller has no room for waits in
 * vpv_complete.batch.
 */
static bool packed_next_batch(struct vpv_ring *r)
{
	struct vpv_complete *c = &r->complete;
	struct vring_packed_desc *d = &r->pdesc[c->used_pos & VPV_POS_OFF];
	u32 id, len;
	u16 n;

	if (!packed_here_used(r, c->used_pos))
		return false;
	vpv_rmb(r);		/* flags before id and len (row B3) */
	id = le16_to_cpu(READ_ONCE(d->id));
	len = le32_to_cpu(READ_ONCE(d->len));
	if (unlikely(id >= r->num)) {
		vpv_ring_fail(r, VPV_RING_BAD_ID, id);
		return false;
	}
	id = array_index_nospec(id, r->num);
	n = vpv_in_order_distance(r, id);
	if (unlikely(!n)) {
		vpv_ring_fail(r, VPV_RING_NOT_IN_FLIGHT, id);
		return false;
	}
	if (unlikely(!vpv_len_ok(&len, r->slots[id].in_len))) {
		vpv_ring_fail(r, VPV_RING_BAD_LEN, id);
		return false;
	}
	WRITE_ONCE(c->batch, n);
	c->batch_len = len;
	return true;
}

/*
 * Buffers used one by one; stops at the first descriptor that is not used, or
 * stands for more. That one is read anew by the caller; what was seen of it
 * here is not used.
 */
static unsigned int packed_reap_singles(struct vpv_ring *r, struct vpv_done *done, unsigned int n)
{
	struct vpv_complete *c = &r->complete;
	struct vring_packed_desc *desc = r->pdesc;
	struct vpv_slot *slots = r->slots;
	unsigned int num = r->num, off = c->used_pos & VPV_POS_OFF, i;
	u16 want = packed_used_flags(c->used_pos), retired = c->retired;

	for (i = 0; i < n; i++) {
		struct vring_packed_desc *d = &desc[off];
		struct vpv_slot *slot = &slots[off];
		u32 len;

		if (!packed_is_used(d, want))
			break;
		vpv_rmb(r);	/* flags before id and len (row B3) */
		if (unlikely(le16_to_cpu(READ_ONCE(d->id)) != off))
			break;
		len = le32_to_cpu(READ_ONCE(d->len));
		if (unlikely(len > slot->in_len) && !vpv_len_ok(&len, slot->in_len)) {
			vpv_ring_fail(r, VPV_RING_BAD_LEN, off);
			break;
		}
		vpv_done_fill(&done[i], slot->token, len, 0);
		WRITE_ONCE(slot->token, NULL);
		retired += slot->ndesc;
		off += slot->ndesc;
		if (unlikely(off >= num)) {
			off -= num;
			want ^= PACKED_F_LAP;
		}
	}
	if (i) {
		WRITE_ONCE(c->used_pos, off | (want ? VPV_POS_WRAP : 0));
		vpv_give_back(c, c->completed + i, retired);
	}
	return i;
}

unsigned int vpv_packed_reap_in_order(struct vpv_ring *r, struct vpv_done *done, unsigned int max)
{
	struct vpv_complete *c = &r->complete;
	unsigned int n = packed_bound(r, max), i = 0;

	for (;;) {
		for (; c->batch && i < n; i++)
			packed_retire(r, &done[i]);
		i += packed_reap_singles(r, done + i, n - i);
		if (i == n || vpv_ring_broken(r) || !packed_next_batch(r))
			break;
	}
	packed_check_seen(r, i);
	return i;
}

bool vpv_packed_pending(const struct vpv_ring *r)
{
	const struct vpv_complete *c = &r->complete;

	return READ_ONCE(c->batch) || packed_here_used(r, READ_ONCE(c->used_pos));
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
	if (c->event == c->used_pos && !c->batch && packed_here_used(r, c->used_pos))
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

	c->seen = vpv_refresh_in_flight(r) && packed_here_used(r, c->used_pos);
	return !c->seen;
}

void vpv_packed_reset(struct vpv_ring *r)
{
	unsigned int i;

	memset(r->pdesc, 0, sizeof(*r->pdesc) * r->num);
	if (r->table_len)
		memset(r->tables, 0, (size_t)r->table_bytes * r->num);
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
