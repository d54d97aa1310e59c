/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtqueues, split and packed, in order and not: memory and indices only.
 *
 * The library neither allocates on its hot path nor sleeps, locks, maps memory
 * or touches a register. It knows nothing of devices and builds unchanged in
 * user space. virtio 1.4, 2.7 (split) and 2.8 (packed).
 *
 * How a driver uses a ring:
 *
 *	submit side				completion side
 *
 *	vpv_ring_stage(r, bufs, n)		do {
 *	   ... more stages ...				vpv_ring_park(r);
 *	vpv_ring_publish(r);				while ((n = vpv_ring_reap(r, done, max)))
 *	if (vpv_ring_decide(r))					complete(done, n);
 *		write the notification;		} while (!vpv_ring_arm(r, 1));
 *
 * stage	places descriptors; the device sees nothing yet.
 * publish	one store makes all that is staged available to the device.
 * decide	one full barrier, then: does the device want to be told? It
 *		answers for everything published since the last decision, so a
 *		decision may come later than the publish, but it has to come.
 * reap		takes up to max completions in one pass, each validated.
 * park		asks for no interrupt. No store where none is due anyway.
 * arm		asks for an interrupt after k more completions, then looks again;
 *		false means that they are already there, so reap on.
 *
 * Locking: calls of the submit side are serialised by the caller, and so are
 * calls of the completion side. The two sides may run at the same time. Calls
 * marked "life cycle" exclude both.
 *
 * The device may lie. Each word it can write is read once, checked against
 * private state and never believed again; descriptors are never read back.
 * What contradicts the private state breaks the ring: nothing is reaped any
 * more until vpv_ring_reset(), and vpv_ring_error() tells why.
 */
#ifndef VPV_RING_H
#define VPV_RING_H

#include <linux/types.h>

struct vpv_ring;

/* Most descriptors of a ring (2.7, 2.8). */
#define VPV_RING_MAX_NUM 32768

/**
 * struct vpv_seg - one contiguous piece of a buffer
 * @addr: address as the device sees it (DMA or guest physical address)
 * @len: bytes, not 0; the pieces of a buffer are less than 4 GiB together
 *	(SPLIT-004)
 */
struct vpv_seg {
	u64 addr;
	u32 len;
};

/**
 * struct vpv_buf - a buffer to offer to the device
 * @seg: @nr_out device-readable pieces, then @nr_in device-writable ones
 * @nr_out: device-readable pieces
 * @nr_in: device-writable pieces
 * @token: the caller's name for the buffer, not NULL; comes back exactly once,
 *	from vpv_ring_reap() or vpv_ring_detach()
 */
struct vpv_buf {
	const struct vpv_seg *seg;
	u16 nr_out;
	u16 nr_in;
	void *token;
};

/**
 * enum vpv_done_flags - what is known of a completion
 * @VPV_DONE_SKIPPED: an in-order device used this buffer within a batch and
 *	reported no length (2.7.9, 2.8.8); &vpv_done.len is the whole writable
 *	size, and nothing proves that the device wrote any of it
 */
enum vpv_done_flags {
	VPV_DONE_SKIPPED = 1,
};

/**
 * struct vpv_done - a completed buffer
 * @token: as staged
 * @len: bytes written by the device, never more than the buffer's writable
 *	size; 0 for a buffer with no writable piece, whatever the device said
 * @flags: &enum vpv_done_flags
 */
struct vpv_done {
	void *token;
	u32 len;
	u32 flags;
};

/**
 * enum vpv_ring_error - why a ring is broken
 * @VPV_RING_OK: it is not
 * @VPV_RING_BAD_INDEX: used index ahead of what was published, or behind
 * @VPV_RING_BAD_ID: id beyond the ring
 * @VPV_RING_NOT_IN_FLIGHT: id of nothing the device owns: never offered, not
 *	yet published, or completed before
 * @VPV_RING_BAD_LEN: more bytes written than the buffer has room for
 * @VPV_RING_BAD_BATCH: in-order batch behind or beyond what is in flight
 * @VPV_RING_KILLED: vpv_ring_kill() was called: device gone or reset pending
 */
enum vpv_ring_error {
	VPV_RING_OK,
	VPV_RING_BAD_INDEX,
	VPV_RING_BAD_ID,
	VPV_RING_NOT_IN_FLIGHT,
	VPV_RING_BAD_LEN,
	VPV_RING_BAD_BATCH,
	VPV_RING_KILLED,
	VPV_RING_NR_ERRORS,
};

