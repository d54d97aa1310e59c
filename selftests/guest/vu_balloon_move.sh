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
check "single pages are among them" test "$singles" -ge 10000
kill $hog
wait $hog 2>/dev/null

moved() { awk '$1 == "balloon_migrate" { print $2 }' /proc/vmstat; }
m=$(moved) buffers=$(stat_of "$unit" inflate-buffers)
echo 1 >/proc/sys/vm/compact_memory
m=$(($(moved) - m))
check "compaction moves pages of the balloon ($m)" test "$m" -ge 500
settled() { [ "$(attr "$unit" migrated_kib)" -ge $((m * 4)) ] && notes "$unit" $want; }
check "the device has been told of them" wait_for 20 settled ||
		echo "# migrated_kib $(attr "$unit" migrated_kib), held $(stat_of "$unit" held)"
buffers=$(($(stat_of "$unit" inflate-buffers) - buffers))
echo "# $m pages moved, told in $buffers buffers each way"
check "in batches" test $((buffers * 10)) -le "$m"
check_equal "the balloon is as large as before" $((want * 1024)) "$(attr "$unit" actual_kib)"

vu "$unit" target 0
check "all comes back" wait_for 60 has "$unit" 0
check "to the last page" wait_for 10 notes "$unit" 0
check_equal "no page given twice, taken unasked, or touched" "0 0 $base" \
	"$(stat_of "$unit" twice) $(stat_of "$unit" stranger) $(stat_of "$unit" touched)"
check "the module unloads" unload virtio_pv_balloon
