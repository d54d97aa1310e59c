#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: life
# briefly: 6.1 6.12 7.3
# timeout: 90
# The capacity changes under load.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/io.bash"
need_lab
need_module virtio_pv_blk

take slot0 || bail "no disk"
trap 'give slot0; ktap_exit' EXIT
dev=$(disk slot0)
mib() { echo $(($(blockdev --getsize64 "$dev") >> 20)); }
nothing_at() { [ "$(dd if="$dev" bs=1M skip="$1" count=1 2>/dev/null | wc -c)" = 0 ]; }
mib_is() { [ "$(mib)" = "$1" ]; }

check_equal "64 MiB at first" 64 "$(mib)"
io_start slot0
check "the host makes it larger" host block_resize slot0 96M
check "96 MiB are seen" wait_for 10 mib_is 96
check "the new end can be read" dd if="$dev" of=/dev/null bs=1M skip=95 count=1 iflag=direct
check "the host makes it smaller" host block_resize slot0 48M
check "48 MiB are seen" wait_for 10 mib_is 48
check "reading beyond the new end is refused" nothing_at 48
io_stop
check "and verified every block" io_verified
host block_resize slot0 64M
check "64 MiB again" wait_for 10 mib_is 64
