#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: bare
. "$(dirname "$0")/lib.sh"
echo "WARNING: CPU: 0 PID: 1 at nowhere.c:1" >/dev/kmsg
ok "one"
