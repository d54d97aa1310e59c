#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vurtc
# briefly: 7.3
# timeout: 120
# fresh: yes
# Sleeping with an alarm set: out of suspend to idle it wakes the machine; over a
# suspend to RAM, where nothing of the device is awake, it is kept.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clock.bash"
grep -qw freeze /sys/power/state || skip_all "this kernel cannot suspend to idle"

starts_of() { vu "$1" stats | awk '$1 == "queue" && $2 == 0 { print $NF }'; }
started() { [ "$(starts_of "$1")" -gt "$2" ]; }

# If all else fails the machine's own clock wakes it.
cmos=/dev/rtc0

for name in split packed; do
	fresh $name || bail "no clock $name"
	rtc=$(rtc_of $name)
	check "$name: the alarm may wake the machine" \
		grep -qx enabled "/sys/class/rtc/${rtc##*/}/device/power/wakeup"
	rtc-check $cmos in 60 >/dev/null
	starts=$(starts_of $name)
	rtc-check "$rtc" in 8 >/dev/null
	start=$(host time)
	check "$name: suspend to idle, and out of it" sh -c 'echo freeze >/sys/power/state'
	took=$((($(host time) - start) / 1000000))
	check "$name: the alarm woke it, after $took ms" test "$took" -ge 500 -a "$took" -lt 40000
	check_equal "$name: the device told it" 1 "$(stat_of $name bells)"
	rtc-check $cmos off >/dev/null
	check "$name: it was started anew" wait_for 10 started $name "$starts"
	check "$name: the clock reads" ptp-check "$(ptp_of $name 0)" get 10
	check "$name: and rings" grep -q '^fired 1$' <(rtc-check "$rtc" wait 30)
done

if ! grep -qw mem /sys/power/state; then
	skip "suspend to RAM" "this kernel cannot"
else
	grep -qw deep /sys/power/mem_sleep && echo deep >/sys/power/mem_sleep
	check "an alarm is set" rtc-check "$(rtc_of split)" in 1000
	host wakeup-later 1 || bail "the host cannot wake us"
	check "suspend to RAM with an alarm set" sh -c 'echo mem >/sys/power/state'
	armed() { [ "$(vu split clocks | grep -c '^clock 0 .* enabled 1 expired 0')" = 1 ]; }
	check "it is set again" wait_for 10 armed || { vu split clocks | sed 's/^/# /'; rtc-check "$(rtc_of split)" alarm; }
	for name in split packed; do
		check "$name: reads" ptp-check "$(ptp_of $name 0)" get 10
	done
fi
check "the module unloads" unload virtio_pv_clock
