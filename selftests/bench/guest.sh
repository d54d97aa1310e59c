#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Inside the guest: guest.sh SECONDS BLOCKS SWAP KNOB ROW...; a row is a line of
# rows.list. One block measures each row A B C C B A, all drivers in the same
# guest. Lines "@run JSON BASE64" are results, the base64 being fio's own JSON.
set -Eeuo pipefail

seconds=$1 blocks=$2 swap=$3 knob=$4
shift 4
trap 'echo "@failed line $LINENO: $(tail -n 2 /tmp/fio.err 2>/dev/null)"' ERR
# shellcheck source=selftests/guest/devices.sh
. /test/devices.sh

modprobe -qa ahci sd_mod ata_piix nvme || true
declare -A disk_of name_of

# virtio disks come in pairs, one for each driver
if [ "$swap" = 1 ]; then ours=two theirs=one; else ours=one theirs=two; fi
place() {
	case "$1:$2" in
	ours:null) echo "$ours" ;;
	in-tree:null) echo "$theirs" ;;
	ours:*) echo "$2-$ours" ;;
	in-tree:*) echo "$2-$theirs" ;;
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

open_disk() {
	local driver=$1 kind=$2 name
	name=$(place "$driver" "$kind")
	name_of[$driver.$kind]=$name
	case "$driver" in
	ours)
		take "$name" >/dev/null
		knob_file=/sys/module/virtio_pv_blk/parameters/notify
		[ "$knob" = default ] || echo "$knob" >"$knob_file" ;;
	ahci | ide) wait_for 15 test -n "$(by_model "$name")"; disk_of[$driver.$kind]=$(by_model "$name"); return ;;
	esac
	disk_of[$driver.$kind]=$(disk "$name")
}

# Interrupts of emulated disks are counted in the guest; QEMU's trace has those of virtio.
guest_irqs() {
	local word
	case "$1" in
	ide) word=ata_piix ;;
	ahci) word='ahci' ;;
	nvme) word=nvme ;;
	*) echo 0; return ;;
	esac
	awk -v word="$word" '$0 ~ word { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts
}

# At the begin and the end of the work itself, so that fio's start is not counted.
cat >/tmp/before <<'END'
#!/bin/bash
host counts >/tmp/counts0
host cpu >/tmp/cpu0
host time >/tmp/time0
END
cat >/tmp/after <<'END'
#!/bin/bash
host time >/tmp/time1
host cpu >/tmp/cpu1
host counts >/tmp/counts1
END
chmod +x /tmp/before /tmp/after

count_of() { awk -v name="$1" -v n="$2" '$1 == name { print $n; found = 1 } END { if (!found) print 0 }' "$3"; }

# measure ROW DRIVER KIND BLOCK HALF OPTIONS
measure() {
	local row=$1 driver=$2 kind=$3 block=$4 half=$5 options=$6 name irqs0 irqs kicks engine=--ioengine=libaio
	name=${name_of[$driver.$kind]}
	irqs0=$(guest_irqs "$driver")
	rm -f /tmp/fio.json
	# shellcheck disable=SC2086 # options are words
	timeout 60 fio --name="$row" --filename="${disk_of[$driver.$kind]}" --direct=1 --size=400M --randrepeat=0 --norandommap \
		$engine --time_based --runtime="$seconds" --lat_percentiles=1 --clat_percentiles=0 --percentile_list=50:90:95:99:99.9 \
		--exec_prerun=/tmp/before --exec_postrun=/tmp/after --output-format=json --output=/tmp/fio.json \
		$options >/tmp/fio.err 2>&1
	irqs=$(($(guest_irqs "$driver") - irqs0))
	kicks=null
	case "$driver" in
	ours | in-tree)
		kicks=$(($(count_of "$name" 3 /tmp/counts1) - $(count_of "$name" 3 /tmp/counts0)))
		irqs=$(($(count_of "$name" 5 /tmp/counts1) - $(count_of "$name" 5 /tmp/counts0))) ;;
	esac
	printf '@run {"row":"%s","driver":"%s","disk":"%s","block":%d,"half":%d,"kicks":%s,"irqs":%d,"host_cpu_ms":%d,"host_ns":%d} %s\n' \
		"$row" "$driver" "$name" "$block" "$half" "$kicks" "$irqs" $(($(cat /tmp/cpu1) - $(cat /tmp/cpu0))) \
		$(($(cat /tmp/time1) - $(cat /tmp/time0))) "$(sed -n '/^{/,$p' /tmp/fio.json | gzip -9 -c | base64 | tr -d '\n')"
}

# Emulated disks are far off: the first block is enough for them.
drivers_of() {
	local who=$1
	[ "$2" = 0 ] || who=-
	printf "%s\n" ours in-tree
	case "$who" in *i*) echo ide ;; esac
	case "$who" in *n*) echo nvme ;; esac
	case "$who" in *a*) echo ahci ;; esac
}

echo "@environment guest_kernel $(uname -r)"
echo "@environment clocksource $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
echo "@environment fio $(fio --version)"
for ((block = 0; block < blocks; block++)); do
	for line in "$@"; do
		IFS=$'\t' read -r row kind who _ options _ <<<"$line"
		mapfile -t order < <(drivers_of "$who" "$block")
		for driver in "${order[@]}"; do
			[ -n "${disk_of[$driver.$kind]:-}" ] || open_disk "$driver" "$kind"
			measure "$row" "$driver" "$kind" "$block" 0 "$options"
		done
		for ((i = ${#order[@]} - 1; i >= 0; i--)); do
			measure "$row" "${order[i]}" "$kind" "$block" 1 "$options"
		done
	done
done
echo "@done"
