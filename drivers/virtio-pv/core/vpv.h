/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device driver sees of virtio_pv.ko: devices, features, configuration
 * space, queues. Nothing here tells the transport or the ring layout.
 *
 * A driver module holds one struct vpv_driver and module_vpv_driver(). The core
 * binds it to PCI functions, and drives every device of it through one life
 * cycle; probe, recovery, suspend, PCI reset and removal are made of the same
 * steps:
 *
 *	 bind		probe()			features agreed, configuration
 *	   |					readable; make queues
 *	   |		(DRIVER_OK)
 *	   |		attach()		tell the kernel: add_disk(), ...
 *	 live
 *	   |--- stop	quiesce()		no new buffers
 *	   |		(device reset)
 *	   |		drop() per buffer	retry or fail
 *	   |--- start	revalidate()		same device as before?
 *	   |		(DRIVER_OK)
 *	   |		resume()		feed it again
 *	   |
 *	 unbind		detach()		del_gendisk(), ...
 *			(device reset, drop())
 *			remove()
 *
 * Stop and start are recovery (a broken queue, DEVICE_NEEDS_RESET, a request
 * that never ends), suspend and resume, and PCI function reset. When start
 * fails for good, failed() is called in place of resume(): from then on every
 * buffer is dropped without retry and staging fails.
 *
 * Life-cycle callbacks run in process context under one mutex of the device,
 * but for attach() and detach(): both wait for I/O, and the device may need
 * recovery to finish it, so stop/start pairs may run beside them. A driver that
 * calls vpv_queue_reset() with a lock of a subsystem held (RTNL) names it as the
 * outer lock: then the core takes it around its mutex, for all the callbacks but
 * probe(), attach(), detach() and remove().
 */
#ifndef VPV_H
#define VPV_H

#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "vpv_feature.h"
#include "vpv_ring.h"

struct irq_affinity;
struct vpv_dev;
struct vpv_queue;
struct vpv_dev_core;
struct vpv_queue_core;

/**
 * struct vpv_config_field - one field of a device configuration structure
 * @offset: bytes from its start
 * @width: 1, 2, 4 or 8 bytes; accesses have the field's width (PCI 4.1.3.1)
 * @feature: read only when this bit is agreed (BASIC-012); VPV_NO_BIT: always
 */
struct vpv_config_field {
	u16 offset;
	u8 width;
	u8 feature;
};

#define VPV_CONFIG(_struct, _member, _feature) { \
	.offset = offsetof(struct _struct, _member), \
	.width = sizeof_field(struct _struct, _member), .feature = _feature }

/**
 * struct vpv_queue_desc - a queue a driver wants
 * @name: for messages, /proc/interrupts and debugfs
 * @callback: called on a used buffer notification, hard interrupt context (a
 *	thread on PREEMPT_RT), when there is something to reap; NULL: the queue is
 *	polled, gets no vector and stays parked
 * @num_max: most descriptors wanted; 0: what the device offers
 * @table_len: entries of an indirect table per slot; 0: direct chains only. Less
 *	is made of it when the ring is smaller (SPLIT-008) or indirect descriptors
 *	were not agreed; see vpv_queue_max_segs()
 * @direct_max: see &vpv_ring_cfg.direct_max
 * @with_previous: share the vector of the queue before this one, where each queue
 *	would have its own
 * @moderate: kicks and interrupts may wait, as &vpv_driver.notify says; buffers are
 *	requests that are answered one by one, and the queue interrupts
 * @reaps_late: completions are taken when the driver comes by, so neither how long a
 *	buffer takes nor how many are in flight tells anything; the driver asks for
 *	interrupts by itself
 * @standing: buffers lie with the device until something happens (receive
 *	queues), so nobody waits for them before a suspend
 * @ctx: the driver's own
 */
