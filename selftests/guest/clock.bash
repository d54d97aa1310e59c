# SPDX-License-Identifier: GPL-2.0-only
# For tests of the clock behind vhost-user: commands, attributes, readings.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/vu-device.bash"

need_lab
need_module virtio_pv_clock

# A request that is not answered is given up soon.
unload virtio_pv_clock 2>/dev/null
load virtio_pv_clock timeout_ms=500 || bail "virtio_pv_clock does not load"

truth() { vu "$1" fault none >/dev/null && vu "$1" lie none >/dev/null; }

clock_attr() { cat "/sys/bus/pci/devices/$(bdf "$1")/clock$2/$3"; }
ptp_of() { echo "/dev/$(clock_attr "$1" "$2" ptp)"; }

# rtc_of NAME CLOCK: its rtc class device
rtc_of() {
	local path
	for path in "/sys/bus/pci/devices/$(bdf "$1")"/virtio_pv_rtc.*/rtc/rtc*; do
		[ -e "$path" ] && echo "/dev/${path##*/}" && return
	done
	echo "no rtc below $1" >&2
	return 1
}

# says FIELD DEVICE VERB...: one value of ptp-check's
says() {
	local field=$1
	shift
	ptp-check "$@" | awk -v name="$field" '$1 == name { print $2 }'
}

# error_of DEVICE VERB...: the reason in ptp-check's words, empty when there is none
error_of() { ptp-check "$@" | sed -n 's/^error [^:]*: //p'; }

# close_to A B DISTANCE
close_to() { [ $(($1 - $2)) -le "$3" ] && [ $(($2 - $1)) -le "$3" ]; }

# fresh NAME: its faults gone, under our driver
fresh() {
	truth "$1"
	take "$1" && wait_for 10 test -e "$(ptp_of "$1" 0)"
}

# share_counter NAME: tell the device what this guest's counter has more than the
# host's, and how sure that is
share_counter() {
	local ptp out
	ptp=$(ptp_of "$1" 0)
	vu "$1" clock 0 source counter >/dev/null || return 1
	out=$(ptp-check "$ptp" calibrate 200) || { echo "$out"; return 1; }
	vu "$1" clock 0 source host >/dev/null
	# shellcheck disable=SC2046
	vu "$1" counter offset $(awk '{ print $2 }' <<<"$out") >/dev/null
}
