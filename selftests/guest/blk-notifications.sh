#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: quiet
# briefly: 7.3
# timeout: 300
# kernels: 6.1 6.12 7.3
# Never more kicks or interrupts than the in-tree driver on the same work, by
# QEMU's trace. Both drive the same disk, in turn; the medians count, of more runs
# where they are close.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/median.bash"
need_lab
need_module virtio_pv_blk
modinfo -n virtio_blk >/dev/null 2>&1 || skip_all "no in-tree virtio_blk to compare with"

ops=1500
declare -A work=(
	[depth1]="--rw=randread --bs=4k --iodepth=1"
	[depth4]="--rw=randread --bs=4k --iodepth=4"
	[depth32]="--rw=randread --bs=4k --iodepth=32"
	[depth128]="--rw=randread --bs=4k --iodepth=128"
	[sequential]="--rw=read --bs=128k --iodepth=8"
	[fdatasync]="--rw=randwrite --bs=4k --iodepth=1 --fdatasync=1"
)

# run WORK: "kicks interrupts" of it on null0
run() {
	local k i
	k=$(kicks null0) i=$(interrupts null0)
	# shellcheck disable=SC2086 # options are words
	fio --name=work --filename="$(disk null0)" --direct=1 --ioengine=libaio --number_ios="$ops" \
		--size=900M ${work[$1]} >/tmp/fio.out 2>&1 || return 1
	echo $(($(kicks null0) - k)) $(($(interrupts null0) - i))
}

measure() {
	local driver name k i
	for driver in theirs ours ours theirs; do
		if [ "$driver" = ours ]; then take null0; else give null0; fi || bail "no disk"
		for name; do
			read -r k i <<<"$(run "$name")"
			[ -n "${i:-}" ] || bail "fio failed: $(tail -n 3 /tmp/fio.out)"
			counts[$driver.$name.kicks]+=" $k"
			counts[$driver.$name.irqs]+=" $i"
		done
	done
}

# no_more NAME WHAT: than the in-tree driver. An eighth and a few kicks are noise. How
# many completions share an interrupt hangs on how the host runs its threads: half as
# many again happens on a busy one, and a driver with an interrupt for each is beyond it.
no_more() {
	local ours theirs noise=8
	ours=$(median ours "$1" "$2") theirs=$(median theirs "$1" "$2")
	[ "$2" = kicks ] || noise=2
	[ $((ours * noise)) -le $((theirs * (noise + 1) + 80)) ]
}

measure "${!work[@]}"
for _ in 1 2 3; do
	again=()
	for name in "${!work[@]}"; do
		no_more "$name" kicks && no_more "$name" irqs || again+=("$name")
	done
	[ ${#again[@]} != 0 ] || break
	measure "${again[@]}"
done
give null0

for name in depth1 depth4 depth32 depth128 sequential fdatasync; do
	for what in kicks irqs; do
		echo "# $name, $what: ours${counts[ours.$name.$what]}, in-tree${counts[theirs.$name.$what]}"
		check "$name: $what, ours $(median ours "$name" "$what"), in-tree $(median theirs "$name" "$what")" \
			no_more "$name" "$what"
	done
done
