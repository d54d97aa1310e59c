#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# timeout: 120
# briefly: 7.3
# A host that takes no packets: the ring is far from full, and the device is reset
# all the same. When the host is back, packets go on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.bash"
need_lab
need_module virtio_pv_net

# The host's side of the connection holds little.
small_buffers() {
	host netns sh -c 'echo "4096 8192 8192" >/proc/sys/net/ipv4/tcp_wmem'
}
normal_buffers() {
	host netns sh -c 'echo "4096 16384 4194304" >/proc/sys/net/ipv4/tcp_wmem'
}

dmesg_has() { dmesg | sed "1,/begin net-hang/d" | grep -q "$1"; }
more_than() { [ "$($2 "${@:3}")" -gt "$1" ]; }
timeouts() { net_counter "$1" tx0_tx_timeouts; }
# sends NAME ADDRESS: nothing is left with the device afterwards
sends() {
	ping -q -c 3 -i 0.1 -W 1 "$2" >/dev/null 2>&1
	wait_for 2 grep -q '^in_flight: 0$' "/sys/kernel/debug/virtio_pv/$(bdf "$1")/queues/1"
}

hang() {
	local name=$1 port=$2 dev address
	check "$name: taken" take "$name" || return
	dev=$(netdev "$name")
	address=10.99.$port
	net_alone "$name"
	ip link set "$dev" up
	ip addr replace "$address.2/24" dev "$dev"
	ip neigh replace "$address.1" lladdr 52:54:00:00:00:01 nud permanent dev "$dev"
	host netns-begin "hold$port" peer hold "90$port"
	wait_for 10 host netns sh -c "ss -tn state established | grep -q :90$port" || bail "nobody connects"
	check "$name: no time-out yet" [ "$(timeouts "$name")" = 0 ]
	ping -q -c 60 -i 0.005 -W 1 -s 1400 "$address.1" >/dev/null 2>&1
	check "$name: the ring is not full" [ "$(net_counter "$name" tx0_packets)" -lt 200 ]
	check "$name: the hang is noticed" wait_for 40 more_than 0 timeouts "$name"
	host netns-end "hold$port" >/dev/null
	check "$name: it sends again" wait_for 40 sends "$name" "$address.1"
	check "$name: and stays" [ "$(cat "/sys/class/net/$dev/operstate")" != notpresent ]
	ip link set "$dev" down
}

mount -t debugfs none /sys/kernel/debug 2>/dev/null
# Queues that are not in use now are nobody's concern.
check "multi: taken" take multi
check "multi: up" net_up multi
check "multi: one pair" ethtool -L "$(netdev multi)" combined 1
small_buffers
hang stuck 99
check "the device was reset" dmesg_has "transmit queue stuck: resetting the device"
normal_buffers
silent() { ! dmesg_has "$1"; }
check "the stack's watchdog is silent" silent "NETDEV WATCHDOG"
check "multi: two pairs" ethtool -L "$(netdev multi)" combined 2
check "multi: works" net_pings multi 5 -i 0.05
