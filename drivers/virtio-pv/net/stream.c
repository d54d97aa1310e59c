// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>

#include "stream.h"

/* A pause: the next packet begins another stream. */
#define PAUSE_NS (20 * 1000 * 1000)

/* What was waited for came, or did not. */
static void learn(struct vpv_net_stream *s, bool vain)
{
	if (s->asked <= 1)
		return;
	if (!vain) {
		if (s->credit < VPV_NET_STREAM_CREDIT)
			s->credit++;
		else
			s->backoff = 0;
		return;
	}
	if (s->credit < VPV_NET_STREAM_VAIN) {
		s->backoff = s->backoff ? min_t(u16, 2 * s->backoff, VPV_NET_STREAM_REST_MAX) :
					  VPV_NET_STREAM_REST;
		s->rest = s->backoff;
		s->credit = VPV_NET_STREAM_VAIN;
	}
	s->credit -= VPV_NET_STREAM_VAIN;
}

static u32 average(u32 old, u32 sample)
{
	return old ? old - old / 8 + sample / 8 : sample;
}

static void note(struct vpv_net_stream *s, unsigned int packets, unsigned int buffers, u64 now)
{
	u64 gap = now - s->last;

	s->last = now;
	if (gap > PAUSE_NS) {
		s->gap_ns = PAUSE_NS;
		s->buffers = 0;
		return;
	}
	s->gap_ns = average(s->gap_ns, (u32)gap / packets);
	s->buffers = average(s->buffers, 8 * buffers / packets);
}

u16 vpv_net_stream_arm(struct vpv_net_stream *s, unsigned int packets, unsigned int buffers,
		       bool idle, bool vain, u32 patience_ns, u64 now)
{
	u32 wanted;

	/* Called for by something else, transmit completions say: what was asked for stands. */
	if (idle && !vain && s->asked > 1 && patience_ns)
		return s->asked;
	learn(s, vain);
	s->asked = 1;
	if (!packets)
		return 1;
	note(s, packets, buffers, now);
	if (s->rest) {
		s->rest--;
		return 1;
	}
	wanted = min_t(u32, patience_ns / max_t(u32, s->gap_ns, 1), VPV_NET_STREAM_PACKETS);
	if (wanted < 2 || !s->buffers)
		return 1;
	/* The first buffer of the last of them: a packet's are all used at once. */
	s->asked = (wanted - 1) * s->buffers / 8 + 1;
	return s->asked;
}
