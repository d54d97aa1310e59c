#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vu
# timeout: 120
# briefly: 7.3
# A host that loses a kick or an interrupt: the driver's watch makes up for it
# within seconds, long before the request is overdue, and counts it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

# Not the short time-out of the other tests: that one would mend it as well.
unload virtio_pv_blk
load virtio_pv_blk || bail "virtio_pv_blk does not load"

# sum NAME COUNTER: over the queues, from debugfs
sum() {
	awk -F': *' -v key="$2" '$1 == key { n += $2 } END { print n + 0 }' \
		"/sys/kernel/debug/virtio_pv/$(bdf "$1")/queues/"*
}

# lost NAME FAULT COUNTER
lost() {
	local name=$1 fault=$2 counter=$3 dev before out start=$SECONDS
	dev=$(fresh "$name") || { not_ok "$name: $fault" "no disk"; return; }
	before=$(sum "$name" "$counter")
	log_mark "$name $fault"
	vu "$name" fault "$fault" >/dev/null || { not_ok "$name: $fault" "the device does not know it"; return; }
	out=$(io "$dev" 1 300)
	check_equal "$name: $fault: every request ends once, well" \
		"done 300 errors 0 wrong 0 unanswered 0" "$out" || log_since
	check "$name: $fault: counted as $counter" test "$(sum "$name" "$counter")" -gt "$before"
	check "$name: $fault: long before the time-out of 30 s ($((SECONDS - start)) s)" test $((SECONDS - start)) -lt 25
	check_equal "$name: $fault: no reset" 0 "$(log_count resetting)" || log_since
}

for name in split packed; do
	lost "$name" "no-irq 1" lost_irqs
	lost "$name" "no-kick 1" lost_kicks
done
unload virtio_pv_blk
