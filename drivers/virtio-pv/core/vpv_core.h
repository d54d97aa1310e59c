/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private to virtio_pv.ko: the core's part of devices and queues, and what its
 * files and the transports call of one another.
 *
 * Locks, outermost first:
 *
 *	vpv_driver.outer_lock	the driver's, where it has one
 *	vpv_dev_core.lock	mutex; life cycle, registers with a selector
 *	vpv_queue.submit_lock	spinlock; submit side
 *	vpv_queue.reap_lock	spinlock; completion side
 *	vpv_dev_core.config_lock	spinlock; none is taken inside
 *
 * A driver's attach() and detach() run without the mutex. The interrupt handlers
 * take none: vpv_queue_core.live and vpv_dev_core.up tell them whether to
 * believe an interrupt, and a stop waits for handlers after it cleared both.
 */
#ifndef VPV_CORE_H
#define VPV_CORE_H

#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "policy.h"
#include "vpv.h"
#include "vpv_transport.h"

struct dentry;

/* Reset and queue reset take longer than this: the device is taken for dead. */
#define VPV_RESET_TIMEOUT_MS 5000
/* Buffers in flight have so long before a suspend. */
#define VPV_DRAIN_TIMEOUT_MS 5000
/* A sound device answers the first time; this bounds the other kind. */
#define VPV_CONFIG_TRIES 100

/**
 * enum vpv_state - where in its life a device is
 * @VPV_BINDING: before DRIVER_OK for the first time, and after unbind
 * @VPV_LIVE: DRIVER_OK, buffers move
 * @VPV_STOPPED: quiesced, reset, nothing in flight; can be started
 * @VPV_FAILED: for good
 */
enum vpv_state {
	VPV_BINDING,
	VPV_LIVE,
	VPV_STOPPED,
	VPV_FAILED,
};

enum vpv_recover_bit {
	VPV_RECOVER_DEVICE,
	VPV_RECOVER_QUEUE,
};

/**
 * struct vpv_dev_core - a device, allocated and freed by its transport
 * @vdev: what the driver sees
 * @ops: the transport
 * @lock: see above; protects @state, @paused, @leaving, @untrusted, @tries
 * @state: where in its life it is
 * @paused: stopped by suspend or a PCI reset, recovery stays out of it
 * @leaving: being unbound, recovery is over
 * @untrusted: a reset was not acknowledged, so the device may still own memory
 * @attached: the driver's attach() is over: it may be told of changes
 * @dead: failed or gone; for any context, set once
 * @up: interrupts for configuration changes are believed, and users may change it
 * @config_lock: excludes @up being cleared while they do
 * @recover_work: stop and start
 * @recover_flags: what is asked of it, &enum vpv_recover_bit
 * @recover_why: the last reason given
 * @tries: recoveries in a row
 * @recovered_at: jiffies of the last
 * @config_work: configuration changes
 * @config_forced: the device said that something changed
 * @config_gen: generation last read by the driver
 * @config_at: jiffies of the last @config_work
 * @config_irqs: interrupts for configuration changes
 * @resets: device resets but for the one at bind
 * @quarantined: bytes of shared memory never freed
 * @debugfs: its folder
 */
struct vpv_dev_core {
	struct vpv_dev vdev;
	const struct vpv_transport_ops *ops;

	struct mutex lock;
	enum vpv_state state;
	bool paused;
	bool leaving;
	bool untrusted;
	bool attached;
	bool dead;
	bool up;
	spinlock_t config_lock;

	struct delayed_work recover_work;
	unsigned long recover_flags;
	const char *recover_why;
	unsigned int tries;
	unsigned long recovered_at;

	struct delayed_work config_work;
	bool config_forced;
	u32 config_gen;
	unsigned long config_at;

	u64 config_irqs;
	u64 resets;
	size_t quarantined;
	struct dentry *debugfs;
};

/**
 * struct vpv_shared - a piece of memory both sides use
 */
struct vpv_shared {
	void *mem;
	size_t size;
	u64 addr;
};

/**
 * struct vpv_queue_core - the core's part of a queue
 * @queue: the queue
 * @bell: how to notify the device
 * @kick_data: ring position for the doorbell, as of the last decision
 * @staged: buffers staged since the last publish; submit_lock
 * @moderate: see &vpv_queue_desc.moderate
 * @reaps_late: see &vpv_queue_desc.reaps_late
 * @urgent: the next flush point decides; submit_lock
 * @bulk: the next flush point may wait whatever trials say; submit_lock
 * @poll_cpu: within a poll of the driver, which ends with a flush point; -1: none
 * @timer_on: @backstop is pending or running; submit_lock
 * @submit: policy of the submit side; submit_lock
 * @exit_ns: what a notification takes
 * @latency: what a buffer takes
 * @backstop: ends waits that nothing else ended
 * @irqs_timer: completions found by @backstop; its own
 * @watch: looks for lost notifications while buffers are in flight
 * @watch_completions: completions when it last looked
 * @lost_kicks: kicks it repeated
 * @lost_irqs: completions it found that no interrupt told of
 * @reap: counters of the completion side; reap_lock
 * @live: interrupts are believed and the doorbell works
 * @broken: reported since the last start
 * @irqs: interrupts with something to reap; written by the handler
 * @spurious: and with nothing
 * @callback: of the driver
 * @with_previous: see &vpv_queue_desc.with_previous
 * @standing: see &vpv_queue_desc.standing
 * @cfg: shape of the ring
 * @max_num: most descriptors it may have
 * @max_table: most entries its tables may have
 * @desc: descriptor area
 * @driver: driver area
 * @device: device area
 * @tables: indirect tables
 * @generation: counts the times all buffers were taken back, from 1
 * @overdue: the generation of which the driver says that a buffer is; 0: none yet
 * @reset_at: jiffies of its last queue reset, 0: none
 * @queue_resets: queue resets
 * @breaks: times it broke
 * @last_error: why, the last time
 * @last_value: the offending word
 */
