#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: clock
# briefly: 6.1 6.12 7.3
# timeout: 90
# QEMU's clock is a PTP clock that tells the host's time, at one kick and no
# interrupt a reading.
. "$(dirname "$0")/lib.sh"
need_lab
need_module virtio_pv_clock

check "our driver takes the clock" take clock0 || bail "no clock"
dev=/sys/bus/pci/devices/$(bdf clock0)
ptp=/dev/$(cat "$dev/clock0/ptp") || bail "no PTP clock"
value() { ptp-check "$ptp" "$@" | awk -v name="$what" '$1 == name { print $2 }'; }
field() { what=$1; shift; value "$@"; }

check_equal "it is a clock of UTC" virtio-utc "$(cat "$dev/clock0/type")"
check_equal "and has the name the udev rule looks for" virtio-utc \
	"$(cat "/sys/class/ptp/${ptp##*/}/clock_name")"
check_equal "it claims no cross-timestamps" 0 "$(field cross caps)"
check_equal "nor says so in sysfs" 0 "$(cat "$dev/clock0/cross")"
check_equal "asked for one, it refuses" 1 "$(ptp-check "$ptp" precise | grep -c 'not supported')"

# the host's clock, read by the host between two readings of ours
before=$(field last get)
now=$(host time)
after=$(field last get)
check "it is the host's time" test "$before" -le "$now" -a "$now" -le "$after"

n=1000
ptp-check "$ptp" read 50 >/dev/null
kicks0=$(kicks clock0) irqs0=$(interrupts clock0)
out=$(ptp-check "$ptp" read $n)
kicks1=$(kicks clock0) irqs1=$(interrupts clock0)
echo "# bracket ns: $(tr '\n' ' ' <<<"$out")"
check_equal "$n readings take $n kicks" $n $((kicks1 - kicks0))
check_equal "and no interrupt" 0 $((irqs1 - irqs0))
check "sysfs counts them" test "$(cat "$dev/clock0/readings")" -ge $n
check "PTP_SYS_OFFSET answers" ptp-check "$ptp" basic 10
echo "# clock_gettime ns: $(field each get $n)"

out=$(ptp-check "$ptp" parallel 500)
echo "# parallel: $(tr '\n' ' ' <<<"$out")"
check_equal "eight readers at a time all get an answer" 4000 "$(awk '$1 == "good" { print $2 }' <<<"$out")"
check_equal "and nobody sees it go back" 0 "$(awk '$1 == "back" { print $2 }' <<<"$out")"

check_equal "it cannot be set" "settime Operation not supported" "$(ptp-check "$ptp" set | head -n 1)"
check_equal "nor adjusted" "adjtime Operation not supported" "$(ptp-check "$ptp" set | tail -n 1)"
check_equal "no reading was refused" 0 "$(cat "$dev/clock0/refused")"

# while somebody reads: take it away and bring it back
ptp-check "$ptp" parallel 2000 >/dev/null &
sleep 0.3
check "it can be unbound while it is read" sh -c "echo $(bdf clock0) >/sys/bus/pci/drivers/virtio_pv_clock/unbind"
wait
check "the PTP clock has gone" test ! -e "$ptp"
check "it comes back" take clock0
ptp=/dev/$(cat "$dev/clock0/ptp")
check "and reads" ptp-check "$ptp" get 10
check "the module unloads" unload virtio_pv_clock
