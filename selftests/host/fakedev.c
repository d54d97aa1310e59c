// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "fakedev.h"

/*
 * The wire formats once more, so that a mistake in the library's use of a
 * header does not repeat itself here. Little-endian hosts only.
 */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the fake device needs it");

struct dev_desc { u64 addr; u32 len; u16 flags; u16 next; };
struct dev_pdesc { u64 addr; u32 len; u16 id; u16 flags; };
struct dev_used_elem { u32 id; u32 len; };

#define F_NEXT		1
#define F_WRITE		2
#define F_INDIRECT	4
#define F_AVAIL		0x80
#define F_USED		0x8000

#define LOAD(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define STORE(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)

void fakedev_mb(void)
{
#if defined(__SANITIZE_THREAD__) || defined(HOST_TSAN)
	static int word;

	__atomic_fetch_add(&word, 1, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

void fakedev_init(struct fakedev *d, const struct vpv_ring_cfg *cfg,
		  const struct vpv_ring_mem *mem)
{
	memset(d, 0, sizeof(*d));
	d->cfg = *cfg;
	d->mem = *mem;
	d->avail_wrap = d->used_wrap = true;
}

static bool violation(struct fakedev *d, const char *what)
{
	if (!d->violation)
		d->violation = what;
	return false;
}

static struct dev_pdesc *pdesc(const struct fakedev *d)
{
	return d->mem.desc;
}

static u16 *avail_words(const struct fakedev *d)
{
	return d->mem.driver;
}

static u16 *used_words(const struct fakedev *d)
{
	return d->mem.device;
}

static struct dev_used_elem *used_elems(const struct fakedev *d)
{
	return (struct dev_used_elem *)(used_words(d) + 2);
}

static bool add_seg(struct fakedev *d, struct fakedev_buf *b, u64 addr, u32 len, bool write)
{
	if (!write && b->nr_in)
		return violation(d, "readable descriptor behind a writable one (SPLIT-002)");
	if (b->nr_segs < FAKEDEV_MAX_SEGS) {
		b->seg[b->nr_segs].addr = addr;
		b->seg[b->nr_segs].len = len;
	}
	b->nr_segs++;
	if (write) {
		b->nr_in++;
		b->in_len += len;
	} else {
		b->nr_out++;
	}
	return true;
}

/* A table of @len bytes at device address @addr. */
static bool read_table(struct fakedev *d, struct fakedev_buf *b, u64 addr, u32 len)
{
	u64 off = addr - d->mem.tables_addr;
	u32 n = len / 16, i;

	b->indirect = true;
	if (!d->cfg.table_len)
		return violation(d, "indirect descriptor not negotiated (SPLIT-006)");
	if (!len || len % 16 || n > d->cfg.num)
		return violation(d, "length of an indirect table");
	if (off % 16 || off + len > (u64)d->cfg.num * d->cfg.table_len * 16)
		return violation(d, "indirect table outside of the tables");

	for (i = 0; i < n; i++) {
		if (d->cfg.packed) {
			struct dev_pdesc *p = (void *)((char *)d->mem.tables + off + i * 16);

			if (p->flags & ~F_WRITE)
				return violation(d, "flags in an indirect table (PACKED-013)");
			if (!add_seg(d, b, p->addr, p->len, p->flags & F_WRITE))
				return false;
		} else {
			struct dev_desc *t = (void *)((char *)d->mem.tables + off);

			/* Followed by next, which has to be sequential (SPLIT-010). */
			if (t[i].flags & ~(F_NEXT | F_WRITE))
				return violation(d, "flags in an indirect table (SPLIT-007)");
			if (!add_seg(d, b, t[i].addr, t[i].len, t[i].flags & F_WRITE))
				return false;
			if (!!(t[i].flags & F_NEXT) != (i + 1 < n))
				return violation(d, "end of an indirect table");
			if ((t[i].flags & F_NEXT) && t[i].next != i + 1)
				return violation(d, "order of an indirect table (SPLIT-010)");
		}
	}
	return true;
}

static bool split_pop(struct fakedev *d, struct fakedev_buf *b)
{
	struct dev_desc *t = d->mem.desc;
	u16 *avail = avail_words(d);
	u16 head = LOAD(&avail[2 + d->avail % d->cfg.num]), i = head;

	if (d->cfg.event_idx && LOAD(&avail[0]))
		return violation(d, "flags of the available ring with an event index (SPLIT-014)");
	b->id = head;
	for (;;) {
		if (i >= d->cfg.num)
			return violation(d, "descriptor beyond the table");
		if (++b->ndesc > d->cfg.num)
			return violation(d, "descriptor loop (SPLIT-004)");
		if (t[i].flags & F_INDIRECT) {
			if (t[i].flags & F_NEXT)
				return violation(d, "indirect and next together (SPLIT-009)");
			if (b->ndesc > 1)
				return violation(d, "indirect within a chain");
			return read_table(d, b, t[i].addr, t[i].len);
		}
		if (!add_seg(d, b, t[i].addr, t[i].len, t[i].flags & F_WRITE))
			return false;
		if (!(t[i].flags & F_NEXT))
			return true;
		if (d->cfg.in_order && t[i].next != (i + 1) % d->cfg.num)
			return violation(d, "next of an in-order chain (SPLIT-005)");
		i = t[i].next;
	}
}

static bool packed_pop(struct fakedev *d, struct fakedev_buf *b)
{
	u16 pos = d->avail, flags;
	bool wrap = d->avail_wrap;

	for (;;) {
		struct dev_pdesc *p = &pdesc(d)[pos];

		flags = LOAD(&p->flags);
		if (!!(flags & F_AVAIL) != wrap || !!(flags & F_USED) == wrap)
			return violation(d, "incomplete chain (PACKED-011)");
		if (++b->ndesc > d->cfg.num)
			return violation(d, "list longer than the ring (PACKED-007)");
		b->id = p->id;
		if (flags & F_INDIRECT) {
			if ((flags & F_NEXT) || b->ndesc > 1)
				return violation(d, "indirect within a chain (PACKED-015)");
			if (!read_table(d, b, p->addr, p->len))
				return false;
		} else if (!add_seg(d, b, p->addr, p->len, flags & F_WRITE)) {
			return false;
		}
		if (++pos == d->cfg.num) {
			pos = 0;
			wrap = !wrap;
		}
		if (!(flags & F_NEXT))
			break;
	}
	d->avail = pos;
	d->avail_wrap = wrap;
	if (b->id >= d->cfg.num)
		return violation(d, "buffer id beyond the ring");
	return true;
}

bool fakedev_avail(const struct fakedev *d)
{
	u16 flags;

	if (!d->cfg.packed)
		return LOAD(&avail_words(d)[1]) != d->avail;
	flags = LOAD(&pdesc(d)[d->avail].flags);
	return !!(flags & F_AVAIL) == d->avail_wrap && !!(flags & F_USED) != d->avail_wrap;
}

bool fakedev_pop(struct fakedev *d, struct fakedev_buf *b)
{
	bool ok;

	if (!fakedev_avail(d))
		return false;
	memset(b, 0, offsetof(struct fakedev_buf, seg));
	if (d->cfg.packed)
		return packed_pop(d, b);
	ok = split_pop(d, b);
	d->avail++;
	return ok;
}

static void packed_write_used(struct fakedev *d, u32 id, u32 len)
{
	struct dev_pdesc *p = &pdesc(d)[d->used];

	p->id = id;
	p->len = len;
	STORE(&p->flags, (u16)(F_WRITE | (d->used_wrap ? F_AVAIL | F_USED : 0)));
}

static void packed_advance_used(struct fakedev *d, unsigned int ndesc)
{
	unsigned int pos = d->used + ndesc;

	d->used_descs += ndesc;
	while (pos >= d->cfg.num) {	/* more than a lap: of a batch of lies */
		pos -= d->cfg.num;
		d->used_wrap = !d->used_wrap;
	}
	d->used = pos;
}

void fakedev_push_many(struct fakedev *d, const struct fakedev_buf *b, unsigned int n,
		       const u32 *len)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (d->cfg.packed) {
			packed_write_used(d, b[i].id, len[i]);
			packed_advance_used(d, b[i].ndesc);
		} else {
			struct dev_used_elem *e = &used_elems(d)[(u16)(d->used + i) % d->cfg.num];

			STORE(&e->len, len[i]);
			STORE(&e->id, (u32)b[i].id);
		}
	}
	if (!d->cfg.packed) {
		d->used += n;
		STORE(&used_words(d)[1], d->used);
	}
}

