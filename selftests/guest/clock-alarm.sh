#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vurtc
# briefly: 7.3
# timeout: 120
# Alarms of the device through the rtc class: set, enabled, fired, over resets and
# steps of the clock; and notifications of the device that make no sense.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clock.bash"

# alarm_of NAME: as the device has it: "enabled expired"
alarm_of() { vu "$1" clocks | awk '$2 == 0 { print $9, $11 }'; }
# rang NAME COUNT: more often than that
rang() { [ "$(stat_of "$1" bells)" -gt "$2" ]; }
armed() { [ "$(alarm_of "$1")" = "1 0" ]; }

for name in split packed; do
	fresh $name || bail "no clock $name"
	rtc=$(rtc_of $name) || bail "no rtc"

	now=$(($(host time) / 1000000000))
	check "$name: the rtc tells the host's time" close_to "$(rtc-check "$rtc" time | cut -d' ' -f2)" $now 5
	check_equal "$name: and cannot be set" "set Invalid argument" "$(rtc-check "$rtc" set)"

	check_equal "$name: no alarm at first" "0 0" "$(alarm_of $name)"
	out=$(rtc-check "$rtc" wait 30)
	check "$name: an alarm fires" grep -q '^fired 1$' <<<"$out"
	check "$name: not before its time, and soon ($(xargs <<<"$out"))" \
		test "$(awk '$1 == "late" { print $2 }' <<<"$out")" -ge 0 -a "$(awk '$1 == "late" { print $2 }' <<<"$out")" -le 10

	rtc-check "$rtc" in 1000 >/dev/null
	check_equal "$name: an alarm far ahead is set and on" "1 0" "$(alarm_of $name)"
	check_equal "$name: the rtc knows" "enabled 1" "$(rtc-check "$rtc" alarm | tail -n 1)"
	check "$name: turned off" rtc-check "$rtc" off
	check_equal "$name: the device heard" "0 0" "$(alarm_of $name)"
	check "$name: and on again" rtc-check "$rtc" on
	check_equal "$name: the device heard that too" "1 0" "$(alarm_of $name)"

	# a reset makes the device forget; the driver tells it again
	log_mark "reset $name"
	vu $name fault mute q=0 >/dev/null
	ptp-check "$(ptp_of $name 0)" get >/dev/null
	back() { [ "$(log_count 'device is back')" = 1 ]; }
	check "$name: the device was reset" wait_for 20 back || log_since
	check "$name: and has the alarm again" wait_for 10 armed $name

	# the clock steps over it
	bells=$(stat_of $name bells)
	vu $name clock 0 step 2000000000000 >/dev/null
	check "$name: a step over the alarm makes it fire" wait_for 10 rang $name "$bells"
	vu $name clock 0 step -2000000000000 >/dev/null

	# what makes no sense is dropped, and does no harm
	log_mark "nonsense $name"
	for lie in "bell-clock 3000" "bell-type 77"; do
		# shellcheck disable=SC2086
		vu $name lie $lie n=1 >/dev/null
		bells=$(stat_of $name bells)
		rtc-check "$rtc" in 1 >/dev/null
		check "$name: $lie: the device told it" wait_for 20 rang $name "$bells"
	done
	ignored() { [ "$(log_count 'ignored$')" = 2 ]; }
	check "$name: the driver ignored and said so" wait_for 5 ignored || log_since
	out=$(rtc-check "$rtc" wait 30)
	check "$name: the next alarm fires" grep -q '^fired 1$' <<<"$out"
	check_equal "$name: no request was wrong" "0 0" "$(stat_of $name failed) $(stat_of $name violations)"
done
check "the module unloads" unload virtio_pv_clock
