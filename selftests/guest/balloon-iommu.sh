#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: balloon-iommu
# briefly: 7.3
# timeout: 90
# A balloon that sees DMA addresses: page frame numbers stay physical.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/balloon.bash"
need_lab
need_module virtio_pv_balloon

[ -d /sys/class/iommu/dmar0 ] || bail "the guest has no IOMMU"
memory_mib=768
check "our driver takes the balloon" take balloon0 || bail "no balloon"
touch_memory 500
full=$(rss_mib)
host_wants $((memory_mib - 300))
check "300 MiB go in" wait_for 60 holds 300
check "the host agrees" wait_for 5 host_sees $((memory_mib - 300))
check "and has the memory back" test $((full - $(rss_mib))) -ge 200
host_wants "$memory_mib"
check "and out again" wait_for 60 holds 0
touch_memory 400
check_equal "free pages are reported" 1 "$(attribute reporting)"
reported() { [ "$(attribute reported_kib)" -ge $((200 * 1024)) ]; }
check "and arrive" wait_for 20 reported
touch_memory 400
check "the module unloads" unload virtio_pv_balloon
