#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# briefly: none
# timeout: 300
# Programs come and go under traffic, queues are reset under a program, and when
# the module goes no page of the receive queues is left behind.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/xdp.bash"
need_lab
need_module virtio_pv_net

check "taken" take split || exit 1
check "the host answers" net_up split || exit 1
dev=$(netdev split)
i=$(net_index split)
changes=$(cat "/sys/class/net/$dev/carrier_changes")

toggle() {
	while [ ! -e /tmp/enough ]; do
		xdp_on split pass || return 1
		xdp_on split tx,frags || return 1
		xdp_off split || return 1
	done
}
rm -f /tmp/enough
toggle >/tmp/toggle.out 2>&1 &
toggler=$!
ping -q -i 0.02 -c 200 -W 5 "10.9.$i.1" >/tmp/ping.out
check "TCP from the host meanwhile" net_receive split 60000
check "TCP to the host meanwhile" net_send split 60000
touch /tmp/enough
wait "$toggler"
check_equal "attached and detached" 0 "$?"
received=$(awk '/received/ { print $4 }' /tmp/ping.out)
check "nearly no packet lost" [ "${received:-0}" -ge 190 ]
check_equal "the carrier stayed" "$changes" "$(cat "/sys/class/net/$dev/carrier_changes")"

check "a program" xdp_on split tx
check "function reset" sh -c "echo 1 >/sys/bus/pci/devices/$(bdf split)/reset"
check "the host answers" wait_for 15 ping -c 1 -W 1 "10.9.$i.1"
check_equal "the program is there still" "sent 50 back 50 wrong 0" "$(xdp_frames split 50 200)"
check "down and up" sh -c "ip link set $dev down && ip link set $dev up"
check "the host answers" wait_for 15 ping -c 1 -W 1 "10.9.$i.1"
check_equal "the program is there still" "sent 50 back 50 wrong 0" "$(xdp_frames split 50 200)"

# Offloads that cannot be switched off (CTRL_GUEST_OFFLOADS is bit 2), and none at all.
echo 2 >/sys/module/virtio_pv/parameters/features_off
check "a device whose offloads cannot be switched" take packed
refused=$(xdp_on packed pass 2>&1) && refused=taken
check "is refused a program, and says why" grep -q "CTRL_GUEST_OFFLOADS" <<<"$refused"
echo >/sys/module/virtio_pv/parameters/features_off
check "a device without offloads" take bare
check "takes a program" xdp_on bare drop
check "the host answers" net_up bare

tracefs=/sys/kernel/tracing
mountpoint -q "$tracefs" 2>/dev/null || mount -t tracefs tracefs "$tracefs" 2>/dev/null
if [ -e "$tracefs/events/page_pool/page_pool_release" ]; then
	echo >"$tracefs/trace"
	echo 1 >"$tracefs/events/page_pool/page_pool_release/enable"
	check "the module goes" modprobe -r virtio_pv_net
	echo 0 >"$tracefs/events/page_pool/page_pool_release/enable"
	# the last word of each pool
	left=$(awk '/page_pool_release:/ { for (i = 1; i <= NF; i++) { if ($i ~ /^page_pool=/) p = $i; if ($i ~ /^inflight=/) n = $i }; last[p] = n; any = 1 }
		END { for (p in last) if (last[p] != "inflight=0") bad = bad " " p " " last[p]; print any ? "pools" bad : "none" }' "$tracefs/trace")
	check_equal "no page in flight" pools "$left"
else
	skip "no page in flight" "this kernel does not trace page pools"
	check "the module goes" modprobe -r virtio_pv_net
fi
