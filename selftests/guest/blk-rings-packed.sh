#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: rings-packed
# briefly: 6.1 7.3
# timeout: 420
# fio with verification, and ext4, over every variant of the packed ring: 1 and 4
# queues, blocks of 512 and 4096 bytes, libaio, io_uring and polled.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/blk-rings.bash"
need_lab
need_module virtio_pv_blk
test_rings
