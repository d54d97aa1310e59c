#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# enter-root.sh ROOT CACHE TREE CMD...: runs in a mount namespace of its own.
set -euo pipefail

root=$1 cache=$2 tree=$3
shift 3

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys" 2>/dev/null || mount --bind /sys "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom tty kvm net/tun; do
	mkdir -p "$root/dev/${node%/*}" 2>/dev/null || true
	[ -d "$root/dev/$node" ] && rmdir "$root/dev/$node"
	if [ -e "/dev/$node" ]; then
		: >"$root/dev/$node"
		mount --bind "/dev/$node" "$root/dev/$node"
	elif [ "$node" = net/tun ]; then
		mknod "$root/dev/net/tun" c 10 200 || true
	fi
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=0666 2>/dev/null || true
ln -s pts/ptmx "$root/dev/ptmx"
# VPV_BIND: further directories that CMD shall see, one a line
mapfile -t further <<<"${VPV_BIND:-}"
for dir in "$cache" "$tree" "${further[@]}"; do
	[ -n "$dir" ] || continue
	mkdir -p "$root$dir"
	mount --bind "$dir" "$root$dir"
done
if [ -e /etc/resolv.conf ]; then
	cat /etc/resolv.conf >"$root/etc/resolv.conf"
fi

export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root
unset LD_PRELOAD LD_LIBRARY_PATH
cwd=$PWD
# shellcheck disable=SC2016  # for the shell inside
exec chroot "$root" /bin/bash -c 'cd "$0" 2>/dev/null || cd /; exec "$@"' "$cwd" "$@"
