#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# timeout: 120
# briefly: 7.3
# fresh: yes
# Announcements after a move, few interrupts when asked for, the console over
# the network, and a device pulled out under traffic. After net-life has suspended
# the guest to memory, its slots were seen to take no unplug request any more.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.bash"
need_lab
need_module virtio_pv_net

check "taken" take split || exit 1
check "the host answers" net_up split || exit 1
dev=$(netdev split)
i=$(net_index split)

# QEMU asks for announcements as after a migration. The host learns from them.
host netns sh -c 'echo 1 >/proc/sys/net/ipv4/conf/tap-split/arp_accept; ip neigh flush dev tap-split'
before=$(net_counter split ctrl_commands)
host hmp announce_self >/dev/null
known() { host netns ip neigh show dev tap-split | grep -q "10.9.$i.2 lladdr"; }
acknowledged() { [ "$(net_counter split ctrl_commands)" -gt "$before" ]; }
check "announced" wait_for 20 known
check "and acknowledged" wait_for 10 acknowledged
check_equal "no command refused" 0 "$(net_counter split ctrl_failed)"

# The host's pings come a millisecond apart.
from_host() { host netns ping -q -c 500 -i 0.001 -W 5 "10.9.$i.2" | grep -o '[0-9]* received'; }
check_equal "no moderation at first" 0 "$(ethtool -c "$dev" | awk '$1 == "rx-usecs:" { print $2 }')"
irqs=$(interrupts split)
check_equal "all of 500" "500 received" "$(from_host)"
without=$(($(interrupts split) - irqs))
check "an interrupt each 10 ms at most" ethtool -C "$dev" rx-usecs 10000
irqs=$(interrupts split)
check_equal "all of 500" "500 received" "$(from_host)"
with=$(($(interrupts split) - irqs))
echo "# $without interrupts without, $with with"
check "fewer interrupts" [ $((2 * with)) -lt "$without" ]
check_equal "20 ms are refused" no "$(ethtool -C "$dev" rx-usecs 20000 2>/dev/null && echo yes || echo no)"
ethtool -C "$dev" rx-usecs 0
check "works" net_pings split 3 -i 0.05

if modinfo -n netconsole >/dev/null 2>&1; then
	host netns-begin console peer datagrams 6666
	wait_for 10 host netns sh -c "ss -lun | grep -q :6666"
	mac=$(host netns ip -o link show tap-split | sed 's/.*ether \([^ ]*\).*/\1/')
	check "netconsole" modprobe netconsole netconsole="6665@10.9.$i.2/$dev,6666@10.9.$i.1/$mac"
	echo "<1>vpv says hello" >/dev/kmsg
	sleep 1
	modprobe -r netconsole
	out=$(host netns-end console)
	check "what it sends comes" grep -q "vpv says hello" <<<"$out"
else
	skip "netconsole" "this kernel has none"
fi

for n in 1 2; do
	ping -q -f -w 60 "10.9.$i.1" >/dev/null 2>&1 & flood=$!
	host netns ping -q -f -w 20 "10.9.$i.2" >/dev/null 2>&1 &
	check "pulled out under traffic, $n" host device_del split
	check "gone" wait_for 10 [ ! -e "/sys/class/net/$dev" ]
	kill "$flood" 2>/dev/null
	wait 2>/dev/null
	check "plugged in" host device_add split
	check "there" wait_for 10 bdf split
	check "taken" take split
	check "the host answers" net_up split
	dev=$(netdev split)
done
