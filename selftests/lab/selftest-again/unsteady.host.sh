#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Fails the first time it is run with the same file.
set -euo pipefail
echo "KTAP version 1"
echo "1..1"
if [ -e "$VPV_UNSTEADY" ]; then
	echo "ok 1 - the second time"
	exit
fi
: >"$VPV_UNSTEADY"
echo "not ok 1 - the first time"
exit 1
