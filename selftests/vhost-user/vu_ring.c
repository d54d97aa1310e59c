// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's side of a virtqueue. See vu_ring.h.
 */
#include <stdlib.h>
#include <string.h>

#include "vu_ring.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "virtio is little-endian, and so far is this program");

/* Words the driver writes while we run: each is read once, by one of these. */
#define load(p)			__atomic_load_n(p, __ATOMIC_RELAXED)
#define load_acquire(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v)		__atomic_store_n(p, v, __ATOMIC_RELAXED)
#define store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define full_barrier()		__atomic_thread_fence(__ATOMIC_SEQ_CST)

static bool fail(struct vu_ring *r, const char *why)
{
	if (!r->error)
		r->error = why;
	r->running = false;
	return false;
}

/* ---- the areas ---- */

size_t vu_ring_desc_size(uint16_t num)
{
	return (size_t)num * sizeof(struct vu_desc);
}

size_t vu_ring_driver_size(const struct vu_ring *r)
{
	if (r->packed)
		return sizeof(struct vu_event);
	return sizeof(struct vu_avail) + 2 * (size_t)r->num + 2;
}

size_t vu_ring_device_size(const struct vu_ring *r)
{
	if (r->packed)
		return sizeof(struct vu_event);
	return sizeof(struct vu_used) + sizeof(struct vu_used_elem) * (size_t)r->num + 2;
}

static uint16_t *used_event(struct vu_ring *r)
{
	struct vu_avail *avail = r->driver;

	return &avail->ring[r->num];
}

static uint16_t *avail_event(struct vu_ring *r)
{
	struct vu_used *used = r->device;

	return (uint16_t *)&used->ring[r->num];
}

bool vu_ring_start(struct vu_ring *r)
{
	r->error = NULL;
	r->taken = 0;
	r->since = 0;
	memset(&r->batch, 0, sizeof(r->batch));
	if (!r->num || r->num > 32768)
		return fail(r, "queue size is not 1 to 32768");
	if (!r->packed && (r->num & (r->num - 1)))
		return fail(r, "size of a split queue is no power of two");
	if (!r->desc || !r->driver || !r->device)
		return fail(r, "ring lies outside guest memory");
	if (r->packed && (r->avail_idx >= r->num || r->used_idx >= r->num))
		return fail(r, "ring position is beyond the queue size");
	r->running = true;
	return true;
}

void vu_ring_stop(struct vu_ring *r)
{
	r->running = false;
}

/* ---- taking buffers ---- */

struct walk {
	struct vu_ring *r;
	unsigned int n;
	unsigned int nout;
	size_t out_len;
	size_t in_len;
	struct iovec iov[VU_MAX_SEG];
};

static bool walk_add(struct walk *w, uint64_t addr, uint32_t len, bool write)
{
	if (!len)
		return fail(w->r, "descriptor of length 0");
	if (!write && w->n > w->nout)
		return fail(w->r, "device-readable descriptor after a writable one");
	while (len) {
		uint64_t part = len;
		void *p = w->r->map(w->r->map_ctx, addr, &part);

		if (!p || !part)
			return fail(w->r, "buffer lies outside guest memory");
		if (w->n == VU_MAX_SEG)
			return fail(w->r, "buffer of too many descriptors");
		w->iov[w->n].iov_base = p;
		w->iov[w->n].iov_len = part;
		w->n++;
		if (write) {
			w->in_len += part;
		} else {
			w->nout++;
			w->out_len += part;
		}
		addr += part;
		len -= part;
	}
	return true;
}

/* Indirect tables may be anywhere; entries are 16 bytes in both layouts. */
static bool table_entry(struct vu_ring *r, uint64_t addr, void *entry)
{
	uint64_t len = 16;
	void *p = r->map(r->map_ctx, addr, &len);

	if (!p || len < 16)
		return fail(r, "indirect table lies outside guest memory");
	memcpy(entry, p, 16);
	return true;
}

static bool table_check(struct vu_ring *r, uint32_t len, uint16_t flags)
{
	if (!r->indirect)
		return fail(r, "indirect descriptor was not negotiated");
	if (!len || len % 16)
		return fail(r, "indirect table is no multiple of 16 bytes");
	if (flags & VU_DESC_NEXT)
		return fail(r, "indirect descriptor with NEXT set");
	return true;
}

