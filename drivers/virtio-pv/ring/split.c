// SPDX-License-Identifier: GPL-2.0-only
/*
 * Split virtqueues: descriptor table, available ring, used ring (virtio 1.4,
 * 2.7).
 *
 * In any order, free descriptors wait in a FIFO of ids, filled by the
 * completion side and emptied by the submit side. In order there is nothing to
 * allocate: descriptors are used in turn, and the id is the head's position.
 */
#include <linux/string.h>

#include "ring_priv.h"

/* An event index is moved on before it could be met a second time. */
#define SPLIT_PARK_LIMIT	(1 << 14)

static __always_inline u16 split_id(const struct vpv_ring *r, u16 pos, const bool in_order)
{
	return in_order ? pos : r->fifo[pos];
}

/*
 * Place @segs pieces as a chain, from FIFO position or descriptor @pos on. In
 * order, next is x + 1 and 0 at the end of the table (SPLIT-005).
 */
static noinline void split_put_chain(struct vpv_ring *r, const struct vpv_buf *b,
				     unsigned int segs, u16 pos, unsigned int staged)
{
	bool in_order = r->in_order;
	u16 head = split_id(r, pos, in_order), id = head, next;
	u32 in_len = 0;
	unsigned int i;

	for (i = 0; i < segs; i++) {
		u16 flags = 0;

		if (i >= b->nr_out) {
			flags = VRING_DESC_F_WRITE;
			in_len += b->seg[i].len;
		}
		if (i + 1 < segs)
			flags |= VRING_DESC_F_NEXT;
		vpv_put_desc(&r->desc[id], b->seg[i].addr, b->seg[i].len, flags);
		if (!(flags & VRING_DESC_F_NEXT))
			break;
		pos = (pos + 1) & r->mask;
		next = split_id(r, pos, in_order);
		if (!in_order)
			r->chain[id] = next;
		r->desc[id].next = (__force __virtio16)cpu_to_le16(next);
		id = next;
	}
	vpv_slot_fill(&r->slots[head], b->token, in_len, segs, staged, in_order);
}

