#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vu
# briefly: 6.1 6.12 7.3
# timeout: 240
# What the device says of a request reaches who made it, exactly: statuses, a
# short answer, and a status that no specification knows.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

read_block() { dd if="$1" of=/dev/null bs=4k count=1 skip="${2:-0}" iflag=direct 2>&1; }
write_block() { dd if=/dev/zero of="$1" bs=4k count=1 seek="${2:-0}" oflag=direct 2>&1; }

# fails NAME FAULT OP WANTED: OP gives that error once, and then none
fails() {
	local name=$1 fault=$2 op=$3 wanted=$4 out
	vu "$name" fault "$fault" >/dev/null || { not_ok "$name: $fault" "the device does not know it"; return; }
	out=$("${op}_block" "$dev" 7) && out="no error: $out"
	check "$name: $fault: $op says: $wanted" grep -q "$wanted" <<<"$out"
	check "$name: $fault: the next $op is good" "${op}_block" "$dev" 7
}

for name in split packed sorder order; do
	dev=$(fresh "$name") || { not_ok "$name" "no disk"; continue; }
	log_mark "$name errors"
	fails "$name" "status 1" read "Input/output error"
	fails "$name" "status 1" write "Input/output error"
	fails "$name" "status 2" read "Operation not supported"
	fails "$name" "status 119" read "Input/output error"
	fails "$name" "short-read 512" read "Input/output error"
	fails "$name" "short-read 4097" read "Input/output error"
	check_equal "$name: none of it is a reason for a reset" "0 0" \
		"$(log_count "broken by the device") $(log_count "resetting")"
done
