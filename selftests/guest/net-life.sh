#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# timeout: 400
# Down and up, unbind, reset and suspend under traffic: everything works afterwards.
. "$(dirname "$0")/lib.sh"
need_lab
need_module virtio_pv_net

check "taken" take split || exit 1
check "the host answers" net_up split || exit 1
dev=$(netdev split)
i=$(net_index split)

flood() { ping -q -f -w 60 "10.9.$i.1" >/dev/null 2>&1 & flood=$!; sleep 0.5; }
calm() { kill "$flood" 2>/dev/null; wait "$flood" 2>/dev/null; }

flood
for _ in 1 2 3 4 5; do
	ip link set "$dev" down && ip link set "$dev" up
done
calm
check "down and up" net_up split

flood
check "unbound and bound again" rebind split virtio_pv_net
calm
check "works" net_up split

# All that the device was told has to be told again.
dev=$(netdev split)
ip link set "$dev" address 52:54:00:aa:bb:dd
modprobe -q 8021q
ip link add link "$dev" name v7 type vlan id 7
host netns ip neigh flush all
net_up split
for n in 1 2 3; do
	flood
	check "function reset $n" sh -c "echo 1 >/sys/bus/pci/devices/$(bdf split)/reset"
	calm
	check "works" net_up split
done
ip addr add 10.78.0.2/24 dev v7
ip link set v7 up
if host netns ip link add link tap-split name hv7 type vlan id 7 >/dev/null; then
	host netns sh -c 'ip addr add 10.78.0.1/24 dev hv7; ip link set hv7 up'
	check "a VLAN of before the reset" ping -q -c 3 -i 0.1 -W 5 10.78.0.1
else
	skip "a VLAN of before the reset" "the host's kernel has no VLAN devices (8021q)"
fi
ip link del v7

if grep -q mem /sys/power/state 2>/dev/null; then
	flood
	host wakeup-later 1
	check "suspend to memory" sh -c 'echo mem >/sys/power/state'
	calm
	check "works after it" net_up split
else
	skip "suspend to memory" "this kernel has no suspend"
fi

check "the module goes" sh -c "modprobe -r virtio_pv_net"
check "and comes back" take split
check "works" net_up split