struct vpv_queue_desc {
	const char *name;
	void (*callback)(struct vpv_queue *q);
	u16 num_max;
	u16 table_len;
	u16 direct_max;
	bool with_previous;
	bool moderate;
	bool reaps_late;
	bool standing;
	void *ctx;
};

/**
 * struct vpv_driver - a device type
 * @name: module name; also the name of the PCI driver ("lspci -k")
 * @device_id: virtio device id (chapter 5)
 * @transitional_id: PCI device id of the transitional device, 0: none
 * @features: whitelist of the device type's bits; ring and transport bits are
 *	the core's
 * @nr_features: entries in it
 * @probe: make private data, read configuration, vpv_queues_create()
 * @attach: the device is live: show it to the kernel
 * @detach: inverse of @attach. Returns when no user is left. The device may be dead
 * @remove: inverse of @probe; the device has been reset. Queues are destroyed by the core after it
 * @quiesce: stop feeding all queues; returns when no submitter is inside. Inverse: @resume
 * @revalidate: configuration may have changed over a reset: 0, or an error when
 *	this cannot be the same device
 * @resume: the device takes buffers again
 * @failed: the device will not come back: let users see errors at once; inverse of @quiesce too
 * @may_wake: before a suspend (never hibernation): true: leave the device running, its
 *	interrupts may have to wake the machine. Stopped and started when it is
 *	over. NULL: no. Such a driver's interrupts are handled throughout
 * @drop: a buffer that was never completed, after the device was reset: @retry:
 *	it will be started again
 * @config_changed: process context, at most one in VPV_CONFIG_PERIOD_MS (rate
 *	limited, never concurrent with itself, @quiesce ... @resume).
 *	It must not wait for buffers: recovery waits for it
 * @outer_lock: taken before the device's mutex, NULL: none; and released after it
 * @outer_unlock: inverse
 * @queue_reset: devices of this type let go of the buffers of a queue that is
 *	reset. Else an overdue buffer takes a reset of the whole device: QEMU's
 *	block device, for one, forgets the ring but finishes the requests
 * @polls: interrupts are rare, and off but for waits: no event index, whose parked
 *	position a device may pass once a lap (QEMU 11.1 does, on a packed ring)
 * @notify: the user's choice for queues that are moderated; see vpv_notify_ops
 * @queue_keys: for lockdep, of submit_lock and reap_lock: each driver takes those of
 *	its queues within locks of its own; filled in by vpv_driver_register()
 * @owner: the same
 */
struct vpv_driver {
	const char *name;
	u32 device_id;
	u16 transitional_id;
	const struct vpv_feature *features;
	unsigned int nr_features;
	int (*probe)(struct vpv_dev *vdev);
	int (*attach)(struct vpv_dev *vdev);
	void (*detach)(struct vpv_dev *vdev);
	void (*remove)(struct vpv_dev *vdev);
	void (*quiesce)(struct vpv_dev *vdev);
	int (*revalidate)(struct vpv_dev *vdev);
	void (*resume)(struct vpv_dev *vdev);
	void (*failed)(struct vpv_dev *vdev);
	bool (*may_wake)(struct vpv_dev *vdev);
	void (*drop)(struct vpv_queue *q, void *token, bool retry);
	void (*config_changed)(struct vpv_dev *vdev);
	void (*outer_lock)(void);
	void (*outer_unlock)(void);
	bool queue_reset;
	bool polls;
	const unsigned int *notify;
	struct lock_class_key *queue_keys;
	struct module *owner;
	void *registration;	/* the core's */
};

#define VPV_CONFIG_PERIOD_MS 20

/*
 * The option "notify" of a driver: latency (0), auto or throughput, for
 * module_param_cb(). Takes effect at once.
 */
extern const struct kernel_param_ops vpv_notify_ops;
#define VPV_NOTIFY_DEFAULT 1
#define VPV_NOTIFY_HELP \
	"what counts most: auto (default: notifications wait where that saves time), latency (never), throughput (wherever more is on its way)"

