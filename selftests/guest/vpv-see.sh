#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vpv
# briefly: 7.3
# timeout: 180
# What vpv shows is what is there: list, status, stats, top, trace, doctor.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/io.bash"
need_lab
need_module virtio_pv_blk

shows() { local regex=$1 out; shift; out=$("$@" 2>&1); grep -qE "$regex" <<<"$out" || { echo "no '$regex' in: $out"; return 1; }; }

vpv give -q --all
disk0=$(bdf disk0)
check "a list of all" test "$(vpv list | wc -l)" = 7
check "in-tree is told" shows "^$disk0 +block +virtio_blk +vd[a-z] +in-tree" vpv list
check "stats of a device that is not ours: status 1" sh -c "vpv stats $disk0; [ \$? = 1 ]"

vpv take -q "$disk0" || bail "not taken"
node=$(basename "$(disk disk0)")
check "ours is told" shows "^$disk0 +block +virtio_pv_blk +$node +taken until the next start" vpv list
check "a feature in use" shows "32 VERSION_1 +used" vpv status "$node"

dd if="/dev/$node" of=/dev/null bs=4k count=50 iflag=direct 2>/dev/null
kicks=$(counter disk0 0 kicks)
check "kicks in the table are the driver's" shows "^$disk0 +$node +0 +[^ ]+ +0 +$kicks " vpv stats "$disk0"
check "and in JSON" shows "\"kicks\": $kicks\b" vpv stats -o json "$disk0"
check "and for Prometheus" shows "^virtio_pv_queue_kicks_total\{device=\"$disk0\",driver=\"virtio_pv_blk\",queue=\"0\",name=\"[^\"]*\"\} $kicks\$" vpv stats -o prometheus
check "no line of it is other than the format has it" sh -c "! vpv stats -o prometheus |
	grep -vE '^(# TYPE [a-z_]+ (counter|gauge)|[a-z_]+\{([a-z]+=\"[^\"]*\",?)+\} [0-9]+)\$'"

io_start disk0
check "top sees the load" shows "^$disk0 +$node +[01] +[^ ]+ +[0-9]+ +[1-9][0-9]* .* [0-9]+\.[0-9]\$" vpv top -d 2 -n 1
check "and in JSON, a line a time" test "$(vpv top -d 0.5 -n 2 -o json | grep -c '^\[')" = 2
check "trace follows it" shows " (kick|kick_avoided|irq): dev=$disk0 queue=" vpv trace -n 20 -t 20 "$disk0"
check "as many lines as asked for" test "$(vpv trace -n 20 -t 20 -o json | wc -l)" = 20
check "one event only" test -z "$(vpv trace -e irq -n 20 -t 20 | grep -v ' irq: ')"
check "JSON of a line" shows '^\{"time":[0-9.]+,"cpu":[0-9]+,"event":"irq","task":"[^"]+","dev":"[^"]+","queue":[0-9]+\}$' vpv trace -e irq -n 1 -t 20 -o json
check "of an event there is not, nothing" sh -c "! vpv trace -e nonsense -t 1"
check "nothing is left of it" test -z "$(ls /sys/kernel/tracing/instances)"
io_stop

check "doctor finds the kernel's modules" shows "^ok +kernel +Linux $(uname -r | tr + .) \(running\) has the modules" vpv doctor
check "and the device alive" shows "^ok +device +$disk0 \(block $node\) is live" vpv doctor
check "an otherwise healthy guest has status 0" vpv doctor
vpv give -q "$disk0"
mkdir -p /etc/virtio-pv
echo "$disk0 virtio_pv_blk" >/etc/virtio-pv/take.list
check "a device that is not where it should be: status 7" sh -c "vpv doctor; [ \$? = 7 ]"
check "with what mends it" shows "vpv take $disk0" vpv doctor
rm -f /etc/virtio-pv/take.list
check "a bad verb: status 2" sh -c "vpv frobnicate; [ \$? = 2 ]"
