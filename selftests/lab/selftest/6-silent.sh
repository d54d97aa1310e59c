#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: bare
# timeout: 3
# Stops the agent, this test's grandparent: the guest lives and says nothing.
. "$(dirname "$0")/lib.sh"
ok "one"
agent=$(awk '$1 == "PPid:" { print $2 }' "/proc/$PPID/status")
kill -STOP "$agent"
