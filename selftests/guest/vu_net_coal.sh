#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vunet
# timeout: 180
# briefly: 7.3
# Interrupts coalesced by the device, for all queues and for one; and as the load asks
# for, by the device or, where it cannot, by the driver.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-net.bash"

coal_of() { stat_of "$1" "coal-$2"; }
commands() { echo "$(stat_of "$1" ctrl-6-0) $(stat_of "$1" ctrl-6-1) $(stat_of "$1" ctrl-6-2)"; }
# since NAME BEFORE: commands of each kind since
since() {
	local a b
	read -ra a <<<"$2"
	read -ra b <<<"$(commands "$1")"
	echo "$((b[0] - a[0])) $((b[1] - a[1])) $((b[2] - a[2]))"
}
received() { echo $(($(counter "$1" rx0_packets) + $(counter "$1" rx1_packets))); }
got() { [ $(($(received "$1") - received0)) -ge "$2" ]; }
# sent NAME COUNT RATE: all of it arrives; prints interrupts the device made for receive queues
sent() {
	local irqs
	irqs=$(($(of_queue "$1" 0 interrupts) + $(of_queue "$1" 2 interrupts)))
	received0=$(received "$1")
	vu "$1" send "$2" 200 "rate=$3" >/dev/null
	wait_for 30 got "$1" "$2" || { echo "lost"; return 1; }
	echo $(($(of_queue "$1" 0 interrupts) + $(of_queue "$1" 2 interrupts) - irqs))
}
reset_by() { vu "$1" fault bad-id n=1 >/dev/null; ping -c 2 -i 0.2 -W 1 "$(vunet_subnet "$1").1" >/dev/null 2>&1; }
was_reset() { [ "$(log_count 'device is back')" -ge 1 ]; }

for name in split packed; do
	check "$name: taken" fresh "$name" || continue
	dev=$(netdev "$name")

	# for all queues, one command for what changed
	was=$(commands "$name")
	check "$name: receive" ethtool -C "$dev" rx-usecs 5000 rx-frames 32
	check_equal "$name: told for all receive queues" "32,5000 32,5000 0,0 0,0" \
		"$(coal_of "$name" 0) $(coal_of "$name" 2) $(coal_of "$name" 1) $(coal_of "$name" 3)"
	check_equal "$name: one command" "0 1 0" "$(since "$name" "$was")"
	ethtool -C "$dev" rx-usecs 5000 rx-frames 32 2>/dev/null
	check_equal "$name: and none for nothing new" "0 1 0" "$(since "$name" "$was")"
	check "$name: transmit" ethtool -C "$dev" tx-usecs 100 tx-frames 8
	check_equal "$name: told" "8,100 8,100" "$(coal_of "$name" 1) $(coal_of "$name" 3)"
	check_equal "$name: one more" "1 1 0" "$(since "$name" "$was")"

	# one queue
	check "$name: one pair" ethtool -Q "$dev" queue_mask 0x2 --coalesce rx-usecs 77 rx-frames 9
	check_equal "$name: told for that queue alone" "32,5000 9,77 8,100" \
		"$(coal_of "$name" 0) $(coal_of "$name" 2) $(coal_of "$name" 3)"
	check_equal "$name: one command" "1 1 1" "$(since "$name" "$was")"

	# a reset: the device has it all again
	log_mark "$name reset"
	reset_by "$name"
	check "$name: reset" wait_for 20 was_reset
	check "$name: works" pings "$name" 3 -i 0.05
	check_equal "$name: all is told anew" "32,5000 9,77 8,100 8,100" \
		"$(coal_of "$name" 0) $(coal_of "$name" 2) $(coal_of "$name" 1) $(coal_of "$name" 3)"

	# refused: nothing changes
	vu "$name" refuse 6 1 n=1
	check_equal "$name: refused" no "$(ethtool -C "$dev" rx-usecs 1 rx-frames 1 2>/dev/null && echo yes || echo no)"
	check_equal "$name: as before" 5000 "$(ethtool -c "$dev" | awk '$1 == "rx-usecs:" { print $2 }')"

	# what it brings
	ethtool -C "$dev" rx-usecs 0 rx-frames 0 tx-usecs 0 tx-frames 0
	without=$(sent "$name" 1000 2000)
	ethtool -C "$dev" rx-usecs 20000 rx-frames 64
	with=$(sent "$name" 1000 2000)
	echo "# $name: interrupts for 1000 frames: $without without, $with with"
	check "$name: fewer interrupts" [ $((2 * with)) -lt "$without" ]

	# as the load asks for
	ethtool -C "$dev" rx-usecs 0 rx-frames 0
	was=$(stat_of "$name" ctrl-6-2)
	check "$name: adaptive" ethtool -C "$dev" adaptive-rx on
	check_equal "$name: it says so" on "$(ethtool -c "$dev" | awk '/^Adaptive/ { print $3 }')"
	adapted=$(sent "$name" 20000 10000)
	check "$name: all came" [ "$adapted" != lost ]
	echo "# $name: interrupts for 20000 frames: $adapted; $(coal_of "$name" 0) and $(coal_of "$name" 2)"
	check "$name: the device was told" [ "$(stat_of "$name" ctrl-6-2)" -gt "$was" ]
	check "$name: one of the library's profiles" \
		grep -qE '^(256,(1|8|64|128|256)|0,0)$' <<<"$(coal_of "$name" 0)"
	log_mark "$name reset, adaptive"
	reset_by "$name"
	check "$name: reset" wait_for 20 was_reset
	check "$name: works" pings "$name" 3 -i 0.05
	check "$name: no longer" ethtool -C "$dev" adaptive-rx off
	check_equal "$name: what was set holds again" "0,0 0,0" "$(coal_of "$name" 0) $(coal_of "$name" 2)"
	honest "$name"
