#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make-modules.sh LIST MODULES RELEASE DIRECTORY: runs in the private root.
set -euo pipefail
list=$1 modules=$2 release=$3 out=$4

rm -rf "$out.new"
mkdir -p "$out.new/lib/modules/$release"
cp "$modules/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$out.new/lib/modules/$release/"
sed -e 's/#.*//' "$list" | while read -r name; do
	[ -n "$name" ] || continue
	modprobe -d "$modules" -S "$release" --show-depends "$name" 2>/dev/null || true
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r ko; do
	mkdir -p "$out.new/${ko#"$modules"/}"
	rmdir "$out.new/${ko#"$modules"/}"
	cp "$ko" "$out.new/${ko#"$modules"/}"
done
mv "$out.new" "$out"
