#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# briefly: 7.3
# timeout: 300
# kernels: 6.1 6.12 7.3
# From one kernel to the next without a reset of the machine: the devices are
# stopped by then, and the second kernel drives them anew.
set -uo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT

# the second kernel comes on a disk
vmlinuz=${VPV_CACHE:-$HOME/.cache/virtio-pv}/kernels/$VPV_KERNEL/vmlinuz
cp "$vmlinuz" "$state/split0.img"
truncate -s %512 "$state/split0.img"
lab run --kernel "$VPV_KERNEL" --boot sleep --mem 1G --state "$state" --timeout 200 "$here/kexec-guest" first \
	>"$state/log" 2>&1
status=$?
# The results are those of the second kernel, when there was one.
if grep -q '^##vpv ready' "$state/log"; then
	sed '1,/^##vpv ready/d' "$state/log"
else
	cat "$state/log"
fi
exit "$status"
