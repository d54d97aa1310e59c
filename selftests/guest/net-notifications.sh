#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: netnotify
# briefly: 7.3
# timeout: 400
# kernels: 6.1 6.12 7.3
# Fewer kicks and interrupts than the in-tree driver on the same work, by QEMU's
# trace. Both drive the same device, in turn; the medians count, of more runs where
# they are close.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/median.bash"
. "$(dirname "$0")/net.bash"
need_lab
need_module virtio_pv_net
modinfo -n virtio_net >/dev/null 2>&1 || skip_all "no in-tree virtio_net to compare with"

# iperf NAME ARGS...: with a server of its own on the host
iperf() {
	local i status
	i=$(net_index "$1")
	host netns-begin "iperf$i" iperf3 -s -1 -B "10.9.$i.1" >/dev/null
	wait_for 20 host netns sh -c "ss -ltn | grep -q 10.9.$i.1:5201" || return 1
	timeout 100 iperf3 -c "10.9.$i.1" "${@:2}" >/tmp/iperf.out 2>&1
	status=$?
	host netns-end "iperf$i" >/dev/null
	return $status
}

# work NAME WORK
work() {
	case "$2" in
	ping) net_pings "$1" 200 -i 0.005 ;;
	udp) iperf "$1" -u -b 0 -l 64 -k 20000 ;;
	send) iperf "$1" -n 96M ;;
	receive) iperf "$1" -R -n 96M ;;
	esac
}

packets() { cat "/sys/class/net/$(netdev "$1")/statistics/"[rt]x_packets | awk '{ n += $1 } END { print n }'; }

# run NAME WORK: "kicks interrupts" of it, for 1000 packets each
run() {
	local k i n
	n=$(packets "$1") k=$(kicks "$1") i=$(interrupts "$1")
	work "$1" "$2" >/tmp/work.out 2>&1 || return 1
	k=$(($(kicks "$1") - k)) i=$(($(interrupts "$1") - i)) n=$(($(packets "$1") - n))
	[ "$n" -gt 0 ] && echo $((k * 1000 / n)) $((i * 1000 / n))
}

measure() {
	local driver what name k i
	for driver in theirs ours ours theirs; do
		for name in lan slow; do
			if [ "$driver" = ours ]; then
				take "$name" || bail "$name not taken"
			else
				rebind "$name" ""
				modprobe -qa virtio_pci virtio_net
			fi
			net_up "$name" || bail "no answer by $name"
			net_alone "$name"
		done
		for what; do
			read -r k i <<<"$(run "${what%.*}" "${what#*.}")"
			[ -n "${i:-}" ] || bail "$what failed: $(tail -n 3 /tmp/work.out /tmp/iperf.out)"
			counts[$driver.$what.kicks]+=" $k"
			counts[$driver.$what.irqs]+=" $i"
			counts[$driver.$what.both]+=" $((k + i))"
		done
	done
}

# at_most WORK WHAT PERCENT [LIMIT]: of the in-tree driver's, or so many for 1000 packets
at_most() {
	local ours theirs
	ours=$(median ours "$1" "$2") theirs=$(median theirs "$1" "$2")
	[ $((ours * 100)) -le $((theirs * $3)) ] || [ "$ours" -le "${4:-0}" ]
}

# What is held to what. A ping is one kick and one interrupt, for two packets; some are
# for the neighbour's address.
rules() {
	cat <<-END
	lan.ping kicks 105
	lan.ping irqs 105
	slow.ping kicks 105
	slow.ping irqs 60
	lan.udp kicks 50 100
	lan.udp irqs 50 50
	lan.send both 60
	lan.receive irqs 60
	END
}

works=(lan.ping slow.ping lan.udp lan.send lan.receive)
measure "${works[@]}"
for _ in 1 2 3; do
	again=()
	while read -r rule; do
		# shellcheck disable=SC2086 # words
		at_most $rule || again+=("${rule%% *}")
	done < <(rules)
	[ ${#again[@]} != 0 ] || break
	mapfile -t again < <(printf '%s\n' "${again[@]}" | sort -u)
	measure "${again[@]}"
done

while read -r name what percent limit; do
	echo "# $name, $what for 1000 packets: ours${counts[ours.$name.$what]}, in-tree${counts[theirs.$name.$what]}"
	check "$name: $what, ours $(median ours "$name" "$what"), in-tree $(median theirs "$name" "$what")" \
		at_most "$name" "$what" "$percent" "${limit:-}"
done < <(rules)
