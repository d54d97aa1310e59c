#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: plain
# briefly: 6.12 debug
# timeout: 240
# Load and unload, over and over: the memory is back where it was.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/memory.bash"
need_module virtio_pv_blk

: "${cycles:=100}"
warm=10
# The debug kernel takes its time, and finds what is lost in another way.
[ ! -e /sys/kernel/debug/kmemleak ] || cycles=6 warm=2

take null0 || bail "no disk"
take file0 || bail "no disk"

no_leak() { ! grep -A 20 vpv /sys/kernel/debug/kmemleak; }
nothing_in_debugfs() { [ -z "$(ls /sys/kernel/debug/virtio_pv 2>/dev/null)" ]; }

cycle() {
	modprobe -r virtio_pv_blk && modprobe virtio_pv_blk
}

many() {
	local i
	for ((i = 0; i < $1; i++)); do
		cycle || { echo "cycle $i failed"; return 1; }
	done
}

check "$warm cycles to warm up" many "$warm"
before=$(used_kib)
# A leak of a page per cycle would be 4 KiB times the cycles, at the least, every
# time; what else happens in the guest takes as much now and then.
limit=$((cycles > 100 ? cycles * 4 : 400))
for round in 1 2 3; do
	check "$cycles cycles, round $round" many "$cycles"
	after=$(used_kib)
	echo "# $before KiB in use before, $after KiB after"
	grown=$((after - before)) before=$after
	[ "$grown" -ge "$limit" ] || break
done
check "memory is back within $limit KiB" test "$grown" -lt "$limit"
check "null0 is there" disk null0
check "file0 is there" disk file0
[ ! -e /sys/kernel/debug/kmemleak ] || {
	echo scan >/sys/kernel/debug/kmemleak
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	check "kmemleak finds nothing of ours" no_leak
}
give null0
give file0
unload virtio_pv_blk
check "nothing is left in debugfs" nothing_in_debugfs
