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
static __always_inline u32 split_put_chain(struct vpv_ring *r, const struct vpv_buf *b,
					   unsigned int segs, u16 pos, const bool in_order)
{
	u16 id = split_id(r, pos, in_order);
	u32 in_len = 0;
	unsigned int i;

	for (i = 0; i < segs; i++) {
		u16 flags = 0;

		if (i >= b->nr_out) {
			flags = VRING_DESC_F_WRITE;
			in_len += b->seg[i].len;
		}
		if (i + 1 < segs) {
			u16 next;

			pos = (pos + 1) & r->mask;
			next = split_id(r, pos, in_order);
			if (!in_order)
				r->chain[id] = next;
			r->desc[id].next = (__force __virtio16)cpu_to_le16(next);
			vpv_put_desc(&r->desc[id], &b->seg[i], flags | VRING_DESC_F_NEXT);
			id = next;
		} else {
			vpv_put_desc(&r->desc[id], &b->seg[i], flags);
		}
	}
	return in_len;
}

/* Place @segs pieces in the table of @id; the next fields stand already. */
static __always_inline u32 split_put_table(struct vpv_ring *r, const struct vpv_buf *b,
					   unsigned int segs, u16 id)
{
	struct vring_desc *d = vpv_table(r, id);
	const struct vpv_seg *seg = b->seg;
	const struct vpv_seg *in = seg + b->nr_out, *end = seg + segs;
	struct vpv_seg table;
	u32 in_len = 0;

	for (; seg < in; seg++, d++)
		vpv_put_desc(d, seg, VRING_DESC_F_NEXT);
	for (; seg < end; seg++, d++) {
		vpv_put_desc(d, seg, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
		in_len += seg->len;
	}
	d[-1].flags = (__force __virtio16)cpu_to_le16(b->nr_in ? VRING_DESC_F_WRITE : 0);

	table.addr = vpv_table_addr(r, id);
	table.len = segs * sizeof(struct vring_desc);
	vpv_put_desc(&r->desc[id], &table, VRING_DESC_F_INDIRECT);
	return in_len;
}

static __always_inline int split_stage(struct vpv_ring *r, const struct vpv_buf *bufs,
				       unsigned int n, const bool in_order)
{
	struct vpv_submit *s = &r->submit;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct vpv_buf *b = &bufs[i];
		unsigned int segs = b->nr_out + b->nr_in, need = 1;
		u16 pos = s->pos, head, entry;
		u32 in_len;

		if (segs != 1) {
			if (unlikely(!segs || segs > r->max_segs))
				return i ? (int)i : -EMSGSIZE;
			if (!vpv_wants_table(r, segs))
				need = segs;
		}
		if (unlikely(s->room < need) && vpv_refresh_room(r) < need)
			break;

		head = split_id(r, pos, in_order);
		if (segs == 1) {
			vpv_put_desc(&r->desc[head], b->seg, b->nr_in ? VRING_DESC_F_WRITE : 0);
			in_len = b->nr_in ? b->seg->len : 0;
		} else if (need == 1) {
			in_len = split_put_table(r, b, segs, head);
		} else {
			in_len = split_put_chain(r, b, segs, pos, in_order);
		}
		vpv_slot_fill(&r->slots[head], b, in_len, need, s->staged, in_order);

		/* A full lap of like buffers finds its entries as they were. */
		entry = s->staged & r->mask;
		if (r->avail_shadow[entry] != head) {
			r->avail_shadow[entry] = head;
			vpv_put16(&r->avail->ring[entry], head);
		}
		s->staged++;
		s->placed += need;
		s->room -= need;
		s->pos = (pos + need) & r->mask;
	}
	return i;
}

int vpv_split_stage(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n)
{
	return split_stage(r, bufs, n, false);
}

int vpv_split_stage_in_order(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n)
{
	return split_stage(r, bufs, n, true);
}

/*
 * The device may complete a buffer as soon as it sees the index, so what the
 * completion side checks it against is stored before (row A10).
 */
