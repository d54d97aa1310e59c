#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vpv
# briefly: none
# timeout: 1800
# The same as vpv-cycles.sh, two hundred times.
cycles=200
. "$(dirname "$0")/vpv-cycles.sh"
