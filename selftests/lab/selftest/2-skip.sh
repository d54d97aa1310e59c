#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: bare
. "$(dirname "$0")/lib.sh"
skip_all "to see a test skipped"
