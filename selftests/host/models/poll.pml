/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * core/moderate.c: a flush point within a poll of the driver may wait for the
 * poll's end without any timer. Polls of one queue may overlap on two CPUs, and
 * both CPUs also send outside of them. Can a published buffer stay unseen for
 * ever?
 *
 * As in the code: one word says which CPU polls, written without a lock; a flush
 * point waits for the end of a poll only when the word names its own CPU; the
 * end clears the word if it still does, looks without the lock whether somebody
 * waits, and decides under the lock where a flush point relied on a poll. Outside
 * of a poll the flush point that waits starts the timer, as in hold.pml, whose
 * memory and device this has too.
 *
 * Mutations, each of which has to fail:
 *   NO_END       the end of a poll does not decide
 *   STALE        the word stays when the poll is over
 *   ANY_POLL     a flush point relies on a poll of another CPU
 *   FORGET       a poll that was overtaken does not look at its end
 */
#ifndef N
#define N 2
#endif
#define SPACE	16
#define DUE(ev, new, old) (((new) + 2 * SPACE - (ev) - 1) % SPACE < ((new) + SPACE - (old)) % SPACE)

byte idx = 0, event = 0;			/* shared memory */
bool d_pend = false, v_pend = false;		/* store buffers */
byte d_val, v_val;
bool lock = false;
byte published = 0, decided = 0;		/* under the lock */
bool waiting = false, polling = false, timer_on = false;
byte poll_cpu = 0;				/* 0: none */
bool kick = false;
byte used = 0, total = 0, ended = 0;

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
	drv_mb();
	e = event;
	if
	:: DUE(e, published, decided) -> kick = true
	:: else
	fi;
	decided = published;
	waiting = false;
	polling = false
}

#ifdef ANY_POLL
#define IN_POLL (poll_cpu != 0)
#else
#define IN_POLL (poll_cpu == me)
#endif

inline flush()
{
	take();
	if
	:: total < N ->
		atomic { d_val = (published + 1) % SPACE; d_pend = true; published = d_val; total++ };
		if
		:: decide()
		:: IN_POLL -> waiting = true; polling = true
		:: !(IN_POLL) -> waiting = true; timer_on = true
		fi
	:: else
	fi;
	give()
}

inline poll()
{
	poll_cpu = me;
	do
	:: total < N -> flush()
	:: break
	od;
	mine = (poll_cpu == me);
#ifndef STALE
	if
	:: mine -> poll_cpu = 0
	:: else
	fi;
#endif
#ifdef FORGET
	if
	:: waiting && mine ->
#else
	if
	:: waiting ->
#endif
		take();
#ifndef NO_END
		if
		:: polling -> decide()
		:: waiting && !polling -> decide()	/* the device is idle */
		:: !polling		/* or not: the timer is on */
		fi;
#endif
		give()
	:: else
	fi
}

proctype cpu(byte me)
{
	byte e;
	bool mine;

	do
	:: total < N -> poll()
	:: total < N -> flush()
	:: total >= N -> break
	od;
	ended++
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
		timer_on = waiting;
		give()
	od
}

active proctype device()
{
	byte last = 0, cur;

	do
	:: cur = idx;
	   if
	   :: cur != last -> atomic { last = (last + 1) % SPACE; used++ }
	   :: else ->
		atomic { !v_pend -> v_val = last; v_pend = true };
		dev_mb();
		cur = idx;
		if
		:: cur != last
		:: else ->
end_sleep:		atomic { kick -> kick = false }
		fi
	   fi
	od
}

init { atomic { run cpu(1); run cpu(2) } }

active proctype monitor()
{
end_m:	timeout -> assert(used == N)
}
