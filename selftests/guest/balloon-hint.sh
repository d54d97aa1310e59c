#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: balloon-hint
# timeout: 90
# briefly: 7.3
# A migration of the guest leaves out its free memory, and gives it back when done.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/balloon.bash"
need_lab
need_module virtio_pv_balloon

remaining_mib() {
	host qmp query-migrate | sed -n 's/.*"remaining": \([0-9]*\).*/\1/p' | awk '{ print int($1 / 1048576) }'
}

check "our driver takes the balloon" take balloon0 || bail "no balloon"
check_equal "nothing is hinted yet" 0 "$(attribute hinted_kib)"
memhog eat 450
host qmp '{"execute": "migrate-set-parameters", "arguments": {"max-bandwidth": 1048576}}' >/dev/null
k=$(kicks balloon0)
host qmp '{"execute": "migrate", "arguments": {"uri": "exec:cat >/dev/null"}}' >/dev/null
hinted() { [ "$(attribute hinted_kib)" -ge $((350 * 1024)) ]; }
check "the guest hints its free memory" wait_for 30 hinted
n=$(($(attribute hinted_kib) / 1024)) k=$(($(kicks balloon0) - k))
left_out() { local left; left=$(remaining_mib) && [ -n "$left" ] && [ "$left" -le $((768 - n + 80)) ]; }
check "the host leaves it out of the migration" wait_for 20 left_out
echo "# $n MiB hinted in $k kicks, $(remaining_mib) MiB of 768 remain to be sent"
check "a kick hints many pages" test "$k" -le 24
check "the pages are held meanwhile" test "$(attribute hints_held_kib)" -ge $((300 * 1024))

host qmp migrate_cancel >/dev/null
released() { [ "$(attribute hints_held_kib)" = 0 ]; }
check "the migration ends, and the pages are back" wait_for 20 released
memhog eat 400
check "and can be used" test "$(meminfo_mib MemFree)" -gt 300
check "the module unloads" unload virtio_pv_balloon