static bool walk_split_table(struct walk *w, uint64_t addr, uint32_t len)
{
	uint32_t n = len / 16, seen = 0, i = 0;
	struct vu_desc d;

	do {
		if (i >= n || seen++ >= n)
			return fail(w->r, "chain leaves its indirect table or loops");
		if (!table_entry(w->r, addr + 16 * (uint64_t)i, &d))
			return false;
		if (d.flags & VU_DESC_INDIRECT)
			return fail(w->r, "indirect descriptor in an indirect table");
		if (!walk_add(w, d.addr, d.len, d.flags & VU_DESC_WRITE))
			return false;
		i = d.next;
	} while (d.flags & VU_DESC_NEXT);
	return true;
}

static bool walk_split(struct walk *w, uint16_t head)
{
	struct vu_ring *r = w->r;
	const struct vu_desc *ring = r->desc;
	unsigned int seen = 0;
	uint16_t i = head;
	struct vu_desc d;

	do {
		if (i >= r->num)
			return fail(r, "descriptor index beyond the queue size");
		if (seen++ >= r->num)
			return fail(r, "descriptor chain loops");
		memcpy(&d, &ring[i], sizeof(d));
		if (d.flags & VU_DESC_INDIRECT) {
			if (!table_check(r, d.len, d.flags))
				return false;
			return walk_split_table(w, d.addr, d.len);
		}
		if (!walk_add(w, d.addr, d.len, d.flags & VU_DESC_WRITE))
			return false;
		i = d.next;
	} while (d.flags & VU_DESC_NEXT);
	return true;
}

static bool walk_packed_table(struct walk *w, uint64_t addr, uint32_t len)
{
	struct vu_packed_desc d;

	for (uint32_t i = 0; i < len / 16; i++) {
		if (!table_entry(w->r, addr + 16 * (uint64_t)i, &d))
			return false;
		if (!walk_add(w, d.addr, d.len, d.flags & VU_DESC_WRITE))
			return false;
	}
	return true;
}

static bool packed_is_avail(const struct vu_ring *r, uint16_t flags)
{
	bool avail = flags & VU_DESC_AVAIL;
	bool used = flags & VU_DESC_USED;

	return avail != used && avail == r->avail_wrap;
}

/* The id is in the last descriptor of the chain. */
static bool walk_packed(struct walk *w, uint16_t first_flags, uint16_t *id, uint16_t *slots)
{
	struct vu_ring *r = w->r;
	const struct vu_packed_desc *ring = r->desc;
	uint16_t i = r->avail_idx, flags = first_flags;
	struct vu_packed_desc d;

	for (*slots = 1; ; ++*slots) {
		memcpy(&d, &ring[i], sizeof(d));
		*id = d.id;
		if (flags & VU_DESC_INDIRECT) {
			if (!table_check(r, d.len, flags))
				return false;
			return walk_packed_table(w, d.addr, d.len);
		}
		if (!walk_add(w, d.addr, d.len, flags & VU_DESC_WRITE))
			return false;
		if (!(flags & VU_DESC_NEXT))
			return true;
		if (*slots == r->num)
			return fail(r, "descriptor chain longer than the ring");
		if (++i == r->num)
			i = 0;
		flags = load(&ring[i].flags);
	}
}

static struct vu_elem *make_elem(const struct walk *w)
{
	struct vu_elem *e = malloc(sizeof(*e) + w->n * sizeof(e->iov[0]));

	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	memcpy(e->iov, w->iov, w->n * sizeof(e->iov[0]));
	e->nout = w->nout;
	e->nin = w->n - w->nout;
	e->out = e->iov;
	e->in = e->iov + w->nout;
	e->out_len = w->out_len;
	e->in_len = w->in_len;
	return e;
}

static void walk_init(struct walk *w, struct vu_ring *r)
{
	w->r = r;
	w->n = 0;
	w->nout = 0;
	w->out_len = 0;
	w->in_len = 0;
}