/* Fill the table @d; its next fields stand already. Return: writable bytes. */
static __always_inline u32 split_put_table(struct vring_desc *d, const struct vpv_buf *b)
{
	const struct vpv_seg *seg = b->seg;
	u16 last = b->nr_in ? VRING_DESC_F_WRITE : 0;
	u32 in_len = 0, len;
	unsigned int n;

	for (n = b->nr_out; n; n--, seg++, d++)
		vpv_put_desc(d, seg->addr, seg->len, VRING_DESC_F_NEXT);
	for (n = b->nr_in; n; n--, seg++, d++) {
		len = seg->len;
		in_len += len;
		vpv_put_desc(d, seg->addr, len, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
	}
	d[-1].flags = (__force __virtio16)cpu_to_le16(last);
	return in_len;
}

/* A full lap of like buffers finds its entries as they were. */
static __always_inline void split_put_avail(struct vpv_ring *r, u16 *shadow, unsigned int entry,
					    unsigned int head)
{
	if (unlikely(shadow[entry] != head)) {
		shadow[entry] = head;
		vpv_put16(&r->avail->ring[entry], head);
	}
}

/*
 * Buffers are placed by the run: those of one piece, those with a table, or one
 * chain. State is held in locals meanwhile: stores to shared memory would make
 * the compiler load it again for each buffer. Each function returns how many of
 * the @n buffers from @b on it placed, 0 when the ring is full.
 */
static __always_inline unsigned int split_stage_like(struct vpv_ring *r, const struct vpv_buf *b,
						     unsigned int n, const bool in_order,
						     const bool table)
{
	struct vpv_submit *s = &r->submit;
	struct vring_desc *desc = r->desc;
	struct vpv_slot *slots = r->slots;
	u16 *shadow = r->avail_shadow;
	const u16 *fifo = r->fifo;
	unsigned int mask = r->mask, pos = s->pos, staged = s->staged, i;
	unsigned int low = table ? vpv_least_for_table(r) : 1, high = table ? r->table_len : 1;

	n = vpv_room_for(r, n);
	for (i = 0; i < n; i++, b++) {
		unsigned int nr_in = b->nr_in, segs = b->nr_out + nr_in, head;
		u32 in_len;

		if (unlikely(segs < low || segs > high))
			break;
		head = in_order ? pos : fifo[pos];
		if (table) {
			size_t offset = vpv_table_offset(r, head);

			in_len = split_put_table(r->tables + offset, b);
			vpv_put_desc(&desc[head], r->tables_addr + offset,
				     segs * sizeof(struct vring_desc), VRING_DESC_F_INDIRECT);
		} else {
			u32 len = b->seg->len;

			vpv_put_desc(&desc[head], b->seg->addr, len, nr_in * VRING_DESC_F_WRITE);
			in_len = nr_in ? len : 0;
		}
		vpv_slot_fill(&slots[head], b->token, in_len, 1, staged, in_order);
		split_put_avail(r, shadow, staged & mask, head);
		staged++;
		pos = (pos + 1) & mask;
	}
	s->pos = pos;
	vpv_count_staged(s, i, i);
	return i;
}

static unsigned int split_stage_chain(struct vpv_ring *r, const struct vpv_buf *b,
				      unsigned int segs)
{
	struct vpv_submit *s = &r->submit;
	unsigned int pos = s->pos;

	if (vpv_room_for(r, segs) < segs)
		return 0;
	split_put_chain(r, b, segs, pos, s->staged);
	split_put_avail(r, r->avail_shadow, s->staged & r->mask, split_id(r, pos, r->in_order));
	s->pos = (pos + segs) & r->mask;
	vpv_count_staged(s, 1, segs);
	return 1;
}

static __always_inline int split_stage_run(struct vpv_ring *r, const struct vpv_buf *b,
					   unsigned int n, const bool in_order)
{
	unsigned int segs = b->nr_out + b->nr_in;

	if (likely(segs == 1))
		return split_stage_like(r, b, n, in_order, false);
	if (unlikely(!segs || segs > r->max_segs))
		return -EMSGSIZE;
	if (vpv_wants_table(r, segs))
		return split_stage_like(r, b, n, in_order, true);
	return split_stage_chain(r, b, segs);
}

static __always_inline int split_stage_runs(struct vpv_ring *r, const struct vpv_buf *b,
					    unsigned int n, const bool in_order)
{
	unsigned int left = n;
	int placed = 0;

	for (; left; left -= placed, b += placed) {
		placed = split_stage_run(r, b, left, in_order);
		if (placed <= 0)
			break;
	}
	return left < n ? (int)(n - left) : placed;
}

static noinline int split_stage_runs_any(struct vpv_ring *r, const struct vpv_buf *b,
					 unsigned int n)
{
	return split_stage_runs(r, b, n, false);
}

static noinline int split_stage_runs_ord(struct vpv_ring *r, const struct vpv_buf *b,
					 unsigned int n)
{
	return split_stage_runs(r, b, n, true);
}

/* With a constant 1 nothing is left of the loops, and that is the usual number. */
int vpv_split_stage(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n)
{
	return n == 1 ? split_stage_run(r, bufs, 1, false) : split_stage_runs_any(r, bufs, n);
}

int vpv_split_stage_in_order(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n)
{
	return n == 1 ? split_stage_run(r, bufs, 1, true) : split_stage_runs_ord(r, bufs, n);
}

/* Any order: what is staged may be completed from now on (row A10). */
static __always_inline void split_mark_published(struct vpv_ring *r)
{
	struct vpv_slot *slots = r->slots;
	const u16 *shadow = r->avail_shadow;
	u16 i = r->submit.published, end = r->submit.staged, mask = r->mask;

	smp_wmb();	/* slots before their state; see vpv_split_reap() */
	for (; i != end; i++)
		WRITE_ONCE(slots[shadow[i & mask]].state, VPV_SLOT_PUBLISHED);
}

void vpv_split_mark_published(struct vpv_ring *r)
{
	split_mark_published(r);
}

/*
 * The device may complete a buffer as soon as it sees the index, so what the
 * completion side checks it against is stored before.
 */
void vpv_split_publish(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;

	if (!r->in_order)
		split_mark_published(r);
	smp_store_release(&s->published, s->staged);
	WRITE_ONCE(s->next, s->staged);
	s->placed_published = s->placed;

	vpv_wmb(r);		/* all that is staged before the index (SPLIT-025) */
	vpv_put16(&r->avail->idx, s->staged);
}

/* After a full barrier: does the device want to hear of [decided, published)? */
bool vpv_split_event_due(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;
	u16 event;

	if (!r->event_idx) {
		s->device_event = vpv_get16(&r->used->flags);
		return !(s->device_event & VRING_USED_F_NO_NOTIFY);
	}
	event = vpv_get16((__virtio16 *)&r->used->ring[r->num]);
	s->device_event = event;
	return (u16)(s->published - event - 1) < (u16)(s->published - s->decided);
}

/*
 * How many completions stand in the used ring? The index may only grow, and
 * never beyond what is in flight: else nothing is taken (row A4).
 */
static __always_inline u16 split_look(struct vpv_ring *r)
{
	struct vpv_complete *c = &r->complete;
	u16 idx = vpv_get16(&r->used->idx);
	u16 now = idx - c->completed, seen = c->used_seen - c->completed;

	if (now == seen)
		return now;
	vpv_rmb(r);		/* the index before the entries */
	if (unlikely(now < seen || (now > (u16)(c->published - c->completed) &&
				    now > vpv_refresh_in_flight(r)))) {
		vpv_ring_fail(r, VPV_RING_BAD_INDEX, idx);
		return 0;
	}
	c->used_seen = idx;
	return now;
}

static __always_inline unsigned int split_used(struct vpv_ring *r, unsigned int max)
{
	u16 n = r->complete.used_seen - r->complete.completed;

	if (n < max)
		n = split_look(r);
	return min_t(unsigned int, n, max);
}

/* Give the descriptors behind @id back as well. The links are our own. */
static unsigned int split_free_chain(struct vpv_ring *r, u16 id, u16 ndesc, unsigned int id_pos)
{
	while (--ndesc) {
		id = r->chain[id];
		r->fifo[id_pos] = id;
		id_pos = (id_pos + 1) & r->mask;
	}
	return id_pos;
}

unsigned int vpv_split_reap(struct vpv_ring *r, struct vpv_done *done, unsigned int max)
{
	struct vpv_complete *c = &r->complete;
	unsigned int n = split_used(r, max), mask = r->mask, num = r->num, i;
	const struct vring_used_elem *ring = r->used->ring;
	struct vpv_slot *slots = r->slots;
	u16 *fifo = r->fifo;
	unsigned int last = c->completed, id_pos = c->id_pos;
	u16 retired = c->retired;

	for (i = 0; i < n; i++) {
		const struct vring_used_elem *elem = &ring[(last + i) & mask];
		u32 id = vpv_get32(&elem->id), len = vpv_get32(&elem->len);
		struct vpv_slot *slot;

		if (unlikely(id >= num)) {
			vpv_ring_fail(r, VPV_RING_BAD_ID, id);
			break;
		}
		id = array_index_nospec(id, num);
		slot = &slots[id];

		/* Pairs with the smp_wmb() in vpv_split_mark_published(). */
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
		id_pos = (id_pos + 1) & mask;
		retired += slot->ndesc;
		if (unlikely(slot->ndesc > 1))
			id_pos = split_free_chain(r, id, slot->ndesc, id_pos);
	}
	if (i) {
		c->id_pos = id_pos;
		vpv_give_back(c, last + i, retired);
	}
	return i;
}

/* Retire the next buffer in order; a batch is resolved already. */
static void split_retire(struct vpv_ring *r, struct vpv_done *done)
{
	struct vpv_complete *c = &r->complete;
	struct vpv_slot *slot = &r->slots[c->used_pos];

	if (--c->batch)
		vpv_done_fill(done, slot->token, slot->in_len, VPV_DONE_SKIPPED);
	else
		vpv_done_fill(done, slot->token, c->batch_len, 0);
	WRITE_ONCE(slot->token, NULL);
	c->used_pos = (c->used_pos + slot->ndesc) & r->mask;
	vpv_give_back(c, c->completed + 1, c->retired + slot->ndesc);
}

/*
 * In order, one used entry may stand for a batch: its id is the last buffer's
 * and it lies where the first one's entry would (2.7.9). The whole distance is
 * checked before anything is retired; what the caller has no room for waits in
 * vpv_complete.batch.
 */
static bool split_next_batch(struct vpv_ring *r, u32 id, u32 len)
{
	struct vpv_complete *c = &r->complete;
	u16 d;

	if (unlikely(id >= r->num)) {
		vpv_ring_fail(r, VPV_RING_BAD_ID, id);
		return false;
	}
	id = array_index_nospec(id, r->num);
	d = vpv_in_order_distance(r, id);
	if (unlikely(!d)) {
		vpv_ring_fail(r, VPV_RING_NOT_IN_FLIGHT, id);
		return false;
	}
	if (unlikely(d > (u16)(c->used_seen - c->completed))) {
		vpv_ring_fail(r, VPV_RING_BAD_BATCH, id);
		return false;
	}
	if (unlikely(!vpv_len_ok(&len, r->slots[id].in_len))) {
		vpv_ring_fail(r, VPV_RING_BAD_LEN, id);
		return false;
	}
	c->batch = d;
	c->batch_len = len;
	return true;
}

/*
 * Buffers used one by one; stops at the first entry that stands for more. That
 * entry is read anew by the caller; its id as seen here is not used.
 */
static unsigned int split_reap_singles(struct vpv_ring *r, struct vpv_done *done, unsigned int n)
{
	struct vpv_complete *c = &r->complete;
	const struct vring_used_elem *ring = r->used->ring;
	struct vpv_slot *slots = r->slots;
	unsigned int mask = r->mask, last = c->completed, pos = c->used_pos, i;
	u16 retired = c->retired;

	for (i = 0; i < n; i++) {
		const struct vring_used_elem *elem = &ring[(last + i) & mask];
		struct vpv_slot *slot = &slots[pos];
		u32 len;

		if (unlikely(vpv_get32(&elem->id) != pos))
			break;
		len = vpv_get32(&elem->len);
		if (unlikely(len > slot->in_len) && !vpv_len_ok(&len, slot->in_len)) {
			vpv_ring_fail(r, VPV_RING_BAD_LEN, pos);
			break;
		}
		vpv_done_fill(&done[i], slot->token, len, 0);
		WRITE_ONCE(slot->token, NULL);
		pos = (pos + slot->ndesc) & mask;
		retired += slot->ndesc;
	}
	if (i) {
		c->used_pos = pos;
		vpv_give_back(c, last + i, retired);
	}
	return i;
}

unsigned int vpv_split_reap_in_order(struct vpv_ring *r, struct vpv_done *done, unsigned int max)
{
	struct vpv_complete *c = &r->complete;
	unsigned int n = split_used(r, max), i = 0;

	for (;;) {
		const struct vring_used_elem *elem;

		for (; c->batch && i < n; i++)
			split_retire(r, &done[i]);
		i += split_reap_singles(r, done + i, n - i);
		if (likely(i == n) || vpv_ring_broken(r))
			return i;
		elem = &r->used->ring[c->completed & r->mask];
		if (!split_next_batch(r, vpv_get32(&elem->id), vpv_get32(&elem->len)))
			return i;
	}
}

bool vpv_split_pending(const struct vpv_ring *r)
{
	return vpv_get16(&r->used->idx) != READ_ONCE(r->complete.completed);
}

static void split_set_event(struct vpv_ring *r, u16 event)
{
	if (r->complete.event == event)
		return;
	r->complete.event = event;
	vpv_put16(&r->avail->ring[r->num], event);
}

static void split_set_flags(struct vpv_ring *r, u16 flags)
{
	if (r->complete.event == flags)
		return;
	r->complete.event = flags;
	vpv_put16(&r->avail->flags, flags);
}

/*
 * An event the used index has passed comes again only after 2^16 completions:
 * it is as good as parked, and stays where it is until it has fallen a quarter
 * of that behind. With a whole ring in flight and as many completions again
 * before the next call, it is still not reached. A false index costs
 * interrupts, nothing else.
 */
void vpv_split_park(struct vpv_ring *r)
{
	struct vpv_complete *c = &r->complete;

	if (!r->event_idx) {
		split_set_flags(r, VRING_AVAIL_F_NO_INTERRUPT);
		return;
	}
	if ((u16)(vpv_get16(&r->used->idx) - c->event - 1) >= SPLIT_PARK_LIMIT)
		split_set_event(r, c->completed - 1);
}

bool vpv_split_arm(struct vpv_ring *r, u16 k)
{
	struct vpv_complete *c = &r->complete;

	if (r->event_idx) {
		split_set_event(r, c->completed + k - 1);
	} else {
		k = 1;
		split_set_flags(r, 0);
	}
	c->armed_at = c->completed;
	vpv_mb(r);		/* the event before the index; the device does the reverse */
	return split_look(r) < k && !vpv_ring_broken(r);
}

/* Empty rings; next fields of the tables are written here, once (SPLIT-010). */
void vpv_split_reset(struct vpv_ring *r)
{
	unsigned int i, j;

	memset(r->desc, 0, sizeof(*r->desc) * r->num);
	memset(r->avail, 0, sizeof(__virtio16) * (3 + r->num));
	memset(r->used, 0, sizeof(__virtio16) * 3 + sizeof(struct vring_used_elem) * r->num);

	for (i = 0; i < r->num; i++) {
		r->avail_shadow[i] = 0;
		if (!r->in_order)
			r->fifo[i] = i;
		for (j = 0; j < r->table_len; j++) {
			struct vring_desc *table = r->tables + vpv_table_offset(r, i);

			table[j].next = (__force __virtio16)cpu_to_le16(j + 1);
		}
	}
}
