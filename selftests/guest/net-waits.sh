#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: netnotify
# briefly: 6.1 6.12 7.3
# timeout: 200
# The option notify of the network driver, and that no packet is left behind when
# its kick waits: bursts of each length, then silence.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.bash"
need_lab
need_module virtio_pv_net
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug

option=/sys/module/virtio_pv_net/parameters/notify
mode() { echo "$1" >"$option"; }

# told NAME COUNTER: of the transmit queues
told() {
	awk -F': *' -v what="$2" '$1 == "name" { tx = $2 ~ /^tx/ } tx && $1 == what { n += $2 } END { print n + 0 }' \
		"/sys/kernel/debug/virtio_pv/$(bdf "$1")/queues/"*
}
is() { [ "$(told "$1" "$2")" = "$3" ]; }

check "taken" take lan || exit 1
check_equal "the default" auto "$(cat "$option")"
check "an unknown value is refused" sh -c "! echo sometimes 2>/dev/null >$option"
check_equal "and changes nothing" auto "$(cat "$option")"

# burst NAME PACKETS: as close to each other as this shell can
burst() {
	local n
	exec 3>"/dev/udp/10.9.$(net_index "$1").1/7000"
	for ((n = 0; n < $2; n++)); do
		echo "packet" >&3
	done
	exec 3>&-
}

# bursts NAME: all of them arrive, each before the next begins, without the help of
# what looks for lost kicks once a second
bursts() {
	local name=$1 n sent=0 lost
	lost=$(told "$name" lost_kicks)
	host netns-begin "count$name" peer datagrams 7000
	wait_for 10 host netns sh -c "ss -lun | grep -q :7000" || { echo "nobody listens"; return 1; }
	for n in 1 2 3 4 7 8 15 16 31 32 33 40 64 100; do
		burst "$name" "$n"
		sent=$((sent + n))
		wait_for 5 is "$name" undecided 0 || { echo "burst of $n: $(told "$name" undecided) not told of"; return 1; }
		wait_for 5 is "$name" in_flight 0 || { echo "burst of $n: $(told "$name" in_flight) in flight"; return 1; }
	done
	sleep 0.2
	n=$(host netns-end "count$name" | grep -c packet)
	echo "sent $sent, the host has $n; kicks repeated: $(($(told "$name" lost_kicks) - lost))"
	[ "$n" = "$sent" ] && [ "$(told "$name" lost_kicks)" = "$lost" ]
}

for name in lan slow wide; do
	check "$name: taken" take "$name" || continue
	check "$name: the host answers" net_up "$name" || continue
	net_alone "$name"
	for value in latency auto throughput; do
		check "$name: $value is taken" mode "$value"
		check_equal "$name: and told" "$value" "$(cat "$option")"
		waits=$(told "$name" waits)
		check "$name, $value: every packet of every burst" bursts "$name"
		waits=$(($(told "$name" waits) - waits))
		case "$value" in
		latency) check_equal "$name, latency: nothing waits" 0 "$waits" ;;
		throughput) check "$name, throughput: some wait" [ "$waits" -gt 0 ] ;;
		esac
	done
	check "$name, throughput: TCP to the host" net_send "$name" 60000
	check "$name, throughput: TCP from the host" net_receive "$name" 60000
	kicks=$(kicks "$name") counted=$(told "$name" kicks)
	check "$name: pings" net_pings "$name" 20 -i 0.01
	check "$name: counts its kicks" [ $(($(told "$name" kicks) - counted)) -le $(($(kicks "$name") - kicks)) ]
done

(while sleep 0.02; do mode auto; mode latency; mode throughput; done) &
switching=$!
check "switched under traffic: to the host" net_send lan 200000
check "switched under traffic: from the host" net_receive lan 200000
kill "$switching"
wait "$switching" 2>/dev/null

# Down with packets that wait, and up again.
mode throughput
for n in 1 2 3 4 5; do
	burst lan 5
	ip link set "$(netdev lan)" down
	ip link set "$(netdev lan)" up
done
check "down and up amid waits" net_up lan
check "works" net_pings lan 5 -i 0.05
mode auto
check "the module goes" modprobe -r virtio_pv_net
