#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: life
# briefly: 6.1 6.12 7.3
# timeout: 60
# Errors of the backend reach the application, for the blocks they belong to and
# no others. The boot's bad0 fails writes at sector 8192 and reads at 16384.
. "$(dirname "$0")/lib.sh"
need_lab
need_module virtio_pv_blk

take bad0 || bail "no disk"
trap 'give bad0; ktap_exit' EXIT
dev=$(disk bad0)

# status of one block, in units of 4 KiB
write_block() { dd if=/dev/zero of="$dev" bs=4k seek="$1" count=1 oflag=direct 2>&1; }
read_block() { dd if="$dev" of=/dev/null bs=4k skip="$1" count=1 iflag=direct 2>&1; }
refused() { local out; out=$("$@") && return 1; grep -q 'Input/output error' <<<"$out"; }

for block in 1022 1023 1025 1026 2048; do
	check "block $block is written" write_block $block
done
check "block 1024 is refused, with EIO" refused write_block 1024
for block in 1024 2046 2047 2049 2050; do
	check "block $block is read" read_block $block
done
check "block 2048 is refused, with EIO" refused read_block 2048

# In a deep queue, too, exactly the bad ones fail: 64 writes of 4 KiB over it.
fio --name=deep --filename="$dev" --rw=write --offset=$((992 * 4096)) --size=256k --bs=4k --direct=1 \
	--ioengine=libaio --iodepth=32 --continue_on_error=write --output-format=json >/tmp/deep.json 2>/dev/null
check_equal "one of 64 writes fails in a deep queue" 1 \
	"$(awk -F'[:,]' '/"total_err"/ { print $2 + 0; exit }' /tmp/deep.json)"
check "the disk still works" write_block 10
