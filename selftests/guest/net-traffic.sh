#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# briefly: 6.1 6.12 7.3
# timeout: 400
# Packets of all sizes and TCP both ways, over rings of each kind; nothing is
# lost, doubled or changed. The host sums for itself what comes from "bare".
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.bash"
need_lab
need_module virtio_pv_net

# sent NAME: packets, by all queues
sent() { ethtool -S "$(netdev "$1")" | awk '$1 ~ /^tx[0-9]+_packets:$/ { n += $2 } END { print n + 0 }'; }

for name in split packed small multi bare; do
	check "$name: taken" take "$name" || continue
	check "$name: the host answers" net_up "$name" || continue
	dev=$(netdev "$name")
	i=$(net_index "$name")
	check "$name: 300 small packets" net_pings "$name" 300 -i 0.005 -s 0
	check "$name: full frames" net_pings "$name" 20 -i 0.01 -s 1472 -M 'do'
	check "$name: 60000 bytes in fragments" net_pings_apart "$name" 3 -s 60000
	check "$name: IPv6" ping -q -c 3 -i 0.1 -W 5 "fd09:$i::1"
	check "$name: TCP to the host" net_send "$name" 100000
	check "$name: TCP from the host" net_receive "$name" 100000
	for counter in rx0_length_errors rx0_header_errors rx0_count_errors rx0_drops tx0_drops tx0_tx_timeouts; do
		[ "$(net_counter "$name" "$counter")" = 0 ] || not_ok "$name: $counter is 0" "$(ethtool -S "$dev")"
	done
	check "$name: counts what it sent" [ "$(sent "$name")" -gt 300 ]
done
