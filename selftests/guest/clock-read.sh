#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: clock
# briefly: 6.1 6.12 7.3
# timeout: 150
# QEMU's clock, on each layout of rings, is a PTP clock that tells the host's time,
# at one kick and no interrupt a reading.
. "$(dirname "$0")/lib.sh"
need_lab
need_module virtio_pv_clock

field() { local what=$1; shift; ptp-check "$ptp" "$@" | awk -v name="$what" '$1 == name { print $2 }'; }
n=1000

for unit in clock0 clock1; do
	check "our driver takes $unit" take $unit || bail "no clock"
	dev=/sys/bus/pci/devices/$(bdf $unit)
	ptp=/dev/$(cat "$dev/clock0/ptp") || bail "no PTP clock"

	check_equal "$unit: it is a clock of UTC" virtio-utc "$(cat "$dev/clock0/type")"
	check_equal "$unit: and has the name the udev rule looks for" virtio-utc \
		"$(cat "/sys/class/ptp/${ptp##*/}/clock_name")"
	check_equal "$unit: it claims no cross-timestamps" 0 "$(field cross caps)"
	check_equal "$unit: nor says so in sysfs" 0 "$(cat "$dev/clock0/cross")"
	check_equal "$unit: asked for one, it refuses" 1 "$(ptp-check "$ptp" precise | grep -c 'not supported')"

	# the host's clock, read by the host between two readings of ours
	before=$(field last get)
	now=$(host time)
	after=$(field last get)
	check "$unit: it is the host's time" test "$before" -le "$now" -a "$now" -le "$after"

	ptp-check "$ptp" read 50 >/dev/null
	kicks0=$(kicks $unit) irqs0=$(interrupts $unit)
	out=$(ptp-check "$ptp" read $n)
	kicks1=$(kicks $unit) irqs1=$(interrupts $unit)
	echo "# $unit: bracket ns: $(tr '\n' ' ' <<<"$out")"
	check_equal "$unit: $n readings take $n kicks" $n $((kicks1 - kicks0))
	check_equal "$unit: and no interrupt" 0 $((irqs1 - irqs0))
	check "$unit: sysfs counts them" test "$(cat "$dev/clock0/readings")" -ge $n
	check "$unit: PTP_SYS_OFFSET answers" ptp-check "$ptp" basic 10
	echo "# $unit: clock_gettime ns: $(field each get $n)"

	out=$(ptp-check "$ptp" parallel 500)
	echo "# $unit: parallel: $(tr '\n' ' ' <<<"$out")"
	check_equal "$unit: eight readers at a time all get an answer" 4000 "$(awk '$1 == "good" { print $2 }' <<<"$out")"
	check_equal "$unit: and nobody sees it go back" 0 "$(awk '$1 == "back" { print $2 }' <<<"$out")"

	check_equal "$unit: it cannot be set" "settime Operation not supported" "$(ptp-check "$ptp" set | head -n 1)"
	check_equal "$unit: nor adjusted" "adjtime Operation not supported" "$(ptp-check "$ptp" set | tail -n 1)"
	check_equal "$unit: no reading was refused" 0 "$(cat "$dev/clock0/refused")"

	# while somebody reads: take it away and bring it back
	ptp-check "$ptp" parallel 2000 >/dev/null &
	sleep 0.3
	check "$unit: it can be unbound while it is read" sh -c "echo $(bdf $unit) >/sys/bus/pci/drivers/virtio_pv_clock/unbind"
	wait
	check "$unit: the PTP clock has gone" test ! -e "$ptp"
	check "$unit: it comes back" take $unit
	ptp=/dev/$(cat "$dev/clock0/ptp")
	check "$unit: and reads" ptp-check "$ptp" get 10
done
# for others that want a single clock
rebind clock1 none
check "the module unloads" unload virtio_pv_clock
