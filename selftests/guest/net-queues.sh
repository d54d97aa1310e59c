#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# briefly: 6.1 6.12 7.3
# timeout: 300
# Queue pairs: as many as CPUs, one interrupt vector each, changed under traffic.
. "$(dirname "$0")/lib.sh"
need_lab
need_module virtio_pv_net

check "taken" take multi || exit 1
check "the host answers" net_up multi || exit 1
dev=$(netdev multi)
address=$(bdf multi)

pairs() { ethtool -l "$dev" | awk '/^Current/ { now = 1 } now && $1 == "Combined:" { print $2 }'; }
vectors() { grep -c "$address-" /proc/interrupts; }

check_equal "two pairs" 2 "$(pairs)"
# one of each pair, the control queue's, and that of configuration changes
check_equal "four vectors" 4 "$(vectors)"
for cpu in 0 1; do
	taskset -c "$cpu" ping -q -c 5 -i 0.05 -W 5 "10.9.$(net_index multi).1" >/dev/null
done
check "both send" [ "$(net_counter multi tx0_packets)" -gt 0 -a "$(net_counter multi tx1_packets)" -gt 0 ]

ping -q -i 0.01 -W 5 -w 120 "10.9.$(net_index multi).1" >/tmp/ping.out &
ping=$!
for n in 1 2 1 2 1 2; do
	check "change to $n" ethtool -L "$dev" combined "$n"
	check_equal "now $n" "$n" "$(pairs)"
	sleep 0.3
done
kill -INT "$ping"
wait "$ping"
check "packets went on" grep -qE '[1-9][0-9]* received' /tmp/ping.out
check_equal "three are refused" no "$(ethtool -L "$dev" combined 3 2>/dev/null && echo yes || echo no)"
check "TCP to the host" net_send multi 60000
check "TCP from the host" net_receive multi 60000

# The same numbers by netlink, where the kernel asks for them.
told() { netdev-qstats "$dev" | awk -v kind="$1" -v queue="$2" '$1 == kind && $2 == queue { print $3; found = 1 } END { exit !found }'; }
# agrees rx|tx QUEUE: what netlink tells is between what ethtool tells before and after
agrees() {
	local before now
	before=$(net_counter multi "$1$2_packets")
	now=$(told "$1" "$2") || return 1
	echo "$before, by netlink $now, $(net_counter multi "$1$2_packets")"
	[ "$now" -ge "$before" ] && [ "$now" -le "$(net_counter multi "$1$2_packets")" ]
}
netdev-qstats "$dev" >/dev/null
if [ $? != 4 ]; then
	for queue in 0 1; do
		check "received on $queue, by netlink" agrees rx $queue
		check "sent on $queue, by netlink" agrees tx $queue
	done
else
	skip "statistics by netlink" "this kernel does not ask for them"
fi
