#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: bare
# Runs in a fresh guest after those that spoilt theirs.
. "$(dirname "$0")/lib.sh"
ok "one"
