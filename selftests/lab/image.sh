# SPDX-License-Identifier: GPL-2.0-only
# The guest's initramfs: concatenated archives, so that a run adds only what
# changed. base = programs, KERNEL = in-tree modules; the rest is made per run.
# shellcheck shell=bash

list_hash() { cat "$@" | sha256sum | cut -c1-12; }

base_image() { echo "$VPV_CACHE/guest/base-$(list_hash "$VPV_LAB"/{guest-image.list,packages.list,make-base.sh}).cpio"; }

make_base_image() {
	local image
	image=$(base_image)
	[ -e "$image" ] && return
	say "making the guest's base image"
	mkdir -p "$VPV_CACHE/guest"
	in_root bash "$VPV_LAB/make-base.sh" "$VPV_LAB/guest-image.list" "$image"
}

modules_image() { echo "$VPV_CACHE/guest/modules-$1-$(list_hash "$(kernel_dir "$1")/release" "$VPV_LAB"/{guest-modules.list,make-modules.sh})"; }

# A directory (our modules are added and indexed per run) and no archive.
make_modules_image() {
	local image
	image=$(modules_image "$1")
	[ -d "$image" ] && return
	mkdir -p "$VPV_CACHE/guest"
	in_root bash "$VPV_LAB/make-modules.sh" "$VPV_LAB/guest-modules.list" \
		"$(kernel_dir "$1")/modules" "$(kernel_release "$1")" "$image"
}
