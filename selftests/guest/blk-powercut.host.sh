#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 200
# kernels: 6.12
# The power goes while records are written and synced: each one that was
# acknowledged is there after it came back.
set -uo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT

echo "KTAP version 1"
echo "1..4"
failed=0
result() {
	if [ "$1" = 0 ]; then echo "ok $2 - $3"; else echo "not ok $2 - $3"; failed=1; fi
}

lab run --kernel "$VPV_KERNEL" --boot plain --state "$state" --timeout 90 "$here/powercut-guest" write >"$state/first.log" 2>&1
status=$?
acked=$(awk '/^acknowledged / { n = $2 } END { print n + 0 }' "$state/first.log")
echo "# $acked records were acknowledged before the power went; lab said $status"
[ "$status" = 0 ] && grep -q "ended on its own request" "$state/first.log"; result $? 1 "the guest died by the power cut"
[ "$acked" -ge 10 ]; result $? 2 "it was writing"

lab run --kernel "$VPV_KERNEL" --boot plain --state "$state" --timeout 90 "$here/powercut-guest" read >"$state/second.log" 2>&1
result $? 3 "the file system is sound after its journal was replayed"
found=$(awk '/^found / { n = $2 } END { print n + 0 }' "$state/second.log")
echo "# $found records were found"
[ "$found" -ge "$acked" ]; result $? 4 "every acknowledged record is there"
[ "$failed" = 0 ] || { sed 's/^/# first: /' "$state/first.log" | tail -n 15; sed 's/^/# second: /' "$state/second.log" | tail -n 15; }
exit "$failed"
