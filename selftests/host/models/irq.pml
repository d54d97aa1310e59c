/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vpv_ring_park(), vpv_ring_reap() and vpv_ring_arm(r, K) against a device that
 * completes as it likes: can a completion be slept over, and does a parked ring
 * stay silent?
 *
 * As in the code: park moves the event behind the used index unless the index
 * has passed it already; arm stores last + K - 1, has a full barrier, looks
 * again and reaps when K or more are there. Fewer than K may be left unreaped
 * for as long as no more come: that is what K asks for.
 *
 * Memory is TSO: a store buffer of one entry for each of the two words that
 * race, the used index (device) and the event word (driver). Index space 16,
 * at most 8 in flight.
 *
 * Mutations, each of which has to fail:
 *   NO_DRV_MB    no barrier in arm
 *   NO_DEV_MB    no barrier in the device before it reads the event
 *   NO_RECHECK   arm does not look again
 *   EVENT_LATE   arm stores last + K
 *   PARK_AHEAD   park moves the event to the next completion
 */
#ifndef K
#define K 1
#endif
#ifndef N
#define N 7
#endif
#define SPACE	16
#define LIMIT	4		/* of park: a quarter of the index space */
#define DUE(ev, new, old) (((new) + 2 * SPACE - (ev) - 1) % SPACE < ((new) + SPACE - (old)) % SPACE)

byte idx = 0, event = K - 1;			/* shared memory */
bool v_pend = false, d_pend = false;		/* store buffers */
byte v_val, d_val;
bool irq = false, parked = false;
byte reaped = 0, produced = 0, at_park = 0;

active proctype memory()
{
end:	do
	:: atomic { v_pend -> idx = v_val; v_pend = false }
	:: atomic { d_pend -> event = d_val; d_pend = false }
	od
}

inline drv_mb() { atomic { if :: d_pend -> event = d_val; d_pend = false :: else fi } }
inline dev_mb() { atomic { if :: v_pend -> idx = v_val; v_pend = false :: else fi } }

active proctype device()
{
	byte signalled = 0, cur = 0, e, counted = 0;

	do
	:: produced < N ->
		atomic { !v_pend -> cur = (cur + 1) % SPACE; v_val = cur; v_pend = true; produced++ };
		if				/* it batches as it pleases */
		:: true ->
#ifndef NO_DEV_MB
			dev_mb();
#endif
			/* Parked: only for what was used before, then under way. */
			atomic {
				e = event;
				if
				:: DUE(e, cur, signalled) ->
					assert(!parked || counted < at_park);
					irq = true
				:: else
				fi
			};
			counted = produced;
			signalled = cur
		:: produced < N
		fi
	:: else -> break
	od
}

active proctype driver()
{
	byte last = 0, cur, shadow = K - 1;

	do
	:: 	/* awake: park */
		cur = idx;
		if
		:: (cur + 2 * SPACE - shadow - 1) % SPACE >= LIMIT ->
			shadow = (last + SPACE - 1) % SPACE;
#ifdef PARK_AHEAD
			shadow = last;
#endif
			atomic { !d_pend -> d_val = shadow; d_pend = true }
		:: else
		fi;
		/* Not earlier: the store may still be on its way. */
		atomic { if :: !d_pend -> parked = true; at_park = produced :: else fi };
		/* reap until nothing is there */
		do
		:: cur = idx;
		   if
		   :: cur != last -> atomic { last = (last + 1) % SPACE; reaped++ }
		   :: else -> break
		   fi
		od;
		/* arm */
		parked = false;
		if
		:: shadow != (last + K - 1) % SPACE ->
			shadow = (last + K - 1) % SPACE;
#ifdef EVENT_LATE
			shadow = (last + K) % SPACE;
#endif
			atomic { !d_pend -> d_val = shadow; d_pend = true }
		:: else
		fi;
#ifndef NO_DRV_MB
		drv_mb();
#endif
#ifndef NO_RECHECK
		cur = idx;
		if
		:: (cur + SPACE - last) % SPACE >= K
		:: else ->
end_s1:			atomic { irq -> irq = false }
		fi
#else
end_s2:		atomic { irq -> irq = false }
#endif
	od
}

active proctype monitor()
{
end_m:	timeout -> assert(produced == N && N - reaped < K)
}
