/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device's side of a virtqueue, split and packed: take buffers, give them
 * back, decide about notifications. virtio 1.4, 2.7 and 2.8.
 *
 * Knows memory and indices only; where an address of the guest lies in our
 * memory is asked of a callback, so it runs over vhost-user memory as well as
 * over a plain allocation in a unit test.
 *
 * The guest's indices and descriptors are checked: what makes no sense stops
 * the ring with a reason and never makes the program read or write elsewhere.
 */
#ifndef VU_RING_H
#define VU_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Most pieces of one buffer that are taken. */
#define VU_MAX_SEG 1026

struct vu_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

struct vu_packed_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t id;
	uint16_t flags;
};

struct vu_avail {
	uint16_t flags;
	uint16_t idx;
	uint16_t ring[];	/* and the used event after it */
};

struct vu_used_elem {
	uint32_t id;
	uint32_t len;
};

struct vu_used {
	uint16_t flags;
	uint16_t idx;
	struct vu_used_elem ring[];	/* and the avail event after it */
};

struct vu_event {
	uint16_t off_wrap;
	uint16_t flags;
};

enum {
	VU_DESC_NEXT = 1,
	VU_DESC_WRITE = 2,
	VU_DESC_INDIRECT = 4,
	VU_DESC_AVAIL = 1 << 7,
	VU_DESC_USED = 1 << 15,
	VU_NO_NOTIFY = 1,		/* split: used flags, avail flags */
	VU_EVENT_ENABLE = 0,		/* packed: event suppression */
	VU_EVENT_DISABLE = 1,
	VU_EVENT_DESC = 2,
};

/**
 * struct vu_elem - a buffer taken from a ring
 * @id: head descriptor (split) or buffer id (packed)
 * @slots: ring positions it occupies: 1 (split), descriptors (packed)
 * @pos: ring position of its first descriptor
 * @out: pieces the device reads
 * @in: pieces the device writes
 * @out_len: bytes of @out
 * @in_len: bytes of @in
 * @next: for lists of whoever holds it
 * @due: when it is to be served, ns, for a slow device
 */
struct vu_elem {
	uint16_t id;
	uint16_t slots;
	uint16_t pos;
	unsigned int nout;
	unsigned int nin;
	struct iovec *out;
	struct iovec *in;
	size_t out_len;
	size_t in_len;
	struct vu_elem *next;
	uint64_t due;
	struct iovec iov[];
};

/**
 * vu_map_fn - where guest memory lies
 * @ctx: &vu_ring.map_ctx
 * @addr: guest address
 * @len: bytes wanted; lowered to what is contiguous in our memory
 *
 * Return: a pointer, NULL when nothing is there.
 */
typedef void *vu_map_fn(void *ctx, uint64_t addr, uint64_t *len);

/**
 * struct vu_ring - a virtqueue
 *
 * The first group is set by the owner before vu_ring_start(). Positions are
 * taken as they are there, so that a queue can be stopped and gone on with.
 *
 * @batch_max: in order: most buffers for one used element, 0: no limit
 * @avail_idx, @avail_wrap: next buffer to take
 * @used_idx, @used_wrap: next used element to write
 * @taken: buffers taken and not given back
 * @since: used positions since the last interrupt decision
 * @batch: in order: given back, used element not yet written
 * @error: why the ring stopped, NULL: it did not
 * @used_writes: used elements written, fewer than buffers where batched
 */
struct vu_ring {
	uint16_t num;
	bool packed;
	bool in_order;
	bool event_idx;
	bool indirect;
	unsigned int batch_max;
	void *desc;
	void *driver;
	void *device;
	vu_map_fn *map;
	void *map_ctx;

	uint16_t avail_idx;
	bool avail_wrap;
	uint16_t used_idx;
	bool used_wrap;

	bool running;
	unsigned int taken;
	unsigned int since;
	struct {
		unsigned int bufs;
		uint16_t id;
		uint32_t len;
		unsigned int slots;
		bool full;
	} batch;
	const char *error;
	uint64_t used_writes;
};

/* Bytes of the areas of a ring of num descriptors. */
size_t vu_ring_desc_size(uint16_t num);
size_t vu_ring_driver_size(const struct vu_ring *r);
size_t vu_ring_device_size(const struct vu_ring *r);

/* false: the shape is not allowed, see r->error. */
bool vu_ring_start(struct vu_ring *r);
void vu_ring_stop(struct vu_ring *r);

/* Next available buffer, NULL: none, or r->error. Freed with free(). */
struct vu_elem *vu_ring_pop(struct vu_ring *r);

/**
 * vu_ring_push() - give a buffer back
 * @r: the ring
 * @id: &vu_elem.id
 * @slots: &vu_elem.slots
 * @len: bytes written, from the first one on
 * @full: all of its writable part was written, so that an in-order batch may
 *	leave it out (2.7.9)
 */
void vu_ring_push(struct vu_ring *r, uint16_t id, uint16_t slots, uint32_t len, bool full);

/*
 * Give back several, in the order they were taken, that the driver has to see all at
 * once: written in full but for the last one, which has @last bytes. Fewer than
 * &vu_ring.batch_max, unless that is 0 or 1.
 */
void vu_ring_push_list(struct vu_ring *r, const struct vu_elem *first, uint32_t last);

/* What was pushed becomes visible to the driver. */
void vu_ring_publish(struct vu_ring *r);

/* Is an interrupt due for what was published since the last call? */
bool vu_ring_want_irq(struct vu_ring *r);

/* Ask the driver not to notify; a hint. */
void vu_ring_kicks_off(struct vu_ring *r);

/* Ask the driver to notify. true: there is a buffer already, so take it. */
bool vu_ring_kicks_on(struct vu_ring *r);

/* Write one used element as it stands and move on; for devices that lie. */
void vu_ring_put_used(struct vu_ring *r, uint32_t id, uint32_t len, unsigned int slots);

#endif /* VU_RING_H */
