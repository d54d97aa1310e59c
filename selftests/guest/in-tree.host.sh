#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# briefly: none
# kernels: debug
# timeout: 600
# Dropped into a kernel tree, with one line each in drivers/Kconfig and
# drivers/Makefile, the drivers configure and build there as modules.
set -uo pipefail
echo "KTAP version 1"
echo "1..3"
out=$(lab build --in-tree 2>&1) && rc=0 || rc=1
if [ "$rc" = 0 ]; then
	echo "ok 1 - configures and builds in a kernel tree"
else
	echo "# ${out//$'\n'/$'\n# '}"
	echo "not ok 1 - configures and builds in a kernel tree"
fi
number=1
for module in virtio_pv virtio_pv_blk; do
	number=$((number + 1))
	if grep -q "drivers/virtio-pv/$module.ko" <<<"$out"; then
		echo "ok $number - makes $module.ko"
	else
		echo "not ok $number - makes $module.ko"
		rc=1
	fi
done
exit "$rc"
