#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make-base.sh LIST ARCHIVE: runs in the private root.
set -euo pipefail
list=$1 archive=$2

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{bin,sbin,usr/bin,usr/sbin,usr/lib,lib,lib64,proc,sys,dev,run,tmp,root,etc,mnt,test}

busybox=/bin/busybox
[ -x "$busybox" ] || busybox=/usr/bin/busybox
cp "$busybox" "$tree/bin/busybox"
"$busybox" --list | while read -r applet; do
	[ "$applet" = busybox ] || ln -sf /bin/busybox "$tree/bin/$applet"
done

copy_libraries() {
	ldd "$1" 2>/dev/null | sed -nE 's/.*=> (\/[^ ]+) .*/\1/p; s/^\t(\/[^ ]+) .*/\1/p' |
	while read -r lib; do
		[ -e "$tree$lib" ] && continue
		mkdir -p "$tree${lib%/*}"
		cp -L "$lib" "$tree$lib"
	done
}

sed -e 's/#.*//' "$list" | while read -r _ programs; do
	for program in $programs; do
		mkdir -p "$tree${program%/*}"
		rm -f "$tree/bin/${program##*/}"
		cp -L "$program" "$tree$program"
		copy_libraries "$program"
	done
done
for name in modprobe insmod rmmod lsmod depmod modinfo; do
	rm -f "$tree/bin/$name"
	ln -s /usr/bin/kmod "$tree/usr/sbin/$name"
done
for name in mkfs.ext4 mkfs.ext3; do
	ln -s mke2fs "$tree/usr/sbin/$name"
done
cp /etc/mke2fs.conf "$tree/etc/"
echo 'root:x:0:0:root:/root:/bin/bash' >"$tree/etc/passwd"
echo 'root:x:0:' >"$tree/etc/group"

(cd "$tree" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$archive.new"
mv "$archive.new" "$archive"