void fakedev_push(struct fakedev *d, const struct fakedev_buf *b, u32 len)
{
	fakedev_push_many(d, b, 1, &len);
}

void fakedev_push_batch(struct fakedev *d, const struct fakedev_buf *b, unsigned int n, u32 len)
{
	unsigned int i, ndesc = 0;

	if (d->cfg.packed) {
		for (i = 0; i < n; i++)
			ndesc += b[i].ndesc;
		packed_write_used(d, b[n - 1].id, len);
		packed_advance_used(d, ndesc);
	} else {
		struct dev_used_elem *e = &used_elems(d)[d->used % d->cfg.num];

		STORE(&e->len, len);
		STORE(&e->id, (u32)b[n - 1].id);
		d->used += n;
		STORE(&used_words(d)[1], d->used);
	}
}

/* Did the used position pass the one the driver named (2.7.7, 2.8.10)? */
static bool interrupt_due(struct fakedev *d)
{
	if (!d->cfg.packed) {
		u16 event, since = d->used - d->signalled;

		if (!d->cfg.event_idx)
			return !(LOAD(&avail_words(d)[0]) & 1);
		event = LOAD(&avail_words(d)[2 + d->cfg.num]);
		return (u16)(d->used - event - 1) < since;
	} else {
		u32 word = LOAD((u32 *)d->mem.driver);
		u32 off = word & 0x7fff, wrap = word >> 15 & 1, flags = word >> 16, i;
		u32 here = d->used + (d->used_wrap ? 0 : d->cfg.num);

		if (flags > 2 || (flags == 2 && (!d->cfg.event_idx || off >= d->cfg.num))) {
			violation(d, "driver event word");
			return true;
		}
		if (flags < 2)
			return !flags;
		/* The plain way: step back over each descriptor used since. */
		for (i = 0; i < d->used_descs && i < 2u * d->cfg.num; i++) {
			here = here ? here - 1 : 2u * d->cfg.num - 1;
			if (here == off + (wrap ? 0 : d->cfg.num))
				return true;
		}
		return false;
	}
}

