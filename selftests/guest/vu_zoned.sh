#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vuspecial
# briefly: 6.1 6.12 7.3
# timeout: 400
# expect-log: I/O error
# A zoned disk, host-managed: limits, report, write pointers, resets, appends.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

dev=$(fresh zoned) || bail "no disk"
q=/sys/block/${dev##*/}/queue
[ "$(cat "$q/zoned")" != none ] || skip_all "this kernel ($(uname -r)) or the driver for it has no zones"

zone() { vu zoned zones | awk -v n="$1" '$2 == n'; }
wp() { zone "$1" | awk '{ print $8 - $4 }'; }
state() { zone "$1" | awk '{ print $12 }'; }

check_equal "model" host-managed "$(cat "$q/zoned")"
check_equal "zones" 16 "$(cat "$q/nr_zones")"
check_equal "zone size" 8192 "$(cat "$q/chunk_sectors")"
check_equal "open and active zones" "4 6" "$(cat "$q/max_open_zones") $(cat "$q/max_active_zones")"
check_equal "append limit" 65536 "$(cat "$q/zone_append_max_bytes")"

report=$(blkzone report "$dev")
check_equal "report: all zones" 16 "$(wc -l <<<"$report")"
check_equal "report: two conventional ones" 2 "$(grep -c CONVENTIONAL <<<"$report")"
check_equal "report: capacity" 14 "$(grep -c 'cap 0x001800' <<<"$report")"

seq_write() { dd if=/dev/urandom of="$dev" bs="$2" count="$3" seek="$1" oflag=direct,seek_bytes 2>&1; }
mb=$((1 << 20)) zsize=$((4 << 20))
check "writing in order" seq_write $((2 * zsize)) 64K 16
check_equal "moves the write pointer" 2048 "$(wp 2)"
check "writing elsewhere is refused" bash -c "! dd if=/dev/zero of=$dev bs=64K count=1 seek=$((2 * zsize)) oflag=direct,seek_bytes 2>/dev/null"
# Newer kernels want to be told the write pointer after a failed write.
blkzone report "$dev" >/dev/null
check "writing on is not" seq_write $((2 * zsize + mb)) 64K 32
check_equal "and fills the zone" "full" "$(state 2)"
check "finish" blkzone finish -o $((3 * 8192)) -c 1 "$dev"
check_equal "finish: full" full "$(state 3)"
check "open" blkzone open -o $((4 * 8192)) -c 1 "$dev"
check_equal "open: explicitly" eopen "$(state 4)"
check "close" blkzone close -o $((4 * 8192)) -c 1 "$dev"
check_equal "close of an empty one: empty" empty "$(state 4)"
check "reset of one" blkzone reset -o $((2 * 8192)) -c 1 "$dev"
check_equal "reset: empty, at its start" "empty 0" "$(state 2) $(wp 2)"
check "reset of all" blkzone reset "$dev"
check_equal "all are empty" 14 "$(vu zoned zones | grep -c 'state empty')"
check_equal "conventional zones are as any disk" "done 200 errors 0 wrong 0 unanswered 0" "$(io "$dev" 8 200)"

# Zones are erased as a whole. Two of them fit into a request here.
before=$(stat_of zoned secure-erase)
check "secure erase of a part of a zone is refused" \
	bash -c "! blkdiscard -f -s -o $((8 * zsize)) -l $mb $dev 2>/dev/null"
check_equal "and the device is not asked" "$before" "$(stat_of zoned secure-erase)"
check "writing to three zones" bash -c "for z in 8 9 10; do dd if=/dev/urandom of=$dev bs=64K count=1 seek=\$((z * $zsize)) oflag=direct,seek_bytes 2>/dev/null || exit 1; done"
check "secure erase of three zones" blkdiscard -f -s -o $((8 * zsize)) -l $((3 * zsize)) "$dev"
check_equal "they are empty" "empty empty empty" "$(state 8) $(state 9) $(state 10)"
check_equal "in two requests" $((before + 2)) "$(stat_of zoned secure-erase)"

check "fio in zones, with verification" fio --name=z --filename="$dev" --zonemode=zbd --direct=1 \
	--ioengine=libaio --rw=write --bs=64k --iodepth=1 --offset=8M --size=16M --verify=crc32c --do_verify=1
blkzone reset "$dev"

# Appends: the kernel makes them for zonefs, and of direct writes to its files.
if modprobe -q zonefs 2>/dev/null && command -v mkzonefs >/dev/null; then
	mkdir -p /tmp/z
	check "zonefs" bash -c "mkzonefs -f $dev && mount -t zonefs $dev /tmp/z"
	check "append" dd if=/dev/urandom of=/tmp/z/seq/0 bs=64k count=4 oflag=direct,append conv=notrunc
	umount /tmp/z
else
	skip "append through zonefs" "the guest image has no zonefs"
fi

# A zone that breaks.
vu zoned zone 5 offline >/dev/null
check "reading an offline zone is an error" bash -c "! dd if=$dev of=/dev/null bs=4k count=1 skip=$((5 * 1024)) iflag=direct 2>/dev/null"
check "a broken zone is reported" bash -c "blkzone report -o $((5 * 8192)) -c 1 $dev | grep -q '(of)'"
check_equal "no limit of the device was broken" 0 "$(stat_of zoned violations)"

# In order, so that a write that is sent again after a reset finds its place.
blkzone reset -o $((6 * 8192)) -c 1 "$dev"
vu zoned fault mute >/dev/null
check "a write that no answer came to is sent again" seq_write $((6 * zsize)) 64K 4
check_equal "once" 512 "$(wp 6)"
