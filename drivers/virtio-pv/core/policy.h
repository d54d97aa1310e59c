/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notification policy: when to ask the ring whether the device wants to be told,
 * and when to ask the device for the next interrupt. It sees numbers, never
 * memory, locks or time sources, so it builds and is tested in user space.
 * docs/notifications.md explains it.
 *
 * A flush point may answer "wait": buffers were published, the decision about
 * them comes later. It is owed from then on, and one of these pays it: a later
 * flush point (enough buffers, or long enough), a drain that leaves the device
 * idle, the end of a poll, the timer.
 */
#ifndef VPV_POLICY_H
#define VPV_POLICY_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * enum vpv_policy_mode - what the user wants most
 * @VPV_POLICY_LATENCY: never wait, an interrupt for the next completion
 * @VPV_POLICY_AUTO: wait where trials show that it saves time
 * @VPV_POLICY_THROUGHPUT: wait wherever the next buffer is on its way
 */
enum vpv_policy_mode {
	VPV_POLICY_LATENCY,
	VPV_POLICY_AUTO,
	VPV_POLICY_THROUGHPUT,
	VPV_POLICY_NR_MODES,
};

/* A submitter is busy when its flush points are no further apart than so many exits. */
#define VPV_POLICY_BUSY_EXITS 16
/* It waits no longer than so many, seen at a flush point; the timer: twice. */
#define VPV_POLICY_WAIT_EXITS 40
/* Within a poll, where waits do not pay: an exit would have held up what follows as long. */
#define VPV_POLICY_POLL_EXITS 2
/* The most buffers one kick waits for, and what it waits for if the submitter is busy. */
#define VPV_POLICY_BATCH 32
/* Nothing waits longer than this for a flush point. */
#define VPV_POLICY_WAIT_MAX_NS (1000 * 1000)
/* One interrupt for a whole batch from this size on. */
#define VPV_POLICY_BATCH_MIN 3
/* A load that never has so many in flight is shallow. */
#define VPV_POLICY_DEPTH_MIN 8
/* Waits that end well are remembered up to here; one in vain takes a quarter. */
#define VPV_POLICY_CREDIT 16
/* Flush points without a wait after one was in vain; twice as many each time, up to. */
#define VPV_POLICY_SHALLOW 128
#define VPV_POLICY_SHALLOW_MAX 4096
/* Buffers of an epoch, which waits or does not; of one where completions are taken late. */
#define VPV_POLICY_EPOCH 128
#define VPV_POLICY_EPOCH_LATE 512
/* Epochs between trials of the other way: four times as many after each that did not pay. */
#define VPV_POLICY_TRIAL_MIN 2
#define VPV_POLICY_TRIAL_MAX 512
/* Flush points after which a peak of in-flight buffers is on its way to oblivion. */
#define VPV_POLICY_WINDOW 64
/* A timer sooner than this costs more than it saves. */
#define VPV_POLICY_TIMER_MIN_NS (50 * 1000)
/* An exit that took longer was more than an exit. */
#define VPV_POLICY_EXIT_MAX_NS (40 * 1000)

enum vpv_policy_answer {
	VPV_POLICY_NOTHING,
	VPV_POLICY_DECIDE,
	VPV_POLICY_WAIT,
};

/**
 * struct vpv_policy_view - a flush point as the policy sees it
 * @mode: what the user wants
 * @urgent: somebody waits for one of these buffers alone
 * @late: completions are taken late, see &vpv_queue_desc.reaps_late
 * @bulk: a part of much: saving a notification is worth its latency, whatever trials say
 * @polling: within a poll of the driver, whose end is a flush point, too
 * @published: buffers published by this flush point
 * @undecided: buffers published since the last decision, these included
 * @in_flight: buffers the device has not given back, these included
 * @latency_ns: how long a buffer takes, from publish to reap; 0: nobody knows
 * @exit_ns: how long a notification takes
 * @kicks: notifications so far
 * @now: ns of a clock that may be a little wrong; only costs depend on it
 */
