#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: bare
# timeout: 3
. "$(dirname "$0")/lib.sh"
ok "one"
sleep 100
