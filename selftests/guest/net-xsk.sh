#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# briefly: 7.3
# timeout: 300
# AF_XDP: packets through a program in user space, copied and without a copy.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/xdp.bash"
need_lab
need_module virtio_pv_net
N=300

# echo_through NAME MODE: the host's frames come back through the socket
echo_through() {
	local name=$1 mode=$2 dev pid
	dev=$(netdev "$name")
	xsk-echo "$dev" 0 "$mode" "$N" >/tmp/echo.out 2>&1 &
	pid=$!
	check "$name: $mode: bound" wait_for 15 grep -q ready /tmp/echo.out || { sed 's/^/# /' /tmp/echo.out; return; }
	check "$name: $mode: others are answered" net_pings "$name" 3 -i 0.1
	check_equal "$name: $mode: what comes back" "sent $N back $N wrong 0" "$(xdp_frames "$name" "$N" 300)"
	wait "$pid"
	check_equal "$name: $mode: what the socket saw" "echoed $N mode $mode" "$(grep echoed /tmp/echo.out)"
	check "$name: $mode: the stack has the queue again" net_pings "$name" 3 -i 0.1
}

for name in split multi small; do
	check "$name taken" take "$name" || continue
	check "the host answers" net_up "$name" || continue
	ethtool -L "$(netdev "$name")" combined 1 2>/dev/null
	changes=$(cat "/sys/class/net/$(netdev "$name")/carrier_changes")
	[ "$name" != split ] || echo_through "$name" copy
	echo_through "$name" zerocopy
	check_equal "$name: the carrier stayed" "$changes" "$(cat "/sys/class/net/$(netdev "$name")/carrier_changes")"
	check "$name: TCP from the host" net_receive "$name" 60000
done

# Ended in the midst of it, with packets under way.
dev=$(netdev split)
for n in 1 2 3 4 5; do
	xsk-echo "$dev" 0 zerocopy 1000000 >/tmp/echo.out 2>&1 &
	pid=$!
	wait_for 15 grep -q ready /tmp/echo.out || break
	host netns-begin frames peer frames tap-split 100 300
	wait_for 10 sh -c "[ \$(ethtool -S $dev | awk '/rx0_xdp_redirects/ { print \$2 }') -gt 0 ]"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	host netns-end frames >/dev/null
done
check_equal "killed five times" 5 "$n"
check "the host answers" wait_for 15 ping -c 1 -W 1 "10.9.$(net_index split).1"

# A reset under a socket.
xsk-echo "$dev" 0 zerocopy "$N" >/tmp/echo.out 2>&1 &
pid=$!
check "bound" wait_for 15 grep -q ready /tmp/echo.out
check "function reset" sh -c "echo 1 >/sys/bus/pci/devices/$(bdf split)/reset"
check "the host answers" wait_for 15 ping -c 1 -W 1 "10.9.$(net_index split).1"
check_equal "the socket goes on" "sent $N back $N wrong 0" "$(xdp_frames split "$N" 300)"
wait "$pid"
check "unplugged from its driver with a socket bound" sh -c "
	xsk-echo $dev 0 zerocopy 1000000 >/tmp/echo.out 2>&1 &
	for n in \$(seq 100); do grep -q ready /tmp/echo.out && break; sleep 0.1; done
	modprobe -r virtio_pv_net; status=\$?
	kill \$!; exit \$status"