static struct vu_elem *pop_split(struct vu_ring *r)
{
	static struct walk w;
	const struct vu_avail *avail = r->driver;
	uint16_t ready = load_acquire(&avail->idx) - r->avail_idx;
	struct vu_elem *e;
	uint16_t head;

	if (!ready)
		return NULL;
	if (ready > r->num) {
		fail(r, "available index jumped");
		return NULL;
	}
	head = load(&avail->ring[r->avail_idx & (r->num - 1)]);
	walk_init(&w, r);
	if (!walk_split(&w, head))
		return NULL;
	e = make_elem(&w);
	if (!e)
		return NULL;
	e->id = head;
	e->slots = 1;
	e->pos = head;
	r->avail_idx++;
	return e;
}

static struct vu_elem *pop_packed(struct vu_ring *r)
{
	static struct walk w;
	const struct vu_packed_desc *ring = r->desc;
	uint16_t flags = load_acquire(&ring[r->avail_idx].flags);
	struct vu_elem *e;
	uint16_t id, slots;

	if (!packed_is_avail(r, flags))
		return NULL;
	walk_init(&w, r);
	if (!walk_packed(&w, flags, &id, &slots))
		return NULL;
	e = make_elem(&w);
	if (!e)
		return NULL;
	e->id = id;
	e->slots = slots;
	e->pos = r->avail_idx;
	r->avail_idx += slots;
	if (r->avail_idx >= r->num) {
		r->avail_idx -= r->num;
		r->avail_wrap = !r->avail_wrap;
	}
	return e;
}

struct vu_elem *vu_ring_pop(struct vu_ring *r)
{
	struct vu_elem *e;

	if (!r->running)
		return NULL;
	e = r->packed ? pop_packed(r) : pop_split(r);
	if (e)
		r->taken++;
	return e;
}

/* ---- giving them back ---- */

static void put_split(struct vu_ring *r, uint32_t id, uint32_t len, unsigned int slots)
{
	struct vu_used *used = r->device;
	struct vu_used_elem *u = &used->ring[r->used_idx & (r->num - 1)];

	store(&u->id, id);
	store(&u->len, len);
	r->used_idx += slots;
}

static void advance(struct vu_ring *r, unsigned int slots)
{
	r->used_idx += slots;
	if (r->used_idx >= r->num) {
		r->used_idx -= r->num;
		r->used_wrap = !r->used_wrap;
	}
}

/* Id and length have to be there before the flags say so. */
static void put_packed(struct vu_ring *r, uint32_t id, uint32_t len, unsigned int slots)
{
	struct vu_packed_desc *ring = r->desc;
	struct vu_packed_desc *d = &ring[r->used_idx];
	uint16_t flags = r->used_wrap ? VU_DESC_AVAIL | VU_DESC_USED : 0;

	if (len)
		flags |= VU_DESC_WRITE;
	store(&d->id, (uint16_t)id);
	store(&d->len, len);
	store_release(&d->flags, flags);
	advance(r, slots);
}

void vu_ring_put_used(struct vu_ring *r, uint32_t id, uint32_t len, unsigned int slots)
{
	if (r->packed)
		put_packed(r, id, len, slots);
	else
		put_split(r, id, len, slots);
	r->since += slots;
	r->used_writes++;
}

static void batch_flush(struct vu_ring *r)
{
	if (!r->batch.bufs)
		return;
	vu_ring_put_used(r, r->batch.id, r->batch.len, r->batch.slots);
	r->batch.bufs = 0;
	r->batch.slots = 0;
}

void vu_ring_push(struct vu_ring *r, uint16_t id, uint16_t slots, uint32_t len, bool full)
{
	if (r->taken)
		r->taken--;
	if (!r->in_order) {
		vu_ring_put_used(r, id, len, slots);
		return;
	}
	/* A buffer that was not written in full must say its own length. */
	if (r->batch.bufs && (!r->batch.full || r->batch.bufs == r->batch_max))
		batch_flush(r);
	r->batch.bufs++;
	r->batch.id = id;
	r->batch.len = len;
	r->batch.slots += slots;
	r->batch.full = full;
}

static uint32_t len_of(const struct vu_elem *e, uint32_t last)
{
	return e->next ? e->in_len : last;
}

