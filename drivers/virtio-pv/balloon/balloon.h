/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * virtio_pv_balloon: memory given to the host and taken back (virtio 1.4, 5.5).
 *
 *	main.c		module, life cycle, configuration
 *	queue.c		sending buffers and waiting for them
 *	pages.c		pages held for the host: blocks of 2 MiB, and single ones
 *	ahead.c		reporting blocks before they are inflated
 *	resize.c	inflating and deflating towards the target
 *	move.c		pages in the balloon that compaction wants elsewhere
 *	hint.c		free page hints, for a migration of the guest
 *	oom.c		giving pages back when the guest has none left
 *	stats.c		memory statistics
 *	report.c	free page reporting
 *	sysfs.c		attributes
 *
 * Locks, outermost first:
 *
 *	vpv_bal.resize_lock	mutex; inflating and deflating
 *	vpv_bal.oom_lock	mutex; tried, never waited for
 *	vpv_bal.flush_lock	mutex; telling the device of moved pages
 *	vpv_bal.move_lock	mutex; collecting them; tried by who may not wait
 *	vpv_bal.hint_lock	mutex; a round of hints
 *	vpv_queue.submit_lock, vpv_queue.reap_lock
 *	vpv_bal.pages_lock	spinlock; blocks of 2 MiB and the counts
 */
#ifndef VPV_BALLOON_H
#define VPV_BALLOON_H

#include <linux/balloon.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/page_reporting.h>
#include <linux/virtio_balloon.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../core/vpv.h"

/* Largest block: 2 MiB with pages of 4 KiB. */
#define VPV_BAL_MAX_ORDER 9
#define VPV_BAL_ORDERS (VPV_BAL_MAX_ORDER + 1)
/* Page frame numbers of one buffer: 192 MiB of memory, 192 KiB of numbers. */
#define VPV_BAL_PFNS 49152
/* Buffers for inflating and deflating: two fill while two are with the device. */
#define VPV_BAL_BATCHES 4
/* Page frame numbers of the buffer kept for out of memory: 4 MiB. */
#define VPV_BAL_OOM_PFNS 1024
/* A reset of the device that is due has so long. */
#define VPV_BAL_RESET_MS 15000
/* On unbinding, the device has so long for a buffer, and for all of them. */
#define VPV_BAL_LEAVE_ACK_MS 2000
#define VPV_BAL_LEAVE_MS 10000
/* Pages moved by compaction that the device is told of at once. */
#define VPV_BAL_MOVES 256
/* Runs of free pages hinted with one kick. */
#define VPV_BAL_HINTS 64
#define VPV_BAL_STATS 12
/* The page reporting core hands out so many ranges at a time at most. */
#define VPV_BAL_RANGES PAGE_REPORTING_CAPACITY
/* Reports of a batch, were no two of its blocks neighbours. */
#define VPV_BAL_AHEAD DIV_ROUND_UP(VPV_BAL_PFNS >> VPV_BAL_MAX_ORDER, VPV_BAL_RANGES)

/* Page frame numbers are of 4 KiB, whatever a page is (5.5.6). */
#define VPV_BAL_PER_PAGE (PAGE_SIZE >> VIRTIO_BALLOON_PFN_SHIFT)

enum vpv_bal_queue_index {
	VPV_BAL_INFLATE,
	VPV_BAL_DEFLATE,
	VPV_BAL_STATSQ,
	VPV_BAL_HINT,
	VPV_BAL_REPORT,
	VPV_BAL_QUEUES,
};

/**
 * enum vpv_bal_state - where a buffer is
 * @VPV_BAL_IDLE: ours
 * @VPV_BAL_SENT: the device's
 * @VPV_BAL_ACKED: used by the device
 * @VPV_BAL_LOST: dropped by a reset that was acknowledged: the device has forgotten it
 * @VPV_BAL_STUCK: dropped, and nobody knows what the device still does
 */
enum vpv_bal_state {
	VPV_BAL_IDLE,
	VPV_BAL_SENT,
	VPV_BAL_ACKED,
	VPV_BAL_LOST,
	VPV_BAL_STUCK,
};

