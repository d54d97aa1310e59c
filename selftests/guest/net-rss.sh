#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: net
# timeout: 120
# kernels: 6.12 7.3 debug
# briefly: 7.3
# Receive side scaling: table, key and hashed fields decide which pair packets
# come to, over a reset too; the device's hash reaches the stack.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.bash"
need_lab
need_module virtio_pv_net

FLOWS=100
check "taken" take rss || exit 1
check "the host answers" net_up rss || exit 1
dev=$(netdev rss)
i=$(net_index rss)

# spread: packets of so many flows from the host; sets got0 and got1
spread() {
	local before0 before1
	before0=$(net_counter rss rx0_packets) before1=$(net_counter rss rx1_packets)
	host netns bash -c "for n in \$(seq $FLOWS); do echo x >/dev/udp/10.9.$i.2/\$((5000 + n)); done"
	wait_for 5 arrived $((before0 + before1 + FLOWS))
	got0=$(($(net_counter rss rx0_packets) - before0))
	got1=$(($(net_counter rss rx1_packets) - before1))
	echo "# $got0 to pair 0, $got1 to pair 1"
}
arrived() { [ $(($(net_counter rss rx0_packets) + $(net_counter rss rx1_packets))) -ge "$1" ]; }

check_equal "entries of the table" 128 "$(ethtool -x "$dev" | awk '$1 ~ /^[0-9]+:$/ { n += NF - 1 } END { print n }')"
spread
check "both pairs get some" [ "$got0" -ge 20 -a "$got1" -ge 20 ]

# A packet for a full ring must not hold up those behind it that go to the other:
# so many for one ring, of a few buffers, that it runs empty; then some for each.
check "rings of a few buffers" ethtool -G "$dev" rx 64
check "all to pair 1" ethtool -X "$dev" weight 0 1
host netns bash -c "for n in \$(seq 2000); do echo x >/dev/udp/10.9.$i.2/\$((5000 + n % 50)); done"
sleep 1
check "half to each" ethtool -X "$dev" equal 2
host netns bash -c "for n in \$(seq 2000); do echo x >/dev/udp/10.9.$i.2/\$((5000 + n % 50)); done"
wait_for 5 net_pings rss 3
spread
check "all of them come" [ $((got0 + got1)) -ge $FLOWS ]
check "rings as before" ethtool -G "$dev" rx 256
check "all to pair 0" ethtool -X "$dev" weight 1 0
spread
check "they come there" [ "$got0" -ge $FLOWS -a "$got1" -lt 20 ]
check "all to pair 1" ethtool -X "$dev" weight 0 1
spread
check "they come there" [ "$got1" -ge $FLOWS -a "$got0" -lt 20 ]
check_equal "no fewer pairs than the table names" no "$(ethtool -L "$dev" combined 1 2>/dev/null && echo yes || echo no)"

check "reset" sh -c "echo 1 >/sys/bus/pci/devices/$(bdf rss)/reset"
check "the host answers" net_up rss
spread
check "the table is the same" [ "$got1" -ge $FLOWS -a "$got0" -lt 20 ]

check "the usual table" ethtool -X "$dev" default
key=$(printf '%02x:' $(seq 1 40))
check "another key" ethtool -X "$dev" hkey "${key%:}"
check "it is shown" sh -c "ethtool -x $dev | grep -qi '${key%:}'"
spread
check "both pairs get some" [ "$got0" -ge 20 -a "$got1" -ge 20 ]

check "UDP by addresses alone" ethtool -N "$dev" rx-flow-hash udp4 sd
check "it is shown" sh -c "! ethtool -n $dev rx-flow-hash udp4 | grep -q 'L4 bytes'"
spread
check "all flows to one pair" [ "$got0" -lt 20 -o "$got1" -lt 20 ]
check "UDP by ports too" ethtool -N "$dev" rx-flow-hash udp4 sdfn
check "it is shown" sh -c "ethtool -n $dev rx-flow-hash udp4 | grep -q 'L4 bytes'"

check "one pair" ethtool -L "$dev" combined 1
check "works" net_pings rss 5 -i 0.05
check "two pairs" ethtool -L "$dev" combined 2
spread
check "both pairs get some" [ "$got0" -ge 20 -a "$got1" -ge 20 ]
check "TCP" net_receive rss 60000

mount -t tracefs none /sys/kernel/tracing 2>/dev/null
event=/sys/kernel/tracing/events/net/napi_gro_receive_entry
hashes() { grep "dev=$dev" /sys/kernel/tracing/trace | grep -c 'l4_hash=1'; }
if [ -e $event ]; then
	echo 1 >$event/enable
	spread
	grep "dev=$dev" /sys/kernel/tracing/trace | tail -2 | sed 's/^/# /'
	check "the stack gets the hash" [ "$(hashes)" -ge 20 ]
	ethtool -K "$dev" rxhash off
	echo >/sys/kernel/tracing/trace
	spread
	check_equal "and none when that is off" 0 "$(hashes)"
	ethtool -K "$dev" rxhash on
	echo 0 >$event/enable
else
	skip "the stack gets the hash" "this kernel has no tracepoint for it"
fi
check_equal "no command refused" 0 "$(net_counter rss ctrl_failed)"