struct vpv_queue_core {
	struct vpv_queue *queue;
	struct vpv_doorbell bell;
	u16 kick_data;
	u16 staged;
	bool moderate;
	bool reaps_late;
	bool urgent;
	bool bulk;
	bool timer_on;
	int poll_cpu;
	struct vpv_policy_submit submit;
	u32 exit_ns;
	struct vpv_policy_latency latency;

	struct vpv_policy_reap reap ____cacheline_aligned_in_smp;

	bool live ____cacheline_aligned_in_smp;
	unsigned long broken;
	u64 irqs;
	u64 spurious;
	void (*callback)(struct vpv_queue *q);
	struct hrtimer backstop;
	u64 irqs_timer;
	struct timer_list watch;
	u64 watch_completions;
	u64 lost_kicks;
	u64 lost_irqs;

	bool with_previous;
	bool standing;
	struct vpv_ring_cfg cfg;
	u16 max_num;
	u16 max_table;
	struct vpv_shared desc;
	struct vpv_shared driver;
	struct vpv_shared device;
	struct vpv_shared tables;
	u32 generation;
	u32 overdue;
	unsigned long reset_at;
	u64 queue_resets;
	u64 breaks;
	enum vpv_ring_error last_error;
	u32 last_value;
};

static inline struct vpv_dev_core *vpv_core(const struct vpv_dev *vdev)
{
	return vdev->core;
}

/* The device's mutex, below the driver's outer lock. */
static inline void vpv_dev_lock(struct vpv_dev_core *d)
{
	if (d->vdev.drv->outer_lock)
		d->vdev.drv->outer_lock();
	mutex_lock(&d->lock);
}

static inline void vpv_dev_unlock(struct vpv_dev_core *d)
{
	mutex_unlock(&d->lock);
	if (d->vdev.drv->outer_unlock)
		d->vdev.drv->outer_unlock();
}

/* main.c */
extern struct workqueue_struct *vpv_wq;
bool vpv_feature_off(unsigned int bit);

/* device.c: the steps, each under the mutex, and what they are made of */
void vpv_dev_init(struct vpv_dev_core *d, struct device *dev, const struct vpv_driver *drv,
		  const struct vpv_transport_ops *ops);
int vpv_dev_bind(struct vpv_dev_core *d);
void vpv_dev_unbind(struct vpv_dev_core *d);
void vpv_dev_shutdown(struct vpv_dev_core *d);
void vpv_dev_pause(struct vpv_dev_core *d, bool drain);
void vpv_dev_unpause(struct vpv_dev_core *d);
int vpv_dev_stop(struct vpv_dev_core *d, bool drain);
int vpv_dev_start(struct vpv_dev_core *d);
void vpv_dev_give_up(struct vpv_dev_core *d, const char *why);
int vpv_dev_reset(struct vpv_dev_core *d);

/* negotiate.c */
int vpv_dev_negotiate(struct vpv_dev_core *d, bool again);

/* recover.c */
void vpv_recover_init(struct vpv_dev_core *d);
void vpv_recover_schedule(struct vpv_dev_core *d);

/* config.c */
void vpv_config_init(struct vpv_dev_core *d);
void vpv_config_irq(struct vpv_dev_core *d);	/* the device says: changed; any context */
void vpv_config_poll(struct vpv_dev_core *d);	/* it may have; any context */

/* moderate.c: waiting with kicks and interrupts */
bool vpv_moderate_commit(struct vpv_queue *q, u16 published);	/* under submit_lock */
u16 vpv_moderate_arm(struct vpv_queue *q);		/* under reap_lock */
void vpv_moderate_reaped(struct vpv_queue *q);		/* under reap_lock */
void vpv_moderate_drained(struct vpv_queue *q);
void vpv_moderate_kicked(struct vpv_queue *q, u64 began);
u64 vpv_moderate_clock(const struct vpv_queue *q);
void vpv_moderate_init(struct vpv_queue *q);
void vpv_moderate_start(struct vpv_queue *q);
void vpv_moderate_stop(struct vpv_queue *q);

/* queue.c */
void vpv_queues_destroy(struct vpv_dev_core *d);
int vpv_queues_activate(struct vpv_dev_core *d);
int vpv_queue_activate(struct vpv_queue *q);
void vpv_queues_live(struct vpv_dev_core *d, bool live);
void vpv_queue_live(struct vpv_queue *q, bool live);
void vpv_queues_kill(struct vpv_dev_core *d);
void vpv_queues_drop(struct vpv_dev_core *d, bool retry);
void vpv_queue_drop(struct vpv_queue *q, bool retry);
void vpv_queue_restart(struct vpv_queue *q);
bool vpv_queues_drain(struct vpv_dev_core *d);
u16 vpv_queue_round(const struct vpv_queue *q, u16 num);
int vpv_queue_remake(struct vpv_queue *q, u16 num);
bool vpv_queue_arm(struct vpv_queue *q, u16 k);	/* under reap_lock; false: reap first */
bool vpv_queue_irq(struct vpv_queue *q);	/* hard interrupt context */
void vpv_queue_spurious(struct vpv_queue *q);	/* hard interrupt context */

/* mem.c */
int vpv_mem_check(struct vpv_dev_core *d);

/* debugfs.c */
void vpv_debugfs_init(void);
void vpv_debugfs_exit(void);
void vpv_debugfs_add(struct vpv_dev_core *d);
void vpv_debugfs_remove(struct vpv_dev_core *d);

#endif /* VPV_CORE_H */
