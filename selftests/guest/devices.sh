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
	blk | vublk | vfublk | dev) echo virtio_pv_blk ;;
	net | vunet) echo virtio_pv_net ;;
	balloon | vuballoon) echo virtio_pv_balloon ;;
	clock | vurtc) echo virtio_pv_clock ;;
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

# Network devices. net_index NAME: its place among them, from 1; the lab gives
# number i the subnets 10.9.i.0/24 and fd09:i::/64 and takes .1 and ::1 itself.
net_index() { awk -v name="$1" '$2 == "net" { i++ } $1 == name { print i; found = 1 } END { exit !found }' /test/map; }

# the in-tree driver has a device of its own between
netdev_now() {
	local dev path
	dev=$(bdf "$1") || return 1
	for path in "/sys/bus/pci/devices/$dev"/{,virtio*/}net/*; do
		[ -e "$path" ] && echo "${path##*/}" && return
	done
	return 1
}

# netdev NAME: its interface, waiting up to 15 seconds for it
netdev() {
	wait_for 15 netdev_now "$1" || { echo "no network interface for $1" >&2; return 1; }
	netdev_now "$1"
}

# net_up NAME: configured, and the host answers
net_up() {
	local dev i
	dev=$(netdev "$1") || return 1
	i=$(net_index "$1") || return 1
	echo 0 >"/proc/sys/net/ipv6/conf/$dev/accept_dad" 2>/dev/null
	ip link set "$dev" up || return 1
	ip addr replace "10.9.$i.2/24" dev "$dev" || return 1
	ip addr replace "fd09:$i::2/64" dev "$dev" nodad 2>/dev/null
	wait_for 15 ping -c 1 -W 1 "10.9.$i.1" || { echo "no answer from 10.9.$i.1 on $dev ($1)"; return 1; }
}

# net_counter NAME COUNTER: of ethtool -S
net_counter() { ethtool -S "$(netdev "$1")" | awk -v name="$2:" '$1 == name { print $2; found = 1 } END { exit !found }'; }

# net_send NAME LINES, net_receive NAME LINES: over TCP; the other side has to
# have got every byte.
net_send() {
	local i want got
	i=$(net_index "$1")
	want=$(seq 1 "$2" | sha256sum | cut -d' ' -f1)
	host netns-begin "sink$i" peer sink 9000 || return 1
	wait_for 10 host netns sh -c "ss -ltn | grep -q :9000" || { echo "nobody listens"; return 1; }
	seq 1 "$2" | timeout 50 nc "10.9.$i.1" 9000 || { echo "nc failed: $?"; return 1; }
	got=$(host netns-end "sink$i")
	[ "$want" = "$got" ] || { echo "wanted $want, the host got $got"; return 1; }
}

net_receive() {
	local i want got
	i=$(net_index "$1")
	want=$(seq 1 "$2" | sha256sum | cut -d' ' -f1)
	host netns-begin "source$i" peer source 9001 "$2" || return 1
	wait_for 10 host netns sh -c "ss -ltn | grep -q :9001" || { echo "nobody listens"; return 1; }
	got=$(timeout 50 nc "10.9.$i.1" 9001 </dev/null | sha256sum | cut -d' ' -f1)
	host netns-end "source$i" >/dev/null
	[ "$want" = "$got" ] || { echo "wanted $want, got $got"; return 1; }
}

# net_pings NAME COUNT [OPTIONS]: all of them come back, once
net_pings() {
	local i=$1 n=$2 out
	i=$(net_index "$1")
	shift 2
	out=$(ping -q -n -W 5 -c "$n" "$@" "10.9.$i.1") || { echo "$out"; return 1; }
	case "$out" in
	*duplicates*) echo "$out"; return 1 ;;
	*" $n received, 0% packet loss"*) ;;
	*) echo "$out"; return 1 ;;
	esac
}
