#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vu
# briefly: 6.1 7.3
# timeout: 700
# A device that breaks the rules of the ring, on every layout. What the driver
# promises: the queue is found broken, that is said once, the device is reset,
# and every request ends exactly once, with the data it should have.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

# broken NAME FAULT DEPTH [WHY]: a fault that breaks the queue once
broken() {
	local name=$1 fault=$2 depth=$3 why=${4:-} dev out
	dev=$(fresh "$name") || { not_ok "$name: $fault" "no disk"; return; }
	log_mark "$name $fault"
	# Let others be in flight when it comes: a lone buffer's driver looks no further.
	[ "$depth" = 1 ] || vu "$name" fault slow 200 n="$depth" >/dev/null
	vu "$name" fault "$fault" >/dev/null || { not_ok "$name: $fault" "the device does not know it"; return; }
	out=$(io "$dev" "$depth" 300)
	check_equal "$name: $fault: every request ends once, well" \
		"done 300 errors 0 wrong 0 unanswered 0" "$out" || log_since
	check_equal "$name: $fault: the queue is said to be broken, once" 1 "$(log_count "broken by the device: .*$why")" ||
		log_since
	check_equal "$name: $fault: one reset, and the device is back" "1 1" \
		"$(log_count "resetting the device") $(log_count "device is back")"
}

# overdue NAME FAULT: a fault that leaves the driver without an answer
overdue() {
	local name=$1 fault=$2 dev out
	dev=$(fresh "$name") || { not_ok "$name: $fault" "no disk"; return; }
	log_mark "$name $fault"
	vu "$name" fault "$fault" >/dev/null || { not_ok "$name: $fault" "the device does not know it"; return; }
	out=$(io "$dev" 8 300)
	check_equal "$name: $fault: every request ends once, well" \
		"done 300 errors 0 wrong 0 unanswered 0" "$out" || log_since
	check_equal "$name: $fault: one reset, and the device is back" "1 1" \
		"$(log_count "overdue: resetting the device") $(log_count "device is back")" || log_since
}

# harmless NAME FAULT DEPTH: a fault that a right driver does not notice
harmless() {
	local name=$1 fault=$2 depth=$3 dev out
	dev=$(fresh "$name") || { not_ok "$name: $fault" "no disk"; return; }
	log_mark "$name $fault"
	vu "$name" fault "$fault" >/dev/null || { not_ok "$name: $fault" "the device does not know it"; return; }
	out=$(io "$dev" "$depth" 300)
	check_equal "$name: $fault: every request ends once, well" \
		"done 300 errors 0 wrong 0 unanswered 0" "$out" || log_since
	check_equal "$name: $fault: no broken queue, no reset" "0 0" \
		"$(log_count "broken by the device") $(log_count "resetting")" || log_since
}

# flipped NAME: words flip once ten requests are done
flipped() {
	[ "$(queue_stat "$1" requests)" -gt "$((started + 10))" ] && vu "$1" fault flip 64 >/dev/null
}

# One buffer in flight, so that the wrong id is surely of none.
for name in split packed sorder order; do
	broken "$name" bad-id 16
	broken "$name" stale-id 1
	broken "$name" dup-id 16
	broken "$name" bad-len 16
	broken "$name" idx-jump 16
	harmless "$name" rewrite-desc 16
	harmless "$name" "storm 5000 ms=500" 4
	harmless "$name" "no-irq 1" 1
	overdue "$name" mute
	harmless "$name" "slow 20 n=50" 8
done
# A descriptor of a packed ring that nobody offered yet is not looked at, and
# offering it covers the lie; what is seen is that the device lost its place.
for name in split sorder; do
	broken "$name" early 1
done
for name in packed order; do
	overdue "$name" early
done

for name in split packed; do
	harmless "$name" shuffle 16
done

# Random words over the whole ring: broken or silent, but it ends, and all is well.
for name in split packed sorder order; do
	dev=$(fresh "$name") || { not_ok "$name: flip" "no disk"; continue; }
	log_mark "$name flip"
	# 125 rounds of 10 ms: still at work when the words flip, however fast the guest.
	vu "$name" fault slow 10 >/dev/null
	started=$(queue_stat "$name" requests)
	io "$dev" 8 1000 >/tmp/flip.out &
	check "$name: flip: while it runs" wait_for 20 flipped "$name"
	wait $!
	check_equal "$name: flip: every request ends once, well" \
		"done 1000 errors 0 wrong 0 unanswered 0" "$(cat /tmp/flip.out)" || log_since
	check_equal "$name: flip: one reset" 1 "$(log_count "resetting the device")" || log_since
	vu "$name" fault none >/dev/null
done
