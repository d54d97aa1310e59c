#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: balloon
# briefly: 7.3
# timeout: 120
# A guest that runs out of memory takes pages out of the balloon before it kills.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/balloon.bash"
need_lab
need_module virtio_pv_balloon

killed() { awk '$1 == "oom_kill" { print $2 }' /proc/vmstat; }

check "our driver takes the balloon" take balloon0 || bail "no balloon"
host_wants $((memory_mib - 1024))
check "1 GiB goes in" wait_for 60 holds 1024
before=$(killed)
check "a task fills 800 MiB" memhog eat 800
check_equal "nobody is killed" "$before" "$(killed)"
taken=$(attribute oom_deflated_kib)
echo "# $((taken / 1024)) MiB were taken back"
check "memory came out of the balloon" test "$taken" -ge $((200 * 1024))
check "the host gets it again, now that it is free" wait_for 60 holds 1024
host_wants "$memory_mib"
check "all comes back" wait_for 30 holds 0
check "the host agrees" wait_for 5 host_sees "$memory_mib"
check "the module unloads" unload virtio_pv_balloon
