#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vurtc
# briefly: 6.1 6.12 7.3
# timeout: 120
# Several clocks of all types on both ring layouts, with MSI-X: names, offsets,
# every PTP request, cross-timestamps.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clock.bash"
. "$(dirname "$0")/udevd.bash"

check "our driver takes the clock on a split ring" take split || bail "no clock"
check "and the one on a packed ring" take packed || bail "no clock"
for name in split packed; do
	check "$name: it interrupts by MSI-X" grep -qx msix "/sys/bus/pci/devices/$(bdf $name)"/msi_irqs/*
done

# Types, each with the name user space knows it by; an unknown type is left alone.
types=$(for i in 0 1 2 3 4 5 6; do clock_attr split $i type; done | xargs)
check_equal "each clock is what the device calls it" \
	"virtio-utc virtio-tai virtio-mono virtio-utc-smr virtio-utc-noon virtio-utc-sls virtio-utc-may" "$types"
names=$(for i in 0 1 2 3 4 5 6; do cat "/sys/class/ptp/$(clock_attr split $i ptp)/clock_name"; done | xargs)
check_equal "and is called so as a PTP clock" "$types" "$names"
check_equal "ways of smearing" "noon-linear utc-sls unspecified" \
	"$(clock_attr split 4 smearing) $(clock_attr split 5 smearing) $(clock_attr split 6 smearing)"
check "a clock of unknown type is not shown" test ! -e "/sys/bus/pci/devices/$(bdf split)/clock7"
check_equal "which clocks have an alarm" "1 0" "$(clock_attr split 0 alarm) $(clock_attr split 1 alarm)"

# Of many clocks, udev names one that is not smeared. It wants more of a kernel than
# the debug kernel has.
if ! out=$(udevd_start); then
	skip "/dev/ptp_virtio is plain UTC" "udevd does not run on Linux $(uname -r): $(tail -n 1 <<<"$out")"
else
	udevd_look ptp
	utcs=" $(clock_attr split 0 ptp) $(clock_attr packed 0 ptp) "
	link=$(readlink /dev/ptp_virtio)
	check "/dev/ptp_virtio is plain UTC: $link" grep -q " $link " <<<"$utcs"
	udevd_stop
fi

# The clocks against one another and against the host's.
utc=$(ptp_of split 0) tai=$(ptp_of split 1) mono=$(ptp_of split 2) packed=$(ptp_of packed 0)
before=$(says last "$utc" get) now=$(host time) after=$(says last "$utc" get)
check "UTC is the host's time" test "$before" -le "$now" -a "$now" -le "$after"
before=$(says last "$utc" get) now=$(says last "$packed" get) after=$(says last "$utc" get)
check "so it is on the packed ring" test "$before" -le "$now" -a "$now" -le "$after"
before=$(says last "$utc" get) now=$(says last "$tai" get) after=$(says last "$utc" get)
check "TAI is 37 s ahead" test "$before" -le $((now - 37000000000)) -a $((now - 37000000000)) -le "$after"
check_equal "the monotonic clock runs forward" 0 "$(says back "$mono" parallel 100)"
vu split clock 1 step -5000000000 >/dev/null
now=$(says last "$tai" get) after=$(says last "$utc" get)
check "a step of one clock is seen" test $((now - 32000000000)) -le "$after"
vu split clock 1 step 5000000000 >/dev/null

# Every request.
for ptp in "$utc" "$packed"; do
	check_equal "$ptp: capabilities: cross-timestamps, no adjustment, no alarm, no pps" \
		"cross 1 max_adj 0 n_alarm 0 pps 0" "$(ptp-check "$ptp" caps | xargs)"
	check "$ptp: PTP_SYS_OFFSET" ptp-check "$ptp" basic 10
	check "$ptp: PTP_SYS_OFFSET_EXTENDED" ptp-check "$ptp" read 20
	check_equal "$ptp: cannot be set" "settime Operation not supported adjtime Operation not supported" \
		"$(ptp-check "$ptp" set | xargs)"
	check_equal "$ptp: has no pins, events or pulses" \
		"extts refused perout refused pps refused" "$(ptp-check "$ptp" extras | xargs)"
done
check_equal "no cross-timestamps where the device has none" 0 "$(says cross "$(ptp_of split 3)" caps)"
check_equal "nor on request" "Operation not supported" "$(error_of "$(ptp_of split 3)" precise)"

# PTP_SYS_OFFSET_EXTENDED with another system clock than that of the day
out=$(ptp-check "$utc" raw 20)
if grep -q "Invalid argument" <<<"$out"; then
	skip "extended readings by CLOCK_MONOTONIC_RAW" "Linux $(uname -r) has no choice of clock there"
else
	check "extended readings by CLOCK_MONOTONIC_RAW" grep -q '^ordered 20$' <<<"$out" || echo "# $out"
fi

# Cross-timestamps. The emulated guest's counter is the host's and a constant.
for name in split packed; do
	check "$name: the counter's offset is found" share_counter $name
	ptp=$(ptp_of $name 0)
	out=$(ptp-check "$ptp" precise 50)
	check "$name: 50 cross-timestamps" grep -q '^offset' <<<"$out" || echo "# $out"
	mid=$(says offset "$ptp" read 50)
	check "$name: they agree with the tightest bracket within 1 ms" \
		close_to "$(awk '$1 == "offset" { print $2 }' <<<"$out")" "$mid" 1000000 ||
		echo "# precise $(xargs <<<"$out"), bracket $mid"
done
check_equal "nothing was refused" "0 0" "$(clock_attr split 0 refused) $(clock_attr packed 0 refused)"
check_equal "and no request was wrong" "0 0 0 0" \
	"$(stat_of split violations) $(stat_of packed violations) $(stat_of split failed) $(stat_of packed failed)"

# Readers in parallel: all answered, never back, and the waits overlap.
out=$(ptp-check "$utc" parallel 100)
check_equal "eight readers at a time all get an answer" "good 800 bad 0 back 0" \
	"$(head -n 3 <<<"$out" | xargs)"
vu split fault slow 50 >/dev/null
start=${EPOCHREALTIME/./}
check_equal "with each answer 50 ms late too" 80 "$(says good "$utc" parallel 10)"
took=$(((${EPOCHREALTIME/./} - start) / 1000))
check "and do not wait in line: $took ms for 80 readings of 50 ms" test "$took" -lt 2500
truth split
check "the module unloads" unload virtio_pv_clock
