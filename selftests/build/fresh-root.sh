# SPDX-License-Identifier: GPL-2.0-only
# A Debian root that is thrown away. Wants $work, a folder of the caller.
# shellcheck shell=bash disable=SC2034,SC2154

# fresh_root ROOT: VPV_ROOT becomes a copy of it; what is done there is lost.
fresh_root() {
	drop_root
	rm -rf "$work"/{upper,lower,root}
	mkdir -p "$work"/{upper,lower,root}
	# The layers are on a file system of their own kind where they have to be.
	mount -t overlay -o "lowerdir=$1,upperdir=$work/upper,workdir=$work/lower" overlay "$work/root" 2>/dev/null ||
		cp -a "$1/." "$work/root/"
	VPV_ROOT=$work/root
}

drop_root() {
	if mountpoint -q "$work/root"; then umount -l "$work/root" || true; fi
}
