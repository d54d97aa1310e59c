/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Free ids going round: submit takes them from the FIFO and fills the slot,
 * completion clears the slot and puts the id back, each with a counter of its
 * own. Can an id be handed out while its buffer is still in flight, can a slot
 * be seen half filled, can ids get lost?
 *
 * The device may complete in any order. Memory is weak on both sides: data (slot,
 * FIFO entry) and counter go through store buffers that drain in any order,
 * unless a release says otherwise.
 *
 * Mutations, each of which has to fail:
 *   NO_RELEASE   the completion side's counter is stored without release
 *   EARLY_COUNT  the counter is stored before the id is in the FIFO
 *   NO_STATE     completion does not check that the slot is in flight (the
 *                device completes an id twice)
 *   STALE_ROOM   submit believes in room that nobody gave back
 */
#define NUM	3
#ifndef N
#define N	6
#endif

/* shared by the two sides */
byte fifo[NUM];
byte retired = 0;
bool inflight[NUM];		/* the slot's state */
chan avail = [NUM] of { byte };	/* the device's view: published ids */
chan used = [4] of { byte };

/* the completion side's buffered stores */
bool f_pend = false, r_pend = false;
byte f_pos, f_id, r_val;

byte owned[NUM];		/* for the proof: who holds the id */
byte done = 0, staged = 0;
bool broken = false;

proctype memory()
{
end:	do
	:: atomic { f_pend -> fifo[f_pos] = f_id; f_pend = false }
#ifdef NO_RELEASE
	:: atomic { r_pend -> retired = r_val; r_pend = false }
#else
	:: atomic { r_pend && !f_pend -> retired = r_val; r_pend = false }
#endif
	od
}

proctype submit()
{
	byte pos = 0, room = NUM, id;

	do
	:: staged < N ->
		if
		:: room == 0 ->
			room = NUM - (staged - retired);
#ifdef STALE_ROOM
			if :: room < NUM -> room++ :: else fi
#endif
		:: else
		fi;
		if
		:: room > 0 ->
			id = fifo[pos];
			pos = (pos + 1) % NUM;
			/* Nobody else may hold what is handed out. */
			atomic { assert(owned[id] == 0); owned[id] = 1 };
			room--;
			staged++;
			inflight[id] = true;	/* before the device sees it */
			avail!id
		:: else -> (retired != (staged - NUM) || broken);
			if :: broken -> break :: else fi
		fi
	:: else -> break
	od
}

proctype device()
{
	byte id, other;

end:	do
	:: avail?id ->
		if
		:: avail?other -> used!other; used!id	/* any order */
		:: used!id
#ifdef NO_STATE
		:: used!id; used!id			/* a lie */
#else
		:: staged == N -> used!id; used!id	/* a lie that has to be seen */
#endif
		fi
	od
}

proctype completion()
{
	byte id, pos = 0, count = 0;

end:	do
	:: used?id ->
#ifndef NO_STATE
		if
		:: !inflight[id] -> broken = true; break
		:: else
		fi;
#endif
		inflight[id] = false;
		atomic { assert(owned[id] == 1); owned[id] = 0; done++ };
		count++;
#ifdef EARLY_COUNT
		retired = count;
		fifo[pos] = id;
#else
		atomic { !f_pend && !r_pend -> f_pos = pos; f_id = id; f_pend = true };
		atomic { r_val = count; r_pend = true };
#endif
		pos = (pos + 1) % NUM
	od
}

proctype monitor()
{
end_m:	timeout -> assert(broken || (staged == N && done == N))
}

init {
	atomic {
		fifo[0] = 0; fifo[1] = 1; fifo[2] = 2;
		run memory(); run submit(); run device(); run completion(); run monitor()
	}
}
