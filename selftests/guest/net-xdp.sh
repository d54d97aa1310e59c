#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# briefly: 7.3
# timeout: 300
# XDP: each verdict, on rings of each kind; programs come and go under traffic.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/xdp.bash"
need_lab
need_module virtio_pv_net
N=100

# one_verdict NAME PROGRAM BACK COUNTER
one_verdict() {
	local before seconds=''
	[ "$3" != 0 ] || seconds=1
	check "$1: $2" xdp_on "$1" "$2" "$(netdev "$1")" || return
	before=$(xdp_counter "$1" "$4")
	check_equal "$1: $2: what comes back" "sent $N back $3 wrong 0" "$(xdp_frames "$1" "$N" 200 $seconds)"
	check "$1: $2: counted ($4)" grows "$1" "$4" "$before" "$N"
}

for name in split small multi; do
	check "$name taken" take "$name" || continue
	check "the host answers" net_up "$name" || continue
	one_verdict "$name" drop 0 xdp_drops
	one_verdict "$name" tx "$N" xdp_tx
	one_verdict "$name" redirect "$N" xdp_redirects
	if [ "$name" = split ]; then
		one_verdict "$name" aborted 0 xdp_drops
		one_verdict "$name" unknown 0 xdp_drops
		one_verdict "$name" pass 0 xdp_packets
	fi
	check "$name: the stack's packets still pass" net_pings "$name" 3 -i 0.1
	check "$name: TCP from the host" net_receive "$name" 60000
	check "$name: no program" xdp_off "$name"
	check "$name: TCP from the host without" net_receive "$name" 60000
done

# What a program leaves in front of a packet reaches the stack with it.
dev=$(netdev split)
if why=$(tc qdisc add dev "$dev" clsact 2>&1 &&
	 tc filter add dev "$dev" ingress bpf da object-pinned "$(xdp_load see-meta)" 2>&1); then
	check "metadata" xdp_on split meta
	check_equal "metadata: what comes back" "sent $N back 0 wrong 0" "$(xdp_frames split "$N" 200 1)"
	seen() { [ "$(tc -s qdisc show dev "$dev" clsact | awk '/dropped/ { sub(/,.*/, "", $7); print $7 }')" -ge "$N" ]; }
	check "metadata: seen by the stack" wait_for 15 seen
	tc qdisc del dev "$dev" clsact
else
	skip "metadata" "this kernel has no clsact or no BPF classifier: ${why//$'\n'/ }"
fi

# Frames of several buffers.
host netns ip link set tap-split mtu 9000
xdp_off split
check "MTU of 9000" ip link set "$dev" mtu 9000
refused=$(xdp_on split tx 2>&1) && refused=taken
check "a program without frags is refused, and told why" grep -q "frags" <<<"$refused"
check "one with frags is not" xdp_on split tx,frags
check_equal "9000 bytes back and forth" "sent $N back $N wrong 0" "$(xdp_frames split "$N" 9000)"
check "redirected" xdp_on split redirect,frags "$dev"
check_equal "9000 bytes redirected" "sent $N back $N wrong 0" "$(xdp_frames split "$N" 9000)"
check "shorter at the end" xdp_on split shorter,frags
check_equal "9000 bytes shortened" "sent $N back 0 wrong 0" "$(xdp_frames split "$N" 9000 1)"
check "large packets to the stack" net_pings split 3 -i 0.1 -s 8900
xdp_off split
ip link set "$dev" mtu 1500
check "a program without frags" xdp_on split tx
check_equal "then no MTU of 9000" refused "$(ip link set "$dev" mtu 9000 2>/dev/null && echo taken || echo refused)"
xdp_off split
host netns ip link set tap-split mtu 1500
