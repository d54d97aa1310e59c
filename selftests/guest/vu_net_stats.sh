#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vunet
# timeout: 120
# briefly: 7.3
# Counters the device keeps, in ethtool -S and in the statistics of queues, and a device
# whose answers to that make no sense.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-net.bash"

has() { ethtool -S "$dev" | grep -q "^ *$1:"; }
bad() { counter "$1" ctrl_bad_results; }

check_equal "hash: the device has none" 0 "$(fresh hash; dev=$(netdev hash); ethtool -S "$dev" | grep -c _hw_)"

for name in split packed order; do
	check "$name: taken" fresh "$name" || continue
	dev=$(netdev "$name")
	pings "$name" 50 -i 0.01 >/dev/null
	for queue in 0 1; do
		kind=$([ $queue = 0 ] && echo rx || echo tx)
		check_equal "$name: packets of queue $queue" "$(of_queue "$name" $queue packets)" \
			"$(counter "$name" "${kind}0_hw_packets")"
		check_equal "$name: bytes of queue $queue" "$(of_queue "$name" $queue bytes)" \
			"$(counter "$name" "${kind}0_hw_bytes")"
		check_equal "$name: notifications of queue $queue" "$(of_queue "$name" $queue kicks)" \
			"$(counter "$name" "${kind}0_hw_notifications")"
	done
	check "$name: commands" [ "$(counter "$name" cq_hw_command_num)" -gt 3 ]
	check "$name: checksums" has tx0_hw_needs_csum
	if [ "$name" = order ]; then
		check_equal "$name: segments do not come, and have no counter" no "$(has rx0_hw_gso_packets && echo yes || echo no)"
	else
		check "$name: segments" has rx0_hw_gso_packets
	fi
	# a stopped queue: the device drops, and says so
	ip link set "$dev" down
	ip link set "$dev" up
	if netdev-qstats "$dev" >/dev/null; then
		check_equal "$name: drops of queues, by netlink" "$(counter "$name" rx0_hw_drops)" \
			"$(netdev-qstats "$dev" drops | awk '$1 == "rx" && $2 == 0 { print $3 }')"
		check_equal "$name: checksums, by netlink" "$(counter "$name" tx0_hw_needs_csum)" \
			"$(netdev-qstats "$dev" needs-csum | awk '$1 == "tx" && $2 == 0 { print $3 }')"
	else
		skip "$name: by netlink" "this kernel has no statistics of queues"
	fi

	# What makes no sense is counted, and what was known is shown.
	log_mark "$name lies"
	while read -r lie value; do
		before=$(bad "$name")
		known=$(counter "$name" rx0_hw_packets)
		vu "$name" lie "$lie" "$value" >/dev/null
		ethtool -S "$dev" >/dev/null
		check "$name: $lie $value: counted" [ "$(bad "$name")" -gt "$before" ]
		check_equal "$name: $lie $value: shown as before" "$known" "$(counter "$name" rx0_hw_packets)"
		vu "$name" lie none >/dev/null
	done <<-END
	stat-size 0
	stat-size 7
	stat-size 65535
	stat-type 63
	stat-type 255
	stat-queue 77
	stat-queue 65535
	stat-bytes 3
	stat-bytes 4096
	END
	# Allowed: less than there could be.
	before=$(bad "$name")
	vu "$name" lie stat-bytes 0 >/dev/null
	check "$name: no answer but good: nothing new" ethtool -S "$dev"
	vu "$name" lie none >/dev/null
	check_equal "$name: and nothing wrong" "$before" "$(bad "$name")"
	vu "$name" refuse 8 1 >/dev/null
	check "$name: refused: nothing new" ethtool -S "$dev"
	vu "$name" refuse none >/dev/null
	check_equal "$name: then it is as the device says" "$(of_queue "$name" 0 packets)" "$(counter "$name" rx0_hw_packets)"
	check_equal "$name: no reset for all that" 0 "$(log_count 'resetting the device')"
	check "$name: works" pings "$name" 3 -i 0.05
done

# What a device claims to have decides what is asked for, no more.
rebind split none
vu split lie stat-types -1
take split
check "types of all kinds: taken" vunet_up split
vu split lie none >/dev/null
check "only known ones are asked for" [ "$(counter split rx0_hw_packets)" -gt 0 ]
rebind split none
vu split refuse 8 0 n=1
take split
dev=$(netdev split)
check_equal "capabilities refused: no counters" no "$(has rx0_hw_packets && echo yes || echo no)"
check "and all else" vunet_up split
rebind split none
check "none of it stays" fresh split
honest split
