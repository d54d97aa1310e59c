// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory the device may touch. With VIRTIO_F_ACCESS_PLATFORM its accesses are
 * limited or translated by the platform, and everything goes through the DMA
 * API; without, it is told guest physical addresses, whatever the platform's
 * IOMMU does for other devices (virtio 1.4, chapter 6).
 */
#include <linux/cc_platform.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/virtio_config.h>

#include "vpv_core.h"

static bool through_dma(const struct vpv_dev *vdev)
{
	return vpv_has_feature(vdev, VIRTIO_F_ACCESS_PLATFORM);
}

/* Encrypted guest memory is no use to a device that takes physical addresses. */
int vpv_mem_check(struct vpv_dev_core *d)
{
	if (through_dma(&d->vdev) || !cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return 0;
	dev_err(d->vdev.dev,
		"device must offer ACCESS_PLATFORM in a guest with encrypted memory (QEMU: iommu_platform=on)\n");
	return -ENODEV;
}

struct device *vpv_dma_device(struct vpv_dev *vdev)
{
	return through_dma(vdev) ? vdev->dev : NULL;
}
EXPORT_SYMBOL_GPL(vpv_dma_device);

void *vpv_alloc_shared(struct vpv_dev *vdev, size_t size, u64 *addr)
{
	dma_addr_t dma;
	void *mem;

	size = PAGE_ALIGN(size);
	if (through_dma(vdev)) {
		mem = dma_alloc_coherent(vdev->dev, size, &dma, GFP_KERNEL | __GFP_NOWARN);
		if (mem)
			*addr = dma;
		return mem;
	}
	mem = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (mem)
		*addr = virt_to_phys(mem);
	return mem;
}
EXPORT_SYMBOL_GPL(vpv_alloc_shared);

void vpv_free_shared(struct vpv_dev *vdev, size_t size, void *mem, u64 addr)
{
	struct vpv_dev_core *d = vpv_core(vdev);

	if (!mem)
		return;
	size = PAGE_ALIGN(size);
	/* The device never acknowledged its reset and may write to it for ever. */
	if (d->untrusted) {
		if (!d->quarantined)
			dev_err(vdev->dev,
				"memory shared with the device is not freed: it did not acknowledge a reset\n");
		d->quarantined += size;
		return;
	}
	if (through_dma(vdev))
		dma_free_coherent(vdev->dev, size, mem, addr);
	else
		free_pages_exact(mem, size);
}
EXPORT_SYMBOL_GPL(vpv_free_shared);

unsigned int vpv_map_sg(struct vpv_dev *vdev, struct scatterlist *sg, int nents,
			enum dma_data_direction dir)
{
	return through_dma(vdev) ? dma_map_sg(vdev->dev, sg, nents, dir) : nents;
}
EXPORT_SYMBOL_GPL(vpv_map_sg);

void vpv_unmap_sg(struct vpv_dev *vdev, struct scatterlist *sg, int nents,
		  enum dma_data_direction dir)
{
	if (through_dma(vdev))
		dma_unmap_sg(vdev->dev, sg, nents, dir);
}
EXPORT_SYMBOL_GPL(vpv_unmap_sg);

u64 vpv_sg_addr(struct vpv_dev *vdev, const struct scatterlist *sg)
{
	return through_dma(vdev) ? sg_dma_address(sg) : sg_phys((struct scatterlist *)sg);
}
EXPORT_SYMBOL_GPL(vpv_sg_addr);

u32 vpv_sg_len(struct vpv_dev *vdev, const struct scatterlist *sg)
{
	return through_dma(vdev) ? sg_dma_len(sg) : sg->length;
}
EXPORT_SYMBOL_GPL(vpv_sg_len);

int vpv_map_page(struct vpv_dev *vdev, struct page *page, size_t offset, size_t len,
		 enum dma_data_direction dir, u64 *addr)
{
	dma_addr_t dma;

	if (!through_dma(vdev)) {
		*addr = page_to_phys(page) + offset;
		return 0;
	}
	dma = dma_map_page(vdev->dev, page, offset, len, dir);
	if (dma_mapping_error(vdev->dev, dma))
		return -ENOMEM;
	*addr = dma;
	return 0;
}
EXPORT_SYMBOL_GPL(vpv_map_page);

void vpv_unmap_page(struct vpv_dev *vdev, u64 addr, size_t len, enum dma_data_direction dir)
{
	if (through_dma(vdev))
		dma_unmap_page(vdev->dev, addr, len, dir);
}
EXPORT_SYMBOL_GPL(vpv_unmap_page);

size_t vpv_max_mapping(struct vpv_dev *vdev)
{
	return through_dma(vdev) ? dma_max_mapping_size(vdev->dev) : SIZE_MAX;
}
EXPORT_SYMBOL_GPL(vpv_max_mapping);
