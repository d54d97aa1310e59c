# SPDX-License-Identifier: GPL-2.0-only
# Names, messages, the lock and the way into the private root. Sourced by the lab command.
# shellcheck shell=bash

VPV_LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VPV_TOP=$(cd "$VPV_LAB/../.." && pwd)
VPV_CACHE=${VPV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/virtio-pv}
VPV_ROOT=$VPV_CACHE/root
VPV_KERNELS="6.1 6.12 7.3"
export VPV_LAB VPV_TOP VPV_CACHE VPV_KERNELS

say() { echo "lab: $*" >&2; }
die() { echo "lab: error: $*" >&2; exit 2; }

# with_lock NAME CMD...: one at a time on this cache; in a subshell, whose end
# lets go. Not to be used in a condition: bash would pass over CMD's failures.
with_lock() (
	name=$1
	shift
	mkdir -p "$VPV_CACHE/locks"
	exec {lock_fd}>"$VPV_CACHE/locks/$name"
	if ! flock -n "$lock_fd"; then
		say "waiting for another lab command ($name)"
		flock "$lock_fd"
	fi
	set -e
	"$@"
)

need_root() {
	[ "$(id -u)" = 0 ] && return
	die "the guest lab makes a private Debian root and needs to be root; run: sudo ${VPV_LAB#"$PWD"/}/lab ${VPV_ARGV:-setup}"
}

# in_root CMD...: CMD in the private Debian root. The mounts live in a mount
# namespace of their own and vanish with CMD; the cache and the source tree
# have the same path on both sides. exec, so that its pid is the caller's.
in_root() {
	unshare -m --propagation private \
		"$BASH" "$VPV_LAB/enter-root.sh" "$VPV_ROOT" "$VPV_CACHE" "$VPV_TOP" "$@"
}
