# SPDX-License-Identifier: GPL-2.0-only
# Load in the background for tests that disturb a disk.
# shellcheck shell=bash

# The debug kernel needs more time for the same.
slower=1
[ ! -e /sys/kernel/debug/kmemleak ] || slower=4

# io_start NAME [FIO-OPTION...]: verified random writes in the background, until
# io_stop: no test knows how long a busy host lets a guest sleep in between.
# Not for check: the process has to be a child of this shell.
io_start() {
	local name=$1
	shift
	fio --name=load --filename="$(disk "$name")" --rw=randwrite --bsrange=4k-32k --size=16M --direct=1 \
		--ioengine=libaio --iodepth=16 --time_based --runtime=3600 --verify=crc32c \
		--verify_backlog=128 --verify_fatal=1 "$@" >/tmp/load.out 2>&1 &
	io_pid=$!
	io_status=hung
	# Running means: it has done something.
	check "load runs on $name" wait_for $((30 * slower)) io_moved "$name" "$(io_count "$name")"
}

io_count() { awk '{ print $1 + $5 }' "/sys/class/block/$(basename "$(disk_now "$1")")/stat"; }
io_moved() { [ "$(io_count "$1")" -gt "$2" ]; }
io_ended() { ! kill -0 "$io_pid" 2>/dev/null; }

# io_over: it ends by itself, well or not. Not for check, either.
io_over() {
	check "the load ends" wait_for $((60 * slower)) io_ended || return 1
	wait "$io_pid"
	io_status=$?
}

# io_stop: it ends when told to. 128 is fio's status then, and an error's another.
io_stop() {
	kill -INT "$io_pid"
	io_over || return 1
	[ "$io_status" != 128 ] || ! grep -q 'err= 0' /tmp/load.out || io_status=0
}

# io_verified, io_failed: how it ended
io_verified() { [ "$io_status" = 0 ] || { echo "fio ended with $io_status"; tail -n 5 /tmp/load.out; return 1; }; }
io_failed() { [ "$io_status" != 0 ] && [ "$io_status" != hung ]; }

# counter NAME QUEUE KEY: of the driver, from debugfs
counter() {
	awk -F': *' -v key="$3" '$1 == key { print $2; found = 1 } END { exit !found }' \
		"/sys/kernel/debug/virtio_pv/$(bdf "$1")/queues/$2"
}
