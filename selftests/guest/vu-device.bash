# SPDX-License-Identifier: GPL-2.0-only
# For tests with vhost-user devices of any kind: commands, counters, and what the
# kernel said meanwhile.
# shellcheck shell=bash

vu() { host vu "$@"; }

# stat_of NAME KEY: a counter of the device
stat_of() { vu "$1" stats | awk -v key="$2" '$1 == key { print $2; found = 1 } END { if (!found) print 0 }'; }

# Messages of the kernel since the last mark.
log_mark() { echo "vpv-mark: $1" >/dev/kmsg; log_marked=$1; }
# Since the last mark of that name: a test before this one may have set it, too.
log_since() {
	dmesg | awk -v mark="vpv-mark: $log_marked" '
		index($0, mark) { on = 1; text = ""; next }
		on { text = text $0 "\n" }
		END { printf "%s", text }'
}
log_count() { log_since | grep -c -- "$1"; }
