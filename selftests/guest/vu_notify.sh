#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vu
# timeout: 300
# briefly: 7.3
# The option notify: each value on three layouts of the ring, before and under I/O.
# Whether decisions wait is read from the driver's counters.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

# Not the short time-out of the other tests: it would hide a wait without an end.
unload virtio_pv_blk
load virtio_pv_blk || bail "virtio_pv_blk does not load"
option=/sys/module/virtio_pv_blk/parameters/notify

mode() { echo "$1" >"$option"; }

# waits NAME: flush points that put a decision off, over the queues
waits() {
	awk -F': *' '$1 == "waits" { n += $2 } END { print n + 0 }' \
		"/sys/kernel/debug/virtio_pv/$(bdf "$1")/queues/"*
}

check_equal "the default" auto "$(cat "$option")"
check "an unknown value is refused" sh -c "! echo sometimes 2>/dev/null >$option"
check_equal "and changes nothing" auto "$(cat "$option")"

for name in split packed order; do
	dev=$(fresh "$name") || { not_ok "$name" "no disk"; continue; }
	log_mark "$name notify"
	# Some milliseconds for each request: then a wait of a part of it is worth it.
	vu "$name" fault slow 4 >/dev/null
	for value in latency auto throughput; do
		mode "$value" || not_ok "$name: $value is taken"
		before=$(waits "$name")
		for depth in 1 32; do
			check_equal "$name, $value, depth $depth: every request ends once, well" \
				"done $((depth * 40)) errors 0 wrong 0 unanswered 0" "$(io "$dev" "$depth" $((depth * 40)))"
		done
		after=$(waits "$name")
		case "$value" in
		latency) check_equal "$name, latency: nothing waits" "$before" "$after" ;;
		*) check "$name, $value: some wait" test "$after" -gt "$before" ;;
		esac
	done

	vu "$name" fault none >/dev/null
	(while sleep 0.02; do mode auto; mode latency; mode throughput; done) &
	switching=$!
	check_equal "$name, switched under I/O: every request ends once, well" \
		"done 3000 errors 0 wrong 0 unanswered 0" "$(io "$dev" 16 3000)"
	kill "$switching"
	wait "$switching" 2>/dev/null
	mode latency
	check_equal "$name: no reset" 0 "$(log_count resetting)" || log_since
done
unload virtio_pv_blk