struct vpv_policy_view {
	enum vpv_policy_mode mode;
	bool urgent;
	bool late;
	bool bulk;
	bool polling;
	u16 published;
	u16 undecided;
	u16 in_flight;
	u32 latency_ns;
	u32 exit_ns;
	u64 kicks;
	u64 now;
};

/**
 * struct vpv_policy_trial - whether waits pay, found out by trying
 * @since: when this epoch began
 * @last: the flush point before this one
 * @buffers: published in this epoch
 * @kicks: before it
 * @ns: what a buffer takes without waits and with them, lately; 0: unknown
 * @left: epochs until the next trial
 * @interval: epochs between trials
 * @waits: this epoch has waits
 * @prefers: they paid when last tried; differs from @waits in a trial
 */
struct vpv_policy_trial {
	u64 since;
	u64 last;
	u32 buffers;
	u64 kicks;
	u32 ns[2];
	u16 left;
	u16 interval;
	bool waits;
	bool prefers;
};

/**
 * struct vpv_policy_submit - submit side, protected by the queue's submit_lock
 * @publishes: stores that made buffers available
 * @buffers: buffers made available by them
 * @decisions: looks at the device's event word
 * @kicks: decisions that said yes
 * @kicks_avoided: decisions that said no
 * @waits: flush points that put the decision off
 * @waits_drained: waits ended by a drain
 * @waits_timer: waits ended by the timer
 * @waiting: a decision is owed
 * @polling: at the latest by the end of a poll
 * @since: since when
 * @last: the flush point before this one
 * @gap_ns: how far apart they are, moving average
 * @peak: most buffers in flight lately
 * @peak_before: the same in the window before
 * @window: flush points in this window
 * @credit: waits that ended well, less those in vain
 * @shallow: flush points still to come that do not wait
 * @backoff: how many there were the last time
 * @trial: for VPV_POLICY_AUTO
 */
struct vpv_policy_submit {
	u64 publishes;
	u64 buffers;
	u64 decisions;
	u64 kicks;
	u64 kicks_avoided;
	u64 waits;
	u64 waits_drained;
	u64 waits_timer;
	bool waiting;
	bool polling;
	u64 since;
	u64 last;
	u32 gap_ns;
	u16 peak;
	u16 peak_before;
	u16 window;
	u16 credit;
	u16 shallow;
	u16 backoff;
	struct vpv_policy_trial trial;
};

/**
 * vpv_policy_waits() - whether decisions may wait now
 * @s: the side; looked at without its lock from the other side
 * @mode: what the user wants
 */
static inline bool vpv_policy_waits(const struct vpv_policy_submit *s, enum vpv_policy_mode mode)
{
	return mode == VPV_POLICY_THROUGHPUT ||
	       (mode == VPV_POLICY_AUTO && READ_ONCE(s->trial.waits));
}

/**
 * vpv_policy_trial() - a flush point as the trial of waits sees it
 * @t: the trial
 * @v: what there is to know
 *
 * Loads that wait for their answers get through faster when waits pay. For those
 * that do not, at a fixed rate, it is a draw, and they are left alone.
 */
void vpv_policy_trial(struct vpv_policy_trial *t, const struct vpv_policy_view *v);

/**
 * struct vpv_policy_reap - completion side, protected by the queue's reap_lock
 * @reaps: passes over the used ring
 * @completions: buffers taken by them
 * @arms: interrupts asked for
 * @arm_raced: of them, those that came too late: more had completed already
 * @arms_late: of them, those for a later completion than the next
 * @armed: how many completions the last one asked for
 */
struct vpv_policy_reap {
	u64 reaps;
	u64 completions;
	u64 arms;
	u64 arm_raced;
	u64 arms_late;
	u16 armed;
};

