# SPDX-License-Identifier: GPL-2.0-only
# What blk-rings-split.sh and blk-rings-packed.sh share: the disks of the boot
# are driven in all the ways the block driver has, at the same time.
# shellcheck shell=bash

debugfs=/sys/kernel/debug/virtio_pv

names() { awk '$2 == "blk" { print $1 }' /test/map; }

# has LETTER NAME: is it on, says the name?
has() { case "${2#?}" in *"$1"*) true ;; *) false ;; esac; }

# layout NAME: what debugfs has to say of its rings
layout() {
	local text=split
	case "$1" in p*) text=packed ;; esac
	if has o "$1"; then text+=", in order"; fi
	if has e "$1"; then text+=", event index"; fi
	echo "$text"
}

queue_field() { awk -F': ' -v key="$2" '$1 == key { print $2 }' "$debugfs/$(bdf "$1")/queues/$3"; }

# reload PARAMETER...: the module, and with it all disks, with other parameters
reload() {
	local name
	[ ! -e /sys/bus/pci/drivers/virtio_pv_blk ] || modprobe -r virtio_pv_blk || return 1
	modprobe virtio_pv_blk "$@" || return 1
	for name in $(names); do
		[ "$(driver_of "$name")" = virtio_pv_blk ] || take "$name" || return 1
		disk "$name" >/dev/null || return 1
	done
}

hardware_queues() {
	local dev
	dev=$(disk "$1")
	find "/sys/block/${dev#/dev/}/mq" -mindepth 1 -maxdepth 1 | wc -l
}

# verified WHAT QUEUES FIO-OPTION...: fio on all disks at once; every disk has
# to come back with what was written, from so many hardware queues.
verified() {
	local what=$1 queues=$2 name bs pids=() list=() i
	shift 2
	for name in $(names); do
		bs=$(blockdev --getss "$(disk "$name")")
		fio --name="$name" --filename="$(disk "$name")" --direct=1 --rw=randwrite --size=3M \
			--bsrange="$bs-1M" --iodepth=32 --iodepth_batch_submit=8 --verify=crc32c --verify_fatal=1 \
			--verify_backlog=64 --randrepeat=0 \
			"$@" >"/tmp/fio-$name.out" 2>&1 &
		pids+=($!)
		list+=("$name")
	done
	for i in "${!pids[@]}"; do
		name=${list[$i]}
		if ! wait "${pids[$i]}"; then
			not_ok "$name: $what" "$(tail -n 5 "/tmp/fio-$name.out")"
		elif [ "$(hardware_queues "$name")" != "$queues" ]; then
			not_ok "$name: $what" "$(hardware_queues "$name") hardware queues, not $queues"
		else
			ok "$name: $what"
		fi
	done
}

# file_system NAME: make, fill, unmount, check, read again
file_system() {
	local dev dir=/tmp/fs-$1 sum
	dev=$(disk "$1") || return 1
	mkdir -p "$dir"
	modprobe -q ext4
	mke2fs -q -F -t ext4 "$dev" || return 1
	mount -t ext4 "$dev" "$dir" || return 1
	dd if=/dev/urandom of="$dir/data" bs=64k count=64 2>/dev/null || return 1
	mkdir "$dir/many" && seq 200 | while read -r i; do echo "$i" >"$dir/many/$i"; done
	sum=$(sha256sum <"$dir/data")
	umount "$dir" || return 1
	e2fsck -fn "$dev" || return 1
	echo 3 >/proc/sys/vm/drop_caches
	mount -t ext4 "$dev" "$dir" || return 1
	[ "$(sha256sum <"$dir/data")" = "$sum" ] && [ "$(cat "$dir/many/200")" = 200 ]
	local status=$?
	umount "$dir" && return "$status"
}

# polled NAME: did polled queues complete anything, and without an interrupt?
polled() {
	local queue done=0
	for queue in "$debugfs/$(bdf "$1")"/queues/*; do
		grep -q '^name: poll' "$queue" || continue
		done=$((done + $(awk '/^completions:/ { print $2 }' "$queue")))
		[ "$(awk '/^irqs:/ { print $2 }' "$queue")" = 0 ] || { echo "interrupts on a polled queue"; return 1; }
	done
	echo "$done completions on polled queues"
	[ "$done" -gt 0 ]
}

test_rings() {
	local name
	check "all disks are taken" reload || exit 1
	for name in $(names); do
		check_equal "$name: ring as asked for" "$(layout "$name")" "$(queue_field "$name" layout 0)"
	done
	verified "libaio, 4 queues" 4 --ioengine=libaio
	for name in $(names); do
		check "$name: ext4, checked" file_system "$name"
	done

	check "one queue" reload num_queues=1 || exit 1
	verified "io_uring, 1 queue" 1 --ioengine=io_uring

	check "polled queues" reload poll_queues=2 || exit 1
	verified "io_uring, polled" 4 --ioengine=io_uring --hipri=1
	for name in $(names); do
		check "$name: polled without an interrupt" polled "$name"
	done
}
