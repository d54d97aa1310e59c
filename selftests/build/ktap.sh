# SPDX-License-Identifier: GPL-2.0-only
# KTAP for the scripts of this folder: one result per question asked.
# shellcheck shell=bash

ktap_count=0 ktap_failed=0 ktap_skipped=0

ok() {
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count $1"
}

# not_ok NAME: the reason comes on standard input, if there is one.
not_ok() {
	ktap_count=$((ktap_count + 1)) ktap_failed=$((ktap_failed + 1))
	echo "not ok $ktap_count $1"
	sed 's/^/# /'
}

skip() {
	ktap_count=$((ktap_count + 1)) ktap_skipped=$((ktap_skipped + 1))
	echo "ok $ktap_count $1 # SKIP $2"
}

# empty NAME: passes when nothing comes on standard input, which is what is wrong.
empty() {
	local wrong
	wrong=$(cat)
	if [ -z "$wrong" ]; then
		ok "$1"
	else
		not_ok "$1" <<<"$wrong"
	fi
}

ktap_start() { echo "KTAP version 1"; }

# Sums up; status as kselftest wants it.
ktap_end() {
	echo "1..$ktap_count"
	echo "$((ktap_count - ktap_failed - ktap_skipped)) passed, $ktap_failed failed, $ktap_skipped skipped"
	[ "$ktap_failed" = 0 ]
}

# need PROGRAM PACKAGE: installs it as root, else names the command.
need() {
	command -v "$1" >/dev/null && return
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "# installing $2" >&2
		{ apt-get install -qy --no-install-recommends "$2" ||
			{ apt-get update -q && apt-get install -qy --no-install-recommends "$2"; }
		} >/dev/null 2>&1 && return
	fi
	echo "error: $1 is missing. Install it:  apt-get install $2" >&2
	exit 1
}
