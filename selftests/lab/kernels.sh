# SPDX-License-Identifier: GPL-2.0-only
# Guest kernels: newest patch release of each series, image, modules, headers.
# shellcheck shell=bash

# newest_release SERIES FLAVOUR: as in "uname -r", with images and headers.
# Debian also builds some series for other suites; those have another "+debN".
newest_release() {
	local series=$1 flavour=$2
	in_root apt-cache pkgnames "linux-headers-$series." |
		sed -nE "s/^linux-headers-(${series//./\\.}\.([0-9]+-[0-9]+|[0-9.]+(\+deb13[.0-9]*)?)-$flavour)\$/\1/p" |
		sort -V | tail -n 1
}

kernel_dir() { echo "$VPV_CACHE/kernels/$1"; }
kernel_release() { cat "$(kernel_dir "$1")/release"; }

known_kernel() {
	case " $VPV_KERNELS debug " in
	*" $1 "*) ;;
	*) die "no kernel '$1' in this lab; there are: $VPV_KERNELS debug" ;;
	esac
}

# fetch_kernel SERIES: image and modules, unpacked; no maintainer script runs.
# Newer Debian kernels split the image package in three.
fetch_kernel() {
	local series=$1 dir tmp rel packages
	dir=$(kernel_dir "$series")
	[ -e "$dir/release" ] && return
	rel=$(newest_release "$series" amd64)
	[ -n "$rel" ] || die "the Debian suites have no Linux $series for amd64; try: lab setup --update"
	say "fetching Linux $rel"
	if in_root apt-cache show "linux-binary-$rel" >/dev/null 2>&1; then
		packages="linux-binary-$rel linux-modules-$rel linux-base-$rel"
	else
		packages="linux-image-$rel"
	fi
	tmp=$dir.new
	rm -rf "$tmp"
	mkdir -p "$tmp/deb" "$tmp/tree"
	# shellcheck disable=SC2086
	(cd "$tmp/deb" && in_root apt-get -q -o APT::Sandbox::User=root download $packages) \
		>"$VPV_CACHE/apt-root.log" 2>&1 ||
		die "cannot download $packages (log: $VPV_CACHE/apt-root.log); try: lab setup --update"
	# shellcheck disable=SC2016  # for the shell inside
	in_root sh -ec 'for deb in "$1"/deb/*.deb; do dpkg-deb -x "$deb" "$1/tree"; done
		cd "$1/tree"
		mv "$(find . -name "vmlinuz*" -type f | head -n 1)" ../vmlinuz
		[ -d lib/modules ] || { mkdir -p lib; mv usr/lib/modules lib/modules; }
		find lib/modules -name "*.ko.xz" -print0 | xargs -0 -r xz -d
		mkdir -p ../modules/lib
		mv lib/modules ../modules/lib/modules
		depmod -b "$1/modules" "$2"' sh "$tmp" "$rel"
	rm -rf "$tmp/deb" "$tmp/tree"
	echo "$rel" >"$tmp/release"
	rm -rf "$dir"
	mv "$tmp" "$dir"
}

# headers_release SERIES FLAVOUR: headers of the kernel that runs, or for the
# flavours that are only built against, the newest.
headers_release() {
	if [ "$2" = amd64 ]; then
		kernel_release "$1"
	else
		newest_release "$1" "$2"
	fi
}

# fetch_headers SERIES FLAVOUR: installed in the root with their compiler.
# INITRD=No: a header package may pull in an image, whose initrd nobody boots.
fetch_headers() {
	local series=$1 flavour=$2 rel stamp=$VPV_CACHE/stamps/headers-$1-$2
	[ -e "$stamp" ] && return
	rel=$(headers_release "$series" "$flavour")
	[ -n "$rel" ] || die "the Debian suites have no linux-headers for $series $flavour"
	say "installing headers and compiler for Linux $rel"
	INITRD=No root_install "linux-headers-$rel"
	mkdir -p "$VPV_CACHE/stamps"
	echo "$rel" >"$stamp"
}

headers_path() { echo "/usr/src/linux-headers-$(cat "$VPV_CACHE/stamps/headers-$1-$2")"; }