/**
 * struct vpv_bal_buf - a buffer for the device, token of its queue
 * @state: &enum vpv_bal_state; written by the side that has it
 */
struct vpv_bal_buf {
	unsigned int state;
};

/**
 * struct vpv_bal_batch - page frame numbers of blocks on their way in or out
 * @buf: the buffer
 * @queue: where it was sent
 * @pfns: the numbers
 * @addr: @pfns as the device sees it
 * @max: room
 * @nr: in use
 * @pages: the same, in pages
 * @blocks: the blocks, by page.lru
 * @ahead: reports of the blocks, sent before @buf
 * @range: what is reported
 */
struct vpv_bal_batch {
	struct vpv_bal_buf buf;
	enum vpv_bal_queue_index queue;
	__le32 *pfns;
	u64 addr;
	unsigned int max;
	unsigned int nr;
	unsigned long pages;
	struct list_head blocks;
	struct vpv_bal_buf ahead[VPV_BAL_AHEAD];
	struct vpv_seg range[VPV_BAL_AHEAD * VPV_BAL_RANGES];
};

/**
 * struct vpv_bal_move - pages that were moved, on their way to be told
 * @in: where they are now
 * @out: where they were
 * @old: the pages of @out, with a reference each
 * @nr: how many
 */
struct vpv_bal_move {
	struct vpv_bal_batch in;
	struct vpv_bal_batch out;
	struct page *old[VPV_BAL_MOVES];
	unsigned int nr;
};

/**
 * struct vpv_bal_run - neighbouring free pages, a hint
 * @buf: the buffer
 * @seg: the pages
 */
struct vpv_bal_run {
	struct vpv_bal_buf buf;
	struct vpv_seg seg;
};

/**
 * struct vpv_bal_hinter - free page hinting
 * @lock: a round, or the release of its pages
 * @work: follows the command of the device
 * @cmd: the command
 * @ran: the last command a round was made for
 * @release: the device was reset: nobody will say that it is done
 * @run: with the device
 * @id_buf: command ids with the device: begin, end
 * @id: them
 * @id_addr: @id as the device sees it
 * @blocks: pages hinted, held until the device is done
 * @held: how many
 */
struct vpv_bal_hinter {
	struct mutex lock;
	struct work_struct work;
	u32 cmd;
	u32 ran;
	bool release;
	struct vpv_bal_run run[VPV_BAL_HINTS];
	struct vpv_bal_buf id_buf[2];
	__le32 *id;
	u64 id_addr;
	struct list_head blocks;
	unsigned long held;
};

/**
 * struct vpv_bal_vq - a queue
 * @q: it, NULL: the device has none
 * @vb: the balloon
 * @waiters: who waits for one of its buffers; reap_lock
 * @wait: they
 */
struct vpv_bal_vq {
	struct vpv_queue *q;
	struct vpv_bal *vb;
	unsigned int waiters;
	wait_queue_head_t wait;
};

/**
 * struct vpv_bal_stat - as the device wants it
 */
struct vpv_bal_stat {
	__le16 tag;
	__le64 val;
} __packed;

