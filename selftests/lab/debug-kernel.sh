# SPDX-License-Identifier: GPL-2.0-only
# The debug kernel: Debian's source of the newest series with debug.config.
# Built once per source version and configuration; kept in the cache.
# shellcheck shell=bash

DEBUG_SERIES=7.3

debug_source_version() {
	in_root apt-cache policy "linux-source-$DEBUG_SERIES" | awk '$1 == "Candidate:" { print $2 }'
}

# debug_key: names the build. The version is asked once per cache, as for the
# other kernels: lab setup --update asks again.
debug_key() {
	local stamp=$VPV_CACHE/stamps/debug-source version
	if [ ! -e "$stamp" ]; then
		version=$(debug_source_version)
		case "$version" in
		'' | '(none)') die "the Debian suites have no linux-source-$DEBUG_SERIES; try: lab setup --update" ;;
		esac
		mkdir -p "$VPV_CACHE/stamps"
		echo "$version" >"$stamp"
	fi
	echo "$(cat "$stamp")-$(list_hash "$VPV_LAB/debug.config")"
}

# debug_source DIR: unpacked; whole or not at all
debug_source() {
	local dir=$1 tmp=$1.new
	[ -d "$dir" ] && return
	say "fetching and unpacking linux-source-$DEBUG_SERIES"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	# shellcheck disable=SC2016  # for the shell inside
	in_root sh -ec 'cd "$1"
		apt-get -q -o APT::Sandbox::User=root download "$2=$3"
		dpkg-deb -x ./*.deb deb
		tar -xJf deb/usr/src/"$2".tar.xz --strip-components=1
		rm -rf deb ./*.deb' sh "$tmp" "linux-source-$DEBUG_SERIES" "$(cat "$VPV_CACHE/stamps/debug-source")" \
		>"$VPV_CACHE/apt-root.log" 2>&1 ||
		die "cannot fetch linux-source-$DEBUG_SERIES (log: $VPV_CACHE/apt-root.log); try: lab setup --update"
	mv "$tmp" "$dir"
}

# debug_configure TREE: every line of debug.config must have taken, or the
# tests would believe in a checker that is not there.
debug_configure() {
	local tree=$1 line symbol bad=''
	cd "$tree" || return
	# shellcheck disable=SC2016  # for the shell inside
	in_root sh -ec 'make -s tinyconfig
		./scripts/kconfig/merge_config.sh -m .config "$1" >/dev/null
		make -s olddefconfig' sh "$VPV_LAB/debug.config" ||
		die "cannot configure the debug kernel in $tree"
	while read -r line; do
		case "$line" in
		CONFIG_*)
			grep -qxF "$line" .config || bad+=" $line" ;;
		'# CONFIG_'*' is not set')
			symbol=${line#\# }
			! grep -q "^${symbol%% *}=" .config || bad+=" ${symbol%% *}=n" ;;
		esac
	done <"$VPV_LAB/debug.config"
	[ -z "$bad" ] || die "debug.config asks for what this kernel does not give:$bad"
}

make_debug_kernel() {
	local key dir tree log
	key=$(debug_key) || exit
	dir=$(kernel_dir debug)
	[ -e "$dir/key" ] && [ "$(cat "$dir/key")" = "$key" ] && return
	# the tree's path is part of each compiler command: it must not change
	# with the configuration, or nothing of an older build can be used
	tree=$VPV_CACHE/debug/${key%-*}
	log=$tree.log
	mkdir -p "$VPV_CACHE/debug"
	debug_source "$tree"
	say "building the debug kernel in $tree (once; log: $log)"
	(debug_configure "$tree") || exit
	(cd "$tree" && in_root nice make -s -j"$(nproc)" bzImage modules) >"$log" 2>&1 || {
		grep -E 'error|\*\*\*' "$log" | head -20 >&2
		die "the debug kernel does not build (log: $log)"
	}
	rm -rf "$dir.new"
	mkdir -p "$dir.new/modules"
	(cd "$tree" && in_root make -s modules_install INSTALL_MOD_PATH="$dir.new/modules") >>"$log" 2>&1 ||
		die "the debug kernel's modules do not install (log: $log)"
	cp "$tree/arch/x86/boot/bzImage" "$dir.new/vmlinuz"
	(cd "$tree" && in_root make -s kernelrelease) >"$dir.new/release"
	echo "$tree" >"$dir.new/build"
	echo "$key" >"$dir.new/key"
	rm -rf "$dir"
	mv "$dir.new" "$dir"
	# an older build is of no more use
	find "$VPV_CACHE/debug" -mindepth 1 -maxdepth 1 ! -name "${key%-*}*" -exec rm -rf {} +
}

# build_in_tree: drivers/virtio-pv dropped into the kernel's own tree, as a
# user of the sources would. The built tree is seen through an overlay, so it
# stays as it is; only what the two added lines bring is compiled.
build_in_tree() {
	local tree upper log=$VPV_CACHE/debug/in-tree.log
	tree=$(cat "$(kernel_dir debug)/build")
	upper=$VPV_CACHE/run/in-tree
	rm -rf "$upper"
	mkdir -p "$upper/upper" "$upper/work"
	# shellcheck disable=SC2016  # for the shell inside
	in_root bash -ec 'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$1"
		cp -r "$3/drivers/virtio-pv" "$1/drivers/"
		rm -rf "$1/drivers/virtio-pv/compat/generated"
		cp -rn "$3/include/uapi/." "$1/include/uapi/" 2>/dev/null || true
		cd "$1"
		echo "source \"drivers/virtio-pv/Kconfig\"" >>drivers/Kconfig
		echo "obj-y += virtio-pv/" >>drivers/Makefile
		printf "CONFIG_VIRTIO_PV=m\nCONFIG_VIRTIO_PV_BLK=m\n" >>.config
		make -s olddefconfig
		grep -x CONFIG_VIRTIO_PV=m .config
		grep -x CONFIG_VIRTIO_PV_BLK=m .config
		make -s -j"$(nproc)" W=1 drivers/virtio-pv/
		make -s -j"$(nproc)" modules
		find drivers/virtio-pv -name "*.ko"' \
		bash "$tree" "$upper" "$VPV_TOP" >"$log" 2>&1 || {
		grep -E 'error|\*\*\*|warning' "$log" | head -20 >&2
		tail -n 3 "$log" >&2
		rm -rf "$upper"
		die "virtio-pv does not build in a kernel tree (log: $log)"
	}
	rm -rf "$upper"
	grep -E 'warning|\.ko$' "$log"
}
