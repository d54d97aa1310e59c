#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Inside the demo's guest: a file system on our driver, then the same reads on
# our driver, the in-tree one and the emulated disk.
set -euo pipefail

trap 'echo "FAILED, at line $LINENO of demo-guest.sh" >&2' ERR
# shellcheck source=selftests/guest/devices.sh
. /test/devices.sh

say() { printf '\n==> %s\n' "$*"; }
seconds=${DEMO_SECONDS:-2}

say "Loading the modules and taking two disks from the in-tree driver"
for name in data ours; do
	take "$name"
done
disk=$(disk data)
lspci -k -s "$(bdf data)"

say "A file system on $disk, written and read back"
mke2fs -q -t ext4 "$disk"
modprobe ext4
mkdir -p /mnt
mount -t ext4 "$disk" /mnt
fio --name=verify --directory=/mnt --size=32M --bs=4k --rw=randwrite --direct=1 --ioengine=libaio \
	--iodepth=16 --verify=crc32c --verify_fatal=1 --output-format=terse --terse-version=3 >/dev/null
sync
umount /mnt
e2fsck -fn "$disk" >/dev/null 2>&1
echo "32 MiB written, read back and verified; the file system is clean"

# irqs NAME: interrupts so far; the lab counts those of virtio devices outside
# of the guest, the guest itself those of the emulated disk.
irqs() {
	if [ "$1" = emulated ]; then
		awk '/ata_piix/ { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' \
			/proc/interrupts
	else
		interrupts "$1"
	fi
}

# measure NAME DEPTH: a line "operations seconds kicks interrupts host-ms"
measure() {
	local name=$1 depth=$2 k0=0 k1=0 i0 i1 c0 c1 terse
	[ "$name" = emulated ] || k0=$(kicks "$name")
	i0=$(irqs "$name") c0=$(host cpu)
	terse=$(fio --name=read --filename="$(disk "$name")" --rw=randread --bs=4k --direct=1 \
		--ioengine=libaio --iodepth="$depth" --time_based --runtime="$seconds" \
		--output-format=terse --terse-version=3)
	c1=$(host cpu) i1=$(irqs "$name")
	[ "$name" = emulated ] || k1=$(kicks "$name")
	awk -F';' -v k=$((k1 - k0)) -v i=$((i1 - i0)) -v c=$((c1 - c0)) \
		'{ print $6 / 4, $9 / 1000, k, i, c }' <<<"$terse"
}

row() {
	local label=$1 name=$2 depth=$3
	measure "$name" "$depth" | awk -v label="$label" -v depth="$depth" -v name="$name" '{
		kicks = name == "emulated" ? "-" : sprintf("%.2f", $3 / $1)
		printf "%-26s %5d %8d %10s %10.2f %12.0f\n", label, depth, $1 / $2, kicks, $4 / $1, $5 * 1000 / $1
	}'
}

say "4 KiB random reads, $seconds seconds each, submitted one by one (libaio), on equal disks"
printf '%-26s %5s %8s %10s %10s %12s\n' driver depth IOPS kicks/op irqs/op 'host us/op'
for depth in 1 32; do
	row "virtio-pv (ours)" ours $depth
	row "virtio_blk (in-tree)" intree $depth
	row "IDE (emulated)" emulated $depth
done
cat <<'END'

Kicks and interrupts of the virtio disks are counted outside of the guest, from QEMU's trace; the interrupts of the
IDE disk by the guest. Host time is QEMU's processor time per read, user and system. One run on a busy machine is a
demonstration, not a measurement: the counts mean more than the rates.
END

# packets NAME: sent and received so far, as the interface counts them
packets() { cat "/sys/class/net/$(netdev "$1")/statistics/"[rt]x_packets | awk '{ n += $1 } END { print n }'; }

# net_irqs NAME: the same as irqs
net_irqs() {
	if [ "$1" = lan-e1000 ]; then
		awk -v dev="$(netdev "$1")" '$NF == dev { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' \
			/proc/interrupts
	else
		interrupts "$1"
	fi
}

