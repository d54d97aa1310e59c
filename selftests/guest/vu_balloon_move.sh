#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vuballoon
# timeout: 120
# briefly: 6.1 7.3
# Compaction moves pages of the balloon; the device is told in batches, and no page
# is touched while it is the device's.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-balloon.bash"

unit=packed
check "our driver takes $unit" take "$unit" || bail "no balloon"
base=$(stat_of "$unit" touched)
mkfifo /tmp/said 2>/dev/null
memhog holes $(($(meminfo_mib MemFree) - 100)) >/tmp/said &
hog=$!
read -r word </tmp/said
check_equal "memory is full of holes" ready "$word"
available=$(meminfo_mib MemAvailable)
want=$((available - $(attr "$unit" floor_kib) / 1024 - 40))
vu "$unit" target $want
check "the balloon takes $want MiB of it" wait_for 60 has "$unit" $want
read -r singles _ < <(attr "$unit" blocks)
check "single pages are among them" test "$singles" -ge 2000
kill $hog
wait $hog 2>/dev/null

# By our own count: a small kernel has none in /proc/vmstat. From the start on: the
# kernel compacts by itself when it likes, and a second round finds little. Nothing
# but moves has deflated the balloon yet.
moved() { echo $(($(attr "$unit" migrated_kib) / 4)); }
many() {
	echo 1 >/proc/sys/vm/compact_memory
	[ "$(moved)" -ge 100 ]
}
echo "# $(moved) pages moved by themselves"
check "compaction moves pages of the balloon" wait_for 20 many
check "the device has as many as before" wait_for 20 notes "$unit" $want
m=$(moved) buffers=$(stat_of "$unit" deflate-buffers)
echo "# $m pages moved, told in $buffers buffers each way"
check "in batches" test $((buffers * 10)) -le "$m"
check_equal "the balloon is as large as before" $((want * 1024)) "$(attr "$unit" actual_kib)"

vu "$unit" target 0
check "all comes back" wait_for 60 has "$unit" 0
check "to the last page" wait_for 10 notes "$unit" 0
check_equal "no page given twice, taken unasked, or touched" "0 0 $base" \
	"$(stat_of "$unit" twice) $(stat_of "$unit" stranger) $(stat_of "$unit" touched)"
check "the module unloads" unload virtio_pv_balloon
