#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vu vuspecial
# briefly: 6.1 6.12 7.3
# timeout: 240
# The configuration changes under a driver in use, or never stands still.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

name="split"
[ -n "$(map_field split 1)" ] || name=worn
sized_again() { dev=$(disk_now worn) && sectors "$1"; }
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