/**
 * struct vpv_ring_cfg - shape of a ring, fixed for its life
 * @num: descriptors; a power of two for a split ring, anything from 1 to
 *	32768 for a packed one
 * @table_len: entries of the indirect table of each slot; 0: no indirect
 *	descriptors (VIRTIO_F_INDIRECT_DESC not negotiated, or not wanted)
 * @direct_max: buffers of up to this many pieces go out as a direct chain while
 *	more than half of the ring is free, in place of an indirect table
 * @spare: descriptors never given away, for a device that cannot bear a ring
 *	that is in flight as a whole; fewer than @num
 * @packed: VIRTIO_F_RING_PACKED
 * @in_order: VIRTIO_F_IN_ORDER
 * @event_idx: VIRTIO_F_EVENT_IDX
 * @order_platform: VIRTIO_F_ORDER_PLATFORM: barriers for a hardware device
 *	rather than for another CPU
 */
struct vpv_ring_cfg {
	u16 num;
	u16 table_len;
	u16 direct_max;
	u16 spare;
	bool packed;
	bool in_order;
	bool event_idx;
	bool order_platform;
};

/**
 * struct vpv_ring_area - size and alignment of a piece of shared memory
 * @size: bytes; 0: not needed
 * @align: bytes, a power of two (SPLIT-001, PACKED-001)
 */
struct vpv_ring_area {
	size_t size;
	size_t align;
};

/**
 * struct vpv_ring_layout - the shared memory a ring needs (2.6, "areas")
 * @desc: descriptor area
 * @driver: driver area (available ring, or driver event suppression)
 * @device: device area (used ring, or device event suppression)
 * @tables: indirect tables of all slots
 */
struct vpv_ring_layout {
	struct vpv_ring_area desc;
	struct vpv_ring_area driver;
	struct vpv_ring_area device;
	struct vpv_ring_area tables;
};

/**
 * struct vpv_ring_mem - shared memory for a ring, owned by the caller
 * @desc: descriptor area
 * @driver: driver area
 * @device: device area
 * @tables: indirect tables, NULL when &vpv_ring_cfg.table_len is 0
 * @tables_addr: @tables as the device sees it
 *
 * Contents need not be initialised. All of it outlives the ring. A new ring is
 * armed for its first completion.
 */
struct vpv_ring_mem {
	void *desc;
	void *driver;
	void *device;
	void *tables;
	u64 tables_addr;
};

/**
 * struct vpv_ring_state - a look inside, for debugfs and tests
 * @num: descriptors
 * @free: descriptors that can be staged now
 * @staged: buffers placed and not yet published
 * @published: buffers published since the last reset, modulo 2^16
 * @completed: buffers reaped since the last reset, modulo 2^16
 * @undecided: buffers published since the last decision
 * @in_flight: buffers the device owns
 * @avail_pos: next descriptor position (packed, in order) or avail index
 * @used_pos: next used position (packed) or used index
 * @device_event: the device's event word as last read by vpv_ring_decide()
 * @armed_at: completion count at which an interrupt was last asked for
 * @error: why the ring is broken
 * @error_value: the offending word
 */
struct vpv_ring_state {
	u16 num;
	u16 free;
	u16 staged;
	u16 published;
	u16 completed;
	u16 undecided;
	u16 in_flight;
	u16 avail_pos;
	u16 used_pos;
	u32 device_event;
	u16 armed_at;
	enum vpv_ring_error error;
	u32 error_value;
};

/* ---- life cycle: process context, both sides excluded ---- */

/**
 * vpv_ring_layout() - shared memory needed for a shape
 * @cfg: the shape
 * @layout: filled in
 *
 * Return: 0; -EINVAL for a shape the specification does not allow.
 */
int vpv_ring_layout(const struct vpv_ring_cfg *cfg, struct vpv_ring_layout *layout);

/**
 * vpv_ring_create() - make a ring over the caller's shared memory
 * @cfg: the shape
 * @mem: shared memory laid out as vpv_ring_layout() says
 *
 * Context: may sleep. The device must not yet know the memory.
 * Return: the ring, or an ERR_PTR: -EINVAL, -ENOMEM.
 */
struct vpv_ring *vpv_ring_create(const struct vpv_ring_cfg *cfg, const struct vpv_ring_mem *mem);

/**
 * vpv_ring_detach() - take back one buffer that was never completed
 * @r: the ring
 *
 * After the device or the queue was reset and before vpv_ring_reset() or
 * vpv_ring_destroy(). Works on broken rings; staged buffers count too.
 *
 * Breaks the ring (VPV_RING_KILLED) if it was not broken before.
 *
 * Return: a token, each exactly once, in the order they were staged where the
 * ring is in order; NULL when none is left.
 */
void *vpv_ring_detach(struct vpv_ring *r);

/**
 * vpv_ring_reset() - start anew, as after vpv_ring_create()
 * @r: the ring; nothing is in flight any more (vpv_ring_detach() said NULL)
 *
 * The device must have been reset, or this queue of it (2.6.1).
 */
void vpv_ring_reset(struct vpv_ring *r);

/**
 * vpv_ring_destroy() - free the private memory
 * @r: the ring, or NULL; buffers still in flight are forgotten
 */
void vpv_ring_destroy(struct vpv_ring *r);

