#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vunet
# timeout: 180
# briefly: 7.3
# A network device on each kind of ring that answers pings and datagrams itself: of every
# size there and back, in as many buffers as they need.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu-net.bash"

for name in split packed order plain hash; do
	check "$name: taken, and answered" fresh "$name" || { vu "$name" log; vu "$name" stats; continue; }
	address=$(vunet_subnet "$name").1
	before=$(stat_of "$name" pings)
	check "$name: 100 pings" pings "$name" 100 -i 0.01
	check_equal "$name: as the device saw" 100 $(($(stat_of "$name" pings) - before))
	for size in 0 18 200 1000 1472 4000 20000; do
		check "$name: $size bytes" pings "$name" 3 -i 0.05 -s "$size"
	done
	check "$name: many at once" pings "$name" 500 -i 0.001 -l 50
	for size in 1 1400 8000 30000; do
		check "$name: 50 datagrams of $size bytes, back as they were" udp-echo "$address" 50 "$size"
	done
	check_equal "$name: nothing dropped" "0 0" "$(sum "$name" drops) $(sum "$name" no_memory)"
	check_equal "$name: checksums were right" 0 "$(stat_of "$name" bad-csum)"
	honest "$name"
done
