# SPDX-License-Identifier: GPL-2.0-only
# Disks, by fio. For main, which sets ms and driver.
# shellcheck shell=bash disable=SC2154

modprobe -qa ahci sd_mod ata_piix nvme || true
echo "@environment fio $(fio --version)"

# names DRIVER PLACE: of the devices
names() {
	local i
	case "$1:$2" in
	ours:null | in-tree:null) pair "$1" "" ;;
	ours:disks* | in-tree:disks*)
		for ((i = 0; i < ${2#disks}; i++)); do pair "$1" "d$i-"; done ;;
	ours:* | in-tree:*) pair "$1" "$2-" ;;
	*) echo "$1" ;;
	esac
}

# by_model NAME: the disk behind AHCI is none of the lab's
by_model() {
	local entry
	for entry in /sys/block/sd*; do
		[ "$(sed 's/ *$//' "$entry/device/model" 2>/dev/null)" != "$1" ] || echo "/dev/${entry##*/}"
	done
}
has_model() { [ -n "$(by_model "$1")" ]; }

# open DRIVER PLACE: leaves the names and the block devices in files
open() {
	local state=/tmp/disk.$1.$2 name path=''
	[ ! -e "$state" ] || return 0
	for name in $(names "$1" "$2"); do
		case "$1" in
		ours) take "$name" >/dev/null; path+=:$(disk "$name") ;;
		ahci | ide) wait_for 15 has_model "$name"; path+=:$(by_model "$name") ;;
		*) path+=:$(disk "$name") ;;
		esac
	done
	echo "${path#:}" >"$state"
}

# Run by each job right before and right after its work, so that fio's start is not
# counted. Between them are their own end and begin, which matter for processor time:
# that is taken from when the disks are busy, a bit shorter than the work. Jobs of one row wait for each other; the first that ends ends the reading.
cat >/tmp/before <<'SCRIPT'
#!/bin/bash
exec 8>/tmp/gate.lock
flock 8
read -r left </tmp/gate
echo $((left - 1)) >/tmp/gate
[ "$left" -gt 1 ] || { host meter work $(cat /tmp/metered); touch /tmp/go; }
flock -u 8
until [ -e /tmp/go ]; do sleep 0.02; done
SCRIPT
cat >/tmp/after <<'SCRIPT'
#!/bin/bash
exec 8>/tmp/gate.lock
flock 8
[ -s /tmp/meter ] || host meter end >/tmp/meter
SCRIPT
chmod +x /tmp/before /tmp/after

irq_word() { case "$1" in ide) echo ata_piix ;; ahci) echo ahci ;; nvme) echo 'nvme[0-9]+q' ;; esac; }

measure() {
	local row=$1 driver=$2 place=$3 options=$4 jobs=1 word irqs=''
	[[ "$options" =~ numjobs=([0-9]+) ]] && jobs=${BASH_REMATCH[1]}
	echo "$jobs" >/tmp/gate
	word=$(irq_word "$driver")
	# QEMU's trace knows nothing of emulated disks, but its processor time counts
	awk -v ms="$ms" 'BEGIN { print ms / 1000 - 0.1 }' >/tmp/metered
	[ "$driver" = ahci ] || names "$driver" "$place" >>/tmp/metered
	rm -f /tmp/go /tmp/meter /tmp/fio.json
	[ -z "$word" ] || irqs=$(guest_interrupts "$word")
	# shellcheck disable=SC2086 # options are words
	timeout $((ms / 1000 + 30)) fio --name="$row" --filename="$(cat "/tmp/disk.$driver.$place")" --direct=1 --size=400M \
		--randrepeat=0 --norandommap --ioengine=libaio --time_based --runtime="${ms}ms" --lat_percentiles=1 \
		--clat_percentiles=0 --percentile_list=50:90:95:99:99.9 --exec_prerun=/tmp/before --exec_postrun=/tmp/after \
		--eta=never --output-format=json --output=/tmp/fio.json $options >&2
	[ -z "$word" ] || irqs="\"guest_irqs\":$(($(guest_interrupts "$word") - irqs))"
	sed -n '/^{/,$p' /tmp/fio.json >/tmp/output
	emit "$row" "$(cat /tmp/meter)" fio /tmp/output "$irqs"
}
