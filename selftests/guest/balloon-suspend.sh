#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: balloon
# briefly: 7.3
# timeout: 120
# fresh: yes
# Suspend to RAM with pages in the balloon: they stay there, and the device, which
# was reset, is told of them again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/balloon.bash"
need_lab
need_module virtio_pv_balloon
grep -qw mem /sys/power/state || skip_all "this kernel cannot suspend to RAM"

check "our driver takes the balloon" take balloon0 || bail "no balloon"
host_wants $((memory_mib - 401))
check "401 MiB go in" wait_for 60 holds 401
told=$(attribute inflated_kib)
for round in 1 2; do
	host wakeup-later 2 || bail "the host cannot wake us"
	check "suspend and resume $round" sh -c 'echo mem >/sys/power/state'
	again() { holds 401 && [ "$(attribute inflated_kib)" -ge $((told + round * 401 * 1024)) ]; }
	check "the pages are in the balloon, and the device told $round" wait_for 30 again
	check "the host agrees $round" wait_for 5 host_sees $((memory_mib - 401))
done
host_wants "$memory_mib"
check "all comes back" wait_for 60 holds 0
check "the host agrees" wait_for 5 host_sees "$memory_mib"
touch_memory 900
check "the module unloads" unload virtio_pv_balloon