/* The rest first: the driver looks at the first one, and then finds them all. */
static void put_packed_list(struct vu_ring *r, const struct vu_elem *first, uint32_t last)
{
	uint16_t idx = r->used_idx, end;
	bool wrap = r->used_wrap, end_wrap;

	advance(r, first->slots);
	for (const struct vu_elem *e = first->next; e; e = e->next)
		vu_ring_put_used(r, e->id, len_of(e, last), e->slots);
	end = r->used_idx;
	end_wrap = r->used_wrap;
	r->used_idx = idx;
	r->used_wrap = wrap;
	vu_ring_put_used(r, first->id, len_of(first, last), first->slots);
	r->used_idx = end;
	r->used_wrap = end_wrap;
}

void vu_ring_push_list(struct vu_ring *r, const struct vu_elem *first, uint32_t last)
{
	/* In order they are a batch of their own, which no limit may cut. */
	if (r->in_order)
		batch_flush(r);
	if (r->packed && (!r->in_order || r->batch_max == 1)) {
		for (const struct vu_elem *e = first; e && r->taken; e = e->next)
			r->taken--;
		put_packed_list(r, first, last);
		return;
	}
	for (const struct vu_elem *e = first; e; e = e->next)
		vu_ring_push(r, e->id, e->slots, len_of(e, last), len_of(e, last) == e->in_len);
}

void vu_ring_publish(struct vu_ring *r)
{
	struct vu_used *used = r->device;

	batch_flush(r);
	if (!r->packed)
		store_release(&used->idx, r->used_idx);
}

/* ---- notifications ---- */

static bool crossed(uint16_t event, uint16_t now, uint16_t before)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

static bool irq_split(struct vu_ring *r, unsigned int since)
{
	const struct vu_avail *avail = r->driver;

	if (!r->event_idx)
		return !(load(&avail->flags) & VU_NO_NOTIFY);
	return since > UINT16_MAX ||
	       crossed(load(used_event(r)), r->used_idx, r->used_idx - since);
}

static bool irq_packed(struct vu_ring *r, unsigned int since)
{
	const struct vu_event *ev = r->driver;
	uint16_t flags = load_acquire(&ev->flags) & 3;
	uint16_t off_wrap = load(&ev->off_wrap);
	uint16_t off = off_wrap & 0x7fff;

	if (flags == VU_EVENT_DISABLE)
		return false;
	if (flags != VU_EVENT_DESC || !r->event_idx || since >= r->num)
		return true;
	/* Both positions counted from the start of the present lap. */
	if ((off_wrap >> 15) != r->used_wrap)
		off -= r->num;
	return crossed(off, r->used_idx, r->used_idx - since);
}

/*
 * The used elements have to be visible before the driver's wish is read, else
 * both sides may miss each other.
 */
bool vu_ring_want_irq(struct vu_ring *r)
{
	unsigned int since = r->since;

	if (!since)
		return false;
	r->since = 0;
	full_barrier();
	return r->packed ? irq_packed(r, since) : irq_split(r, since);
}

void vu_ring_kicks_off(struct vu_ring *r)
{
	struct vu_event *ev = r->device;
	struct vu_used *used = r->device;

	if (r->packed)
		store(&ev->flags, VU_EVENT_DISABLE);
	else if (!r->event_idx)
		store(&used->flags, VU_NO_NOTIFY);
	/* An event index that is left behind is as good. */
}

bool vu_ring_kicks_on(struct vu_ring *r)
{
	struct vu_event *ev = r->device;
	struct vu_used *used = r->device;
	const struct vu_avail *avail = r->driver;
	const struct vu_packed_desc *ring = r->desc;

	if (!r->running)
		return false;
	if (r->packed) {
		store(&ev->off_wrap, (uint16_t)(r->avail_idx | r->avail_wrap << 15));
		store_release(&ev->flags, r->event_idx ? VU_EVENT_DESC : VU_EVENT_ENABLE);
	} else if (r->event_idx) {
		store(avail_event(r), r->avail_idx);
	} else {
		store(&used->flags, 0);
	}
	full_barrier();
	if (r->packed)
		return packed_is_avail(r, load(&ring[r->avail_idx].flags));
	return load(&avail->idx) != r->avail_idx;
}