/**
 * struct vpv_bal - a balloon
 * @vdev: the device
 * @vq: its queues
 * @live: buffers may be sent; each queue's submit_lock to change it
 * @gone: the device has failed
 * @leaving: being unbound: nothing is begun any more
 * @wait_ms: how long to wait for a buffer
 * @leave_by: jiffies; on unbinding, the end of all waiting
 * @resize_lock: see above
 * @batch: for inflating and deflating; @resize_lock
 * @oom_batch: for out of memory; @oom_lock
 * @oom_lock: see above
 * @pages_lock: protects @huge, @count, @held
 * @huge: blocks of the largest order
 * @info: single pages; the kernel's own, so that compaction finds them
 * @count: blocks held of each order
 * @held: pages in them that the device has acknowledged
 * @flying: pages on their way to the device; @resize_lock
 * @target: pages the host wants
 * @floor: pages that stay available to the guest
 * @told: the floor or a lack of memory was reported for this target
 * @retell: after a reset the device knows of no page any more
 * @retry_ms: pause until the next try to get memory
 * @resize: towards @target
 * @flush_lock: see above
 * @move_lock: protects @move and @filling
 * @move: one collects while the other is told to the device
 * @filling: which of @move collects
 * @telling: the other, while it is not done; @flush_lock
 * @move_work: tells the device
 * @hint: free page hinting
 * @stats: collects statistics
 * @stats_buf: the one buffer of the statistics queue
 * @stat: its memory
 * @stat_addr: @stat as the device sees it
 * @oom_nb: out of memory
 * @prdev: free page reporting
 * @report_buf: ranges with the device
 * @reporting: registered
 * @inflated: pages given to the host so far
 * @deflated: pages taken back
 * @oom_deflated: of them for want of memory
 * @migrated: pages moved within the guest
 * @hinted: pages hinted as free
 * @reported: pages reported as free
 * @stats_sent: statistics
 * @acks_late: buffers found used although no interrupt came
 * @attrs: attributes
 */
struct vpv_bal {
	struct vpv_dev *vdev;
	struct vpv_bal_vq vq[VPV_BAL_QUEUES];
	bool live;
	bool gone;
	bool leaving;
	unsigned int wait_ms;
	unsigned long leave_by;

	struct mutex resize_lock;
	struct vpv_bal_batch batch[VPV_BAL_BATCHES];
	struct vpv_bal_batch oom_batch;
	struct mutex oom_lock;

	spinlock_t pages_lock;
	struct list_head huge;
	struct balloon_dev_info info;
	unsigned long count[VPV_BAL_ORDERS];
	unsigned long held;
	unsigned long flying;

	unsigned long target;
	unsigned long floor;
	bool told;
	bool retell;
	unsigned int retry_ms;
	struct delayed_work resize;

	struct mutex flush_lock;
	struct mutex move_lock;
	struct vpv_bal_move move[2];
	unsigned int filling;
	struct vpv_bal_move *telling;
	struct delayed_work move_work;

	struct vpv_bal_hinter hint;

	struct delayed_work stats;
	struct vpv_bal_buf stats_buf;
	struct vpv_bal_stat *stat;
	u64 stat_addr;

	struct notifier_block oom_nb;
	struct page_reporting_dev_info prdev;
	struct vpv_bal_buf report_buf;
	bool reporting;

	atomic64_t inflated;
	atomic64_t deflated;
	atomic64_t oom_deflated;
	atomic64_t migrated;
	atomic64_t hinted;
	atomic64_t reported;
	atomic64_t stats_sent;
	atomic64_t acks_late;
	struct vpv_bal_attrs *attrs;
};

extern struct workqueue_struct *vpv_bal_wq;

extern unsigned int vpv_bal_timeout_ms;

/* main.c */
bool vpv_bal_stopped(struct vpv_bal *vb);

/* queue.c */
int vpv_bal_send_many(struct vpv_bal_vq *vq, const struct vpv_buf *bufs, unsigned int n);
int vpv_bal_send(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf, const struct vpv_seg *seg,
		 u16 nr_out, u16 nr_in);
bool vpv_bal_sent(const struct vpv_bal_buf *buf);
void vpv_bal_reap(struct vpv_bal_vq *vq);
int vpv_bal_wait(struct vpv_bal_vq *vq, bool (*ready)(void *ctx), void *ctx);
int vpv_bal_wait_buf(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf);
void vpv_bal_wait_back(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf);
bool vpv_bal_wait_brief(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf);
void vpv_bal_overdue(struct vpv_bal_vq *vq, struct vpv_bal_buf *buf);
void vpv_bal_set_wait(struct vpv_bal *vb, unsigned int ms);
void vpv_bal_irq(struct vpv_queue *q);
void vpv_bal_drop(struct vpv_queue *q, void *token, bool retry);
void vpv_bal_set_live(struct vpv_bal *vb, bool live);

