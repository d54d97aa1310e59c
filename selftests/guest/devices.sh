# SPDX-License-Identifier: GPL-2.0-only
# Devices of a guest by name: where they are, who drives them, their disks, what
# the host counted. For the tests (through lib.sh) and for the demo.
# shellcheck shell=bash

# wait_for SECONDS CMD...: until CMD succeeds; fails at the deadline
wait_for() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

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
	blk | vublk | dev) echo virtio_pv_blk ;;
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
