#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vunet
# timeout: 120
# briefly: 7.3
# Datagrams in segments both ways with exact header lengths, checksums left to the other
# side, the MTU, speed and link of the configuration, announcements.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-net.bash"

# both NAME QUEUE QUEUE COUNTER
both() { echo $(($(of_queue "$1" "$2" "$4") + $(of_queue "$1" "$3" "$4"))); }
feature() { ethtool -k "$dev" | awk -v name="$1:" '$1 == name { print $2 }'; }
udp_in() { awk '/^Udp: [0-9]/ { print $'"$1"' }' /proc/net/snmp; }
come() { [ $(($(udp_in 3) - before)) -ge "$1" ]; }
link() { cat "/sys/class/net/$dev/carrier"; }
# turns N: 2 N commands
turns() { for _ in $(seq "$1"); do ip link set "$dev" promisc on; ip link set "$dev" promisc off; done; }
says() { ethtool "$dev" | awk -F': ' -v name="$1" '$1 ~ name { print $2 }'; }

for name in split packed; do
	check "$name: taken" fresh "$name" || continue
	dev=$(netdev "$name")
	address=$(vunet_subnet "$name").1

	check_equal "$name: segments are the device's" on "$(feature tx-udp-segmentation)"
	gso=$(both "$name" 1 3 gso)
	received=$(both "$name" 0 2 gso)
	violations=$(stat_of "$name" tx-violations)
	check_equal "$name: 20 times 30 datagrams in one frame, all back" "datagrams 600" \
		"$(udp-echo "$address" 20 42000 1400)"
	now=$(both "$name" 1 3 gso)
	check_equal "$name: 20 frames with exact headers" "20 0" \
		"$((now - gso)) $(($(stat_of "$name" tx-violations) - violations))"
	check_equal "$name: and 20 to us" 20 $(($(both "$name" 0 2 gso) - received))
	check_equal "$name: without the offload" "datagrams 300" \
		"$(ethtool -K "$dev" tx-udp-segmentation off; udp-echo "$address" 10 42000 1400)"
	check_equal "$name: no frame in segments" 0 \
		$(($(both "$name" 1 3 gso) - now))
	ethtool -K "$dev" tx-udp-segmentation on

	# to a port nobody listens on: the stack counts each frame
	before=$(udp_in 3)
	bad=$(udp_in 7)
	vu "$name" send 40 14042 udp gso=1400 rate=500
	check "$name: frames of 10 datagrams each" wait_for 10 come 40
	check_equal "$name: as many, with good sums" "40 0" "$(($(udp_in 3) - before)) $(($(udp_in 7) - bad))"

	# checksums: told off, the device has to make them
	csum=$(both "$name" 0 2 csum)
	check "$name: checksums made by the device" ethtool -K "$dev" rx-checksumming off
	check_equal "$name: the device knows" 0 $(($(stat_of "$name" offloads) & 2))
	check_equal "$name: datagrams come back" "datagrams 50" "$(udp-echo "$address" 50 1400)"
	check_equal "$name: none was left to us" 0 \
		$(($(both "$name" 0 2 csum) - csum))
	ethtool -K "$dev" rx-checksumming on rx-gro-hw on
	check "$name: sums and segments are wanted again" test $(($(stat_of "$name" offloads) & 2)) = 2

	check_equal "$name: the device's MTU" 9000 "$(cat "/sys/class/net/$dev/mtu")"
	check_equal "$name: no more than that" no "$(ip link set "$dev" mtu 9001 2>/dev/null && echo yes || echo no)"
	check "$name: less" ip link set "$dev" mtu 68
	check "$name: works" pings "$name" 3 -i 0.05 -s 20
	ip link set "$dev" mtu 9000

	check_equal "$name: speed and duplex" "10000Mb/s Full" "$(says Speed) $(says Duplex)"
	vu "$name" config speed 25000
	check "$name: a new speed" wait_for 5 same_as 25000Mb/s says Speed
	vu "$name" config speed 0xffffffff
	check "$name: none that is known" wait_for 5 same_as "Unknown!" says Speed
	vu "$name" config duplex 7
	check "$name: nor duplex" wait_for 5 same_as "Unknown! (255)" says Duplex
	vu "$name" config speed 10000
	vu "$name" config duplex 1

	vu "$name" link down
	check "$name: no carrier" wait_for 5 same_as 0 link
	vu "$name" link up
	check "$name: carrier" wait_for 5 same_as 1 link
	check "$name: works" pings "$name" 3 -i 0.05

	announces=$(stat_of "$name" announces)
	acks=$(stat_of "$name" ctrl-3-0)
	vu "$name" link announce
	check "$name: announced" wait_for 10 more_than "$announces" stat_of "$name" announces
	check "$name: and acknowledged, once" wait_for 5 same_as $((acks + 1)) stat_of "$name" ctrl-3-0

	# with all commands there are in the hands of a slow device
	vu "$name" fault slow 3000 q=4 >/dev/null
	turns 20
	vu "$name" link announce
	check "$name: acknowledged as soon as there is room" wait_for 15 same_as $((acks + 2)) stat_of "$name" ctrl-3-0
	vu "$name" fault none >/dev/null
	check "$name: works" pings "$name" 3 -i 0.05
	honest "$name"
done
