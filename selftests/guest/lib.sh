# SPDX-License-Identifier: GPL-2.0-only
# For the guest tests: results in KTAP, devices by name, the host, waiting.
# shellcheck shell=bash
# Sourced first thing; the exit status follows the results.

set -uo pipefail

ktap_count=0 ktap_failed=0 ktap_skipped=0 ktap_planned=''
echo "KTAP version 1"
trap ktap_exit EXIT

# ktap_plan N: how many results will come. Without it the plan is printed last.
ktap_plan() {
	ktap_planned=$1
	echo "1..$1"
}

ok() {
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count - $1"
}

# not_ok NAME [WHY]
not_ok() {
	ktap_count=$((ktap_count + 1))
	ktap_failed=$((ktap_failed + 1))
	[ -z "${2:-}" ] || sed 's/^/# /' <<<"$2"
	echo "not ok $ktap_count - $1"
}

# skip NAME REASON
skip() {
	ktap_count=$((ktap_count + 1))
	ktap_skipped=$((ktap_skipped + 1))
	echo "ok $ktap_count - $1 # SKIP $2"
}

# skip_all REASON: the whole test
skip_all() {
	trap - EXIT
	echo "1..0 # SKIP $1"
	exit 4
}

# check NAME CMD...: CMD's words are shown when it fails
check() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "${out:-no output}
failed: $*"
		return 1
	fi
}

# check_equal NAME WANTED GOT
check_equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "wanted '$2', got '$3'"
		return 1
	fi
}

# bail WHY: a failure that makes the rest pointless
bail() {
	not_ok "can go on" "$1"
	exit 1
}

ktap_exit() {
	local status=$?
	[ -n "$ktap_planned" ] || echo "1..$ktap_count"
	if [ "$ktap_failed" != 0 ]; then
		exit 1
	elif [ "$status" != 0 ]; then
		exit "$status"
	elif [ "$ktap_count" = "$ktap_skipped" ]; then
		exit 4
	fi
	exit 0
}

# wait_for SECONDS CMD...: until CMD succeeds; fails at the deadline
wait_for() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# The lab around this guest; a guest of a user's own has none.
in_lab() { [ -e /test/map ] && [ -c /dev/ttyS2 ]; }
need_lab() { in_lab || skip_all "needs the lab around the guest: selftests/lab/lab test"; }

# Devices. The map has lines NAME KIND ADDRESS slot|port.
map_field() { awk -v name="$1" -v n="$2" '$1 == name { print $n; found = 1 } END { exit !found }' /test/map; }

# bdf NAME: its PCI address now; fails when it is not plugged in
bdf() {
	local address where dev
	address=$(map_field "$1" 3) || { echo "no device '$1' in this guest" >&2; return 1; }
	where=$(map_field "$1" 4)
	if [ "$where" = port ]; then
		for dev in "/sys/bus/pci/devices/$address"/????:??:??.?; do
			[ -e "$dev" ] && { basename "$dev"; return; }
		done
		return 1
	fi
	[ -e "/sys/bus/pci/devices/$address" ] && echo "$address"
}

# driver_of NAME: the driver that has the device, empty when none
driver_of() {
	local dev
	dev=$(bdf "$1") || return 1
	basename "$(readlink "/sys/bus/pci/devices/$dev/driver" 2>/dev/null)" 2>/dev/null
}

our_driver() {
	case "$(map_field "$1" 2)" in
	blk | dev) echo virtio_pv_blk ;;
	net) echo virtio_pv_net ;;
	balloon) echo virtio_pv_balloon ;;
	clock) echo virtio_pv_clock ;;
	*) return 1 ;;
	esac
}

# need_module NAME: or the test is skipped
need_module() {
	modinfo -n "$1" >/dev/null 2>&1 || skip_all "no module $1 for $(uname -r)"
}

load() { modprobe "$@"; }
unload() { modprobe -r "$@"; }

# rebind NAME OVERRIDE: to the driver called so, or with an empty one to
# whichever driver wants it by itself.
rebind() {
	local dev path
	dev=$(bdf "$1") || return 1
	path=/sys/bus/pci/devices/$dev
	echo "$2" >"$path/driver_override" || return 1
	if [ -e "$path/driver" ]; then
		echo "$dev" >"$path/driver/unbind" || return 1
	fi
	echo "$dev" >/sys/bus/pci/drivers_probe
}

# take NAME [DRIVER]: to our driver
take() {
	local driver=${2:-$(our_driver "$1")}
	modprobe "$driver" || return 1
	rebind "$1" "$driver"
	[ "$(driver_of "$1")" = "$driver" ] || { echo "$driver did not take $1" >&2; return 1; }
}

# give NAME: back to the in-tree driver
give() {
	rebind "$1" "" || return 1
	modprobe -qa virtio_pci virtio_blk
	[ "$(driver_of "$1")" = virtio-pci ] || { echo "virtio-pci did not take $1 back" >&2; return 1; }
}

# disk_now NAME: its block device, /dev/..., under whichever driver
disk_now() {
	local name=$1 entry dev
	if [ "$(map_field "$name" 2)" = ide ]; then
		for entry in /sys/block/sd*; do
			[ "$(sed 's/ *$//' "$entry/device/model" 2>/dev/null)" = "$name" ] || continue
			echo "/dev/${entry##*/}"
			return
		done
		return 1
	fi
	dev=$(bdf "$name") || return 1
	for entry in /sys/block/*; do
		case "$(readlink -f "$entry")" in
		*/"$dev"/*) [ -b "/dev/${entry##*/}" ] && echo "/dev/${entry##*/}" && return ;;
		esac
	done
	return 1
}

# disk NAME: the same, waiting up to 15 seconds for it
disk() {
	wait_for 15 disk_now "$1" || { echo "no block device for $1" >&2; return 1; }
	disk_now "$1"
}

# kicks NAME, interrupts NAME: so far, as QEMU counts them
kicks() { host counts "$1" | awk '{ print $3 }'; }
interrupts() { host counts "$1" | awk '{ print $5 }'; }
