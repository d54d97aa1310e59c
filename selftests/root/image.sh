# SPDX-License-Identifier: GPL-2.0-only
# Disks with an installed Debian on them, for guests that boot from them. After the parts of the lab.
# shellcheck shell=bash disable=SC2154

# openssl: without it DKMS does not sign what it builds.
guest_packages="systemd-sysv,udev,openssh-server,iproute2,kmod,initramfs-tools,zstd,dkms,make,libjansson4,libmnl0"
guest_packages+=",linux-image-amd64,linux-headers-amd64,openssl,mokutil"

# The tree of a small installed system, without our packages; made once.
setup_guest_tree() {
	local debian=$1 tree=$2 key=/usr/share/keyrings/debian-archive-keyring.gpg suite=$1
	[ "$(cat "$tree.done" 2>/dev/null)" != "$guest_packages" ] || return 0
	host_packages
	rm -rf "$tree".* "$tree"-*
	rm -rf "$tree"
	say "making a Debian guest ($debian) in $tree"
	root_sources | grep " $suite" | grep -v -- -backports |
		awk -v key="$key" '{ print "deb [signed-by=" key "] " $0 }' |
		mmdebstrap --variant=minbase --mode=root --keyring="$key" --include="$guest_packages" \
			--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
			--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
			--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
			"$suite" "$tree" - >"$VPV_CACHE/mmdebstrap-guest-$debian.log" 2>&1 || {
		tail -n 5 "$VPV_CACHE/mmdebstrap-guest-$debian.log" >&2
		die "mmdebstrap failed (log: $VPV_CACHE/mmdebstrap-guest-$debian.log); is the mirror reachable? try: apt-get update"
	}
	echo "$guest_packages" >"$tree.done"
}

drivers_hash() {
	(cd "$VPV_TOP" && find Kbuild Makefile dkms.conf drivers include packaging/debian -type f ! -name '*.o' ! -name '*.ko' \
		! -name '*.mod*' ! -name '.*.cmd' ! -path '*/generated/*' -exec sha256sum {} + | sort) | sha256sum | cut -c1-12
}

# The same with the modules that DKMS has built of this tree; one for each state of the drivers.
setup_our_tree() {
	local base=$1 ours=$2 old
	[ ! -e "$ours.done" ] || return 0
	rm -rf "$ours"
	cp -a "$base" "$ours"
	echo 'update_initramfs=no' >"$ours/etc/initramfs-tools/update-initramfs.conf"
	VPV_ROOT=$ours in_root env DEBIAN_FRONTEND=noninteractive dpkg -i "$work"/deb/virtio-pv-dkms_*.deb
	VPV_ROOT=$ours in_root modinfo -k "$(basename "$ours"/lib/modules/*)" virtio_pv_blk || return
	touch "$ours.done"
	find "$VPV_CACHE" -maxdepth 1 -name "$(basename "$base")-*.done" -printf '%T@ %p\n' | sort -rn | tail -n +4 |
		while read -r _ old; do rm -rf "${old%.done}" "$old"; done
}

# What an installer would ask: addresses, who may log in, where the root is.
configure_guest() {
	local tree=$1 uuid=$2
	echo vpv-guest >"$tree/etc/hostname"
	echo "UUID=$uuid / ext4 errors=remount-ro 0 1" >"$tree/etc/fstab"
	printf '[Match]\nName=enp*\n[Network]\nDHCP=yes\n' >"$tree/etc/systemd/network/20-wired.network"
	# A busy host may stop the guest for a while.
	mkdir -p "$tree/etc/systemd/system.conf.d"
	printf '[Manager]\nDefaultTimeoutStartSec=900s\nDefaultTimeoutStopSec=300s\n' >"$tree/etc/systemd/system.conf.d/slow.conf"
	# An emulated processor takes minutes over an image with all modules, packed well.
	mkdir -p "$tree/etc/initramfs-tools/conf.d"
	printf 'MODULES=dep\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n' >"$tree/etc/initramfs-tools/conf.d/small"
	install -d -m 700 "$tree/root/.ssh"
	rm -f "$tree/root/key" "$tree/root/key.pub"
	in_root ssh-keygen -q -t ed25519 -N '' -f /root/key
	mv "$tree/root/key.pub" "$tree/root/.ssh/authorized_keys"
	mv "$tree/root/key" "$work/key"
	in_root systemctl -q enable systemd-networkd ssh
	in_root systemctl -q mask systemd-networkd-wait-online systemd-timesyncd apt-daily.timer apt-daily-upgrade.timer \
		dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap fstrim.timer man-db.timer 2>/dev/null
	: >"$tree/etc/machine-id"
	echo 'update_initramfs=yes' >"$tree/etc/initramfs-tools/update-initramfs.conf"
}

# disk FILE TREE UUID: one MBR partition, at 1 MiB, with an ext4 of the tree in it.
make_disk() {
	local file=$1 tree=$2 uuid=$3 mib sectors
	mib=$(($(du -sxm "$tree" | cut -f1) * 5 / 4 + 400))
	sectors=$((mib * 2048))
	rm -f "$file"
	truncate -s $((mib + 2))M "$file"
	# Disk signature, then the first entry: type 0x83, first sector 2048, so many sectors.
	{
		printf '\x76\x70\x76\x31\0\0\0\0\0\0\x83\0\0\0\0\x08\0\0'
		# shellcheck disable=SC2059 # the bytes of a number, lowest first
		printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $((sectors & 255)) $((sectors >> 8 & 255)) \
			$((sectors >> 16 & 255)) $((sectors >> 24 & 255)))"
	} | dd of="$file" bs=1 seek=440 conv=notrunc status=none
	printf '\x55\xaa' | dd of="$file" bs=1 seek=510 conv=notrunc status=none
	mke2fs -q -t ext4 -F -U "$uuid" -L vpvroot -E offset=1048576,lazy_itable_init=1 -d "$tree" "$file" "${mib}M"
}

# from_disk FILE PATH TO; a symbolic link is followed once.
from_disk() { debugfs -R "dump $2 $3" "$1?offset=1048576" 2>/dev/null && [ -s "$3" ]; }
