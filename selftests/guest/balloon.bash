# SPDX-License-Identifier: GPL-2.0-only
# For the balloon tests: the host's side of it, and the guest's.
# shellcheck shell=bash disable=SC2034

. "$(dirname "${BASH_SOURCE[0]}")/memory.bash"

memory_mib=1792

# host_wants MIB: of memory for the guest
host_wants() {
	host qmp "{\"execute\": \"balloon\", \"arguments\": {\"value\": $(($1 << 20))}}" >/dev/null
}

# host_believes: MiB the guest has, as query-balloon tells
host_believes() {
	host qmp query-balloon | sed 's/.*"actual": \([0-9]*\).*/\1/' | awk '{ print $1 / 1048576 }'
}

rss_mib() { echo $(($(host rss ram) / 1024)); }

attribute() { cat "/sys/bus/pci/devices/$(bdf balloon0)/balloon/$1"; }
holds() { [ "$(attribute actual_kib)" = $(($1 * 1024)) ]; }
host_sees() { [ "$(host_believes)" = "$1" ]; }

# touch_memory MIB: so that the host has had to provide it; free again afterwards
touch_memory() {
	mount -o remount,size=95% /dev/shm
	dd if=/dev/zero of=/dev/shm/fill bs=1M count="$1" 2>/dev/null
	rm -f /dev/shm/fill
}

now_ms() { awk '{ print int($1 * 1000) }' /proc/uptime; }