/**
 * struct vpv_policy_latency - how long buffers take, one sample at a time
 * @sampling: the submit side started one, the completion side ends it; hands
 *	@mark and @at from one side to the other
 * @mark: as many buffers had been published then
 * @dropped: buffers published that will never complete: a reset took them
 * @at: when
 * @ns: moving average
 */
struct vpv_policy_latency {
	bool sampling;
	u16 mark;
	u16 dropped;
	u64 at;
	u32 ns;
};

/**
 * vpv_policy_flush() - a flush point of the submit side
 * @s: the side
 * @v: what there is to know
 *
 * Return: DECIDE: ask the ring now and report with vpv_policy_decided(); WAIT: a
 * decision is owed, see to it that vpv_policy_drained() and
 * vpv_policy_expired() are called.
 */
enum vpv_policy_answer vpv_policy_flush(struct vpv_policy_submit *s,
					const struct vpv_policy_view *v);
void vpv_policy_decided(struct vpv_policy_submit *s, bool kick);

/**
 * vpv_policy_drained() - the end of a drain, while a decision is owed
 * @s: the side
 * @v: what there is to know; @v->published is 0
 *
 * Return: true: decide now.
 */
bool vpv_policy_drained(struct vpv_policy_submit *s, const struct vpv_policy_view *v);

/**
 * vpv_policy_polled() - the end of a poll, while a decision is owed
 * @s: the side
 * @v: what there is to know; @v->published is 0
 *
 * Return: true: decide now; false: others wait, and their timer is on.
 */
bool vpv_policy_polled(struct vpv_policy_submit *s, const struct vpv_policy_view *v);

/**
 * vpv_policy_expired() - the timer fired, while a decision is owed
 * @s: the side
 * @v: what there is to know; @v->published is 0
 *
 * Return: true: decide now; false: this wait is a younger one.
 */
bool vpv_policy_expired(struct vpv_policy_submit *s, const struct vpv_policy_view *v);

/**
 * vpv_policy_timer_ns() - how long after it began a wait is ended by the timer
 * @s: the side
 * @v: what there is to know
 */
u32 vpv_policy_timer_ns(const struct vpv_policy_submit *s, const struct vpv_policy_view *v);

void vpv_policy_reaped(struct vpv_policy_reap *r, unsigned int n);

/**
 * vpv_policy_arm() - end of a drain
 * @r: the side
 * @waits: from vpv_policy_waits()
 * @known: buffers in flight that the device was told of
 *
 * Return: after how many more completions an interrupt is wanted, at least 1; never
 * more than @known, all of which are sure to complete.
 */
u16 vpv_policy_arm(struct vpv_policy_reap *r, bool waits, u16 known);

/**
 * vpv_policy_batch() - a kick is about to go to the device
 * @s: the submit side
 * @v: as it was before the decision
 *
 * Return: after how many of these buffers an interrupt is wanted, to be reported
 * with vpv_policy_arm_batch(); 0: as it is, for the device has other work.
 */
u16 vpv_policy_batch(const struct vpv_policy_submit *s, const struct vpv_policy_view *v);
void vpv_policy_arm_batch(struct vpv_policy_reap *r, u16 k);

/**
 * vpv_policy_arm_lazy() - the same for completions nobody waits for one by one
 * @r: the side
 * @in_flight: buffers the device owns
 *
 * Return: three quarters of them, at least 1: all of them are sure to complete,
 * so the interrupt is sure to come.
 */
u16 vpv_policy_arm_lazy(struct vpv_policy_reap *r, u16 in_flight);
void vpv_policy_arm_after(struct vpv_policy_reap *r, u16 k);
void vpv_policy_armed(struct vpv_policy_reap *r, bool in_time);

/**
 * vpv_policy_average() - moving average over about four samples
 * @old: the average, 0: none yet
 * @sample: the next one
 * @max: what is more than this counts as this
 */
u32 vpv_policy_average(u32 old, u64 sample, u32 max);

#endif /* VPV_POLICY_H */
