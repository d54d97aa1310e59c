#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vuballoon
# timeout: 240
# briefly: 7.3
# fresh: yes
# A balloon device that keeps book, never answers, answers too early, without
# having looked, or changes its mind all the time.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-balloon.bash"

begun() { [ "$(stat_of "$1" hint-rounds)" = 1 ]; }
ended() { [ "$(stat_of "$1" hint-ends)" = 1 ]; }

used=$(used_kib)
was_reset() { [ "$(log_count "resetting the device")" -ge 1 ]; }
# what comes is what the guest sent when it was asked before
counted() { vu "$1" poll && [ "$(meminfo_mib MemTotal)" = $(($(stat_of "$1" stat-5) >> 20)) ]; }
faults_of() { if [ "$1" = split ]; then echo early bad-id; else echo dup-id idx-jump; fi; }

for unit in split packed; do
	check "our driver takes $unit" take "$unit" || bail "no balloon $unit"
	vu "$unit" target 200
	agreed "$unit" 200 in
	vu "$unit" target 51
	agreed "$unit" 51 "a part out"
	honest "$unit" "in and out"

	before=$(stat_of "$unit" inflate-buffers)
	vu "$unit" flap 20 120 400 400
	sleep 2
	vu "$unit" target 30
	agreed "$unit" 30 "after a target that flapped"
	honest "$unit" "a target that flapped"
	n=$(($(stat_of "$unit" inflate-buffers) - before))
	check "$unit: 400 changes within a second are followed at a bounded rate ($n)" test "$n" -le 150

	check "$unit: statistics come when asked for, and are the guest's" wait_for 15 counted "$unit"

	log_mark "$unit silent"
	vu "$unit" fault silent >/dev/null
	vu "$unit" target 100
	check "$unit: never an answer: a reset" wait_for 30 was_reset
	vu "$unit" fault none >/dev/null
	agreed "$unit" 100 "good again"
	honest "$unit" "never an answer"

	for fault in $(faults_of "$unit"); do
		log_mark "$unit $fault"
		vu "$unit" fault "$fault" q=0 >/dev/null
		vu "$unit" target 90
		agreed "$unit" 90 "$fault"
		vu "$unit" fault none >/dev/null
		vu "$unit" target 60
		agreed "$unit" 60 "after $fault"
	done
	honest "$unit" "lies"

	vu "$unit" blind on
	vu "$unit" target 100
	check "$unit: numbers that nobody read: given all the same" wait_for 20 has "$unit" 100
	vu "$unit" blind off
	vu "$unit" target 60
	check "$unit: and taken back" wait_for 20 has "$unit" 60
done

# Reset in the middle of a deflation, with more to come: the device that is reset has
# none of the pages, so it is told of them before it is asked for them.
log_mark "reset"
strange=$(stat_of split stranger)
vu split target 700
agreed split 700 "much"
vu split fault silent q=1 >/dev/null
vu split target 30
check "silent while it should give back: a reset" wait_for 30 was_reset
vu split fault none >/dev/null
agreed split 30 "after a reset in between"
check_equal "split: a reset in between: no page taken unasked" "$strange" "$(stat_of split stranger)"

# Rings with no room for a page beside the two command ids, or not even for both.
for unit in tiny least; do
	check "our driver takes $unit" take "$unit" || bail "no balloon $unit"
	vu "$unit" target 20
	agreed "$unit" 20 in
	vu "$unit" hint 2
	check "$unit: a round of hints begins" wait_for 10 begun "$unit"
	check "$unit: and ends" wait_for 10 ended "$unit"
	vu "$unit" hint 1
	vu "$unit" target 0
	agreed "$unit" 0 out
	honest "$unit" "small rings"
	check_equal "$unit: nothing is hinted that was not asked for" 0 "$(stat_of "$unit" unasked)"
done

log_mark "unbind"
vu split fault silent >/dev/null
vu split target 250
sleep 0.5
start=$SECONDS
check "a silent device can be given back" rebind split none
took=$((SECONDS - start))
check "within 10 seconds ($took)" test "$took" -le 10
vu split fault none >/dev/null
check "the module unloads" unload virtio_pv_balloon
check "all pages are back" test $(($(used_kib) - used)) -le 40960