done

# Per queue alone, and for all alone.
check "order: taken" fresh order
check "order: set" ethtool -C "$(netdev order)" rx-usecs 50 rx-frames 4 tx-usecs 60 tx-frames 5
check_equal "order: by commands for queues" "4,50 5,60 0" "$(coal_of order 0) $(coal_of order 1) $(stat_of order ctrl-6-1)"
check "plain: taken" fresh plain
was=$(stat_of plain ctrl-6-2)
check "plain: set" ethtool -C "$(netdev plain)" rx-usecs 50 rx-frames 4
check_equal "plain: for all" "4,50 $was" "$(coal_of plain 0) $(stat_of plain ctrl-6-2)"
ethtool -Q "$(netdev plain)" queue_mask 1 --coalesce rx-usecs 9 >/dev/null 2>&1
check_equal "plain: not for one" "4,50" "$(coal_of plain 0)"
was=$(stat_of plain ctrl-6-1)
check "plain: adaptive" ethtool -C "$(netdev plain)" adaptive-rx on
check "plain: all came" [ "$(sent plain 10000 10000)" != lost ]
check "plain: with one pair, that is for all" [ "$(stat_of plain ctrl-6-1)" -gt "$was" ]
ethtool -C "$(netdev plain)" adaptive-rx off rx-usecs 0 rx-frames 0

# Not by the device.
check "hash: taken" fresh hash
dev=$(netdev hash)
check_equal "hash: frames are refused" no "$(ethtool -C "$dev" rx-frames 4 2>/dev/null && echo yes || echo no)"
own_usecs() { ethtool -Q "$dev" queue_mask 1 --show-coalesce | awk '$1 == "rx-usecs:" { print $2 }'; }
check "hash: adaptive" ethtool -C "$dev" adaptive-rx on
vu hash send 400000 200 rate=20000
check "hash: the driver tries what is better" wait_for 20 more_than 0 own_usecs
usecs=$(own_usecs)
check "hash: one of the library's profiles ($usecs us)" grep -qE '^(0|8|64|128|256)$' <<<"$usecs"
vu hash send 1 200
check "hash: no longer" ethtool -C "$dev" adaptive-rx off
check "hash: works" pings hash 3 -i 0.05
