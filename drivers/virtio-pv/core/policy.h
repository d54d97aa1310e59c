/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notification policy: when to ask the ring whether the device wants to be told,
 * and when to ask the device for the next interrupt. It sees numbers, never
 * memory, locks or time sources, so it builds and is tested in user space.
 *
 * Now: decide at each flush point, park while draining, arm for the next
 * completion. Both answers are functions of this file so that they can become
 * functions of the load.
 */
#ifndef VPV_POLICY_H
#define VPV_POLICY_H

#include <linux/types.h>

/**
 * struct vpv_policy_submit - submit side, protected by the queue's submit_lock
 * @publishes: stores that made buffers available
 * @buffers: buffers made available by them
 * @decisions: looks at the device's event word
 * @kicks: decisions that said yes
 * @kicks_avoided: decisions that said no
 */
struct vpv_policy_submit {
	u64 publishes;
	u64 buffers;
	u64 decisions;
	u64 kicks;
	u64 kicks_avoided;
};

/**
 * struct vpv_policy_reap - completion side, protected by the queue's reap_lock
 * @reaps: passes over the used ring
 * @completions: buffers taken by them
 * @arms: interrupts asked for
 * @arm_raced: of them, those that came too late: more had completed already
 */
struct vpv_policy_reap {
	u64 reaps;
	u64 completions;
	u64 arms;
	u64 arm_raced;
};

/**
 * vpv_policy_flush() - a flush point of the submit side
 * @s: the side
 * @published: buffers published by it
 * @undecided: buffers published since the last decision, these included
 *
 * Return: true: ask the ring now and report with vpv_policy_decided(); false:
 * nothing is owed, or it may wait for a later flush point.
 */
bool vpv_policy_flush(struct vpv_policy_submit *s, u16 published, u16 undecided);
void vpv_policy_decided(struct vpv_policy_submit *s, bool kick);

void vpv_policy_reaped(struct vpv_policy_reap *r, unsigned int n);

/**
 * vpv_policy_arm() - end of a drain
 * @r: the side
 *
 * Return: after how many more completions an interrupt is wanted, at least 1.
 */
u16 vpv_policy_arm(struct vpv_policy_reap *r);

/**
 * vpv_policy_arm_lazy() - the same for completions nobody waits for one by one
 * @r: the side
 * @in_flight: buffers the device owns
 *
 * Return: three quarters of them, at least 1: all of them are sure to complete,
 * so the interrupt is sure to come.
 */
u16 vpv_policy_arm_lazy(struct vpv_policy_reap *r, u16 in_flight);
void vpv_policy_armed(struct vpv_policy_reap *r, bool in_time);

#endif /* VPV_POLICY_H */
