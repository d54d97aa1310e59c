# SPDX-License-Identifier: GPL-2.0-only
# For tests with vhost-user balloons: what the device has noted down.
# shellcheck shell=bash

need_lab
need_module virtio_pv_balloon

# Short, so that a device that does not answer is given up soon.
unload virtio_pv_balloon 2>/dev/null
load virtio_pv_balloon timeout_ms=2000 || bail "virtio_pv_balloon does not load"

vu() { host vu "$@"; }

# noted NAME KEY: a counter of the device
noted() { vu "$1" stats | awk -v key="$2" '$1 == key { print $2; found = 1 } END { if (!found) print 0 }'; }

attr() { cat "/sys/bus/pci/devices/$(bdf "$1")/balloon/$2"; }
has() { [ "$(attr "$1" actual_kib)" = $(($2 * 1024)) ]; }
notes() { [ "$(noted "$1" held)" = $(($2 * 256)) ] && [ "$(noted "$1" actual)" = $(($2 * 256)) ]; }

# agreed NAME MIB WHAT: both sides have that much, page for page
agreed() {
	check "$1: $3: the guest gives $2 MiB" wait_for 60 has "$1" "$2" || echo "# $(attr "$1" actual_kib)"
	check "$1: $3: the device has them, and knows" wait_for 10 notes "$1" "$2" ||
		vu "$1" stats | sed 's/^/# /'
}

# honest NAME WHAT: no page twice, none strange, none touched
honest() {
	check_equal "$1: $2: no page given twice, taken unasked, or touched" "0 0 0 0" \
		"$(noted "$1" twice) $(noted "$1" stranger) $(noted "$1" touched) $(noted "$1" outside)"
}

log_mark() { echo "vpv-mark: $1" >/dev/kmsg; log_marked=$1; }
log_count() { dmesg | awk -v mark="vpv-mark: $log_marked" 'index($0, mark) { on = 1; next } on' | grep -c -- "$1"; }
meminfo_mib() { awk -v name="$1:" '$1 == name { print int($2 / 1024) }' /proc/meminfo; }
