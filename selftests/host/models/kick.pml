/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vpv_ring_publish() and vpv_ring_decide() against a device that sleeps: can a
 * published buffer stay unseen when decisions come late?
 *
 * As in the code: one store publishes a batch; a decision is a full barrier and
 * one read of the event word, and covers [decided, published); what would make
 * that interval longer than the ring decides first and latches the answer. The
 * caller owes a decision before it leaves.
 *
 * Memory is TSO: a store buffer of one entry for each of the two words that
 * race, the index (driver) and the event word (device). Index space 8, ring 4.
 *
 * Mutations, each of which has to fail:
 *   NO_DRV_MB    no barrier in the decision
 *   NO_DEV_MB    no barrier in the device between arming and looking again
 *   NO_RECHECK   the device does not look again
 *   NO_OWED      the caller leaves without the decision it owes
 *   MARK_EARLY   the interval begins at the last publish
 *   NO_CLOSE     no decision of publish's own; the interval outgrows the index
 *   NO_LATCH     its answer is not kept
 */
#ifndef N
#define N 10		/* buffers: more than a lap of the index */
#endif
#ifdef NO_OWED
#define OWED_NOTHING true
#else
#define OWED_NOTHING (published == decided)
#endif
#define SPACE	8
#define NUM	4
#define DUE(ev, new, old) (((new) + 2 * SPACE - (ev) - 1) % SPACE < ((new) + SPACE - (old)) % SPACE)

byte idx = 0, event = 0;			/* shared memory */
bool d_pend = false, v_pend = false;		/* store buffers */
byte d_val, v_val;
byte used = 0, total = 0;			/* for the proof */
bool kick = false;

active proctype memory()
{
end:	do
	:: atomic { d_pend -> idx = d_val; d_pend = false }
	:: atomic { v_pend -> event = v_val; v_pend = false }
	od
}

inline drv_mb() { atomic { if :: d_pend -> idx = d_val; d_pend = false :: else fi } }
inline dev_mb() { atomic { if :: v_pend -> event = v_val; v_pend = false :: else fi } }

inline event_due(answer)
{
#ifndef NO_DRV_MB
	drv_mb();
#endif
	e = event;
	answer = DUE(e, published, decided);
	decided = published
}

active proctype driver()
{
	byte published = 0, decided = 0, staged = 0, e;
	bool latched = false, due;

	do
	:: staged + total < N && total + staged - used < NUM ->
		staged++
	:: staged > 0 ->
#ifndef NO_CLOSE
		if
		:: (published + SPACE - decided) % SPACE + staged > NUM ->
			event_due(due);
#ifndef NO_LATCH
			latched = latched || due
#endif
		:: else
		fi;
#endif
		atomic { !d_pend -> d_val = (published + staged) % SPACE; d_pend = true };
		published = (published + staged) % SPACE;
		total = total + staged;
		staged = 0;
#ifdef MARK_EARLY
		decided = published
#endif
	:: published != decided ->
		event_due(due);
		if
		:: due || latched -> kick = true; latched = false
		:: else
		fi
	:: total == N && staged == 0 && OWED_NOTHING -> break
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
#ifndef NO_DEV_MB
		dev_mb();
#endif
#ifndef NO_RECHECK
		cur = idx;
		if
		:: cur != last
		:: else ->
end_sleep1:		atomic { kick -> kick = false }
		fi
#else
end_sleep2:	atomic { kick -> kick = false }
#endif
	   fi
	od
}

active proctype monitor()
{
end_m:	timeout -> assert(used == N)
}
