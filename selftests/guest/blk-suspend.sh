#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: life
# timeout: 150
# fresh: yes
# Suspend to RAM and resume, under load. In a guest of its own: an unplug request
# that QEMU makes after it goes unanswered.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/io.bash"
need_lab
need_module virtio_pv_blk
grep -qw mem /sys/power/state || skip_all "this kernel cannot suspend to RAM"

take slot0 || bail "no disk"
trap 'give slot0; ktap_exit' EXIT
io_start slot0
for round in 1 2; do
	host wakeup-later 2 || bail "the host cannot wake us"
	check "suspend and resume $round" sh -c 'echo mem >/sys/power/state'
	count=$(io_count slot0)
	check "the load goes on after $round" wait_for $((20 * slower)) io_moved slot0 "$count"
done
io_stop
check "and verified every block" io_verified