# net_row LABEL NAME WHAT CMD...: CMD's last line is how often it did WHAT, and how fast
net_row() {
	local label=$1 name=$2 what=$3 p k=0 i c n rate
	shift 3
	[ "$name" = lan-e1000 ] || k=$(kicks "$name")
	p=$(packets "$name") i=$(net_irqs "$name") c=$(host cpu)
	read -r n rate < <("$@" | tail -n 1)
	c=$(($(host cpu) - c)) i=$(($(net_irqs "$name") - i)) p=$(($(packets "$name") - p))
	[ "$name" = lan-e1000 ] || k=$(($(kicks "$name") - k))
	awk -v label="$label" -v what="$what" -v n="$n" -v rate="$rate" -v p="$p" -v k="$k" -v i="$i" -v c="$c" -v name="$name" 'BEGIN {
		gsub("_", " ", rate)
		kicks = name == "lan-e1000" ? "-" : sprintf("%.2f", k / p)
		printf "%-26s %12s %9.2f %10s %10.2f %12.0f  per %s\n", label, rate, p / n, kicks, i / p, c * 1000 / n, what
	}'
}

pings() { ping -q -f -c 1000 "$1" | awk -F'[/ ]' '/min\/avg/ { for (i = 1; i <= NF; i++) if ($i == "=") printf "1000 %s_ms\n", $(i + 2) }'; }
stream() {
	host netns-begin "server-$1" iperf3 -s -1 -B "$1" >/dev/null
	wait_for 20 host netns sh -c "ss -ltn | grep -q :5201"
	timeout 50 iperf3 -c "$1" -t "$seconds" -f m >/tmp/iperf
	host netns-end "server-$1" >/dev/null
	awk '/receiver/ { print $5, $7 "_Mbit/s" }' /tmp/iperf
}

say "The network: 1000 pings, one after the other, and $seconds seconds of TCP to the host"
modprobe -qa virtio_net e1000
take lan-ours
printf '%-26s %12s %9s %10s %10s %12s\n' driver rate packets kicks/pkt irqs/pkt 'host us'
while read -r name label; do
	net_up "$name"
	address=10.9.$(net_index "$name").1
	net_row "$label" "$name" ping pings "$address"
	net_row "$label" "$name" MiB stream "$address"
done <<'END'
lan-ours virtio-pv (ours)
lan-intree virtio_net (in-tree)
lan-e1000 e1000 (emulated)
END
modprobe -r virtio_pv_net

say "The balloon: 128 MiB for the host, and back"
# shellcheck source=selftests/guest/balloon.bash
. /test/balloon.bash
memory_mib=512
take balloon0
touch_memory 160
full=$(rss_mib) k=$(kicks balloon0) i=$(interrupts balloon0)
host_wants $((memory_mib - 128))
wait_for 30 holds 128
echo "the host's memory for this guest: $full MiB before, $(rss_mib) MiB with 128 MiB in the balloon;" \
	"$(($(kicks balloon0) - k)) kicks, $(($(interrupts balloon0) - i)) interrupts"
host_wants "$memory_mib"
wait_for 30 holds 0
echo "and the guest has it back: $(meminfo_mib MemFree) MiB free"
modprobe -r virtio_pv_balloon

say "The host's clock, as a PTP clock of the guest"
take clock0
ptp=/dev/$(cat "/sys/bus/pci/devices/$(bdf clock0)/clock0/ptp")
ptp-check "$ptp" read 50 >/dev/null
n=1000 k0=$(kicks clock0) i0=$(interrupts clock0)
ptp-check "$ptp" read $n >/tmp/clock
awk -v n=$n -v k=$(($(kicks clock0) - k0)) -v i=$(($(interrupts clock0) - i0)) -v ptp="$ptp" '
	{ v[$1] = $2 }
	END {
		printf "%s is %.3f ms ahead of the guest, sure to %.1f us\n", ptp, v["offset"] / 1e6, v["best"] / 2e3
		printf "%d readings: %.2f kicks, %.2f irqs, %.1f us each (median; shortest %.1f us)\n",
			n, k / n, i / n, v["median"] / 1e3, v["best"] / 1e3
	}' /tmp/clock

say "Giving the disks back"
for name in data ours; do
	give "$name"
done
modprobe -r virtio_pv_blk virtio_pv_clock
echo "done: the in-tree driver has them again, and our modules are unloaded"
