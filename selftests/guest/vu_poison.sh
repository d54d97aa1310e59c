#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vupoison
# timeout: 60
# kernels: 6.1 6.12 7.3
# briefly: 7.3
# A kernel that poisons free pages tells the device, or does not report them.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-balloon.bash"

grep -qw page_poison=1 /proc/cmdline || bail "this kernel was booted without page_poison=1"
check "our driver takes a device that knows of poison" take knows || bail "no balloon"
check_equal "the device knows with what" 0xaaaaaaaa "$(stat_of knows poison)"
check_equal "free pages are reported to it" 1 "$(attr knows reporting)"
arrived() { [ "$(stat_of knows reports)" -ge 1 ]; }
check "and arrive" wait_for 20 arrived
vu knows target 100
agreed knows 100 in
vu knows target 0
agreed knows 0 out
honest knows "in and out"
check "our driver takes a device that does not" take ignorant || bail "no balloon"
check_equal "no free pages are reported to it" 0 "$(attr ignorant reporting)"
check_equal "none came" 0 "$(stat_of ignorant reports)"
check "the module unloads" unload virtio_pv_balloon
