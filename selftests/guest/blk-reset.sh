#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: life
# timeout: 120
# PCI function reset under load: nothing is lost and no error is seen.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/io.bash"
need_lab
need_module virtio_pv_blk

take port0 || bail "no disk"
trap 'give port0; ktap_exit' EXIT
path=/sys/bus/pci/devices/$(bdf port0)
[ -e "$path/reset" ] || skip_all "the function has no reset"

io_start port0
for round in 1 2 3; do
	check "reset $round" sh -c "echo 1 >$path/reset"
	count=$(io_count port0)
	check "the load goes on after reset $round" wait_for $((20 * slower)) io_moved port0 "$count"
done
io_stop
check "and verified every block" io_verified
