#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: bare
. "$(dirname "$0")/lib.sh"
ok "one"
exit 7
