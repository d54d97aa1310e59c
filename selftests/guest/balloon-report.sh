#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: balloon-report
# briefly: 7.3
# timeout: 120
# What the guest frees, the host has back soon.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/balloon.bash"
need_lab
need_module virtio_pv_balloon

modprobe -r virtio_balloon 2>/dev/null
check "our driver takes the balloon" take balloon0 || bail "no balloon"
check_equal "free pages are reported" 1 "$(attribute reporting)"
sleep 6

mount -o remount,size=95% /dev/shm
dd if=/dev/zero of=/dev/shm/fill bs=1M count=1024 2>/dev/null
full=$(rss_mib)
k=$(kicks balloon0) i=$(interrupts balloon0)
rm /dev/shm/fill
start=$(now_ms)
fallen() { [ $((full - $(rss_mib))) -ge 900 ]; }
check "the host has its memory back" wait_for 30 fallen
echo "# after $(($(now_ms) - start)) ms: $full MiB, then $(rss_mib) MiB; $(($(kicks balloon0) - k)) kicks, $(($(interrupts balloon0) - i)) interrupts"
check "reporting takes 40 kicks per GiB at most" test $(($(kicks balloon0) - k)) -le 40
check "sysfs counts them" test "$(attribute reported_kib)" -ge $((900 * 1024))
touch_memory 1000
check "reported memory can be used again" test "$(meminfo_mib MemFree)" -gt 900
check "the module unloads" unload virtio_pv_balloon
