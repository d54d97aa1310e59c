#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vfu
# timeout: 240
# kernels: 6.1 6.12 7.3
# briefly: 7.3
# A device whose PCI side keeps to the rules with the rarer features, and one
# that lies while the driver looks at it: refused with a reason, taken when it is
# honest again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

# judged NAME WHAT: no clause was broken at the registers since the last time
judged() { check_equal "$1: $2: no clause broken at the registers" "breaches 0 none" "$(vu "$1" judge)"; }
pci_stat() { vu "$1" pci | awk -v key="$2" '$1 == key { print $2 }'; }

# works NAME: disk taken, all its I/O good
works() {
	local dev out
	dev=$(fresh "$1") || { not_ok "$1: works" "no disk"; return; }
	out=$(io "$dev" 8 600)
	check_equal "$1: every request ends once, well" \
		"done 600 errors 0 wrong 0 unanswered 0" "$out"
}

for name in plain data token both; do
	# What firmware and the in-tree driver did, who had the disk before, is their business.
	rebind "$name" none
	vu "$name" judge >/dev/null
	works "$name"
	judged "$name" "taken and used"
	check_equal "$name: notifications say what they should" 0 "$(pci_stat "$name" bad-notifications)"
done
check_equal "no notification data where it was not agreed" "0 0" \
	"$(pci_stat plain wide-notifications) $(pci_stat token wide-notifications)"
check "notification data where it was" \
	[ "$(pci_stat data wide-notifications)" -gt 0 ] && check "and in a packed ring" \
	[ "$(pci_stat both wide-notifications)" -gt 0 ]

# The driver's watch repeats the notification of a device that stands still. By then
# requests may be there that the device wanted no word of; not so in what it is told now.
unload virtio_pv_blk
load virtio_pv_blk timeout_s=30 || bail "virtio_pv_blk does not load again"
dev=$(fresh data) || bail "no disk"
before=$(pci_stat data wide-notifications)
vu data fault silent >/dev/null
for i in 1 2 3; do
	dd if="$dev" of=/dev/null bs=4k count=1 skip=$((i * 100)) iflag=direct 2>/dev/null &
	sleep 0.2
done
behind=$(pci_stat data behind-notifications)
told=$(pci_stat data wide-notifications)
sleep 4
check "a device that stands still is told of it again ($before, $told)" \
	[ "$(pci_stat data wide-notifications)" -gt "$told" ]
check_equal "and of all there is" "$behind" "$(pci_stat data behind-notifications)"
vu data fault none >/dev/null
wait

# refused LIE MESSAGE
refused() {
	rebind plain none
	log_mark "$1"
	vu plain lie "$1" >/dev/null || { not_ok "$1" "the device does not know it"; return; }
	if take plain 2>/dev/null; then
		not_ok "$1: refused" "the driver took the device"
		log_since
	else
		ok "$1: refused"
	fi
	check "$1: the log says why" [ "$(log_count "$2")" -gt 0 ] || log_since
	vu plain lie none >/dev/null
}

refused no-features-ok "device refuses the features"
refused generation "device configuration never stands still"
refused notify-off "notification offset .* lies outside of the window"
for lie in cap-bar cap-offset cap-wrap cap-length; do
	refused "$lie" "virtio capabilities: "
done
refused config-length "device configuration of 8 bytes lacks the field"
refused no-vector "no interrupt to be had"
refused cap-type "virtio capabilities: a structure is missing"
refused gone "device does not answer"
refused stuck-reset "device does not acknowledge a reset"
works plain
judged plain "refused and taken again"

log_mark legacy
take legacy virtio_pv_blk 2>/dev/null
check_equal "a disk without the modern interface: refused" "" "$(driver_of legacy)"
check "a disk without the modern interface: the log says why" \
	[ "$(log_count "legacy virtio device without the modern interface")" -gt 0 ] || log_since
