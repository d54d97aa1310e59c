#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# timeout: 150
# briefly: 7.3
# Ring sizes changed under traffic: by reset of the queues, or of the device
# where it cannot do that; the link stays and packets go on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.bash"
need_lab
need_module virtio_pv_net
mount -t debugfs none /sys/kernel/debug 2>/dev/null

ring() { ethtool -g "$1" | awk -v what="$2:" '/^Current/ { now = 1 } now && $1 == what { print $2; exit }'; }
of_core() { awk -v name="$3:" '$1 == name { print $2; exit }' "/sys/kernel/debug/virtio_pv/$(bdf "$1")/$2"; }
carrier_changes() { cat "/sys/class/net/$1/carrier_changes"; }

# sizes NAME SIZE...: in turn
sizes() {
	local name=$1 dev flood changes size
	shift
	check "$name: taken" take "$name" || return
	check "$name: the host answers" net_up "$name" || return
	dev=$(netdev "$name")
	changes=$(carrier_changes "$dev")
	ping -q -f -w 120 "10.9.$(net_index "$name").1" >/dev/null 2>&1 & flood=$!
	for size; do
		check "$name: $size" ethtool -G "$dev" rx "$size" tx "$size"
		check_equal "$name: $size to receive" "$size" "$(ring "$dev" RX)"
		check_equal "$name: $size to transmit" "$size" "$(ring "$dev" TX)"
		check "$name: packets with $size" net_pings_apart "$name" 5 -s 1400
	done
	kill "$flood"
	wait "$flood" 2>/dev/null
	check_equal "$name: the link stayed" "$changes" "$(carrier_changes "$dev")"
	check_equal "$name: 32 are refused" no "$(ethtool -G "$dev" rx 32 2>/dev/null && echo yes || echo no)"
	check_equal "$name: 4096 are refused" no "$(ethtool -G "$dev" rx 4096 2>/dev/null && echo yes || echo no)"
	check "$name: TCP to the host" net_send "$name" 30000
	check "$name: TCP from the host" net_receive "$name" 30000
}

sizes packed 64 100 256
check_equal "packed: no reset of the device" 0 "$(of_core packed device resets)"
check "packed: but of queues" [ "$(of_core packed queues/0 queue_resets)" -ge 3 ]
sizes multi 64 256
check_equal "multi: no reset of the device" 0 "$(of_core multi device resets)"
sizes bare 64 128
check "bare: a reset of the device" [ "$(of_core bare device resets)" -ge 2 ]
ip link set "$(netdev packed)" down
check "a change while it is down" ethtool -G "$(netdev packed)" rx 128
check "up again" net_up packed
check_equal "128" 128 "$(ring "$(netdev packed)" RX)"
