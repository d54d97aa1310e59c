# SPDX-License-Identifier: GPL-2.0-only
# What the tests of this folder share: the lab's parts, results, the making of a guest. Wants $here, their folder.
# shellcheck shell=bash disable=SC2034,SC2154

export VPV_ARGV=setup
for part in common root kernels image build debug-kernel verbs test; do
	# shellcheck source=/dev/null
	. "$here/../lab/$part.sh"
done
for part in ktap bookworm fresh-root; do
	# shellcheck source=/dev/null
	. "$here/../build/$part.sh"
done
for part in image guest; do
	# shellcheck source=/dev/null
	. "$here/$part.sh"
done

if [ "$(id -u)" != 0 ]; then
	echo "Guests with a Debian of their own are made as root: sudo $0" >&2
	exit 1
fi

uuid=3f1c5d0e-7a52-4b1e-9d5c-767076310001
logs=$VPV_TOP/build/test-logs/root
mkdir -p "$VPV_CACHE" "$VPV_TOP/build" "$logs"
work=$(mktemp -d -p "$VPV_TOP/build" root.XXXXXX)
tree=$work/root disk=$work/disk boot=$work/boot
qemu='' holder='' debian=''

clean_up() {
	[ -z "$qemu" ] || { kill -9 "$qemu" && wait "$qemu"; } 2>/dev/null || true
	[ -z "$holder" ] || kill "$holder" 2>/dev/null || true
	drop_root
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# step NAME CMD...: not in a subshell, for the variables CMD sets.
step() {
	local name="$debian: $1"
	shift
	if "$@" >"$work/said" 2>&1; then ok "$name"; else not_ok "$name" < <(tail -n 40 "$work/said"); fi
}

# Without this there is nothing to go on with.
must() {
	local failed=$ktap_failed
	step "$@"
	[ "$failed" = "$ktap_failed" ] || { ktap_end; exit 1; }
}

setup_lab() {
	VPV_ROOT=$VPV_CACHE/root
	with_lock setup setup_root
	VPV_ROOT=$VPV_CACHE/root-bookworm
	with_lock bookworm setup_bookworm
}

build_packages() {
	ls "$work"/deb/virtio-pv-*.deb >/dev/null 2>&1 ||
		VPV_ROOT=$VPV_CACHE/root-bookworm in_root "$VPV_TOP/packaging/make-deb" "$work/deb"
}

quiet_apt() { in_tree env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends "$@"; }

install_tools() { in_tree env DEBIAN_FRONTEND=noninteractive dpkg -i "$work"/deb/virtio-pv-utils_*.deb; }

# our_tree DEBIAN: $tree is an installed system with our packages, in a copy to be thrown away.
our_tree() {
	local base=$VPV_CACHE/guest-$1
	debian=$1
	ours=$base-$(drivers_hash)
	with_lock "guest-$debian" setup_guest_tree "$debian" "$base"
	must "the packages build" build_packages
	# Not in the guest: that takes ten times as long.
	must "DKMS builds the modules" with_lock "guest-$debian" setup_our_tree "$base" "$ours"
	fresh_root "$ours"
	must "the tools install" install_tools
	kernel=$(basename "$tree"/lib/modules/*)
}

# our_disk: $disk is made of $tree, with $kernel to start it.
our_disk() {
	configure_guest "$tree" "$uuid"
	mkdir -p "$boot"
	cp "$tree/boot/vmlinuz-$kernel" "$boot/vmlinuz"
	must "the disk is made" make_disk "$disk" "$tree" "$uuid"
	fetch_initrd "$boot/initrd"
}

fetch_initrd() { from_disk "$disk" "/boot/initrd.img-$kernel" "$1"; }
