#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: balloon balloon-packed
# briefly: 6.1 7.3
# timeout: 400
# A GiB goes to the host and comes back, in few notifications; the host's memory
# follows, and what the two sides say agrees.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/balloon.bash"
need_lab
need_module virtio_pv_balloon

gib=1024 rest=$((memory_mib - 1024))

# What a guest can fill and go on, whatever its image takes: what stays untouched is
# memory the host does not get back because it never gave it.
nearly_all() { echo $(($(meminfo_mib MemAvailable) - 80)); }

# measure WHAT DONE...: until DONE; sets kicks, irqs, ms, cpu
measure() {
	local what=$1 k i c t
	shift
	k=$(kicks balloon0) i=$(interrupts balloon0) c=$(host cpu) t=$(now_ms)
	host_wants "$1"
	shift
	wait_for 90 "$@" || { not_ok "$what ends" "$(attribute actual_kib 2>/dev/null)"; return 1; }
	ms=$(($(now_ms) - t))
	cpu=$(($(host cpu) - c)) kicks=$(($(kicks balloon0) - k)) irqs=$(($(interrupts balloon0) - i))
	echo "# $what 1 GiB: $ms ms, $kicks kicks, $irqs interrupts, $cpu ms of host CPU"
	ok "$what ends"
}

if modprobe -q virtio_balloon && [ "$(driver_of balloon0)" = virtio-pci ]; then
	touch_memory "$(nearly_all)"
	measure "in-tree inflating" "$rest" host_sees "$rest"
	theirs_kicks=$kicks
	measure "in-tree deflating" "$memory_mib" host_sees "$memory_mib"
fi

check "our driver takes the balloon" take balloon0 || bail "no balloon"
check_equal "the balloon is empty" 0 "$(attribute actual_kib)"
touch_memory 1250
full=$(rss_mib)
free=$(meminfo_mib MemFree)

measure inflating "$rest" holds $gib || bail "no inflation"
check "inflating takes 16 kicks at most" test "$kicks" -le 16
check "and 8 interrupts at most" test "$irqs" -le 8
[ -z "${theirs_kicks:-}" ] || check "far fewer kicks than the in-tree driver" test $((kicks * 20)) -lt "$theirs_kicks"
check "the host agrees" wait_for 5 host_sees "$rest"
echo "# blocks by order: $(attribute blocks)"
empty=$(rss_mib)
echo "# host memory: $full MiB, then $empty MiB"
# but for what it had not given yet
check "the host has its memory back" test $((full - empty)) -ge $((900 - memory_mib + full))
check "which was most there is" test "$full" -ge $((memory_mib * 3 / 4))
check "the guest has less" test $((free - $(meminfo_mib MemFree))) -ge 950
huge=$(attribute blocks | awk '{ print $10 }')
check "most of it in blocks of 2 MiB" test "$huge" -ge 256

measure deflating "$memory_mib" holds 0 || bail "no deflation"
check "deflating takes 16 kicks at most" test "$kicks" -le 16
check "and 8 interrupts at most" test "$irqs" -le 8
check "the host agrees" wait_for 5 host_sees "$memory_mib"
check "the guest has its memory back" test $((free - $(meminfo_mib MemFree))) -le 40
touch_memory "$(nearly_all)"
check "and can use it" test "$(rss_mib)" -gt $((empty + 500))

# a part of a block
host_wants $((memory_mib - 100))
check "100 MiB in" wait_for 30 holds 100
host qmp '{"execute": "balloon", "arguments": {"value": '$((((memory_mib - 100) << 20) + 49152))'}}' >/dev/null
less() { [ "$(attribute actual_kib)" = $((102400 - 48)) ]; }
check "and 12 pages out, a part of a block" wait_for 30 less
host_wants "$memory_mib"
check "and nothing is left" wait_for 30 holds 0

# statistics
host qmp '{"execute": "qom-set", "arguments": {"path": "/machine/peripheral/balloon0", "property": "guest-stats-polling-interval", "value": 1}}' >/dev/null
sleep 3
stats=$(host qmp '{"execute": "qom-get", "arguments": {"path": "/machine/peripheral/balloon0", "property": "guest-stats"}}')
stat_of() { sed "s/.*\"stat-$1\": \([0-9]*\).*/\1/" <<<"$stats"; }
check_equal "the host knows the guest's memory" "$(meminfo_mib MemTotal)" $(($(stat_of total-memory) >> 20))
check "and what is free of it" test "$(($(stat_of free-memory) >> 20))" -gt $(($(meminfo_mib MemFree) / 2))
for name in swap-in swap-out major-faults minor-faults available-memory disk-caches \
	htlb-pgalloc htlb-pgfail; do
	check "the host is told $name" test "$(stat_of $name)" -ge 0
done

# a target beyond memory, then one that flaps
host_wants 1
sleep 4
check "a target beyond memory leaves the floor" test "$(meminfo_mib MemAvailable)" -ge $(($(attribute floor_kib) / 1024 / 2))
for i in $(seq 20); do
	host_wants $((i % 2 ? 512 : 1400))
done
host_wants 1000
check "a target that flapped is reached" wait_for 60 holds $((memory_mib - 1000))
check "the host agrees" wait_for 5 host_sees 1000

check "the module unloads with pages in the balloon" unload virtio_pv_balloon
check "which are given back" test $((free - $(meminfo_mib MemFree))) -le 60
