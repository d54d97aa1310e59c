#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: verbs
# briefly: 6.1 6.12 7.3
# timeout: 180
# What a test may ask of the host does happen; with the in-tree drivers, so
# that a failure here is the lab's.
. "$(dirname "$0")/lib.sh"
need_lab

reads() { # reads NAME COUNT: reads of its disk, one after another
	dd if="$(disk "$1")" of=/dev/null bs=4k count="$2" iflag=direct 2>/dev/null
}
counted() { # counted NAME COUNT: that COUNT reads make COUNT kicks
	local before
	disk "$1" >/dev/null || return 1
	before=$(kicks "$1")
	reads "$1" "$2"
	[ $(($(kicks "$1") - before)) = "$2" ]
}
size_is() { [ "$(blockdev --getsize64 "$(disk_now "$1")")" = "$2" ]; }
gone() { ! bdf "$1"; }

for name in port0 slot0 ide0 nvme0; do
	check "$name is a disk" disk "$name"
done
check "rng0 has an address" bdf rng0
check "late0 is not plugged yet" gone late0
check "kicks of port0 are counted as its own" counted port0 20
check "kicks of slot0 are counted as its own" counted slot0 30

check "the host unplugs port0" host device_del port0
check "port0 is gone" gone port0
check "the host plugs late0" host device_add late0
check "kicks of late0 are counted as its own" counted late0 10
check "the host plugs port0 again" host device_add port0
check "kicks of port0 are counted after that" counted port0 20

check "the host resizes slot0" host block_resize slot0 48M
check "slot0 has the new size" wait_for 10 size_is slot0 $((48 << 20))

head -c 8192 /dev/urandom >/tmp/pattern
dd if=/tmp/pattern of="$(disk slot0)" bs=4k seek=4 oflag=direct conv=fsync 2>/dev/null
check_equal "the host sums what was written" "$(sha256sum </tmp/pattern | cut -d' ' -f1)" \
	"$(host checksum slot0 16384 8192)"
check_equal "the host reads what was written" "$(od -An -tx1 -N16 /tmp/pattern | tr -d ' ')" \
	"$(host file-read slot0 16384 16)"
[ "$(host file-blocks slot0)" -ge 16 ] && [ "$(host file-blocks slot0)" -lt 4096 ]
check_equal "the host sees which blocks are taken" 0 $?

before=$(host cpu)
i=0
while [ $i -lt 30000 ]; do i=$((i + 1)); done
[ "$(host cpu)" -gt "$before" ]
check_equal "processor time of the host goes up" 0 $?
[ "$(host cpu devices)" -lt "$(host cpu)" ]
check_equal "that of the devices is a part of it" 0 $?

modprobe -qa virtio_pci virtio_balloon
check "the guest follows a balloon, and it is timed" grep -qE '^ms [0-9]+ cpu [0-9]+ devices [0-9]+$' <(host balloon 448)
check "and back" host balloon 512

metered() { sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" /tmp/meter; }
check "the meter starts" host meter begin slot0
reads slot0 25
check "and stops" sh -c 'host meter end >/tmp/meter'
check_equal "in between it counted the kicks of slot0" 25 "$(metered kicks)"
check "the time" test "$(metered ns)" -gt 0
check "and processor time, no more than all processors have" test "$(metered cpu_ns)" -gt 0 -a \
	"$(metered cpu_ns)" -lt $((64 * $(metered ns)))
check "without a start it refuses" test 1 = "$(host meter end >/dev/null 2>&1; echo $?)"

check "the monitor answers" host qmp query-status
check "the monitor refuses" test 1 = "$(host qmp no-such-command >/dev/null; echo $?)"
check "a device that is not there is refused" test 1 = "$(host device_del no0 >/dev/null; echo $?)"

host wakeup-later 1
check "the guest sleeps and is woken" sh -c 'echo mem >/sys/power/state'
check "the host answers after that" host ping
