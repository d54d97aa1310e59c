# SPDX-License-Identifier: GPL-2.0-only
# The network, by iperf3, fping and ab; their servers run on the host, outside of
# QEMU. For main, which sets ms and driver.
# shellcheck shell=bash disable=SC2154

modprobe -qa virtio_net e1000 e1000e || true
# fping asks for the number of its protocol by name
[ -e /etc/protocols ] || printf 'icmp 1 ICMP\nipv6-icmp 58 IPv6-ICMP\n' >/etc/protocols
echo "@environment iperf3 $(iperf3 --version | head -n 1)"
seconds=$(((ms + 500) / 1000))
[ "$seconds" -ge 1 ] || seconds=1

# What the tool does at its beginning and end is not counted: the meter starts when
# packets flow and stops before they cease.
window() { awk -v s="$seconds" 'BEGIN { print s - 0.3 }'; }

name_of() {
	case "$1:$2" in
	ours:tap | in-tree:tap) pair "$1" "" ;;
	ours:timer | in-tree:timer) pair "$1" timer- ;;
	*) echo "$1" ;;
	esac
}

# serve NAME ADDRESS: (again, when a client was cut short)
serve() {
	host netns-begin "iperf-$1" sh -c "exec iperf3 -s -B $2 >/dev/null 2>&1"
	wait_for 10 host netns sh -c "ss -ltn | grep -q '$2:5201'"
}

# open DRIVER PLACE: once
open() {
	local name state=/tmp/net.$1.$2
	[ ! -e "$state" ] || return 0
	name=$(name_of "$1" "$2")
	[ "$1" != ours ] || take "$name" >/dev/null
	netdev "$name" >"$state.new"
	net_up "$name" >&2
	# whose neighbour discovery would be counted, too
	echo 1 >"/proc/sys/net/ipv6/conf/$(cat "$state.new")/disable_ipv6"
	serve "$name" "10.9.$(net_index "$name").1"
	host netns sh -c 'ss -ltn | grep -q :8080' >/dev/null || host netns-begin pages peer pages 8080
	mv "$state.new" "$state"
}

packets() { awk '{ n += $1 } END { print n }' "/sys/class/net/$1/statistics/"[rt]x_packets; }

# metered PACKETS NAME CMD...: CMD's output goes to /tmp/output, the meter's to /tmp/meter
metered() {
	local packets=$1 name=$2 tool meter good=0
	shift 2
	timeout $((seconds + 20)) "$@" >/tmp/output 2>&1 &
	tool=$!
	host meter flow "$(window)" "$packets" "$name" >/tmp/meter &
	meter=$!
	wait $tool || good=1
	wait $meter || good=1
	return $good
}

measure() {
	local row=$1 driver=$2 place=$3 name dev address irqs='' p word more='' tool args
	read -r tool args <<<"$4"
	name=$(name_of "$driver" "$place") dev=$(cat "/tmp/net.$driver.$place")
	address=10.9.$(net_index "$name").1
	word=" $dev(-.*)?\$"
	irqs=$(guest_interrupts "$word") p=$(packets "$dev")
	case "$tool" in
	iperf3)
		# shellcheck disable=SC2086 # args are words
		metered 100 "$name" iperf3 -J -c "$address" -t "$seconds" $args || {
			grep -o '"error":.*' /tmp/output >&2
			serve "$name" "$address"
			return 1
		} ;;
	fping)	# sleeps until its next packet is due; ping keeps a processor busy
		metered 4 "$name" fping -q -t 2000 -i 0.1 -p $((1000 / args)) -C $((seconds * args)) "$address" ;;
	ab)
		metered 20 "$name" ab -q -s 10 -c "$args" -t "$seconds" -n 1000000 "http://$address:8080/" ;;
	*)
		echo "no tool $tool" >&2
		return 1 ;;
	esac
	case "$driver" in
	ours | in-tree) ;;
	*) more="\"guest_irqs\":$(($(guest_interrupts "$word") - irqs)),\"guest_packets\":$(($(packets "$dev") - p))" ;;
	esac
	emit "$row" "$(cat /tmp/meter)" "$tool" /tmp/output "$more"
}
