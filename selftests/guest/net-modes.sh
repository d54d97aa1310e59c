#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# briefly: 6.1 6.12 7.3
# timeout: 300
# Receive modes, addresses and VLANs: what they do, and that only what changed
# is told to the device.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.bash"
need_lab
need_module virtio_pv_net

check "taken" take split || exit 1
check "the host answers" net_up split || exit 1
dev=$(netdev split)
i=$(net_index split)
check "no IPv6, which sends commands of its own" net_alone split

# commands NAME WANTED CMD...: so many commands more after CMD
commands() {
	local name=$1 want=$2 before after
	shift 2
	before=$(net_quiet split ctrl_commands)
	"$@" || { not_ok "$name" "failed: $*"; return; }
	after=$(net_quiet split ctrl_commands)
	check_equal "$name" "$want" $((after - before))
}

commands "promiscuous: one command" 1 ip link set "$dev" promisc on
commands "again: none" 0 ip link set "$dev" promisc on
commands "no more: one command" 1 ip link set "$dev" promisc off
commands "all multicast: one command" 1 ip link set "$dev" allmulticast on
commands "no more: one command" 1 ip link set "$dev" allmulticast off
commands "a multicast address: one command" 1 ip maddr add 33:33:00:00:12:34 dev "$dev"
commands "gone: one command" 1 ip maddr del 33:33:00:00:12:34 dev "$dev"

kicks=$(net_counter split ctrl_kicks)
modprobe -q 8021q
check "twenty VLANs" sh -c "for v in \$(seq 100 119); do ip link add link $dev name v\$v type vlan id \$v || exit 1; done"
ip addr add 10.77.0.2/24 dev v105
ip link set v105 up
if host netns ip link add link tap-split name hv105 type vlan id 105 >/dev/null; then
	host netns sh -c 'ip addr add 10.77.0.1/24 dev hv105; ip link set hv105 up'
	check "packets on a VLAN" ping -q -c 3 -i 0.1 -W 5 10.77.0.1
else
	skip "packets on a VLAN" "the host's kernel has no VLAN devices (8021q)"
fi
commands "a VLAN gone: one command" 1 ip link del v119
for v in $(seq 100 118); do ip link del v"$v"; done
check "no more notifications than commands" [ $(($(net_counter split ctrl_kicks) - kicks)) -le 60 ]

old=$(cat "/sys/class/net/$dev/address")
check "another address" ip link set "$dev" address 52:54:00:aa:bb:cc
host netns ip neigh flush all
check "packets to it" net_pings split 3 -i 0.1
ip link set "$dev" address "$old"
host netns ip neigh flush all
check "and to the old one" net_pings split 3 -i 0.1
check_equal "a multicast address is refused" no "$(ip link set "$dev" address 01:00:5e:00:00:01 2>/dev/null && echo yes || echo no)"
check_equal "no command refused" 0 "$(net_counter split ctrl_failed)"

# More addresses than fit: all of them are let through instead.
for n in $(seq 1 200); do
	ip maddr add "33:33:00:01:00:$(printf %02x "$n")" dev "$dev"
done
check "with 200 multicast addresses" net_pings split 3 -i 0.1

check "cable pulled" host link split down
check "no carrier" wait_for 5 grep -q 0 "/sys/class/net/$dev/carrier"
for _ in 1 2 3 4 5; do
	host link split up
	host link split down
done
host link split up
check "cable back: carrier" wait_for 5 grep -q 1 "/sys/class/net/$dev/carrier"
check "and packets" wait_for 10 ping -c 1 -W 1 "10.9.$i.1"
echo 0 >"/proc/sys/net/ipv6/conf/$dev/disable_ipv6"
