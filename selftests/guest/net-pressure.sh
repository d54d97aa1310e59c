#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# kernels: debug
# briefly: none
# timeout: 60
# Pages for the receive rings are refused most of the time: packets are lost, and
# nothing else; afterwards everything works.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.bash"
need_lab
need_module virtio_pv_net
mount -t debugfs none /sys/kernel/debug 2>/dev/null
fail=/sys/kernel/debug/fail_page_alloc
[ -d $fail ] || skip_all "this kernel injects no faults"

check "taken" take packed || exit 1
check "the host answers" net_up packed || exit 1
i=$(net_index packed)
dev=$(netdev packed)

# Only allocations that must not sleep: those of NAPI and timers.
echo 1 >$fail/ignore-gfp-wait
echo 0 >$fail/min-order
echo 0 >$fail/verbose
echo -1 >$fail/times
echo 90 >$fail/probability
for _ in 1 2 3 4 5; do
	host netns ping -q -c 300 -i 0.001 -s 8000 -W 1 "10.9.$i.2" >/dev/null 2>&1
done
echo 0 >$fail/probability
check "memory was short" [ "$(net_counter packed rx0_no_memory)" -gt 0 ]
ethtool -S "$dev" | grep -E 'rx0_(packets|drops|no_memory)' | sed 's/^/#/'
check "works afterwards" wait_for 20 ping -c 1 -W 1 "10.9.$i.1"
check "packets" net_pings_apart packed 5 -s 1400
check "TCP" net_receive packed 20000