/* ---- submit side ---- */

/**
 * vpv_ring_stage() - place buffers in the ring
 * @r: the ring
 * @bufs: the buffers
 * @n: how many
 *
 * Return: how many of them, from the first on, were placed: fewer than @n when
 * the ring is full. -EMSGSIZE when the first can never fit (more pieces than
 * vpv_ring_max_segs()) or has none; -EIO when the ring is broken.
 */
int vpv_ring_stage(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n);

/**
 * vpv_ring_publish() - make all that is staged available, with one store
 * @r: the ring
 */
void vpv_ring_publish(struct vpv_ring *r);

/**
 * vpv_ring_decide() - must the device be notified of what was published?
 * @r: the ring
 *
 * Costs one full barrier (SPLIT-026, PACKED-017), none when nothing was
 * published since the last decision: then the answer is no. A ring whose
 * undecided buffers would grow beyond what the event index can express decides
 * by itself in vpv_ring_publish() and hands the result out here.
 *
 * Return: true when a notification has to be sent, after this call and before
 * the caller waits for anything. It may be sent outside the submit lock.
 */
bool vpv_ring_decide(struct vpv_ring *r);

/**
 * vpv_ring_undecided() - buffers published since the last decision
 * @r: the ring
 */
u16 vpv_ring_undecided(const struct vpv_ring *r);

/**
 * vpv_ring_kick_data() - next_off and next_wrap of a notification (2.9)
 * @r: the ring
 *
 * Return: bits 0..14 next_off, bit 15 next_wrap (packed); the available index
 * (split). For VIRTIO_F_NOTIFICATION_DATA.
 */
u16 vpv_ring_kick_data(const struct vpv_ring *r);

/**
 * vpv_ring_room() - descriptors that can be staged now
 * @r: the ring
 *
 * A buffer needs one descriptor with an indirect table, else one per piece.
 */
u16 vpv_ring_room(struct vpv_ring *r);

/**
 * vpv_ring_max_segs() - most pieces a buffer may have
 * @r: the ring
 */
u16 vpv_ring_max_segs(const struct vpv_ring *r);

/* ---- completion side ---- */

/**
 * vpv_ring_reap() - take completions
 * @r: the ring
 * @done: room for @max
 * @max: at most so many
 *
 * One read of the used index (split) per call, no store to shared memory.
 *
 * Return: how many were taken; fewer than @max: none is left, or the ring broke
 * (vpv_ring_error()). Those taken before it broke are good.
 */
unsigned int vpv_ring_reap(struct vpv_ring *r, struct vpv_done *done, unsigned int max);

/**
 * vpv_ring_pending() - is there a completion to reap?
 * @r: the ring
 *
 * A hint. Context: any; it takes no side's lock.
 */
bool vpv_ring_pending(const struct vpv_ring *r);

/**
 * vpv_ring_park() - no interrupt, please
 * @r: the ring
 *
 * With an event index the parked position is moved on by later calls, so a
 * ring that is parked for ever has to be parked again at least once per 2^14
 * completions or half a packed ring: call it once per drain.
 */
void vpv_ring_park(struct vpv_ring *r);

/**
 * vpv_ring_arm() - an interrupt after @k more completions, please
 * @r: the ring
 * @k: 1 for the next one; more is allowed only with an event index and is taken
 *	as 1 without; at most the size of the ring. In a packed ring with chains
 *	the interrupt may come earlier, never later.
 *
 * Costs one store, skipped when it would change nothing, and one full barrier.
 *
 * Return: true when armed; false when @k completions were there already (in a
 * packed ring: any): the caller reaps on and calls again. True for a ring found
 * broken, so that a loop of reap and arm ends.
 */
bool vpv_ring_arm(struct vpv_ring *r, u16 k);

/* ---- any side ---- */

/**
 * vpv_ring_in_flight() - buffers published and not yet reaped
 * @r: the ring
 *
 * Context: any. Exact for a caller that holds both sides, else a moment's value.
 */
u16 vpv_ring_in_flight(const struct vpv_ring *r);

/**
 * vpv_ring_kill() - break the ring on purpose
 * @r: the ring
 *
 * Context: any. From now on stage fails and reap returns nothing.
 */
void vpv_ring_kill(struct vpv_ring *r);

/**
 * vpv_ring_error() - why is the ring broken?
 * @r: the ring
 */
enum vpv_ring_error vpv_ring_error(const struct vpv_ring *r);

/**
 * vpv_ring_error_str() - the same in words
 * @error: a value of vpv_ring_error()
 */
const char *vpv_ring_error_str(enum vpv_ring_error error);

/**
 * vpv_ring_peek() - read the private state
 * @r: the ring
 * @state: filled in
 *
 * Context: any; without the sides' locks the values need not fit together.
 */
void vpv_ring_peek(const struct vpv_ring *r, struct vpv_ring_state *state);

#endif /* VPV_RING_H */
