#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests of the lab itself: is each kind of failure judged to be one? KTAP.
set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kernel=${VPV_KERNEL:-6.12}
count=0 failed=0

result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
	fi
}

# verdict TEST REGEX WHAT: the runner's line on TEST, with the lines before it
# that belong to it, made one line
verdict() {
	local rc=0
	awk -v test="$kernel bare $1 " '
		{ text = text " " $0 }
		/^(not )?ok - / { if (index($0, test)) print text; text = "" }' <<<"$out" |
		grep -qE -e "$2" || rc=1
	result "$rc" "$3"
}

# status WANTED WHAT CMD...
status() {
	local wanted=$1 what=$2 rc=0
	shift 2
	"$@" >/dev/null 2>&1 || rc=$?
	[ "$rc" = "$wanted" ] && rc=0 || rc=1
	result "$rc" "$what"
}

echo "KTAP version 1"
if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP the lab needs root"
	echo "0 passed, 0 failed, 1 skipped"
	exit 4
fi

rc=0
out=$(VPV_SILENCE=5 "$lab/lab" test --no-modules --kernel "$kernel" --jobs 2 --dir "$lab/selftest") || rc=$?
# for who reads the log; not in the form of results, these are not ours
while IFS= read -r line; do echo "# | $line"; done <<<"$out"

verdict 1-pass ' ok - .*\(1 passed, 0 failed, 1 skipped' "a pass, a skip and an expected complaint"
verdict 2-fail 'not ok .*\(1 passed, 1 failed, 0 skipped' "a failed result fails"
verdict 2-mute 'printed no result.*not ok .*\(0 passed, 1 failed' "success without a result fails"
verdict 2-plan 'planned 3 results, gave 1.*not ok' "a result that did not come fails"
verdict 2-skip 'SKIP to see a test skipped.* ok - .*\(0 passed, 0 failed, 1 skipped' "exit 4 is a skip with its reason"
verdict 2-status 'exit status 7.*not ok' "a bad exit status fails"
verdict 3-warning 'log has: .*WARNING: CPU.*not ok' "a complaint of the kernel fails"
verdict 4-timeout '# ran past its time-out.*not ok' "a time-out fails"
verdict 5-panic '# .*Kernel panic.*not ok' "a panic fails"
verdict 6-silent '# the guest is silent.*not ok' "silence fails"
verdict 7-last '7-last \(1 passed, 0 failed' "the rest goes on in a fresh guest"
[ "$(tail -n 1 <<<"$out")" = "9 passed, 8 failed, 2 skipped" ] && same=0 || same=1
result "$same" "the last line adds up"
[ $rc != 0 ] && bad=0 || bad=1
result "$bad" "the exit status says that something failed"

script=$(mktemp)
trap 'rm -f "$script"' EXIT
# shellcheck disable=SC2016  # for the script
printf '#!/bin/bash\nexit "$1"\n' >"$script"
status 2 "a script that is not executable is refused" "$lab/lab" run --no-modules --kernel "$kernel" "$script" 0
chmod +x "$script"
status 2 "an unknown kernel is refused" "$lab/lab" run --kernel 2.4 "$script" 0
status 2 "an unknown boot is refused" "$lab/lab" run --no-modules --kernel "$kernel" --boot no-such "$script" 0
status 42 "lab run ends with the script's status" "$lab/lab" run --no-modules --kernel "$kernel" --smp 1 "$script" 42

again=$("$lab/py/again_test.py") && rc=0 || rc=$?
while IFS= read -r line; do echo "# | $line"; done <<<"$again"
result "$rc" "a second try counts as it should"
marker=$(mktemp -u)
out=$(VPV_UNSTEADY=$marker "$lab/lab" test --no-modules --kernel "$kernel" --second-try --dir "$lab/selftest-again") && rc=0 || rc=$?
rm -f "$marker"
result "$rc" "a test of the host has a second try, too"
grep -q "^# unsteady: $kernel host unsteady" <<<"$out" && rc=0 || rc=1
result "$rc" "and is named"
out=$("$lab/lab" test --no-modules --kernel "$kernel" --second-try --dir "$lab/selftest" 2-fail) && rc=0 || rc=$?
while IFS= read -r line; do echo "# | $line"; done <<<"$out"
[ "$rc" != 0 ] && [ "$(grep -c '^# not ok - ' <<<"$out")" = 1 ] && [ "$(grep -c '^not ok - ' <<<"$out")" = 1 ] &&
	rc=0 || rc=1
result "$rc" "what fails twice fails, once"

echo "1..$count"
echo "$((count - failed)) passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
