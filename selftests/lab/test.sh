# SPDX-License-Identifier: GPL-2.0-only
# lab test: finds the tests, readies the kernels, runs them, adds up.
# shellcheck shell=bash

# find_tests DIR [NAME...]: paths of guest tests; NAME with or without .sh.
# Tests are executable, the files they source are not.
find_tests() {
	local dir=$1 name file
	shift
	if [ $# = 0 ]; then
		for file in "$dir"/*.sh; do
			if [ -x "$file" ]; then
				echo "$file"
			elif [ -n "$(test_header "$file" boot)" ]; then
				die "the test $file is not executable; run: chmod +x $file"
			fi
		done
		return
	fi
	for name; do
		name=${name##*/}
		for file in "$dir/$name" "$dir/$name.sh" "$dir/$name.host.sh" ''; do
			[ -f "$file" ] && break
		done
		[ -n "$file" ] || die "no test '$name' in $dir"
		echo "$file"
	done
}

test_header() { sed -nE "/^#/!q; s/^# $2: (.*)\$/\\1/p" "$1"; }

# try_host_test KERNEL TEST LOGS [MARK]: on the host; boots guests itself with lab run.
# Prints its verdict, a failure's behind MARK, and leaves "passed failed skipped" in LOGS/.
try_host_test() {
	local kernel=$1 path=$2 logs=$3 mark=${4:-} name status=0 seconds
	name=$(basename "$path" .host.sh)
	seconds=$(test_header "$path" timeout)
	seconds=$((${seconds:-300} * ${VPV_SLOW:-1}))
	[ "$kernel" != debug ] || seconds=$((seconds * 4))
	mkdir -p "$logs/$kernel/host"
	VPV_KERNEL=$kernel PATH=$VPV_LAB:$PATH timeout -k 10 "$seconds" "$path" \
		>"$logs/$kernel/host/$name.ktap" 2>"$logs/$kernel/host/$name.log" || status=$?
	in_root python3 -B "$VPV_LAB/py/judge.py" "$kernel host $name" "$status" \
		"$logs/$kernel/host/$name.ktap" "$logs/$kernel/host/$name.sum" ${mark:+"$mark"}
}

# run_host_test KERNEL TEST LOGS SECOND-TRY: the same, twice where that is allowed
run_host_test() {
	local kernel=$1 path=$2 logs=$3 failed
	if [ "$4" != yes ]; then
		try_host_test "$kernel" "$path" "$logs"
		return
	fi
	try_host_test "$kernel" "$path" "$logs" '# '
	read -r _ failed _ <"$logs/$kernel/host/$(basename "$path" .host.sh).sum"
	[ "$failed" != 0 ] || return 0
	echo "# unsteady: $kernel host $(basename "$path" .host.sh): failed at first, this is the second try"
	try_host_test "$kernel" "$path" "$logs"
}

verb_test() {
	local kernels='' boot='' jobs=1 dir=$VPV_TOP/selftests/guest boots logs modules=yes keep_going second_try=no
	while [ $# -gt 0 ]; do
		case "$1" in
		--kernel) kernels+=" ${2:?}"; shift ;;
		--boot) boot=${2:?}; shift ;;
		--jobs) jobs=${2:?}; shift ;;
		--dir) dir=$(cd "${2:?}" && pwd); shift ;;
		--no-modules) modules=no ;;
		--all) export VPV_ALL=yes ;;
		--once) export VPV_ONCE=yes ;;
		--second-try) second_try=yes ;;
		-*) die "test does not know '$1'; try: lab help" ;;
		*) break ;;
		esac
		shift
	done
	local tests=() host_tests=() path found kernel total=(0 0 0) part
	found=$(find_tests "$dir" "$@")
	[ -n "$found" ] || die "no tests in $dir"
	while read -r path; do
		[ -n "$path" ] || continue
		case "$path" in
		*.host.sh) [ -n "$boot" ] || host_tests+=("$path") ;;
		*) tests+=("$path") ;;
		esac
	done <<<"$found"
	boots=$dir/boots
	logs=$VPV_TOP/build/test-logs
	[ "$dir" = "$VPV_TOP/selftests/guest" ] || logs=$logs/$(basename "$dir")
	mkdir -p "$logs"
	local options=()
	for kernel in ${kernels:-$VPV_KERNELS}; do
		known_kernel "$kernel"
		guest_pieces "$kernel" "$modules"
		options+=(--kernel "$kernel|$(kernel_dir "$kernel")/vmlinuz|$(kernel_release "$kernel")|$(base_image)|$(modules_image "$kernel")|$ours_dir|$programs_dir")
	done
	echo "KTAP version 1"
	[ -z "$boot" ] || options+=(--boot "$boot")
	[ "$second_try" = no ] || options+=(--second-try)
	if [ ${#tests[@]} -gt 0 ]; then
		local result
		result=$(mktemp -p "$VPV_CACHE/run")
		in_root python3 -B "$VPV_LAB/py/runner.py" --top "$VPV_TOP" --cache "$VPV_CACHE" --boots "$boots" \
			--logs "$logs" --result "$result" --jobs "$jobs" "${options[@]}" "${tests[@]}"
		read -r -a total <"$result"
		rm -f "$result"
	fi
	for path in "${host_tests[@]}"; do
		for kernel in ${kernels:-$VPV_KERNELS}; do
			keep_going=$(test_header "$path" briefly)
			[ "${VPV_ONCE:-}" != yes ] || keep_going=${keep_going%% *}
			[ -n "$keep_going" ] && [ "${VPV_ALL:-}" != yes ] || keep_going=$(test_header "$path" kernels)
			[ -z "$keep_going" ] || [[ " $keep_going " == *" $kernel "* ]] || continue
			run_host_test "$kernel" "$path" "$logs" "$second_try"
			read -r -a part <"$logs/$kernel/host/$(basename "$path" .host.sh).sum"
			for found in 0 1 2; do
				total[found]=$((total[found] + part[found]))
			done
		done
	done
	echo "# logs: $logs"
	echo "${total[0]} passed, ${total[1]} failed, ${total[2]} skipped"
	[ "${total[1]}" = 0 ]
}
