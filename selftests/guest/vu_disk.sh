#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vuspecial
# briefly: 7.3
# timeout: 90
# What a disk says of itself reaches the block layer, and what users ask for
# reaches the disk: flushes, priorities, limits, a new size.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

write_sync() { dd if=/dev/zero of="$dev" bs=4k count=1 conv=fsync 2>/dev/null; }
# flushes_of CMD...: flushes the device had meanwhile
flushes_of() {
	local before
	before=$(stat_of worn flush)
	"$@" || return 1
	echo $(($(stat_of worn flush) - before))
}
# Not by the kernel's log: it leaves out what is said too often.
has_size() { [ "$(cat "$sys/size")" = "$1" ]; }

dev=$(fresh worn) || bail "no disk"
sys=/sys/block/${dev##*/}
check "a write that is synced is flushed" [ "$(flushes_of write_sync)" -ge 1 ]
echo "write through" >"$sys/cache_type"
check_equal "nothing to flush when the cache writes through" 0 "$(flushes_of write_sync)"
echo "write back" >"$sys/cache_type"
check "and again when it does not" [ "$(flushes_of write_sync)" -ge 1 ]

fio --name=p --filename="$dev" --rw=read --bs=4k --direct=1 --number_ios=4 --size=1M \
	--prioclass=1 --prio=3 >/dev/null
check_equal "the priority of a request is passed on" $((1 << 13 | 3)) "$(stat_of worn last-ioprio)"

vu worn capacity 131072 >/dev/null
check "the size it was made with" wait_for 20 has_size 131072
vu worn capacity 196608 >/dev/null
check "a new size is seen" wait_for 20 has_size 196608
vu worn capacity 131072 >/dev/null

dev=$(fresh shaped) || bail "no disk"
sys=/sys/block/${dev##*/}
limit() { cat "$sys/$1"; }
check_equal "a block of the disk beneath" 4096 "$(limit queue/physical_block_size)"
check_equal "a block" 512 "$(limit queue/logical_block_size)"
check_equal "where the first block begins" 512 "$(limit alignment_offset)"
check_equal "the least size of I/O" 8192 "$(limit queue/minimum_io_size)"
check_equal "the best size of I/O" 32768 "$(limit queue/optimal_io_size)"
check_equal "pieces of a request" 9 "$(limit queue/max_segments)"
check_equal "bytes of a piece" 8192 "$(limit queue/max_segment_size)"
check "large reads" dd if="$dev" of=/dev/null bs=1M count=8 iflag=direct
check_equal "read-only" 1 "$(limit ro)"
check "it cannot be written" bash -c "! dd if=/dev/zero of=$dev bs=4k count=1 oflag=direct"
check_equal "and the device is not asked" 0 "$(stat_of shaped out)"

for name in worn shaped; do
	check_equal "$name: no limit of the device was broken" 0 "$(stat_of "$name" violations)"
done
