#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: sleep
# briefly: 7.3
# timeout: 240
# kernels: 6.12 7.3
# fresh: yes
# Hibernation, with all drivers at work: the image is written, read again and
# resumed in one guest ("test_resume"). The devices are stopped for the
# snapshot, run again to write the image, and are stopped once more before the
# old memory, and the old rings in it, come back. Linux 6.1 cannot read the image
# of a swap device in use.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/io.bash"
. "$(dirname "$0")/balloon.bash"
need_lab
for module in blk net balloon clock; do
	need_module "virtio_pv_$module"
done
grep -qw disk /sys/power/state || skip_all "this kernel cannot hibernate"
grep -qw test_resume /sys/power/disk || skip_all "this kernel cannot try a resume"

swap=/dev/sda
for name in split0 packed0 net0 balloon0 clock0; do
	check "our driver takes $name" take "$name" || bail "no $name"
done
check "the network answers" net_up net0
host_wants 576
check "the host gets 64 MiB" wait_for 20 holds 64
check "there is a disk for the image" test -b $swap || bail "no disk"
check "it is swap" sh -c "busybox mkswap $swap && busybox swapon $swap" || bail "no swap"
stat -c '%Hr:%Lr' $swap >/sys/power/resume
echo test_resume >/sys/power/disk

io_start split0
check "hibernate and resume" sh -c 'echo disk >/sys/power/state'
count=$(io_count split0)
check "the load goes on" wait_for 30 io_moved split0 "$count"
check "the other disk reads" dd if="$(disk packed0)" of=/dev/null bs=1M count=16 iflag=direct
check "the network answers" wait_for 20 net_pings net0 3
check "the clock tells the time" \
	ptp-check "/dev/$(cat "/sys/bus/pci/devices/$(bdf clock0)/clock0/ptp")" get 10
io_stop
check "and verified every block" io_verified
check "the balloon still holds 64 MiB" holds 64
host_wants 640
check "and gives them back" wait_for 20 holds 0
busybox swapoff $swap
