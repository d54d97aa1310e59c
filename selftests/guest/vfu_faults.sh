#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vfu
# timeout: 200
# kernels: 6.1 6.12 7.3
# briefly: 7.3
# fresh: yes
# expect-log: I/O error
# expect-log: Buffer I/O error
# A device that asks for a reset, vanishes, or never acknowledges a reset, while
# it has work.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

well="done 600 errors 0 wrong 0 unanswered 0"

busy_since() { [ "$(queue_stat "$1" requests)" -gt "$2" ]; }

# start NAME: I/O in the background, its result in /tmp/io.out; returns under way
start() {
	local dev started
	dev=$(fresh "$1") || bail "no disk"
	log_mark "$1 ${2:-}"
	vu "$1" fault slow 30 >/dev/null
	started=$(queue_stat "$1" requests)
	io "$dev" 8 600 >/tmp/io.out &
	wait_for 20 busy_since "$1" $((started + 20)) || bail "no I/O"
}

backs() { [ "$(log_count "device is back")" -ge "$1" ]; }
given_up() { [ "$(log_count "device failed for good")" -ge 1 ]; }
# seconds since the boot of a line of the log
when() { log_since | grep "$1" | sed 's/^\[ *\([0-9.]*\)\].*/\1/' | tail -n 1; }

# What firmware and the in-tree driver did, who had the disks before, is their business.
for name in both plain data token cache; do
	rebind "$name" none
	vu "$name" judge >/dev/null
done
start both "gone"
vu both lie gone >/dev/null
wait
check "gone without a word: every request has an answer" grep -q "wrong 0 unanswered 0" /tmp/io.out ||
	cat /tmp/io.out
check_equal "gone without a word: said once" 1 "$(log_count "device failed for good: ")" || log_since
check "gone without a word: can be given back" timeout 60 bash -c '. ./devices.sh; rebind both none'
vu both lie none >/dev/null
check "gone without a word: taken when it is there again" take both

# What follows is no matter of time: a busy host must not make requests overdue.
unload virtio_pv_blk
load virtio_pv_blk timeout_s=30 || bail "virtio_pv_blk does not load again"

start plain "needs reset"
vu plain needs-reset >/dev/null
check "a reset that is asked for: the device is back" wait_for 30 backs 1 || log_since
wait
check_equal "a reset that is asked for: every request ends once, well" "$well" "$(cat /tmp/io.out)" ||
	log_since
check_equal "a reset that is asked for: one" 1 \
	"$(log_count "device asks for a reset: resetting the device")" || log_since

start data "needs reset again"
vu data needs-reset 3 >/dev/null
check "asked for again and again: four resets" wait_for 30 backs 4 || log_since
check "asked for again and again: later and later" \
	awk -v a="$(when 'try 2 of')" -v b="$(when 'try 4 of')" 'BEGIN { exit !(b - a >= 0.3) }' ||
	log_since
wait
check_equal "asked for again and again: every request ends once, well" "$well" "$(cat /tmp/io.out)" ||
	log_since

start token "needs reset for ever"
vu token needs-reset 1000 >/dev/null
wait
check "asked for without end: given up" wait_for 30 given_up || log_since
check_equal "asked for without end: said once" 1 "$(log_count "device failed for good")" || log_since
check "asked for without end: every request has an answer" grep -q "wrong 0 unanswered 0" /tmp/io.out ||
	cat /tmp/io.out
vu token lie none >/dev/null

# What users set while the device is being reset reaches it afterwards, and not before.
dev=$(fresh cache) || bail "no disk"
log_mark "slow reset"
vu cache lie slow-reset >/dev/null
vu cache needs-reset >/dev/null
sleep 0.5
check_equal "a slow reset: not over yet" 0 "$(log_count "device is back")"
check "a slow reset: the cache is switched" bash -c "echo 'write through' >/sys/block/${dev##*/}/cache_type"
check_equal "a slow reset: the device is back" 1 "$(log_count "device is back")" || log_since
check_equal "a slow reset: no clause broken at the registers" "breaches 0 none" "$(vu cache judge)"
check_equal "a slow reset: the device heard of the cache" 0 "$(stat_of cache writeback)"
vu cache lie none >/dev/null

for name in both plain data token; do
	check_equal "$name: no clause broken at the registers" "breaches 0 none" "$(vu "$name" judge)"
done

# Memory that the device may still write to is kept for ever, so this comes last.
start plain "stuck reset"
vu plain lie stuck-reset >/dev/null
vu plain fault silent >/dev/null
vu plain needs-reset >/dev/null
began=$SECONDS
wait
took=$((SECONDS - began))
check "a reset that never ends: every request has an answer" grep -q "wrong 0 unanswered 0" /tmp/io.out ||
	cat /tmp/io.out
check "a reset that never ends: within a minute ($took s)" [ "$took" -lt 60 ]
check_equal "a reset that never ends: said once" 1 "$(log_count "does not acknowledge a reset within")" ||
	log_since
check_equal "a reset that never ends: no more DMA" "bus-master 0" "$(vu plain pci | grep bus-master)"
check "a reset that never ends: the module can go" timeout 60 rmmod virtio_pv_blk
check_equal "a reset that never ends: the memory is kept" 1 "$(log_count "is not freed")" || log_since
vu plain lie none >/dev/null