int __vpv_driver_register(struct vpv_driver *drv, struct module *owner,
			  struct lock_class_key *queue_keys);
#define vpv_driver_register(drv, owner)					\
({									\
	static struct lock_class_key __queue_keys[2];			\
	__vpv_driver_register(drv, owner, __queue_keys);		\
})
void vpv_driver_unregister(struct vpv_driver *drv);

#define module_vpv_driver(drv)						\
static int __init drv##_init(void)					\
{									\
	return vpv_driver_register(&(drv), THIS_MODULE);		\
}									\
module_init(drv##_init);						\
static void __exit drv##_exit(void)					\
{									\
	vpv_driver_unregister(&(drv));					\
}									\
module_exit(drv##_exit)

/**
 * struct vpv_dev - a bound device
 * @dev: the parent everything hangs below (the PCI function)
 * @drv: its driver
 * @priv: the driver's own
 * @features: bits agreed with the device; fixed from probe() on, over recovery too
 * @offered: bits the device offered
 * @nr_queues: queues made
 * @queues: them
 * @core: the core's private part
 */
struct vpv_dev {
	struct device *dev;
	const struct vpv_driver *drv;
	void *priv;
	DECLARE_BITMAP(features, VPV_FEATURE_BITS);
	DECLARE_BITMAP(offered, VPV_FEATURE_BITS);
	unsigned int nr_queues;
	struct vpv_queue *queues;
	struct vpv_dev_core *core;
};

static inline bool vpv_has_feature(const struct vpv_dev *vdev, unsigned int bit)
{
	return test_bit(bit, vdev->features);
}

/**
 * struct vpv_queue - a virtqueue: ring, memory, vector, policy, counters
 * @vdev: its device
 * @index: virtqueue index
 * @num: descriptors
 * @name: see &vpv_queue_desc.name
 * @ctx: the driver's own
 * @submit_lock: serialises the submit side: stage, commit. May be taken in
 *	hard interrupt context, so take it with interrupts off. A driver with a lock
 *	of its own around both needs it for commit only
 * @reap_lock: serialises the completion side: reap, rearm, park; interrupts off
 * @ring: the ring
 * @core: the core's private part
 */
struct vpv_queue {
	struct vpv_dev *vdev;
	u16 index;
	u16 num;
	const char *name;
	void *ctx;
	spinlock_t submit_lock;
	spinlock_t reap_lock;
	struct vpv_ring *ring;
	struct vpv_queue_core *core;
};

/* ---- life cycle, process context ---- */

/**
 * vpv_queues_create() - make the device's queues
 * @vdev: the device, in probe()
 * @descs: one per queue, index 0 on
 * @nr: how many
 * @affd: spread of the vectors, or NULL; its pre_vectors is the core's business
 *
 * Memory, rings and interrupt vectors: one for configuration changes and one per
 * queue; fewer when the device has fewer: one shared by all queues, one for
 * all, or INTx.
 *
 * Return: 0 or an error, nothing left behind.
 */
int vpv_queues_create(struct vpv_dev *vdev, const struct vpv_queue_desc *descs,
		      unsigned int nr, struct irq_affinity *affd);

/**
 * vpv_queue_affinity() - CPUs the queue's vector is meant for
 * @q: the queue
 *
 * Return: a mask, NULL when the vector is shared or not managed.
 */
const struct cpumask *vpv_queue_affinity(struct vpv_queue *q);

/**
 * vpv_queue_set_affinity() - the CPUs that should take the queue's interrupts
 * @q: the queue
 * @mask: them
 *
 * A wish; nothing happens when the vector is shared by all queues or managed.
 * Context: process.
 */
void vpv_queue_set_affinity(struct vpv_queue *q, const struct cpumask *mask);

/**
 * vpv_dev_recover() - reset the device and start it again
 * @vdev: the device
 * @why: one short phrase for the log
 *
 * Context: any. Done by a work item; with back-off when it happens again and
 * again, and given up (failed()) after some tries.
 */
void vpv_dev_recover(struct vpv_dev *vdev, const char *why);

/**
 * vpv_queue_generation() - how often were all buffers of this queue taken back?
 * @q: the queue
 *
 * Context: any.
 * Return: a number that differs from the last one when they were in between.
 */
u32 vpv_queue_generation(struct vpv_queue *q);

/**
 * vpv_queue_recover() - a buffer of this queue is overdue
 * @q: the queue
 * @generation: of the queue, asked before the buffer was found to be with the device
 * @why: one short phrase for the log
 *
 * Context: any. Resets the queue where the device can (VIRTIO_F_RING_RESET),
 * else, or when that fails, the device. Nothing when a reset came in between.
 */
void vpv_queue_recover(struct vpv_queue *q, u32 generation, const char *why);

/**
 * vpv_queue_reset() - have all buffers of a queue back
 * @q: the queue; nobody submits to it or reaps it, and no poller looks at it
 *
 * Resets the queue where the device can (VIRTIO_F_RING_RESET), else, or when that
 * fails, the device: quiesce() and resume() are called then. When it returns, each
 * buffer went to drop(), whatever it returns: none is left with the device.
 *
 * Context: process, the driver's outer lock held, none of the life-cycle callbacks.
 * Return: 0: the queue is empty and live; else the device is stopped or dead.
 */
int vpv_queue_reset(struct vpv_queue *q);

/**
 * vpv_queues_resize() - other numbers of descriptors while the device is used
 * @vdev: the device
 * @nums: for each queue; 0, or what it has already: as it is. Rounded down to what
 *	a ring can have
 *
 * Resets the queues one by one where the device can, else the device. Between the
 * driver's quiesce() and resume(), and buffers go to drop(). A queue for whose
 * ring memory is short keeps the one it has.
 *
 * Context: process, the driver's outer lock held, none of the life-cycle callbacks.
 * Return: 0; -EINVAL: more than the device offers; -ENOMEM: not all of them
 * changed; else the device is stopped or dead.
 */
int vpv_queues_resize(struct vpv_dev *vdev, const u16 *nums);

/* Most descriptors the queue can have. */
u16 vpv_queue_max_num(const struct vpv_queue *q);

/**
 * vpv_dev_dead() - has the device failed for good, or gone?
 * @vdev: the device
 *
 * Context: any.
 */
bool vpv_dev_dead(struct vpv_dev *vdev);

/**
 * vpv_dev_untrusted() - did a reset go unacknowledged?
 * @vdev: the device
 *
 * Then memory the device knows of must never be used again.
 *
 * Context: any.
 */
bool vpv_dev_untrusted(struct vpv_dev *vdev);

/**
 * vpv_config_read() - a consistent snapshot of the device configuration
 * @vdev: the device
 * @fields: what to read
 * @nr: how many
 * @dst: laid out as the configuration structure; little-endian as the device
 *	has it; fields not read stay as they are
 *
 * Retried a bounded number of times while the generation changes (BASIC-011).
 *
 * Context: process. Return: 0; -EBUSY: it never stood still; -EINVAL: the
 * device's structure is too short for an agreed field; -ENODEV: device gone.
 */
int vpv_config_read(struct vpv_dev *vdev, const struct vpv_config_field *fields,
		    unsigned int nr, void *dst);

/**
 * vpv_config_write8() - write a byte of the device configuration
 * @vdev: the device
 * @offset: where
 * @value: what
 *
 * From probe() and revalidate(), that is between FEATURES_OK and DRIVER_OK.
 */
void vpv_config_write8(struct vpv_dev *vdev, unsigned int offset, u8 value);

/**
 * vpv_config_write32() - write a field of 4 bytes of the device configuration
 * @vdev: the device
 * @offset: where
 * @value: what; little-endian for the device
 *
 * As vpv_config_write8().
 */
void vpv_config_write32(struct vpv_dev *vdev, unsigned int offset, u32 value);

/**
 * vpv_config_change8() - write a byte of a live device's configuration, and look
 * @vdev: the device
 * @offset: where
 * @value: what
 *
 * Context: process. Return: 0; -EIO: the device did not take it; -EAGAIN: it is
 * stopped, and nothing was written (BASIC-019); -EINVAL: there is no such byte.
 */
int vpv_config_change8(struct vpv_dev *vdev, unsigned int offset, u8 value);

/**
 * vpv_config_change32() - write a field of 4 bytes of a live device's configuration
 * @vdev: the device
 * @offset: where
 * @value: what; little-endian for the device
 *
 * Context: process. Return: 0; -EAGAIN: it is stopped, and nothing was written.
 */
int vpv_config_change32(struct vpv_dev *vdev, unsigned int offset, u32 value);

/* ---- memory the device may touch ---- */

/**
 * vpv_alloc_shared() - zeroed memory both sides use all the time
 * @vdev: the device
 * @size: bytes
 * @addr: set to the address for &vpv_seg.addr
 *
 * Whole pages, never shared with anything else. Through the DMA API when
 * VIRTIO_F_ACCESS_PLATFORM was agreed, else by physical address (2.4).
 */
void *vpv_alloc_shared(struct vpv_dev *vdev, size_t size, u64 *addr);
void vpv_free_shared(struct vpv_dev *vdev, size_t size, void *mem, u64 addr);

/**
 * vpv_map_sg() - let the device at a scatterlist
 * @vdev: the device
 * @sg: the list
 * @nents: entries
 * @dir: direction
 *
 * Context: any. Return: entries to use with vpv_sg_addr()/vpv_sg_len(), or 0 on failure.
 */
unsigned int vpv_map_sg(struct vpv_dev *vdev, struct scatterlist *sg, int nents,
			enum dma_data_direction dir);
void vpv_unmap_sg(struct vpv_dev *vdev, struct scatterlist *sg, int nents,
		  enum dma_data_direction dir);
u64 vpv_sg_addr(struct vpv_dev *vdev, const struct scatterlist *sg);
u32 vpv_sg_len(struct vpv_dev *vdev, const struct scatterlist *sg);

/**
 * vpv_map_page() - let the device at a piece of memory
 * @vdev: the device
 * @page: first page; the piece is contiguous from there on
 * @offset: of the piece in it
 * @len: bytes
 * @dir: direction
 * @addr: set to the address for &vpv_seg.addr
 *
 * Context: any. Return: 0 or -ENOMEM.
 */
int vpv_map_page(struct vpv_dev *vdev, struct page *page, size_t offset, size_t len,
		 enum dma_data_direction dir, u64 *addr);
void vpv_unmap_page(struct vpv_dev *vdev, u64 addr, size_t len, enum dma_data_direction dir);

/**
 * vpv_max_mapping() - most bytes one mapped piece may have; SIZE_MAX: no limit
 * @vdev: the device
 */
size_t vpv_max_mapping(struct vpv_dev *vdev);

/**
 * vpv_dma_device() - the device for the DMA API
 * @vdev: the device
 *
 * Return: NULL when the device uses physical addresses.
 */
struct device *vpv_dma_device(struct vpv_dev *vdev);

/* ---- submit side, under submit_lock ---- */

/**
 * vpv_queue_stage() - see vpv_ring_stage(); a broken queue is recovered
 * @q: the queue
 * @bufs: the buffers
 * @n: how many
 */
int vpv_queue_stage(struct vpv_queue *q, const struct vpv_buf *bufs, unsigned int n);

/**
 * vpv_queue_commit() - publish, and let the policy decide on the kick
 * @q: the queue
 *
 * A flush point. Every path that staged ends in one, error paths too. On a queue
 * that is moderated the decision may be put off; nothing is left to the caller then.
 *
 * Return: true when the caller has to vpv_queue_kick() after unlocking.
 */
bool vpv_queue_commit(struct vpv_queue *q);

/**
 * vpv_queue_urgent() - the next vpv_queue_commit() decides, whatever the load
 * @q: the queue
 *
 * Somebody waits for one of the staged buffers alone, or for room.
 */
void vpv_queue_urgent(struct vpv_queue *q);

/**
 * vpv_queue_poll_begin() - what this CPU sends until vpv_queue_poll_end() may be told at once
 * @q: a queue that is moderated
 *
 * Context: softirqs off until the end, on the same CPU. Without locks. Where polls
 * on several CPUs overlap, the latest alone makes flush points wait.
 */
void vpv_queue_poll_begin(struct vpv_queue *q);

/**
 * vpv_queue_poll_end() - a flush point for what was sent since vpv_queue_poll_begin()
 * @q: the queue
 *
 * And, completions having been taken, for what a device that is idle was not told of.
 * Context: as vpv_queue_poll_begin().
 */
void vpv_queue_poll_end(struct vpv_queue *q);

/**
 * vpv_queue_patience_ns() - how long notifications may be put off in a busy queue
 * @q: a queue that is moderated
 *
 * Context: any. Return: ns, from what an exit takes; 0: not at all, or not known yet.
 */
u32 vpv_queue_patience_ns(const struct vpv_queue *q);

/**
 * vpv_queue_kicks() - notifications so far, those by timers too
 * @q: the queue
 *
 * Context: submit_lock.
 */
u64 vpv_queue_kicks(const struct vpv_queue *q);

/**
 * vpv_queue_bulk() - the next vpv_queue_commit() may wait although trials say no
 * @q: a queue that is moderated
 *
 * What was staged is a part of much more, by the looks of it. Unless it was urgent.
 */
void vpv_queue_bulk(struct vpv_queue *q);

/**
 * vpv_queue_kick() - notify the device: an exit; outside of the lock
 * @q: the queue
 */
void vpv_queue_kick(struct vpv_queue *q);

u16 vpv_queue_room(struct vpv_queue *q);
u16 vpv_queue_max_segs(struct vpv_queue *q);

/* ---- completion side, under reap_lock ---- */

/**
 * vpv_queue_reap() - see vpv_ring_reap(); a queue that breaks is reported and recovered
 * @q: the queue
 * @done: room for @max
 * @max: at most so many
 */
unsigned int vpv_queue_reap(struct vpv_queue *q, struct vpv_done *done, unsigned int max);

/**
 * vpv_queue_rearm() - end of a drain: ask for the next interrupt as the policy sees fit
 * @q: the queue
 *
 * Return: false when more has completed already: reap on.
 */
bool vpv_queue_rearm(struct vpv_queue *q);

/**
 * vpv_queue_rearm_lazy() - ask for an interrupt when most of what is in flight is done
 * @q: the queue
 *
 * For completions nobody waits for one by one.
 *
 * Return: false when that much has completed already: reap on.
 */
bool vpv_queue_rearm_lazy(struct vpv_queue *q);

/**
 * vpv_queue_rearm_after() - ask for an interrupt after @k more completions
 * @q: a queue that is not moderated, or reaps late
 * @k: at least 1; where as many may never come the caller looks at times, too
 *
 * Return: false when that many have completed already: reap on.
 */
bool vpv_queue_rearm_after(struct vpv_queue *q, u16 k);

/**
 * vpv_queue_park() - begin of a drain, or a polled queue: no interrupts
 * @q: the queue
 */
void vpv_queue_park(struct vpv_queue *q);

/* ---- any context ---- */

bool vpv_queue_pending(struct vpv_queue *q);
u16 vpv_queue_in_flight(struct vpv_queue *q);

#endif /* VPV_H */
