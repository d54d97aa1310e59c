#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vunet
# timeout: 240
# briefly: 7.3
# The control queue: only what changed is sent, many commands with one kick; refused,
# late, short and missing answers.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-net.bash"

commands() { stat_of "$1" ctrl-commands; }
was_reset() { [ "$(log_count 'device is back')" -ge 1 ]; }
ctrl_queue() { if [ "$1" = split ] || [ "$1" = packed ]; then echo 4; else echo 2; fi; }
# costs NAME COMMANDS WHAT...: so many commands, no more
costs() {
	local name=$1 n=$2 before
	shift 2
	before=$(commands "$name")
	"$@" || return 1
	sleep 0.3
	check_equal "$name: $n command(s): $*" "$n" $(($(commands "$name") - before))
}
# takes SECONDS LESS-THAN WHAT...: how long, and whether it worked
timed() {
	local start=$SECONDS
	"$@" >/dev/null 2>&1 && echo -n "yes " || echo -n "no "
	echo $((SECONDS - start))
}
# many_addresses INTERFACE: more than a command holds, until few_addresses
many_addresses() {
	rm -f /tmp/hold
	mkfifo /tmp/hold
	unicasts "$1" 300 </tmp/hold >/tmp/ready &
	exec 7>/tmp/hold
	wait_for 10 grep -q ready /tmp/ready
}
few_addresses() {
	exec 7>&-
	wait
}
vlans() { for vid in $(seq 2 21); do ip link "$1" link "$dev" name "$dev.$vid" type vlan id "$vid" || return 1; done; }
no_vlans() { for vid in $(seq 2 21); do ip link del "$dev.$vid" || return 1; done; }

