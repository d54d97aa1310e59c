# SPDX-License-Identifier: GPL-2.0-only
# For tests that look at how much memory there is.
# shellcheck shell=bash

meminfo_mib() { awk -v name="$1:" '$1 == name { print int($2 / 1024) }' /proc/meminfo; }

# Not available after what can be freed was; free pages on the lists of single
# CPUs, megabytes of them, count as free.
used_kib() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	awk '/^MemTotal:/ { used += $2 } /^MemAvailable:/ { used -= $2 } $1 == "count:" { used -= 4 * $2 }
		END { print used }' /proc/meminfo /proc/zoneinfo
}
