# SPDX-License-Identifier: GPL-2.0-only
# Modules for one guest kernel, built in the private root with its compiler.
# shellcheck shell=bash

# build_dir KERNEL FLAVOUR SRC [MAKE ARGS]: one for each set of arguments, so that
# a build with other flags does not undo this one.
build_dir() { echo "$VPV_CACHE/build/$1-$2-$(printf '%s\n' "${@:3}" | sha256sum | cut -c1-8)"; }

# copy_tree SRC DEST: what git tracks or would track; only what changed.
copy_tree() {
	local src=$1 dest=$2 list
	list=$(mktemp)
	git -C "$src" ls-files -z --cached --others --exclude-standard 2>/dev/null >"$list" ||
		(cd "$src" && find . -type f -not -path './.git/*' -not -path './build/*' -print0) >"$list"
	[ -s "$list" ] || die "found no source files in $src"
	mkdir -p "$dest"
	# files that are gone from the source go from the build as well
	tr '\0' '\n' <"$list" | sort >"$dest/.sources.new"
	if [ -e "$dest/.sources" ]; then
		comm -23 "$dest/.sources" "$dest/.sources.new" | while read -r gone; do
			rm -f "${dest:?}/$gone"
		done
	fi
	mv "$dest/.sources.new" "$dest/.sources"
	(cd "$src" && while IFS= read -r -d '' file; do
		[ -e "$file" ] || continue
		cmp -s "$file" "$dest/$file" && continue
		mkdir -p "$dest/$(dirname "$file")"
		cp "$file" "$dest/$file"
	done) <"$list"
	rm -f "$list"
}

# kernel_build_path KERNEL FLAVOUR: what KDIR is in the root.
kernel_build_path() {
	if [ "$1" = debug ]; then
		cat "$(kernel_dir debug)/build"
	else
		headers_path "$1" "$2"
	fi
}

# build_modules KERNEL FLAVOUR SRC [MAKE ARGS]: prints the directory at the end.
build_modules() {
	local kernel=$1 flavour=$2 src=$3 dir log
	shift 3
	[ -e "$src/Makefile" ] || die "$src has no Makefile to build modules with"
	dir=$(build_dir "$kernel" "$flavour" "$src" "$@")
	log=$dir.log
	copy_tree "$src" "$dir"
	if ! in_root make -C "$dir" -j"$(nproc)" KDIR="$(kernel_build_path "$kernel" "$flavour")" "${@:-modules}" >"$log" 2>&1; then
		grep -E -A3 'error|Error|\*\*\*' "$log" | head -60 >&2
		die "the modules do not build for Linux $kernel $flavour (log: $log)"
	fi
	grep -E -A4 'warning:|WARNING' "$log" >&2 || true
	echo "$dir"
}

# build_vhost_user SRC KEY: the devices of selftests/vhost-user and vfio-user; prints where.
build_vhost_user() {
	local src=$1 dir=$VPV_CACHE/build/vhost-user-$2
	mkdir -p "$dir"
	# shellcheck disable=SC2016  # for the shell inside
	in_root bash -c 'make -s -C "$0/vhost-user" OUT="$1" CC=gcc &&
		make -s -C "$0/vfio-user" OUT="$1/vfio" BIN="$1" CC=gcc' \
		"$src/selftests" "$dir" >"$dir.log" 2>&1 || {
		tail -20 "$dir.log" >&2
		die "the vhost-user devices do not build (log: $dir.log)"
	}
	echo "$dir"
}

# build_vpv SRC DIR: the vpv tool; with jansson in it, which the guest lacks.
build_vpv() {
	local src=$1 dir=$2
	[ -e "$src/tools/vpv/Makefile" ] || return 0
	in_root make -s -C "$src/tools/vpv" OUT="$dir.vpv" CC=gcc \
		JANSSON_LIBS='-Wl,-Bstatic -ljansson -Wl,-Bdynamic' >"$dir.vpv.log" 2>&1 || {
		tail -20 "$dir.vpv.log" >&2
		die "the vpv tool does not build (log: $dir.vpv.log)"
	}
	cmp -s "$dir.vpv/vpv" "$dir/vpv" || cp "$dir.vpv/vpv" "$dir/vpv"
}

# build_programs SRC KEY: the C programs of selftests/guest, static, one file each.
build_programs() {
	local src=$1 dir=$VPV_CACHE/build/programs-$2 file out
	mkdir -p "$dir"
	for file in "$src"/selftests/guest/*.c; do
		[ -e "$file" ] || continue
		out=$dir/$(basename "$file" .c)
		[ "$out" -nt "$file" ] && continue
		in_root gcc -O2 -Wall -Wextra -static -I"$src/include/uapi" -o "$out.new" "$file" ||
			die "the guest program $file does not build"
		mv "$out.new" "$out"
	done
	build_vpv "$src" "$dir"
	echo "$dir"
}
