#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vuballoon
# timeout: 120
# briefly: 6.1 7.3
# Where the device takes reports of free pages, blocks are reported before they are
# inflated; they are the balloon's when the device has answered both.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-balloon.bash"

unit=ahead
# What was reported beyond what the kernel reports by itself.
extra_kib() { echo $(($(stat_of $unit reported) / 1024 - $(attr $unit reported_kib))); }
extra_is() { [ "$(extra_kib)" = "$1" ]; }
kib_of_blocks() { attr $unit blocks | awk '{ print $10 * 2048 }'; }

check "our driver takes $unit" take $unit || bail "no balloon $unit"
check "the kernel's reports are counted" wait_for 20 extra_is 0
vu $unit target 200
agreed $unit 200 in
wanted=$(kib_of_blocks)
check "most of it in blocks of 2 MiB" test "$wanted" -ge $((100 * 1024))
check "which were reported, all of them and once" wait_for 20 extra_is "$wanted" || echo "# $(extra_kib) KiB of $wanted"
vu $unit target 0
agreed $unit 0 out
honest $unit "reported, then inflated"

log_mark "$unit silent"
buffers=$(stat_of $unit inflate-buffers)
came() { [ "$(stat_of $unit inflate-buffers)" -gt "$buffers" ]; }
was_reset() { [ "$(log_count "resetting the device")" -ge 1 ]; }
vu $unit fault silent q=2 >/dev/null
vu $unit target 100
check "reports are not answered, inflation is" wait_for 20 came
check_equal "so nothing is in the balloon" 0 "$(attr $unit actual_kib)"
check "until the device is reset" wait_for 30 was_reset
vu $unit fault none >/dev/null
agreed $unit 100 "good again"
vu $unit target 0
agreed $unit 0 "out again"
honest $unit "never a report answered"
check "the module unloads" unload virtio_pv_balloon