modprobe 8021q
for name in split packed order plain; do
	check "$name: taken" fresh "$name" || continue
	dev=$(netdev "$name")
	q=$(ctrl_queue "$name")

	costs "$name" 1 ip link set "$dev" promisc on
	check_equal "$name: promiscuous" 1 "$(stat_of "$name" promisc)"
	costs "$name" 0 ip link set "$dev" promisc on
	costs "$name" 1 ip link set "$dev" promisc off
	costs "$name" 1 ip link set "$dev" allmulticast on
	costs "$name" 1 ip link set "$dev" allmulticast off
	multicasts=$(stat_of "$name" multicasts)
	costs "$name" 1 ip maddr add 33:33:00:00:12:34 dev "$dev"
	check_equal "$name: one more group" $((multicasts + 1)) "$(stat_of "$name" multicasts)"
	costs "$name" 1 ip maddr del 33:33:00:00:12:34 dev "$dev"
	costs "$name" 1 ip link set "$dev" address 52:54:00:12:34:56
	check "$name: another address works" pings "$name" 3 -i 0.05
	vlans=$(($(stat_of "$name" vlans) + 20))
	adds=$(stat_of "$name" ctrl-2-0)
	before=$(commands "$name")
	vlans add
	check_equal "$name: 20 VLANs more" "$vlans" "$(stat_of "$name" vlans)"
	check_equal "$name: a command for each" 20 $(($(stat_of "$name" ctrl-2-0) - adds))
	# the kernel may join a group for VLAN registration with the first
	check "$name: and no more" [ $(($(commands "$name") - before)) -le 21 ]

	# More addresses than fit into a command: all, of that kind only.
	many_addresses "$dev"
	check_equal "$name: all unicast, not promiscuous" "1 0" "$(stat_of "$name" alluni) $(stat_of "$name" promisc)"
	few_addresses
	check "$name: no longer" wait_for 5 same_as 0 stat_of "$name" alluni

	# After a reset all of it with a kick or two.
	ip link set "$dev" promisc on
	log_mark "$name all anew"
	before=$(commands "$name")
	kicks=$(counter "$name" ctrl_kicks)
	vu "$name" fault bad-id n=1
	ping -c 2 -i 0.2 -W 1 "$(vunet_subnet "$name").1" >/dev/null 2>&1
	check "$name: reset" wait_for 20 was_reset
	check "$name: works" pings "$name" 3 -i 0.05
	kicks=$(($(counter "$name" ctrl_kicks) - kicks))
	now=$(($(commands "$name") - before))
	check "$name: $now commands with $kicks kicks" [ "$now" -ge 22 -a "$kicks" -le 2 ]
	check_equal "$name: the device knows all" "1 $vlans" "$(stat_of "$name" promisc) $(stat_of "$name" vlans)"
	no_vlans
	ip link set "$dev" promisc off

	# Refused: an error for who waits, a message for who does not.
	log_mark "$name refused"
	failed=$(counter "$name" ctrl_failed)
	vu "$name" refuse 1 1 n=1
	check_equal "$name: an address refused" no "$(ip link set "$dev" address 52:54:00:00:00:99 2>/dev/null && echo yes || echo no)"
	check_equal "$name: the old one stays" 52:54:00:12:34:56 "$(cat "/sys/class/net/$dev/address")"
	vu "$name" refuse 0 0 n=1
	ip link set "$dev" promisc on
	ip link set "$dev" promisc off
	check_equal "$name: both counted" 2 $(($(counter "$name" ctrl_failed) - failed))
	check "$name: and told" wait_for 5 more_than 0 log_count "refuses control command 0/0"

	# Answers that are none.
	for fault in "bad-len 0" "status 77" "status 255"; do
		# shellcheck disable=SC2086
		vu "$name" fault $fault "q=$q" n=1 >/dev/null
		check_equal "$name: $fault: an error" no "$(ip link set "$dev" address 52:54:00:00:00:98 2>/dev/null && echo yes || echo no)"
	done
	check_equal "$name: no reset for that" 0 "$(log_count 'resetting the device')"

	# Late ones are waited for.
	vu "$name" fault slow 1500 "q=$q" n=1 >/dev/null
	read -r good took <<<"$(timed ip link set "$dev" address 52:54:00:12:34:57)"
	check_equal "$name: a late answer is an answer" yes "$good"
	check "$name: it was waited for ($took s)" [ "$took" -ge 1 -a "$took" -le 6 ]

	# None: a deadline, a reset, and all goes on.
	log_mark "$name mute"
	vu "$name" fault mute "q=$q" >/dev/null
	read -r good took <<<"$(timed ip link set "$dev" address 52:54:00:12:34:58)"
	check_equal "$name: no answer is an error" no "$good"
	check "$name: in time ($took s)" [ "$took" -ge 4 -a "$took" -le 9 ]
	check "$name: reset" wait_for 20 was_reset
	check "$name: works" pings "$name" 3 -i 0.05
	costs "$name" 1 ip link set "$dev" promisc on
	check_equal "$name: commands as well" 1 "$(stat_of "$name" promisc)"
	ip link set "$dev" promisc off

	# Nobody waits for these.
	log_mark "$name mute, nobody waits"
	vu "$name" fault mute "q=$q" >/dev/null
	ip link set "$dev" promisc on
	check "$name: the stack is not held up" pings "$name" 3 -i 0.05
	check "$name: reset" wait_for 20 was_reset
	check_equal "$name: told after all" 1 "$(wait_for 5 same_as 1 stat_of "$name" promisc; stat_of "$name" promisc)"
	ip link set "$dev" promisc off
	honest "$name"
done

# A device without the extra modes can only be promiscuous.
check "hash: taken" fresh hash
many_addresses "$(netdev hash)"
check_equal "hash: promiscuous for too many addresses" 1 "$(stat_of hash promisc)"
few_addresses
check "hash: no longer" wait_for 5 same_as 0 stat_of hash promisc
honest hash

# Silent to the end: the device can be given back.
vu split fault silent q=4 >/dev/null
ip link set "$(netdev split)" promisc on
read -r good took <<<"$(timed rebind split none)"
check "a silent control queue holds nobody up ($took s)" [ "$took" -le 15 ]
vu split fault none >/dev/null
check "and it works again" fresh split
