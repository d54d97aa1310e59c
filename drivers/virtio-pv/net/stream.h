/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts of a stream that is received: packets so large that the device or its
 * host joined them, one after the other. Pure: it sees numbers and builds in user
 * space, too. docs/notifications.md explains it.
 */
#ifndef VPV_NET_STREAM_H
#define VPV_NET_STREAM_H

#include <linux/types.h>

/* Most packets that share an interrupt. */
#define VPV_NET_STREAM_PACKETS 8
/* Interrupts as hoped for are remembered up to here; what one in vain takes of that. */
#define VPV_NET_STREAM_CREDIT 16
#define VPV_NET_STREAM_VAIN 8
/* Polls without a wait after one in vain without them; twice as many each time, up to. */
#define VPV_NET_STREAM_REST 128
#define VPV_NET_STREAM_REST_MAX 4096

/**
 * struct vpv_net_stream - of a receive queue; NAPI's
 * @last: when a poll last found packets of a stream
 * @gap_ns: how far apart they are, moving average
 * @buffers: that one takes, moving average scaled by 8
 * @asked: after how many buffers an interrupt was last asked for
 * @credit: such interrupts that came, less those in vain
 * @rest: polls still to come that ask for the next buffer
 * @backoff: how many there were the last time
 */
struct vpv_net_stream {
	u64 last;
	u32 gap_ns;
	u32 buffers;
	u16 asked;
	u16 credit;
	u16 rest;
	u16 backoff;
};

/**
 * vpv_net_stream_arm() - the end of a poll
 * @s: the stream
 * @packets: joined packets that this poll found
 * @buffers: that they took
 * @idle: it found nothing at all
 * @vain: the timer called for it, not an interrupt
 * @patience_ns: how long an interrupt may be put off, 0: not at all
 * @now: ns
 *
 * Return: after how many more buffers an interrupt is wanted, at least 1. More: a
 * timer has to poll when none came for twice @patience_ns; fewer buffers may do.
 */
u16 vpv_net_stream_arm(struct vpv_net_stream *s, unsigned int packets, unsigned int buffers,
		       bool idle, bool vain, u32 patience_ns, u64 now);

#endif /* VPV_NET_STREAM_H */
