# SPDX-License-Identifier: GPL-2.0-only
# For tests that count each kind of work several times: counts[DRIVER.WORK.WHAT] is
# a list, one number a run.
# shellcheck shell=bash

declare -A counts

# median DRIVER WORK WHAT: the lower of two in the middle
median() {
	tr ' ' '\n' <<<"${counts[$1.$2.$3]# }" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
