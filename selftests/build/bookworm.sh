# SPDX-License-Identifier: GPL-2.0-only
# The private Debian 12 root of the DKMS and installation tests. After the parts of the lab.
# shellcheck shell=bash

# A small bookworm root, for what its dkms and compiler make of us.
setup_bookworm() {
	local stamp=$VPV_CACHE/root-bookworm.done key=/usr/share/keyrings/debian-archive-keyring.gpg
	[ ! -e "$stamp" ] || return 0
	host_packages
	rm -rf "$VPV_ROOT"
	say "making a private Debian 12 root in $VPV_ROOT"
	root_sources | grep ' bookworm' |
		awk -v key="$key" '{ print "deb [signed-by=" key "] " $0 }' |
		mmdebstrap --variant=minbase --mode=root --keyring="$key" \
			--include=dkms,linux-headers-amd64,make,kmod,xz-utils \
			--aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
			bookworm "$VPV_ROOT" - >"$VPV_CACHE/mmdebstrap-bookworm.log" 2>&1 || {
		tail -n 5 "$VPV_CACHE/mmdebstrap-bookworm.log" >&2
		die "mmdebstrap failed (log: $VPV_CACHE/mmdebstrap-bookworm.log); is the mirror reachable? try: apt-get update"
	}
	touch "$stamp"
}
