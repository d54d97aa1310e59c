# SPDX-License-Identifier: GPL-2.0-only
# The verbs of the lab command.
# shellcheck shell=bash

verb_help() {
	cat <<-END
	lab: guests for trying and testing the drivers

	  lab setup [--debug-kernel] [--update]      make everything a guest needs (runs by itself when needed)
	  lab build --kernel K [--flavour F] [ARGS]  build the modules of this tree for kernel K; prints where
	  lab build --in-tree                        build drivers/virtio-pv within the debug kernel's own tree
	  lab run --kernel K [OPTIONS] SCRIPT [ARGS] boot a guest, run SCRIPT in it, exit with its status
	  lab run --kernel K [OPTIONS] --shell       boot a guest with a shell on this terminal (end: exit, or Ctrl-A X)
	  lab test [--kernel K]... [--boot NAME] [--jobs N] [--all|--once] [--second-try] [TEST...]
	  lab clean                                  remove the cache: $VPV_CACHE

	kernels: $VPV_KERNELS debug    flavours: amd64 cloud-amd64 rt-amd64 (build only)
	run options: --boot NAME (selftests/guest/boots), --smp N, --mem SIZE, --machine q35|pc, --append ARGS,
	  --timeout SECONDS, --qemu-args ARGS, --no-modules, --state DIR (keeps the disks), --log-dir DIR
	environment: VPV_CACHE (the cache), VPV_ACCEL=kvm|tcg, VPV_SLOW=N (time-outs N times as long)
	END
}

# ready KERNEL: everything a guest of this kernel needs is in the cache.
ready() {
	need_root
	mkdir -p "$VPV_CACHE/run"
	with_lock setup setup_kernel "$1"
	[ "$1" != debug ] || with_lock debug-kernel setup_debug_kernel
}

setup_kernel() {
	setup_root
	make_base_image
	[ "$1" != debug ] || return 0
	fetch_kernel "$1"
	fetch_headers "$1" amd64
	make_modules_image "$1"
}

# Under a lock of its own: the build takes minutes, other guests need not wait.
setup_debug_kernel() {
	make_debug_kernel
	make_modules_image debug
}

verb_setup() {
	local debug=no update=no kernel
	while [ $# -gt 0 ]; do
		case "$1" in
		--debug-kernel) debug=yes ;;
		--update) update=yes ;;
		*) die "setup does not know '$1'; it knows --debug-kernel and --update" ;;
		esac
		shift
	done
	need_root
	mkdir -p "$VPV_CACHE"
	if [ "$update" = yes ]; then
		rm -rf "$VPV_CACHE/stamps" "$VPV_CACHE/kernels"/{6,7}.*
		[ ! -e "$VPV_ROOT" ] || in_root apt-get update >&2
	fi
	for kernel in $VPV_KERNELS; do
		ready "$kernel"
	done
	[ "$debug" = no ] || ready debug
	say "ready: $VPV_CACHE ($(du -sh "$VPV_CACHE" 2>/dev/null | cut -f1))"
}

verb_build() {
	local kernel='' flavour=amd64 src=$VPV_TOP in_tree=no
	while [ $# -gt 0 ]; do
		case "$1" in
		--kernel) kernel=${2:?}; shift ;;
		--flavour) flavour=${2:?}; shift ;;
		--in-tree) in_tree=yes kernel=debug ;;
		--src) src=$(cd "${2:?}" && pwd); shift ;;
		*) break ;;
		esac
		shift
	done
	[ -n "$kernel" ] || die "build wants --kernel; there are: $VPV_KERNELS debug"
	known_kernel "$kernel"
	ready "$kernel"
	if [ "$in_tree" = yes ]; then
		with_lock debug-kernel build_in_tree
		return
	fi
	[ "$kernel" = debug ] || with_lock setup fetch_headers "$kernel" "$flavour"
	VPV_TOP=$src
	with_lock "$(basename "$(build_dir "$kernel" "$flavour" "$src" "$@")")" build_modules "$kernel" "$flavour" "$src" "$@"
}

# guest_pieces KERNEL MODULES(yes|no): sets the array pieces for guest.py, and
# ours_dir and programs_dir for the runner.
guest_pieces() {
	local kernel=$1 modules=$2
	ready "$kernel"
	ours_dir=''
	# shellcheck disable=SC2034  # for verb_run
	pieces=(--top "$VPV_TOP" --cache "$VPV_CACHE" --kernel-name "$kernel"
		--kernel "$(kernel_dir "$kernel")/vmlinuz" --release "$(kernel_release "$kernel")"
		--base "$(base_image)" --modules "$(modules_image "$kernel")")
	if [ "$modules" = yes ] && [ -e "$VPV_TOP/Kbuild" ]; then
		ours_dir=$(with_lock "$(basename "$(build_dir "$kernel" amd64 "$VPV_TOP")")" build_modules "$kernel" amd64 "$VPV_TOP")
		pieces+=(--ours "$ours_dir")
	fi
	programs_dir=$(with_lock programs build_programs "$VPV_TOP" "$(printf %s "$VPV_TOP" | sha256sum | cut -c1-8)")
	pieces+=(--programs "$programs_dir")
	# read by machine.py, which starts them
	VPV_VHOST_USER=$(with_lock programs build_vhost_user "$VPV_TOP" "$(printf %s "$VPV_TOP" | sha256sum | cut -c1-8)")
	export VPV_VHOST_USER
}

verb_run() {
	local kernel=6.12 modules=yes options=() pieces=() shell=no script='' bind=''
	while [ $# -gt 0 ]; do
		case "$1" in
		--kernel) kernel=${2:?}; shift ;;
		--modules) modules=yes ;;
		--no-modules) modules=no ;;
		--shell) shell=yes; options+=(--shell) ;;
		--state | --log-dir)
			mkdir -p "${2:?}"
			options+=("$1" "$(cd "$2" && pwd)")
			bind+=$(cd "$2" && pwd)$'\n'
			shift ;;
		--qemu-args) options+=("--qemu=${2:?}"); shift ;;
		--boot | --smp | --mem | --machine | --append | --timeout) options+=("$1=${2:?}"); shift ;;
		--) shift; break ;;
		-*) die "run does not know '$1'; try: lab help" ;;
		*) break ;;
		esac
		shift
	done
	known_kernel "$kernel"
	if [ "$shell" = no ]; then
		[ $# -gt 0 ] || die "run wants a script, or --shell"
		script=$1
		shift
		[ -x "$script" ] || die "$script is not an executable file; run: chmod +x $script"
	fi
	guest_pieces "$kernel" "$modules"
	if [ -n "$script" ]; then
		local staged
		staged=$(mktemp -p "$VPV_CACHE/run")
		cp "$script" "$staged"
		chmod 755 "$staged"
		options+=(--script "$staged")
		# shellcheck disable=SC2064
		trap "rm -f '$staged'" EXIT
	fi
	VPV_BIND=$bind in_root python3 -B "$VPV_LAB/py/guest.py" "${pieces[@]}" "${options[@]}" -- "$@"
}

verb_clean() {
	need_root
	say "removing $VPV_CACHE"
	rm -rf "${VPV_CACHE:?}"
}
