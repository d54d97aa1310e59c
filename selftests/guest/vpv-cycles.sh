#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vpv
# briefly: 7.3
# timeout: 240
# vpv takes and gives, over and over: nothing is lost, nothing is left.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/memory.bash"
need_lab
need_module virtio_pv_blk
need_module virtio_pv_net

: "${cycles:=10}"
devices=$(for name in disk0 net0 balloon0; do bdf "$name"; done)

many() {
	local i
	for ((i = 0; i < $1; i++)); do
		# shellcheck disable=SC2086 # the words are devices
		if ! vpv take -q $devices || ! vpv give -q $devices; then
			echo "cycle $i failed"
			return 1
		fi
	done
}

vpv give -q --all
check "the network works" net_up net0
check "some cycles to warm up" many 3
before=$(used_kib)
check "$cycles cycles" many "$cycles"
after=$(used_kib)
echo "# $before KiB in use before, $after KiB after"
limit=$((cycles > 100 ? cycles * 8 : 2000))
check "memory is back within $limit KiB" test $((after - before)) -lt "$limit"
check "the network works" net_pings net0 3
check "the disk works" dd if="$(disk disk0)" of=/dev/null bs=64k count=16 iflag=direct
check "no process of ours is left" test -z "$(grep -lx vpv /proc/[0-9]*/comm 2>/dev/null)"
check "nor a file" test "$(ls /run/virtio-pv)" = lock
check "the modules go" modprobe -r virtio_pv_blk virtio_pv_net virtio_pv_balloon
check "nothing is left in debugfs" test -z "$(ls /sys/kernel/debug/virtio_pv 2>/dev/null)"
