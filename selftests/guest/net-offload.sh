#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# briefly: 6.12 7.3
# timeout: 400
# Each offload off and on again under TCP, frame sizes from 68 up.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.bash"
need_lab
need_module virtio_pv_net

check "taken" take packed || exit 1
check "the host answers" net_up packed || exit 1
dev=$(netdev packed)
i=$(net_index packed)
LINES_SENT=60000

both_ways() { net_send packed $LINES_SENT && net_receive packed $LINES_SENT; }

for offload in tso tx-udp-segmentation gso tx sg rx gro rx-gro-hw; do
	check "$offload off" ethtool -K "$dev" "$offload" off
	check "TCP without $offload" both_ways
done
check "TCP, all of them off" both_ways
ethtool -K "$dev" sg on tx on rx on gso on tso on gro on rx-gro-hw on tx-udp-segmentation on
check "TCP, all of them on" both_ways
check_equal "no command refused" 0 "$(net_counter packed ctrl_failed)"

for mtu in 68 576 1280 9000 65521; do
	net_host_mtu packed "$mtu" || bail "the host cannot set an MTU of $mtu"
	check "MTU $mtu" ip link set "$dev" mtu "$mtu" || continue
	check "MTU $mtu: full frames" net_pings packed 5 -i 0.05 -M 'do' -s $((mtu - 28))
done
check_equal "an MTU of 67 is refused" no "$(ip link set "$dev" mtu 67 2>/dev/null && echo yes || echo no)"
net_host_mtu packed 1500
ip link set "$dev" mtu 1500
ip addr replace "fd09:$i::2/64" dev "$dev" nodad
check "TCP after that" both_ways
check "IPv6 too" ping -q -c 3 -i 0.1 -W 5 "fd09:$i::1"
