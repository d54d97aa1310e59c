// SPDX-License-Identifier: GPL-2.0-only
#include "policy.h"

bool vpv_policy_flush(struct vpv_policy_submit *s, u16 published, u16 undecided)
{
	if (published) {
		s->publishes++;
		s->buffers += published;
	}
	/*
	 * A ring that had to decide within publish() owes its answer although
	 * nothing is undecided any more, so what was published counts too.
	 */
	return published || undecided;
}

void vpv_policy_decided(struct vpv_policy_submit *s, bool kick)
{
	s->decisions++;
	if (kick)
		s->kicks++;
	else
		s->kicks_avoided++;
}

void vpv_policy_reaped(struct vpv_policy_reap *r, unsigned int n)
{
	r->reaps++;
	r->completions += n;
}

u16 vpv_policy_arm(struct vpv_policy_reap *r)
{
	r->arms++;
	return 1;
}

u16 vpv_policy_arm_lazy(struct vpv_policy_reap *r, u16 in_flight)
{
	r->arms++;
	return in_flight > 1 ? in_flight - in_flight / 4 : 1;
}

void vpv_policy_armed(struct vpv_policy_reap *r, bool in_time)
{
	if (!in_time)
		r->arm_raced++;
}
