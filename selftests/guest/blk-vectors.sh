#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vectors
# briefly: 6.12
# timeout: 200
# A vector per queue, one for all queues, one for everything, none: I/O works
# with each, and the interrupts come where they should.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/io.bash"
need_lab
need_module virtio_pv_blk

# vectors NAME: MSI-X vectors in use, 0 for INTx
vectors() { find "/sys/bus/pci/devices/$(bdf "$1")/msi_irqs" -type f 2>/dev/null | wc -l; }

works() {
	fio --name=read --filename="$(disk "$1")" --rw=randread --bs=4k --direct=1 --ioengine=libaio \
		--iodepth=8 --number_ios=400 --numjobs=2 --size=64M
}

for pair in enough:3 two:2 one:1 none:0; do
	name=${pair%:*}
	take "$name" || bail "no disk $name"
	check_equal "$name: vectors" "${pair#*:}" "$(vectors "$name")"
	before=$(interrupts "$name")
	check "$name: I/O from both processors" works "$name"
	check "$name: by interrupts" test $(($(interrupts "$name") - before)) -gt 0
	give "$name"
done

for mode in shared:2 single:1 intx:0; do
	unload virtio_pv_blk virtio_pv 2>/dev/null
	check "${mode%:*} is asked for" load virtio_pv vectors="${mode%:*}"
	take enough || bail "no disk"
	check_equal "${mode%:*}: vectors" "${mode#*:}" "$(vectors enough)"
	check "${mode%:*}: I/O from both processors" works enough
	give enough
done
unload virtio_pv_blk virtio_pv
