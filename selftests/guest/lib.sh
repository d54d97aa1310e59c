# SPDX-License-Identifier: GPL-2.0-only
# For the guest tests: results in KTAP; with devices.sh, devices by name.
# shellcheck shell=bash
# Sourced first thing; the exit status follows the results.

set -uo pipefail

ktap_count=0 ktap_failed=0 ktap_skipped=0 ktap_planned=''
echo "KTAP version 1"
trap ktap_exit EXIT

# ktap_plan N: how many results will come. Without it the plan is printed last.
ktap_plan() {
	ktap_planned=$1
	echo "1..$1"
}

ok() {
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count - $1"
}

# not_ok NAME [WHY]
not_ok() {
	ktap_count=$((ktap_count + 1))
	ktap_failed=$((ktap_failed + 1))
	[ -z "${2:-}" ] || echo "# ${2//$'\n'/$'\n# '}"
	echo "not ok $ktap_count - $1"
}

# skip NAME REASON
skip() {
	ktap_count=$((ktap_count + 1))
	ktap_skipped=$((ktap_skipped + 1))
	echo "ok $ktap_count - $1 # SKIP $2"
}

# skip_all REASON: the whole test
skip_all() {
	trap - EXIT
	echo "1..0 # SKIP $1"
	exit 4
}

# check NAME CMD...: CMD's words are shown when it fails
check() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "${out:-no output}
failed: $*"
		return 1
	fi
}

# check_equal NAME WANTED GOT
check_equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "wanted '$2', got '$3'"
		return 1
	fi
}

# bail WHY: a failure that makes the rest pointless
bail() {
	not_ok "can go on" "$1"
	exit 1
}

ktap_exit() {
	local status=$?
	[ -n "$ktap_planned" ] || echo "1..$ktap_count"
	if [ "$ktap_failed" != 0 ]; then
		exit 1
	elif [ "$status" != 0 ]; then
		exit "$status"
	elif [ "$ktap_count" = "$ktap_skipped" ]; then
		exit 4
	fi
	exit 0
}

# The lab around this guest; a guest of a user's own has none.
in_lab() { [ -e /test/map ] && [ -c /dev/ttyS2 ]; }
need_lab() { in_lab || skip_all "needs the lab around the guest: selftests/lab/lab test"; }

# shellcheck source=selftests/guest/devices.sh
. "$(dirname "${BASH_SOURCE[0]}")/devices.sh"
