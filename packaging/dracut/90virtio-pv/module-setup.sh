#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A module of dracut: with devices on the list the image gets what moves them. The in-tree
# drivers are in the image too, also one made for this host alone while ours have the disk: without
# our module for this kernel, or with vpv.off on the command line, they have the device.

vpv_list=/etc/virtio-pv/take.list

vpv_drivers() {
	sed -nE 's/^[0-9a-f:.]+[[:space:]]+(virtio_pv_[a-z]+).*/\1/p' "${dracutsysrootdir-}$vpv_list" 2>/dev/null | sort -u
}

check() {
	[ -n "$(vpv_drivers)" ] && return 0
	return 255
}

depends() {
	echo udev-rules
}

installkernel() {
	local driver
	for driver in $(vpv_drivers) virtio_pci virtio_blk virtio_net; do
		hostonly='' instmods "$driver"
	done
}

install() {
	inst_multiple vpv modprobe
	inst_simple "$vpv_list"
	inst_rules 59-virtio-pv.rules 60-virtio-pv.rules
}
