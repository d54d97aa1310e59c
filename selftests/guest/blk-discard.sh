#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: plain
# briefly: 6.1 6.12 7.3
# timeout: 60
# Discard frees space of the backing file, write-zeroes leaves zeroes there, and
# neither touches what lies beside.
. "$(dirname "$0")/lib.sh"
need_lab
need_module virtio_pv_blk

mib=$((1024 * 1024))
zeroes() { head -c "$1" /dev/zero | sha256sum | cut -d' ' -f1; }

take file0 || bail "no disk"
dev=$(disk file0)
sys=/sys/block/${dev#/dev/}
trap 'give file0; ktap_exit' EXIT

head -c $((16 * mib)) /dev/urandom >/tmp/random
dd if=/tmp/random of="$dev" bs=1M oflag=direct conv=fsync 2>/dev/null
check_equal "the data is on the host" "$(sha256sum </tmp/random | cut -d' ' -f1)" "$(host checksum file0 0 $((16 * mib)))"
beside=$(host checksum file0 0 $((4 * mib)))
after=$(host checksum file0 $((12 * mib)) $((4 * mib)))

check "discard is offered" test "$(cat "$sys/queue/discard_max_bytes")" -gt 0
full=$(host file-blocks file0)
check "4 MiB are discarded" blkdiscard -f -o $((4 * mib)) -l $((4 * mib)) "$dev"
left=$(host file-blocks file0)
check "the file is smaller by them ($full, then $left blocks)" test $((full - left)) -ge $((4 * mib / 512))

check "write-zeroes is offered" test "$(cat "$sys/queue/write_zeroes_max_bytes")" -gt 0
check "4 MiB are zeroed" blkdiscard -f -z -o $((8 * mib)) -l $((4 * mib)) "$dev"
check_equal "they are zeroes on the host" "$(zeroes $((4 * mib)))" "$(host checksum file0 $((8 * mib)) $((4 * mib)))"

check_equal "what lies before is as it was" "$beside" "$(host checksum file0 0 $((4 * mib)))"
check_equal "what lies behind is as it was" "$after" "$(host checksum file0 $((12 * mib)) $((4 * mib)))"
