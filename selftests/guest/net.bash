# SPDX-License-Identifier: GPL-2.0-only
# What the network tests share, on top of devices.sh.
# shellcheck shell=bash

# net_alone NAME: no IPv6 on it, whose multicast groups and neighbour discovery
# come at times of their own and would be counted too
net_alone() {
	local dev
	dev=$(netdev "$1") || return 1
	echo 1 >"/proc/sys/net/ipv6/conf/$dev/disable_ipv6"
}

# net_quiet NAME COUNTER: its value once it stands still, for a moment
net_quiet() {
	local before now
	before=$(net_counter "$1" "$2") || return 1
	for _ in $(seq 40); do
		sleep 0.3
		now=$(net_counter "$1" "$2") || return 1
		[ "$now" != "$before" ] || break
		before=$now
	done
	echo "$now"
}

# net_host_mtu NAME MTU: on the host's side, which forgets its IPv6 addresses
# when the MTU is too small for IPv6
net_host_mtu() {
	local i tap=tap-$1
	i=$(net_index "$1") || return 1
	host netns ip link set "${tap:0:15}" mtu "$2" || return 1
	[ "$2" -lt 1280 ] || host netns ip addr replace "fd09:$i::1/64" dev "${tap:0:15}" nodad
}

# net_pings_apart NAME COUNT OPTIONS...: one after the other. On a busy machine
# the stack of either side loses one of many fragments now and then, so a second
# try is allowed, and the kernel's log has what is known of the first.
net_pings_apart() {
	local name=$1 n=$2
	shift 2
	for _ in $(seq "$n"); do
		net_pings "$name" 1 "$@" && continue
		{
			grep -E '^(Ip|Icmp):' /proc/net/snmp
			host netns grep -E '^(Ip|Icmp):' /proc/net/snmp
			host netns ip -s link show "$(cut -c1-15 <<<"tap-$name")"
			ethtool -S "$(netdev "$name")"
		} | while read -r line; do echo "lost: ${line:0:200}" >/dev/kmsg; done
		net_pings "$name" 1 "$@" || return 1
	done
}
