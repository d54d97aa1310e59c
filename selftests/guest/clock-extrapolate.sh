#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vurtc
# briefly: 7.3
# timeout: 90
# Readings without an exit: off by default; on request within the bound they state.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clock.bash"

window=/sys/module/virtio_pv_clock/parameters/extrapolate_ms
requests() { echo $(($(stat_of "$1" READ) + $(stat_of "$1" READ_CROSS))); }

# two cross-timestamps make a line
draw_line() {
	ptp-check "$1" get >/dev/null
	sleep 0.7
	ptp-check "$1" get >/dev/null
}

for name in split packed; do
	fresh $name || bail "no clock $name"
	ptp=$(ptp_of $name 0)
	check_equal "$name: off by default" 0 "$(cat $window)"
	check_equal "$name: no bound to state" 0 "$(clock_attr $name 0 extrapolation_bound_ns)"
	before=$(requests $name)
	ptp-check "$ptp" get 50 >/dev/null
	check_equal "$name: off: 50 readings ask 50 times" 50 $(($(requests $name) - before))
	check "$name: the counter's offset is found" share_counter $name

	echo 500 >$window
	draw_line "$ptp"
	bound=$(clock_attr $name 0 extrapolation_bound_ns)
	check "$name: on: a bound is stated: $bound ns" test "$bound" -gt 0
	before=$(requests $name) told=$(clock_attr $name 0 extrapolated)
	start=${EPOCHREALTIME/./}
	out=$(ptp-check "$ptp" read 3000)
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	asked=$(($(requests $name) - before))
	echo "# $(xargs <<<"$out"), $asked requests in $took ms"
	check "$name: on: 3000 readings ask the device $asked times in $took ms" \
		test "$asked" -le $((took / 250 + 3))
	check "$name: on: the others are counted" \
		test $(($(clock_attr $name 0 extrapolated) - told)) -ge $((2990 - asked))

	# Against the word of the device: a cross-timestamp is never extrapolated.
	worst=0
	for i in 1 2 3 4 5; do
		draw_line "$ptp"
		sleep 0.3
		bound=$(clock_attr $name 0 extrapolation_bound_ns)
		guess=$(says offset "$ptp" read 20)
		true=$(ptp-check "$ptp" precise 10)
		off=$((guess - $(awk '$1 == "offset" { print $2 }' <<<"$true")))
		spread=$(awk '$1 == "spread" { print $2 }' <<<"$true")
		[ "${off#-}" -le $((bound + spread + 100000)) ] || worst="$i: off by $off, bound $bound, spread $spread"
		echo "# off by $off ns, bound $bound, spread of the truth $spread"
	done
	check_equal "$name: extrapolated readings are within their bound of the truth" 0 "$worst"
	check "$name: nobody sees the time go back by more" \
		test "$(says bad "$ptp" parallel 500)" = 0

	# A step of the clock is followed when the window is over.
	draw_line "$ptp"
	vu $name clock 0 step 2000000000000 >/dev/null
	stepped() { close_to "$(says last "$ptp" get)" $(($(host time) + 2000000000000)) 20000000000; }
	check "$name: a step of the device's clock is followed" wait_for 10 stepped
	draw_line "$ptp"
	check "$name: and taken for what it is" stepped
	vu $name clock 0 step -2000000000000 >/dev/null

	# A counter that lies spoils nothing.
	vu $name lie ahead 1000000000000 >/dev/null
	refused() { [ "$(error_of "$ptp" get)" = "Input/output error" ]; }
	check "$name: an implausible counter is refused here too" wait_for 10 refused
	truth $name
	right() { close_to "$(says last "$ptp" get)" "$(host time)" 20000000000; }
	check "$name: the truth again" wait_for 10 right

	echo 0 >$window
	before=$(requests $name)
	ptp-check "$ptp" get 50 >/dev/null
	check_equal "$name: off again: 50 readings ask 50 times" 50 $(($(requests $name) - before))
done
check "the module unloads" unload virtio_pv_clock
