#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: balloon-report
# briefly: 7.3
# timeout: 150
# What the guest frees, the host has back soon; with no more kicks than the in-tree
# driver takes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/balloon.bash"
need_lab
need_module virtio_pv_balloon

fallen() { [ $((full - $(rss_mib))) -ge 950 ]; }

# free_a_gib: sets ms and kicks
free_a_gib() {
	local start k i
	mount -o remount,size=95% /dev/shm
	dd if=/dev/zero of=/dev/shm/fill bs=1M count=1024 2>/dev/null
	full=$(rss_mib)
	k=$(kicks balloon0) i=$(interrupts balloon0)
	rm /dev/shm/fill
	start=$(now_ms)
	wait_for 40 fallen || return 1
	ms=$(($(now_ms) - start)) kicks=$(($(kicks balloon0) - k))
	echo "# $1: after $ms ms: $full MiB, then $(rss_mib) MiB; $kicks kicks, $(($(interrupts balloon0) - i)) interrupts"
}

theirs=40
if modprobe -q virtio_balloon && [ "$(driver_of balloon0)" = virtio-pci ]; then
	sleep 6
	free_a_gib "in-tree" && theirs=$kicks
fi

check "our driver takes the balloon" take balloon0 || bail "no balloon"
check_equal "free pages are reported" 1 "$(attribute reporting)"
sleep 6
# other guests may have the host's processors at times
for _ in 1 2 3; do
	free_a_gib ours || bail "the host does not get its memory back"
	[ "$ms" -gt 5000 ] || break
done
check "the host has 1 GiB back within 5 seconds" test "$ms" -le 5000
check "in no more kicks than the in-tree driver's $theirs" test "$kicks" -le $((theirs + 4))
check "sysfs counts them" test "$(attribute reported_kib)" -ge $((900 * 1024))
touch_memory 1000
check "reported memory can be used again" test "$(meminfo_mib MemFree)" -gt 900

# Blocks are reported before they are inflated, which is a kick more for each batch.
sleep 6
k=$(kicks balloon0) i=$(interrupts balloon0)
host_wants 512
check "a GiB is inflated" wait_for 60 holds 1024
k=$(($(kicks balloon0) - k)) i=$(($(interrupts balloon0) - i))
check "in 16 kicks at most ($k)" test "$k" -le 16
check "and 8 interrupts at most ($i)" test "$i" -le 8
check "the host has that memory" test "$(rss_mib)" -le 560
host_wants 1536
check "and gives it back" wait_for 60 holds 0
check "the module unloads" unload virtio_pv_balloon
