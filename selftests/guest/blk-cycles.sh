#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: plain
# briefly: 6.12 debug
# timeout: 240
# Load and unload, over and over: the memory is back where it was.
. "$(dirname "$0")/lib.sh"
need_module virtio_pv_blk

: "${cycles:=100}"
warm=10
# The debug kernel takes its time, and finds what is lost in another way.
[ ! -e /sys/kernel/debug/kmemleak ] || cycles=6 warm=2

take null0 || bail "no disk"
take file0 || bail "no disk"

# Bytes not available, after what can be freed was.
used_kib() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemTotal:/ { t = $2 } /^MemAvailable:/ { a = $2 } END { print t - a }' /proc/meminfo
}

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
check "$cycles cycles" many "$cycles"
after=$(used_kib)
echo "# $before KiB in use before, $after KiB after"
# Per-CPU caches and the log move by some hundred KiB; a leak of one page per
# cycle and disk would be $cycles times 8 KiB.
check "memory is back within 2 MiB" test $((after - before)) -lt 2048
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