/* pages.c */
void vpv_bal_pages_init(struct vpv_bal *vb);
struct page *vpv_bal_block_alloc(unsigned long pages, unsigned int *order);
unsigned long vpv_bal_block_pages(const struct page *page);
void vpv_bal_block_list(struct page *page, unsigned int order, struct list_head *list);
void vpv_bal_pages_free(struct list_head *list);
void vpv_bal_pages_keep(struct vpv_bal *vb, struct list_head *list);
unsigned long vpv_bal_pages_take(struct vpv_bal *vb, struct list_head *list, unsigned long max);
bool vpv_bal_pages_take_all(struct vpv_bal *vb, struct list_head *list);
unsigned long vpv_bal_held(struct vpv_bal *vb);

/* ahead.c */
void vpv_bal_ahead(struct vpv_bal *vb, struct vpv_bal_batch *b);
bool vpv_bal_ahead_sent(const struct vpv_bal_batch *b);
void vpv_bal_ahead_reap(struct vpv_bal *vb);
bool vpv_bal_ahead_wait(struct vpv_bal *vb, struct vpv_bal_batch *b);

/* resize.c */
int vpv_bal_batch_init(struct vpv_bal *vb, struct vpv_bal_batch *b, unsigned int max);
void vpv_bal_batch_destroy(struct vpv_bal *vb, struct vpv_bal_batch *b);
void vpv_bal_batch_add(struct vpv_bal_batch *b, unsigned long pfn, unsigned long pages);
unsigned long vpv_bal_batch_take(struct vpv_bal *vb, struct vpv_bal_batch *b, unsigned long max);
void vpv_bal_batch_put(struct vpv_bal *vb, struct vpv_bal_batch *b);
void vpv_bal_batch_reset(struct vpv_bal_batch *b);
int vpv_bal_batch_send(struct vpv_bal *vb, enum vpv_bal_queue_index i, struct vpv_bal_batch *b);
unsigned long vpv_bal_deflated(struct vpv_bal *vb, struct vpv_bal_batch *b);
void vpv_bal_resize_work(struct work_struct *work);
void vpv_bal_deflate_all(struct vpv_bal *vb);
void vpv_bal_free_all(struct vpv_bal *vb);
void vpv_bal_write_actual(struct vpv_bal *vb);

/* move.c */
int vpv_bal_move_init(struct vpv_bal *vb);
void vpv_bal_move_destroy(struct vpv_bal *vb);
int vpv_bal_move_flush(struct vpv_bal *vb);
bool vpv_bal_move_pending(struct vpv_bal *vb);
void vpv_bal_move_forget(struct vpv_bal *vb);

/* hint.c */
bool vpv_bal_extend(struct vpv_seg *seg, u64 addr, u32 len);
int vpv_bal_hint_init(struct vpv_bal *vb);
void vpv_bal_hint_destroy(struct vpv_bal *vb);
void vpv_bal_hint_command(struct vpv_bal *vb, u32 cmd);
void vpv_bal_hint_again(struct vpv_bal *vb);
unsigned long vpv_bal_hint_release(struct vpv_bal *vb);

/* oom.c */
int vpv_bal_oom_register(struct vpv_bal *vb);
void vpv_bal_oom_unregister(struct vpv_bal *vb);

/* stats.c */
int vpv_bal_stats_init(struct vpv_bal *vb);
void vpv_bal_stats_destroy(struct vpv_bal *vb);
void vpv_bal_stats_start(struct vpv_bal *vb);
void vpv_bal_stats_irq(struct vpv_queue *q);

/* report.c */
bool vpv_bal_pages_are_initialised(void);
u32 vpv_bal_poison_value(void);
int vpv_bal_report_register(struct vpv_bal *vb);
void vpv_bal_report_unregister(struct vpv_bal *vb);

/* sysfs.c */
int vpv_bal_sysfs_add(struct vpv_bal *vb);
void vpv_bal_sysfs_del(struct vpv_bal *vb);

#endif /* VPV_BALLOON_H */
