#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vurtc
# briefly: 7.3
# timeout: 150
# A device that answers late, loses interrupts, or does not answer: each reading
# ends, and the device comes back when it can.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clock.bash"

ms_since() { echo $(((${EPOCHREALTIME/./} - $1) / 1000)); }
timeout_param=/sys/module/virtio_pv_clock/parameters/timeout_ms

for name in split packed; do
	fresh $name || bail "no clock $name"
	ptp=$(ptp_of $name 0)
	ptp-check "$ptp" get 10 >/dev/null

	# late: waited for
	log_mark "slow $name"
	vu $name fault slow 100 q=0 >/dev/null
	start=${EPOCHREALTIME/./}
	out=$(ptp-check "$ptp" get)
	took=$(ms_since "$start")
	check "$name: a slow answer is waited for ($took ms)" grep -q '^last' <<<"$out" || echo "# $out"
	check "$name: for as long as it takes" test "$took" -ge 100

	# an interrupt is lost: found when the time is up
	echo 3000 >$timeout_param
	vu $name fault no-irq 1 q=0 >/dev/null
	out=$(ptp-check "$ptp" get)
	check "$name: an answer without an interrupt is found" grep -q '^last' <<<"$out" || echo "# $out"
	echo 500 >$timeout_param
	check_equal "$name: none of it was a reason for a reset" 0 "$(log_count resetting)" || log_since
	truth $name

	# silent until it is reset
	log_mark "mute $name"
	vu $name fault mute q=0 >/dev/null
	start=${EPOCHREALTIME/./}
	check_equal "$name: no answer: an error" "Connection timed out" "$(error_of "$ptp" get)"
	check "$name: not before the time-out ($(ms_since "$start") ms)" test "$(ms_since "$start")" -ge 500
	out=$(ptp-check "$ptp" get 3)
	check "$name: the next reading is good" grep -q '^last' <<<"$out" || { echo "# $out"; log_since; }
	check_equal "$name: after one reset" 1 "$(log_count 'device is back')" || log_since

	# the same with eight readers: each ends, most of them well
	log_mark "mute and eight $name"
	vu $name fault mute q=0 >/dev/null
	out=$(ptp-check "$ptp" parallel 5 | head -n 3 | xargs)
	check "$name: eight readers on a device that falls silent: all end ($out)" \
		test "$(awk '{ print $2 + $4 }' <<<"$out")" = 40
	check "$name: none sees the time go back" grep -q 'back 0' <<<"$out"

	# a reader can be killed
	vu $name fault silent q=0 >/dev/null
	echo 60000 >$timeout_param
	ptp-check "$ptp" get >/dev/null &
	pid=$!
	asleep() { grep -q '^State:.[SD]' "/proc/$pid"/status; }
	wait_for 5 asleep
	kill -9 "$pid"
	dead() { [ ! -e "/proc/$pid" ] || grep -q '^State:.Z' "/proc/$pid"/status; }
	check "$name: a reader that waits can be killed" wait_for 10 dead
	wait "$pid" 2>/dev/null
	echo 500 >$timeout_param
	truth $name
	check "$name: and the next one reads" ptp-check "$ptp" get
done

# for ever: given up, errors at once, the module can go
log_mark "for ever"
vu split fault silent >/dev/null
ptp=$(ptp_of split 0)
given_up() { [ "$(error_of "$ptp" get)" = "No such device" ]; }
check "silent for ever: given up after some tries" wait_for 60 given_up || log_since
echo 20000 >$timeout_param
start=${EPOCHREALTIME/./}
error_of "$ptp" get >/dev/null
check "then an error comes at once ($(ms_since "$start") ms)" test "$(ms_since "$start")" -lt 5000
check "the module unloads" timeout 30 modprobe -r virtio_pv_clock
truth split
check "and the device comes back with it" take split
check "and reads" ptp-check "$(ptp_of split 0)" get 10
