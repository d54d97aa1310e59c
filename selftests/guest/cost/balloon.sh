#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a balloon of 2 GiB costs with our driver and the in-tree one, in turn:
#
#	selftests/lab/lab run --kernel 7.3 --boot selftests/guest/cost/balloon.conf \
#		[--append init_on_alloc=0] selftests/guest/cost/balloon.sh [ROUNDS]
#
# and the same with balloon-reporting.conf, where the device takes reports of free pages.
#
# The host takes the times and counts. Before each inflation the guest has touched
# nearly all of its memory, so that the host has something to get back.
set -Eeuo pipefail

trap 'echo "FAILED at line $LINENO of balloon.sh" >&2' ERR
# shellcheck source=selftests/guest/devices.sh
. /test/devices.sh
# shellcheck source=selftests/guest/balloon.bash
. /test/balloon.bash

rounds=${1:-2} memory=4096 mib=2048

# row DRIVER WHAT MEMORY: the host wants the guest to have MEMORY; frees what fills it
row() {
	local k i full now words
	k=$(kicks balloon0) i=$(interrupts balloon0) full=$(rss_mib)
	rm -f /dev/shm/fill
	words=$(host balloon "$3")
	now=$(rss_mib) k=$(($(kicks balloon0) - k)) i=$(($(interrupts balloon0) - i))
	awk -v driver="$1" -v what="$2" -v mib=$mib -v k=$k -v i=$i -v full="$full" -v now="$now" '{
		printf "%-8s %-8s %7d %10.2f %10.2f %10.1f %10.1f %6d to %4d\n", driver, what, $2, $4 / mib, $6 / mib,
			k * 1024 / mib, i * 1024 / mib, full, now }' <<<"$words"
}

# Reports of free pages have come to rest by then, and begin again two seconds later.
both() {
	sleep 6
	dd if=/dev/zero of=/dev/shm/fill bs=1M count=$(($(meminfo_mib MemAvailable) - 150)) 2>/dev/null
	row "$1" inflate $((memory - mib))
	row "$1" deflate $memory
}

in_tree() { modprobe virtio_balloon; give balloon0; both in-tree; }
ours() { take balloon0; both ours; }

mount -o remount,size=95% /dev/shm
echo "$mib MiB of $memory, Linux $(uname -r), $(grep -o 'init_on_alloc=.' /proc/cmdline || echo 'memory zeroed as configured')"
printf '%-8s %-8s %7s %10s %10s %10s %10s %14s\n' driver what ms 'cpu ms/MiB' 'of devices' kicks/GiB irqs/GiB 'host MiB'
for ((round = 0; round < rounds; round++)); do
	if [ $((round % 2)) = 0 ]; then in_tree; ours; else ours; in_tree; fi
done
echo "acknowledgements found late: $(attribute acks_late 2>/dev/null || echo -)"
