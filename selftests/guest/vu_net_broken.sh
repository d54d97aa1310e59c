#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vunet
# timeout: 400
# briefly: none
# A device that breaks its rings is reset, one with a configuration nobody can use is
# refused, and one that changes over a reset is given up; traffic goes on after each.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-net.bash"

was_reset() { [ "$(log_count 'device is back')" -ge 1 ]; }
one_ping() { ping -c 1 -W 1 "${@:2}" "$(vunet_subnet "$1").1" >/dev/null 2>&1; }
faults_of() { if [ "$1" = split ] || [ "$1" = packed ]; then echo bad-id stale-id dup-id idx-jump bad-len; else echo bad-id; fi; }
# Buffers of all ids lie in a receive queue, so none is stale; and a transmitted one has no
# length that could be wrong.
cannot() { [ "$1.$2" = stale-id.0 ] || [ "$1.$2" = bad-len.1 ]; }

for name in split packed order plain; do
	for fault in $(faults_of "$name"); do
		for q in 0 1; do
			! cannot "$fault" $q || continue
			# Anew, or the pauses between resets get longer and longer.
			rebind "$name" none
			fresh "$name" >/dev/null
			ethtool -L "$(netdev "$name")" combined 1 2>/dev/null
			log_mark "$name $fault $q"
			vu "$name" fault "$fault" n=1 "q=$q" >/dev/null
			for _ in 1 2 3 4 5 6; do
				was_reset || one_ping "$name" -i 0.2
			done
			check "$name: fault $fault on queue $q: a reset" wait_for 20 was_reset || log_since
			truth "$name"
			check "$name: fault $fault on queue $q: it goes on" wait_for 20 pings "$name" 3 -i 0.05
		done
	done
	rebind "$name" none
	fresh "$name" >/dev/null
	honest "$name"
done

# Configurations nobody can use are refused, and the truth is taken again.
refused() {
	rebind "$1" none 2>/dev/null
	vu "$1" config "$2" "$3"
	log_mark "$1 $2 $3"
	rebind "$1" virtio_pv_net 2>/dev/null
	check_equal "$1: $2 $3: refused" "" "$(driver_of "$1")"
	check "$1: $2 $3: with a reason" more_than 0 log_count "$5" || log_since
	vu "$1" config "$2" "$4"
	check "$1: $2 $4: taken" fresh "$1"
}
refused split pairs 0 2 "claims 0 queue pairs"
refused split pairs 65535 2 "claims 65535 queue pairs"
refused split pairs 40 2 "queue"
refused split mtu 67 9000 "MTU of 67"
refused hash key-size 39 40 "hash keys of 39 bytes"
refused hash table-len 0 128 "tables of 0 entries"
rebind split none
vu split config mtu 65535
check "split: an MTU of 65535" fresh split
check_equal "split: is taken" 65535 "$(cat "/sys/class/net/$(netdev split)/mtu")"
check "split: and works" pings split 3 -i 0.05 -s 60000
rebind split none
vu split config mtu 9000
vu split config mac 0
check "split: no address" fresh split
check "split: gets one" pings split 3 -i 0.05
rebind split none
vu split config mac 0x525400767501

# Another device than before, after a reset.
check "packed: taken" fresh packed
log_mark "packed changed"
vu packed config pairs 1
vu packed fault bad-id n=1
one_ping packed
gone() { [ "$(log_count 'not the same device')" -ge 1 ]; }
check "packed: pairs that change over a reset end it" wait_for 20 gone || log_since
vu packed config pairs 2
truth packed
rebind packed none
check "packed: anew" fresh packed
