#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: life
# timeout: 180
# A disk that is unplugged under load: its users get errors, nobody hangs, and
# the disk that is plugged in after it works.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/io.bash"
need_lab
need_module virtio_pv_blk

fails() { ! "$@"; }

# fio says goodbye with an error; the kernel complains about lost writes.
for round in 1 2; do
	take port0 || bail "no disk"
	io_start port0
	check "round $round: the disk is unplugged under load" host device_del port0
	io_over
	check "round $round: with an error" io_failed
	check "round $round: no block device is left" fails disk_now port0
	host device_add port0 || bail "not plugged in again"
	wait_for 20 bdf port0
	check "round $round: the new disk is taken" take port0
	check "round $round: and it works" dd if="$(disk port0)" of=/dev/null bs=64k count=16 iflag=direct
done

mount_dir=/tmp/unplugged
mkdir -p "$mount_dir"
modprobe -q ext4
mke2fs -q -F -t ext4 "$(disk port0)"
mount -t ext4 "$(disk port0)" "$mount_dir" || bail "no mount"
check "the disk is unplugged while mounted" host device_del port0
check "its users see errors" fails dd if=/dev/zero of="$mount_dir/file" bs=4k count=64 conv=fsync
check "it can be unmounted" umount "$mount_dir"
host device_add port0
wait_for 20 bdf port0
give port0
check "the module can be unloaded" unload virtio_pv_blk
