#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: iommu swiotlb
# timeout: 120
# Through the DMA API: behind an IOMMU, and with every transfer bounced.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/io.bash"
need_lab
need_module virtio_pv_blk

case "$(cat /proc/cmdline)" in
*intel_iommu*) check "the disks are behind an IOMMU" test -e "/sys/bus/pci/devices/$(bdf split)/iommu_group" ;;
*swiotlb*) check "bounce buffers are forced" grep -q 'force' /proc/cmdline ;;
esac

for name in split packed; do
	take "$name" || bail "no disk $name"
	check "$name: ACCESS_PLATFORM is agreed" \
		grep -q 'ACCESS_PLATFORM' "/sys/kernel/debug/virtio_pv/$(bdf "$name")/features"
	io_start "$name"
	check "$name: it works" wait_for $((60 * slower)) io_moved "$name" $(($(io_count "$name") + 2000))
	io_stop
	check "$name: and verified every block" io_verified
	give "$name"
done
check "the module can be unloaded" unload virtio_pv_blk
