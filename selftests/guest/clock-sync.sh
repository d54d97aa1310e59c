#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: clock
# briefly: 7.3
# timeout: 150
# The udev rule under a real udevd, and the recipes of docs/using.md: a system
# clock that is 2 s off is brought to the host's time and held there.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/udevd.bash"
need_lab
need_module virtio_pv_clock

limit=1000000	# ns

rebind clock1 none
take clock0 || bail "no clock"
ptp=$(cat "/sys/bus/pci/devices/$(bdf clock0)/clock0/ptp")

# ---- /dev/ptp_virtio ----

check "udevd starts" udevd_start || bail "no udevd"
udevd_look ptp
check_equal "udev names a clock that was there before it" "$ptp" "$(readlink /dev/ptp_virtio)"
echo "$(bdf clock0)" >/sys/bus/pci/drivers/virtio_pv_clock/unbind
check "the name goes with the clock" wait_for 20 test ! -e /dev/ptp_virtio
take clock0 || bail "no clock"
check "and comes with it" wait_for 20 test -e /dev/ptp_virtio

# ---- the recipes ----

offset() { ptp-check /dev/ptp_virtio read 50 | awk '$1 == "offset" { print $2 }'; }
near() {
	local off
	off=$(offset)
	[ "${off#-}" -lt $limit ]
}

# 2 s off, so that the recipe has something to do
spoil() {
	date -s "@$(($(host time) / 1000000000 + $1))" >/dev/null
	off=$(offset)
	check "$2: begins $((off / 1000000)) ms off" test "${off#-}" -gt 1000000000
}

# held NAME: for 5 s, and how well
held() {
	local i off worst=0
	for ((i = 0; i < 10; i++)); do
		off=$(offset)
		[ "${off#-}" -le "$worst" ] || worst=${off#-}
		sleep 0.5
	done
	check "$1: holds it for 5 s, never more than $((worst / 1000)) us off" test "$worst" -lt $limit
}

# recipe NAME SECONDS CMD...: the time it took counts as the test's, not as a promise
recipe() {
	local name=$1 off=$2 pid start=$SECONDS
	shift 2
	spoil "$off" "$name"
	"$@" >"/tmp/$name.log" 2>&1 &
	pid=$!
	check "$name: brings it within 1 ms" wait_for 60 near || sed 's/^/# /' "/tmp/$name.log"
	echo "# $name: within 1 ms after $((SECONDS - start)) s"
	held "$name" || sed 's/^/# /' "/tmp/$name.log"
	check "$name: still runs" kill "$pid"
	wait "$pid" 2>/dev/null
}

cat >/tmp/chrony.conf <<'END'
refclock PHC /dev/ptp_virtio poll 0 dpoll -2
makestep 0.1 3
cmdport 0
END
recipe chrony -2 chronyd -n -u root -f /tmp/chrony.conf
recipe phc2sys 2 phc2sys -s /dev/ptp_virtio -c CLOCK_REALTIME -O 0 -m

echo "$(bdf clock0)" >/sys/bus/pci/drivers/virtio_pv_clock/unbind
udevd_stop
check "the module unloads" unload virtio_pv_clock
