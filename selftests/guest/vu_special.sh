#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vuspecial
# briefly: 6.1 6.12 7.3
# timeout: 240
# What no disk of QEMU's own offers: wear, secure erase, a settable cache.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

dev=$(fresh worn) || bail "no disk"
sys=/sys/block/${dev##*/}
check_equal "serial" worn-disk "$(cat "$sys/serial")"

for attr in pre_eol_info life_time; do
	check "there is an attribute for $attr" ls "$sys/$attr"
done
check "wear as the device says it" grep -qE '2|0x0*2' "$sys/pre_eol_info"
vu worn lifetime 3,8,9 >/dev/null
check "and as it changes" grep -qE '3|0x0*3' "$sys/pre_eol_info"

tr '\0' 'S' </dev/zero | dd of="$dev" bs=1M count=4 oflag=direct iflag=fullblock 2>/dev/null
check "secure erase" blkdiscard -s -o 0 -l 1M "$dev"
check_equal "secure erase reached the device" 2048 "$(stat_of worn sectors-erased)"
check_equal "what was erased is" 0 "$(dd if="$dev" bs=1M count=1 iflag=direct 2>/dev/null | tr -d '\0' | wc -c)"
check_equal "what was not is not" 1048576 "$(dd if="$dev" bs=1M count=1 skip=1 iflag=direct 2>/dev/null | tr -d '\0' | wc -c)"
check "discard" blkdiscard -o 1M -l 1M "$dev"
check_equal "discard reached the device" 2048 "$(stat_of worn sectors-discarded)"

check_equal "the cache is write-back" "write back" "$(cat "$sys/cache_type")"
echo "write through" >"$sys/cache_type"
check_equal "the device is told to write through" 0 "$(stat_of worn writeback)"
check_equal "and so it is" "write through" "$(cat "$sys/cache_type")"
vu worn fault mute >/dev/null
check_equal "a reset in between" "done 64 errors 0 wrong 0 unanswered 0" "$(io "$dev" 4 64)"
check_equal "does not change that" "write through 0" "$(cat "$sys/cache_type") $(stat_of worn writeback)"
echo "write back" >"$sys/cache_type"
check_equal "back again" 1 "$(stat_of worn writeback)"

check_equal "no limit of the device was broken" 0 "$(stat_of worn violations)"

# Zones that only prefer order are nobody's business.
dev=$(fresh aware) || bail "no disk"
check_equal "a host-aware disk is an ordinary one" none "$(cat "/sys/block/${dev##*/}/queue/zoned")"
check_equal "and works as one" "done 200 errors 0 wrong 0 unanswered 0" "$(io "$dev" 8 200)"
