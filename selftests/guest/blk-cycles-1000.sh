#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: plain
# briefly: none
# timeout: 2400
# The same as blk-cycles.sh, a thousand times.
cycles=1000
. "$(dirname "$0")/blk-cycles.sh"
