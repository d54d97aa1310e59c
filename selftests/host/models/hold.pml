/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * core/moderate.c: a flush point may put its decision off. Can a published buffer
 * stay unseen for ever? Three contexts decide: a later flush point, a drain,
 * the backstop timer; each under the submit lock.
 *
 * As in the code: the flush point that is told to wait starts the timer unless
 * it is on already; the timer is on until it finds, under the lock, that
 * nobody waits. When a wait is over is the policy's business, so here it is
 * anybody's guess: each context decides or leaves it, but the timer decides at
 * some time.
 *
 * Memory is TSO, as in kick.pml. A lock is taken with a locked instruction and
 * freed with a store: who takes it after another CPU sees all that one stored.
 *
 * Mutations, each of which has to fail:
 *   NO_TIMER     a wait does not start the timer
 *   TIMER_ONCE   the timer ends although a younger wait goes on
 *   LATE_OFF     the timer says that it is off after it gave the lock back
 *   NO_DRV_MB    no barrier in the decision
 *   NO_DEV_MB    no barrier in the device between arming and looking again
 *   DROP         a context that owes a decision drops it
 */
#ifndef N
#define N 4
#endif
#define SPACE	16
#define DUE(ev, new, old) (((new) + 2 * SPACE - (ev) - 1) % SPACE < ((new) + SPACE - (old)) % SPACE)

byte idx = 0, event = 0;			/* shared memory */
bool d_pend = false, v_pend = false;		/* store buffers */
byte d_val, v_val;
bool lock = false;
byte published = 0, decided = 0;		/* under the lock */
bool waiting = false, timer_on = false;
bool kick = false, irq = false;
byte used = 0;

active proctype memory()
{
end:	do
	:: atomic { d_pend -> idx = d_val; d_pend = false }
	:: atomic { v_pend -> event = v_val; v_pend = false }
	od
}

inline dev_mb() { atomic { if :: v_pend -> event = v_val; v_pend = false :: else fi } }
inline drv_mb() { atomic { if :: d_pend -> idx = d_val; d_pend = false :: else fi } }

inline take() { atomic { !lock && !d_pend -> lock = true } }
inline give() { lock = false }

inline decide()
{
#ifndef NO_DRV_MB
	drv_mb();
#endif
	e = event;
	if
	:: DUE(e, published, decided) -> kick = true
	:: else
	fi;
	decided = published;
	waiting = false
}

active proctype submit()
{
	byte total = 0, e;

	do
	:: total < N ->
		take();
		atomic { d_val = (published + 1) % SPACE; d_pend = true; published = d_val; total++ };
		if
		:: decide()
		:: waiting = true;
#ifndef NO_TIMER
		   timer_on = true
#endif
#ifdef DROP
		:: decided = published; waiting = false
#endif
		fi;
		give()
	:: else -> break
	od
}

/* The end of a drain: decides, or leaves it. */
active proctype drain()
{
	byte e;

end:	do
	:: atomic { irq -> irq = false };
		take();
		if
		:: waiting -> decide()
		:: true
		fi;
		give()
	od
}

active proctype timer()
{
	byte e;

end:	do
	:: timer_on ->
		take();
		if
		:: waiting ->
			if
			:: decide()
			:: true		/* a younger wait: later */
			fi
		:: else
		fi;
#ifdef TIMER_ONCE
		timer_on = false;
		give()
#else
#ifdef LATE_OFF
		if
		:: !waiting -> give(); timer_on = false
		:: else -> give()
		fi
#else
		timer_on = waiting;
		give()
#endif
#endif
	od
}

active proctype device()
{
	byte last = 0, cur;

	do
	:: cur = idx;
	   if
	   :: cur != last -> atomic { last = (last + 1) % SPACE; used++; irq = true }
	   :: else ->
		atomic { !v_pend -> v_val = last; v_pend = true };
#ifndef NO_DEV_MB
		dev_mb();
#endif
		cur = idx;
		if
		:: cur != last
		:: else ->
end_sleep:		atomic { kick -> kick = false }
		fi
	   fi
	od
}

active proctype monitor()
{
end_m:	timeout -> assert(used == N)
}
