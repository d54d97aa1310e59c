#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vunet
# timeout: 240
# briefly: none
# A device that says of frames what cannot be: a counted drop each time, and traffic
# goes on. What rings and the configuration can say is in vu_net_broken.sh.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-net.bash"

resets() { log_count 'resetting the device'; }
errors() { echo $(($(sum "$1" header_errors) + $(sum "$1" length_errors) + $(sum "$1" count_errors))); }
one_ping() { ping -c 1 -W 1 "${@:2}" "$(vunet_subnet "$1").1" >/dev/null 2>&1; }
# dropped NAME WHAT: the next frame is, counted, and the one after it is not
dropped() {
	local before
	before=$(errors "$1")
	one_ping "$1"
	check "$1: $2: dropped and counted" wait_for 5 more_than "$before" errors "$1"
	truth "$1"
	check "$1: $2: it goes on" pings "$1" 3 -i 0.02
}

for name in split packed order plain; do
	check "$name: taken" fresh "$name" || continue
	# one pair, so that it is known which queues are used
	ethtool -L "$(netdev "$name")" combined 1 2>/dev/null
	# nor does anything but pings take the lies away
	ip neigh replace "$(vunet_subnet "$name").1" lladdr 52:54:00:76:75:fe nud permanent dev "$(netdev "$name")"
	log_mark "$name headers"
	while read -r kind what; do
		[ "$kind" = all ] || [ "$name" != plain ] || continue
		while read -r lie value; do
			[ -z "$lie" ] || vu "$name" lie "$lie" "$value" n=1 >/dev/null
		done <<<"${what//;/$'\n'}"
		dropped "$name" "$what"
	done <<-END
	mergeable num-buffers 0
	mergeable num-buffers 2
	mergeable num-buffers 19
	mergeable num-buffers 65535
	all flags 1;csum-start 0;csum-offset 6
	all flags 1;csum-start 34;csum-offset 65535
	all flags 1;csum-start 65535;csum-offset 65535
	all flags 1;csum-start 97;csum-offset 0
	all gso-type 1
	all gso-type 1;gso-size 0;flags 1;csum-start 34;csum-offset 16
	all gso-type 3;gso-size 100;flags 1;csum-start 34;csum-offset 6
	all gso-type 5;gso-size 0;flags 1;csum-start 34;csum-offset 6
	all gso-type 133;gso-size 100;flags 1;csum-start 34;csum-offset 6
	all gso-type 127;gso-size 100
	END
	# shorter than header and frame can be
	for len in 0 1 11 12 25; do
		vu "$name" fault bad-len $len q=0 n=1 >/dev/null
		dropped "$name" "used length $len"
	done
	# odd, and allowed
	before=$(errors "$name")
	for what in "flags 254" "hdr-len 65535" "hash 1" "report 77"; do
		# shellcheck disable=SC2086
		vu "$name" lie $what n=3 >/dev/null
		check "$name: $what: no matter" pings "$name" 3 -i 0.02
	done
	check_equal "$name: nothing dropped for that" "$before" "$(errors "$name")"
	check_equal "$name: and no reset for any of it" 0 "$(resets)"

	honest "$name"
done

# Hashes of no known kind are none.
check "hash: taken" fresh hash
for what in "report 65535" "report 10" "hash 4294967295"; do
	# shellcheck disable=SC2086
	vu hash lie $what n=3 >/dev/null
	check "hash: $what: no matter" pings hash 3 -i 0.02
done
check_equal "hash: nothing dropped" 0 "$(errors hash)"
