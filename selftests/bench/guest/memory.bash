# SPDX-License-Identifier: GPL-2.0-only
# The balloon and the clock. For main, which sets ms, row and driver.
# shellcheck shell=bash disable=SC2154

. /test/balloon.bash
modprobe -qa virtio_balloon || true
memory_mib=6144

# open DRIVER PLACE: there is one balloon, which changes hands
open() {
	case "$1:$2" in
	ours:balloon)
		[ "$(driver_of balloon0)" = virtio_pv_balloon ] || take balloon0 >/dev/null ;;
	in-tree:balloon)
		[ "$(driver_of balloon0)" = virtio-pci ] || give balloon0 >/dev/null ;;
	*)
		[ "$(driver_of clock0)" = virtio_pv_clock ] || take clock0 >/dev/null ;;
	esac
}

# balloon MIB ROW: memory that the host has had to give goes to it, and comes back
balloon() {
	: >/tmp/output
	touch_memory $(($1 + $1 / 8))
	host meter balloon balloon0 $((memory_mib - $1)) 100 >/tmp/meter
	emit "$row" "$(cat /tmp/meter)" balloon /tmp/output "\"mib\":$1"
	host meter balloon balloon0 "$memory_mib" 100 >/tmp/meter
	emit "$2" "$(cat /tmp/meter)" balloon /tmp/output "\"mib\":$1"
}

# settled: nothing has been reported for longer than the kernel waits before it
# reports. A driver that has just come first reports all memory that is free.
settled() {
	local before now
	before=$(kicks balloon0)
	for _ in {1..20}; do
		sleep 3
		now=$(kicks balloon0)
		[ "$now" != "$before" ] || return 0
		before=$now
	done
	echo "free pages are reported without end" >&2
	return 1
}

# report MIB: memory is filled and freed, until nothing more is reported
report() {
	local before
	: >/tmp/output
	settled
	mount -o remount,size=95% /dev/shm
	dd if=/dev/zero of=/dev/shm/fill bs=1M count="$1" 2>/dev/null
	before=$(rss_mib)
	host meter begin balloon0
	rm /dev/shm/fill
	settled
	host meter end >/tmp/meter
	emit "$row" "$(cat /tmp/meter)" report /tmp/output "\"mib\":$((before - $(rss_mib)))"
}

clock() {
	local ptp n=$((ms * 20))
	ptp=/dev/$(cat "/sys/bus/pci/devices/$(bdf clock0)/clock0/ptp")
	ptp-check "$ptp" read 50 >/dev/null
	host meter begin clock0
	ptp-check "$ptp" get $n >/tmp/output
	ptp-check "$ptp" read $n >>/tmp/output
	host meter end >/tmp/meter
	emit "$row" "$(cat /tmp/meter)" ptp /tmp/output "\"readings\":$((2 * n))"
}

measure() {
	local row=$1 work
	read -ra work <<<"$4"
	"${work[@]}"
}
