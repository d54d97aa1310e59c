#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: plain
# timeout: 60
# The guest is what its description says, and the host answers.
. "$(dirname "$0")/lib.sh"
need_lab

check_equal "two processors" 2 "$(nproc)"
for name in null0 file0; do
	check "$name has a PCI address" bdf "$name"
	check "$name is a disk" disk "$name"
done
check_equal "the host answers" "a  b" "$(host ping "a  b")"
check_equal "an unknown request is refused" 64 "$(host no-such-verb >/dev/null; echo $?)"

# Time-outs mean nothing in a guest whose clock runs away.
now() { awk '{ print int($1 * 1000) }' /proc/uptime; }
host_start=$(host time) guest_start=$(now)
sleep 2
host_ms=$((($(host time) - host_start) / 1000000)) guest_ms=$(($(now) - guest_start))
if [ $((guest_ms * 2)) -gt "$host_ms" ] && [ "$guest_ms" -lt $((host_ms * 2)) ]; then
	ok "the guest's clock keeps pace with the host's"
else
	not_ok "the guest's clock keeps pace with the host's" "guest $guest_ms ms, host $host_ms ms"
fi

before=$(kicks null0)
dd if="$(disk null0)" of=/dev/null bs=4k count=10 iflag=direct 2>/dev/null
after=$(kicks null0)
check_equal "the host counts kicks" 10 $((after - before))

printf 'lab' | dd of="$(disk file0)" bs=512 count=1 conv=sync oflag=direct 2>/dev/null
check_equal "the host reads the backing file" 6c6162 "$(host file-read file0 0 3)"

modprobe -r virtio_blk
check "a device leaves its driver and comes back" rebind null0 ""
modprobe virtio_blk
check "and is a disk again" disk null0
