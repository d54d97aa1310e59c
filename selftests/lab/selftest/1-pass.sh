#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: bare
# expect-log: expected here
. "$(dirname "$0")/lib.sh"
ok "one"
skip "two" "to see a skip counted"
echo "WARNING: expected here" >/dev/kmsg
