# SPDX-License-Identifier: GPL-2.0-only
# For tests with vhost-user balloons: what the device has noted down.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/vu-device.bash"
. "$(dirname "${BASH_SOURCE[0]}")/memory.bash"

need_lab
need_module virtio_pv_balloon

# Short, so that a device that does not answer is given up soon.
unload virtio_pv_balloon 2>/dev/null
load virtio_pv_balloon timeout_ms=2000 || bail "virtio_pv_balloon does not load"

attr() { cat "/sys/bus/pci/devices/$(bdf "$1")/balloon/$2"; }
has() { [ "$(attr "$1" actual_kib)" = $(($2 * 1024)) ]; }
notes() { [ "$(stat_of "$1" held)" = $(($2 * 256)) ] && [ "$(stat_of "$1" actual)" = $(($2 * 256)) ]; }

# agreed NAME MIB WHAT: both sides have that much, page for page
agreed() {
	check "$1: $3: the guest gives $2 MiB" wait_for 60 has "$1" "$2" || echo "# $(attr "$1" actual_kib)"
	check "$1: $3: the device has them, and knows" wait_for 10 notes "$1" "$2" ||
		vu "$1" stats | sed 's/^/# /'
}

# honest NAME WHAT: no page twice, none strange, none touched
honest() {
	check_equal "$1: $2: no page given twice, taken unasked, or touched" "0 0 0 0" \
		"$(stat_of "$1" twice) $(stat_of "$1" stranger) $(stat_of "$1" touched) $(stat_of "$1" outside)"
}