bool fakedev_interrupt(struct fakedev *d)
{
	bool due;

	if (d->cfg.packed ? !d->used_descs : d->used == d->signalled)
		return false;
	fakedev_mb();
	due = interrupt_due(d);
	d->signalled = d->used;
	d->used_descs = 0;
	d->interrupts += due;
	return due;
}

void fakedev_arm(struct fakedev *d)
{
	if (!d->cfg.packed) {
		if (d->cfg.event_idx)
			STORE(&used_words(d)[2 + d->cfg.num * 4], d->avail);
		else
			STORE(&used_words(d)[0], (u16)0);
	} else if (d->cfg.event_idx) {
		STORE((u32 *)d->mem.device, 2u << 16 | d->avail | (u32)d->avail_wrap << 15);
	} else {
		STORE((u32 *)d->mem.device, 0u);
	}
	fakedev_mb();
}

/* With an event index, one just passed asks for nothing for a long time. */
void fakedev_no_kick(struct fakedev *d)
{
	if (d->cfg.packed)
		STORE((u32 *)d->mem.device, 1u << 16);
	else if (d->cfg.event_idx)
		STORE(&used_words(d)[2 + d->cfg.num * 4], (u16)(d->avail - 1));
	else
		STORE(&used_words(d)[0], (u16)1);
}

void fakedev_lie_used_idx(struct fakedev *d, u16 idx)
{
	STORE(&used_words(d)[1], idx);
}

void fakedev_lie_used(struct fakedev *d, u32 id, u32 len)
{
	if (d->cfg.packed) {
		packed_write_used(d, id, len);
	} else {
		struct dev_used_elem *e = &used_elems(d)[d->used % d->cfg.num];

		STORE(&e->len, len);
		STORE(&e->id, id);
		STORE(&used_words(d)[1], (u16)(d->used + 1));
	}
}

void fakedev_lie_event(struct fakedev *d, u32 word)
{
	if (d->cfg.packed)
		STORE((u32 *)d->mem.device, word);
	else if (d->cfg.event_idx)
		STORE(&used_words(d)[2 + d->cfg.num * 4], (u16)word);
	else
		STORE(&used_words(d)[0], (u16)word);
}
