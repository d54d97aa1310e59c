# SPDX-License-Identifier: GPL-2.0-only
# For tests with vhost-user disks: commands, counters, and I/O that is judged.
# shellcheck shell=bash disable=SC2034

. "$(dirname "${BASH_SOURCE[0]}")/vu-device.bash"

need_lab
need_module virtio_pv_blk

# Short, so that a device that does not answer is given up soon.
unload virtio_pv_blk 2>/dev/null
load virtio_pv_blk timeout_s=2 || bail "virtio_pv_blk does not load"

# queue_stat NAME KEY: of queue 0
queue_stat() {
	vu "$1" stats | awk -v key="$2" '$1 == "queue" && $2 == 0 { for (i = 3; i < NF; i += 2) if ($i == key) print $(i + 1) }'
}

# io DISK DEPTH OPERATIONS [SECONDS]: the line of vuio, and its status
io() { vuio "$1" "$2" "${4:-60}" "$3"; }

# fresh NAME: the disk anew under our driver, all faults gone; prints the node
fresh() {
	vu "$1" fault none >/dev/null
	take "$1" || return 1
	disk "$1"
}