void vpv_split_publish(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;
	u16 i;

	if (!r->in_order) {
		smp_wmb();	/* slots before their state; see vpv_split_reap() */
		for (i = s->published; i != s->staged; i++)
			WRITE_ONCE(r->slots[r->avail_shadow[i & r->mask]].state,
				   VPV_SLOT_PUBLISHED);
	}
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

/* Give the descriptors of @id back to the FIFO. The links are our own. */
static __always_inline u16 split_free(struct vpv_ring *r, u16 id, u16 ndesc, u16 id_pos)
{
	for (;;) {
		r->fifo[id_pos] = id;
		id_pos = (id_pos + 1) & r->mask;
		if (likely(!--ndesc))
			return id_pos;
		id = r->chain[id];
	}
}

unsigned int vpv_split_reap(struct vpv_ring *r, struct vpv_done *done, unsigned int max)
{
	struct vpv_complete *c = &r->complete;
	unsigned int n = split_used(r, max), i;
	u16 last = c->completed, retired = c->retired, id_pos = c->id_pos;

	if (!n)
		return 0;

	for (i = 0; i < n; i++) {
		struct vring_used_elem *elem = &r->used->ring[last & r->mask];
		u32 id = vpv_get32(&elem->id), len = vpv_get32(&elem->len);
		struct vpv_slot *slot;

		if (unlikely(id >= r->num)) {
			vpv_ring_fail(r, VPV_RING_BAD_ID, id);
			break;
		}
		id = array_index_nospec(id, r->num);
		slot = &r->slots[id];

		/* Pairs with the smp_wmb() in vpv_split_publish(). */
		if (unlikely(smp_load_acquire(&slot->state) != VPV_SLOT_PUBLISHED)) {
			vpv_ring_fail(r, VPV_RING_NOT_IN_FLIGHT, id);
			break;
		}
		if (unlikely(len > slot->in_len) && !vpv_len_ok(&len, slot->in_len)) {
			vpv_ring_fail(r, VPV_RING_BAD_LEN, id);
			break;
		}
		done[i].token = slot->token;
		done[i].len = len;
		done[i].flags = 0;
		WRITE_ONCE(slot->state, VPV_SLOT_FREE);
		id_pos = split_free(r, id, slot->ndesc, id_pos);
		retired += slot->ndesc;
		last++;
	}
	c->id_pos = id_pos;
	vpv_give_back(c, last, retired);
	return i;
}

/*
 * In order, one used entry may stand for a batch: its id is the last buffer's
 * and it lies where the first one's entry would (2.7.9). The whole distance is
 * checked before anything is retired; what does not fit in @done waits in
 * vpv_complete.batch.
 */
static bool split_next_batch(struct vpv_ring *r, u16 left)
{
	struct vpv_complete *c = &r->complete;
	struct vring_used_elem *elem = &r->used->ring[c->completed & r->mask];
	u32 id = vpv_get32(&elem->id), len = vpv_get32(&elem->len), in_len;
	u16 d = 1;

	if (unlikely(id >= r->num)) {
		vpv_ring_fail(r, VPV_RING_BAD_ID, id);
		return false;
	}
	id = array_index_nospec(id, r->num);
	if (id != c->used_pos) {
		d = vpv_in_order_distance(r, id);
		if (unlikely(!d)) {
			vpv_ring_fail(r, VPV_RING_NOT_IN_FLIGHT, id);
			return false;
		}
		if (unlikely(d > left)) {
			vpv_ring_fail(r, VPV_RING_BAD_BATCH, id);
			return false;
		}
	}
	in_len = r->slots[id].in_len;
	if (unlikely(len > in_len) && !vpv_len_ok(&len, in_len)) {
		vpv_ring_fail(r, VPV_RING_BAD_LEN, id);
		return false;
	}
	c->batch = d;
	c->batch_len = len;
	return true;
}

unsigned int vpv_split_reap_in_order(struct vpv_ring *r, struct vpv_done *done, unsigned int max)
{
	struct vpv_complete *c = &r->complete;
	unsigned int n = split_used(r, max), i;
	u16 retired = c->retired;

	if (!n)
		return 0;

	for (i = 0; i < n; i++) {
		struct vpv_slot *slot = &r->slots[c->used_pos];

		if (!c->batch && !split_next_batch(r, c->used_seen - c->completed))
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
		c->used_pos = (c->used_pos + slot->ndesc) & r->mask;
		retired += slot->ndesc;
		WRITE_ONCE(c->completed, c->completed + 1);
	}
	vpv_give_back(c, c->completed, retired);
	return i;
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
			struct vring_desc *table = vpv_table(r, i);

			table[j].next = (__force __virtio16)cpu_to_le16(j + 1);
		}
	}
}
