#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vu vuspecial
# briefly: 6.1 6.12 7.3
# timeout: 240
# expect-log: I/O error
# The configuration changes under a driver in use, or never stands still.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

name="split"
[ -n "$(map_field split 1)" ] || name=worn
sized_again() { dev=$(disk_now worn) && sectors "$1"; }
back() { [ "$(log_count "device is back")" -ge 1 ]; }
sectors() { [ "$(cat "/sys/block/${dev##*/}/size")" = "$1" ]; }

dev=$(fresh $name) || bail "no disk"
for size in 262144 65536 131072; do
	vu $name capacity $size >/dev/null
	check "capacity of $size sectors is seen" wait_for 5 sectors $size
done
(
	for i in $(seq 10); do
		vu $name capacity $((131072 + i % 2 * 8)) >/dev/null
	done
	vu $name capacity 131072 >/dev/null
) &
check_equal "I/O goes on while it changes" "done 2000 errors 0 wrong 0 unanswered 0" "$(io "$dev" 8 2000)"
wait
check "and the last size is the one" wait_for 5 sectors 131072

# Sent again after a reset, a write may lie beyond what the disk has by then.
log_mark "smaller"
before=$(stat_of $name beyond)
vu $name fault mute >/dev/null
dd if=/dev/zero of="$dev" bs=4k count=1 seek=$((131072 / 8 - 1)) oflag=direct 2>/dev/null &
pid=$!
sleep 0.5
vu $name capacity 65536 >/dev/null
check "a disk that became smaller: seen" wait_for 5 sectors 65536
wait "$pid"
check_equal "a write that waited beyond its new end: an error" 1 $?
check "after a reset" wait_for 10 back
check_equal "and the device is not asked" "$before" "$(stat_of $name beyond)"
vu $name capacity 131072 >/dev/null
check "larger again" wait_for 5 sectors 131072

# Only the generic device passes each read on to the process.
if [ $name = worn ]; then
	rebind worn "none"
	vu worn fault torn-config >/dev/null
	start=$SECONDS
	take worn >/dev/null 2>&1
	check "a configuration that never stands still does not hang the driver" [ $((SECONDS - start)) -lt 20 ]
	vu worn fault none >/dev/null
	check "and when it does, the disk is there" take worn
	check "with its size" wait_for 10 sized_again 131072
fi
