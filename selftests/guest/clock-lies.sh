#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vurtc
# briefly: 7.3
# timeout: 150
# A device that says what cannot be true: an error each time, never a wrong time.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clock.bash"

# refuses NAME WHAT REASON VERB PTP: the lie is set; the call has to fail so, and
# the one after it, which is told the truth, to be good.
refuses() {
	local name=$1 what=$2 reason=$3 verb=$4 ptp=$5 got
	got=$(error_of "$ptp" "$verb")
	check_equal "$name: $what: an error" "$reason" "$got"
	truth "$name"
	got=$(error_of "$ptp" "$verb")
	check_equal "$name: $what: and then the truth again" "" "$got"
}

right_time() {
	local now
	now=$(host time)
	close_to "$(says last "$1" get)" "$now" 20000000000
}

for name in split packed; do
	fresh $name || bail "no clock $name"
	check "$name: the counter's offset is found" share_counter $name
	ptp=$(ptp_of $name 0)
	mono=$(ptp_of $name "$([ $name = split ] && echo 2 || echo 1)")
	refused0=$(clock_attr $name 0 refused)

	# readings
	for value in -1 -9223372036854775808; do
		vu $name lie reading "$value" >/dev/null
		refuses $name "a reading of $value" "Value too large for defined data type" get "$ptp"
	done
	ptp-check "$mono" get 3 >/dev/null
	vu $name lie back 3000000000 n=1 >/dev/null
	refuses $name "a monotonic clock that goes back" "Input/output error" get "$mono"
	for cycles in 1000000000000 -1000000000000; do
		vu $name lie ahead "$cycles" n=1 >/dev/null
		refuses $name "a counter off by $cycles" "Input/output error" precise "$ptp"
	done
	vu $name lie reading -1 >/dev/null
	refuses $name "a cross-timestamp of no time" "Value too large for defined data type" precise "$ptp"
	check_equal "$name: each was counted" 5 $(($(clock_attr $name 0 refused) - refused0))

	# answers; what the ring looks like is nothing to them
	[ $name = packed ] || while IFS='|' read -r fault reason; do
		# shellcheck disable=SC2086
		vu $name fault $fault n=1 q=0 >/dev/null
		refuses $name "fault $fault" "$reason" get "$ptp"
	done <<-END
	short-read 8|Protocol error
	short-read 15|Protocol error
	status 1|Protocol error
	status 2|Operation not supported
	status 3|No such device or address
	status 4|Invalid argument
	status 5|Input/output error
	status 255|Protocol error
	END

	# A broken ring: the device is reset, the request sent again. On a packed ring the
	# second completion may lie where the next request goes, which is then never
	# answered: an error, once.
	for fault in bad-len bad-id stale-id dup-id idx-jump; do
		[ $name.$fault != packed.idx-jump ] || continue
		# Anew, or the pauses between resets get longer than a reading waits.
		rebind $name none
		fresh $name || bail "no clock $name"
		ptp=$(ptp_of $name 0)
		log_mark "$fault $name"
		vu $name fault $fault n=1 q=0 >/dev/null
		out=$(ptp-check "$ptp" get 5)
		[ $name.$fault != packed.dup-id ] || out=${out/*timed out*/last}
		check "$name: fault $fault: readings all the same" grep -q '^last' <<<"$out" || echo "# $out"
		back() { [ "$(log_count 'device is back')" -ge 1 ]; }
		check "$name: fault $fault: after a reset" wait_for 20 back || log_since
		check "$name: fault $fault: and then for good" ptp-check "$ptp" get 5
	done
	check "$name: and it is the right time" right_time "$ptp"

	# another device than before: no reading ever
	log_mark "changed $name"
	vu $name lie type 1 >/dev/null
	vu $name fault mute q=0 >/dev/null
	ptp-check "$ptp" get >/dev/null
	gone() { [ "$(error_of "$ptp" get)" = "No such device" ]; }
	check "$name: clocks that have changed over a reset are not read any more" wait_for 20 gone || log_since
	truth $name
	check_equal "$name: nor when they change back" "No such device" "$(error_of "$ptp" get)"

	# an absurd number of clocks
	rebind $name none
	for count in 65 65535; do
		log_mark "count $count $name"
		vu $name lie clocks $count n=1 >/dev/null
		rebind $name virtio_pv_clock 2>/dev/null
		check_equal "$name: $count clocks: the device is refused" 1 "$(log_count "claims $count clocks")" || log_since
	done
	vu $name lie clocks 0 n=1 >/dev/null
	take $name
	check "$name: no clocks: taken, with nothing to read" test ! -e "/sys/bus/pci/devices/$(bdf $name)/clock0"
	rebind $name none
	check "$name: the truth: it is back" fresh $name
	check "$name: and reads" ptp-check "$(ptp_of $name 0)" get 10
done
check "the module unloads" unload virtio_pv_clock
