// SPDX-License-Identifier: GPL-2.0-only
/* The registers of a modern virtio PCI function (4.1.4.3 to 4.1.4.6). */
#include <linux/delay.h>
#include <linux/unaligned.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#include "pci.h"

/* Mapped at most: more of a structure than its users could need is left alone. */
#define MAX_COMMON SZ_4K
#define MAX_DEVICE SZ_4K
#define MAX_NOTIFY SZ_16M

/* ---- mapping ---- */

static bool present(struct vpv_dev_core *d)
{
	struct pci_dev *pdev = to_vpv_pci(d)->pdev;

	return pdev->error_state != pci_channel_io_perm_failure && pci_device_is_present(pdev);
}

static u8 __iomem *map_window(struct vpv_pci *p, const struct vpv_pci_window *win, u32 max,
			      u32 *len)
{
	*len = min(win->length, max);
	return (u8 __iomem *)pci_iomap_range(p->pdev, win->bar, win->offset, *len);
}

static void read_config_space(struct pci_dev *pdev, u8 *cfg)
{
	unsigned int pos;
	u32 word;

	for (pos = 0; pos < VPV_PCI_CFG_SIZE; pos += 4) {
		if (pci_read_config_dword(pdev, pos, &word))
			word = ~0u;
		put_unaligned_le32(word, cfg + pos);
	}
}

static int find_windows(struct vpv_pci *p)
{
	u64 bar_len[VPV_PCI_BARS];
	u8 cfg[VPV_PCI_CFG_SIZE];
	unsigned int bar;
	int err;

	for (bar = 0; bar < VPV_PCI_BARS; bar++)
		bar_len[bar] = pci_resource_flags(p->pdev, bar) & IORESOURCE_UNSET ? 0 :
			       pci_resource_len(p->pdev, bar);
	read_config_space(p->pdev, cfg);
	if (!present(&p->core)) {
		dev_err(&p->pdev->dev, "device does not answer: is it gone?\n");
		return -ENODEV;
	}
	err = vpv_pci_caps_parse(cfg, bar_len, &p->caps);
	if (err == -ENODEV)
		dev_err(&p->pdev->dev,
			"legacy virtio device without the modern interface: cannot drive it (QEMU: disable-modern=off)\n");
	else if (err)
		dev_err(&p->pdev->dev, "virtio capabilities: %s\n", p->caps.why);
	return err;
}

int vpv_pci_map(struct vpv_pci *p)
{
	struct vpv_pci_caps *caps = &p->caps;
	u32 isr_len;
	int err;

	err = find_windows(p);
	if (err)
		return err;
	p->bars = BIT(caps->common.bar) | BIT(caps->notify.bar) | BIT(caps->isr.bar);
	if (caps->device.found)
		p->bars |= BIT(caps->device.bar);
	err = pci_request_selected_regions(p->pdev, p->bars, p->core.vdev.drv->name);
	if (err)
		return err;

	p->common = map_window(p, &caps->common, MAX_COMMON, &p->common_len);
	p->notify = map_window(p, &caps->notify, MAX_NOTIFY, &p->notify_len);
	p->isr = map_window(p, &caps->isr, 1, &isr_len);
	if (caps->device.found)
		p->device = map_window(p, &caps->device, MAX_DEVICE, &p->device_len);
	if (p->common && p->notify && p->isr && (p->device || !caps->device.found))
		return 0;

	vpv_pci_unmap(p);
	return -ENOMEM;
}

static void unmap_window(struct vpv_pci *p, u8 __iomem **at)
{
	if (*at)
		pci_iounmap(p->pdev, *at);
	*at = NULL;
}

void vpv_pci_unmap(struct vpv_pci *p)
{
	unmap_window(p, &p->device);
	unmap_window(p, &p->isr);
	unmap_window(p, &p->notify);
	unmap_window(p, &p->common);
	pci_release_selected_regions(p->pdev, p->bars);
}

/* ---- the device ---- */

static void dma(struct vpv_dev_core *d, bool on)
{
	if (on)
		pci_set_master(to_vpv_pci(d)->pdev);
	else
		pci_clear_master(to_vpv_pci(d)->pdev);
}

static u8 status(struct vpv_dev_core *d)
{
	return ioread8(to_vpv_pci(d)->common + VIRTIO_PCI_COMMON_STATUS);
}

static void set_status(struct vpv_dev_core *d, u8 value)
{
	iowrite8(value, to_vpv_pci(d)->common + VIRTIO_PCI_COMMON_STATUS);
}

static u32 features(struct vpv_dev_core *d, unsigned int word)
{
	struct vpv_pci *p = to_vpv_pci(d);

	iowrite32(word, p->common + VIRTIO_PCI_COMMON_DFSELECT);
	return ioread32(p->common + VIRTIO_PCI_COMMON_DF);
}

static void set_features(struct vpv_dev_core *d, unsigned int word, u32 bits)
{
	struct vpv_pci *p = to_vpv_pci(d);

	iowrite32(word, p->common + VIRTIO_PCI_COMMON_GFSELECT);
	iowrite32(bits, p->common + VIRTIO_PCI_COMMON_GF);
}

/* These features bring registers of their own, which have to exist. */
static void limit_features(struct vpv_dev_core *d, u32 *words)
{
	struct vpv_pci *p = to_vpv_pci(d);

	if (p->common_len < VIRTIO_PCI_COMMON_Q_NDATA + 2)
		vpv_word_clear(words, VIRTIO_F_NOTIF_CONFIG_DATA);
	if (p->common_len < VIRTIO_PCI_COMMON_Q_RESET + 2)
		vpv_word_clear(words, VIRTIO_F_RING_RESET);
	if (p->notify_len < 4 || p->caps.notify.offset % 4)
		vpv_word_clear(words, VIRTIO_F_NOTIFICATION_DATA);
}

/* ---- device configuration ---- */

static u32 generation(struct vpv_dev_core *d)
{
	return ioread8(to_vpv_pci(d)->common + VIRTIO_PCI_COMMON_CFGGENERATION);
}

static size_t config_len(struct vpv_dev_core *d)
{
	return to_vpv_pci(d)->device_len;
}

/* PCI-005: the width of the access is that of the field, 64 bits in two halves. */
static void read_config(struct vpv_dev_core *d, unsigned int offset, unsigned int width,
			void *dst)
{
	u8 __iomem *at = to_vpv_pci(d)->device + offset;

	switch (width) {
	case 1:
		*(u8 *)dst = ioread8(at);
		break;
	case 2:
		put_unaligned_le16(ioread16(at), dst);
		break;
	case 8:
		put_unaligned_le32(ioread32(at + 4), dst + 4);
		fallthrough;
	case 4:
		put_unaligned_le32(ioread32(at), dst);
		break;
	}
}

static void write_config8(struct vpv_dev_core *d, unsigned int offset, u8 value)
{
	iowrite8(value, to_vpv_pci(d)->device + offset);
}

static void write_config32(struct vpv_dev_core *d, unsigned int offset, u32 value)
{
	iowrite32(value, to_vpv_pci(d)->device + offset);
}

/* ---- queues ---- */

static void select_queue(struct vpv_pci *p, u16 index)
{
	iowrite16(index, p->common + VIRTIO_PCI_COMMON_Q_SELECT);
}

static u32 nr_queues(struct vpv_dev_core *d)
{
	return ioread16(to_vpv_pci(d)->common + VIRTIO_PCI_COMMON_NUMQ);
}

static u16 queue_max(struct vpv_dev_core *d, u16 index)
{
	struct vpv_pci *p = to_vpv_pci(d);

	select_queue(p, index);
	return ioread16(p->common + VIRTIO_PCI_COMMON_Q_SIZE);
}

static void write_address(struct vpv_pci *p, unsigned int reg, u64 address)
{
	iowrite32(lower_32_bits(address), p->common + reg);
	iowrite32(upper_32_bits(address), p->common + reg + 4);
}

/* 4.1.5.2: what to write, how wide, and where. */
static int find_doorbell(struct vpv_pci *p, u16 index, struct vpv_doorbell *bell)
{
	struct vpv_dev *vdev = &p->core.vdev;
	u32 offset;
	u16 off;
	int err;

	off = ioread16(p->common + VIRTIO_PCI_COMMON_Q_NOFF);
	bell->data = vpv_has_feature(vdev, VIRTIO_F_NOTIFICATION_DATA);
	bell->wide = bell->data;
	bell->value = vpv_has_feature(vdev, VIRTIO_F_NOTIF_CONFIG_DATA) ?
		      ioread16(p->common + VIRTIO_PCI_COMMON_Q_NDATA) : index;
	err = vpv_pci_notify_offset(p->notify_len, p->caps.notify_multiplier, off,
				    bell->wide ? 4 : 2, &offset);
	if (err) {
		dev_err(vdev->dev, "queue %u: notification offset %u lies outside of the window\n",
			index, off);
		return err;
	}
	bell->addr = p->notify + offset;
	return 0;
}

/* PCI-017: everything else before queue_enable. The vector is set already. */
static int queue_start(struct vpv_dev_core *d, u16 index, const struct vpv_queue_setup *setup,
		       struct vpv_doorbell *bell)
{
	struct vpv_pci *p = to_vpv_pci(d);
	int err;

	select_queue(p, index);
	err = find_doorbell(p, index, bell);
	if (err)
		return err;
	if (ioread16(p->common + VIRTIO_PCI_COMMON_Q_ENABLE)) {
		dev_err(d->vdev.dev, "queue %u is enabled although it was reset\n", index);
		return -EIO;
	}
	iowrite16(setup->num, p->common + VIRTIO_PCI_COMMON_Q_SIZE);
	write_address(p, VIRTIO_PCI_COMMON_Q_DESCLO, setup->desc);
	write_address(p, VIRTIO_PCI_COMMON_Q_AVAILLO, setup->driver);
	write_address(p, VIRTIO_PCI_COMMON_Q_USEDLO, setup->device);
	iowrite16(1, p->common + VIRTIO_PCI_COMMON_Q_ENABLE);
	return 0;
}

/* PCI-020: over when both registers read 0 again. Its vector is lost with it. */
static int queue_reset(struct vpv_dev_core *d, u16 index)
{
	struct vpv_pci *p = to_vpv_pci(d);
	unsigned long end = jiffies + msecs_to_jiffies(VPV_RESET_TIMEOUT_MS);

	select_queue(p, index);
	iowrite16(1, p->common + VIRTIO_PCI_COMMON_Q_RESET);
	while (ioread16(p->common + VIRTIO_PCI_COMMON_Q_RESET) ||
	       ioread16(p->common + VIRTIO_PCI_COMMON_Q_ENABLE)) {
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		if (!present(d))
			return -ENODEV;
		usleep_range(100, 200);
	}
	return vpv_pci_vector_program(p, &d->vdev.queues[index]);
}

/* ---- vectors ---- */

u16 vpv_pci_set_config_vector(struct vpv_pci *p, u16 vector)
{
	iowrite16(vector, p->common + VIRTIO_PCI_COMMON_MSIX);
	return ioread16(p->common + VIRTIO_PCI_COMMON_MSIX);
}

u16 vpv_pci_set_queue_vector(struct vpv_pci *p, u16 queue, u16 vector)
{
	select_queue(p, queue);
	iowrite16(vector, p->common + VIRTIO_PCI_COMMON_Q_MSIX);
	return ioread16(p->common + VIRTIO_PCI_COMMON_Q_MSIX);
}

const struct vpv_transport_ops vpv_pci_ops = {
	.name = "pci",
	.present = present,
	.dma = dma,
	.status = status,
	.set_status = set_status,
	.features = features,
	.set_features = set_features,
	.limit_features = limit_features,
	.generation = generation,
	.config_len = config_len,
	.read_config = read_config,
	.write_config8 = write_config8,
	.write_config32 = write_config32,
	.nr_queues = nr_queues,
	.queue_max = queue_max,
	.queue_start = queue_start,
	.queue_reset = queue_reset,
	.vectors_create = vpv_pci_vectors_create,
	.vectors_destroy = vpv_pci_vectors_destroy,
	.vectors_program = vpv_pci_vectors_program,
	.vectors_sync = vpv_pci_vectors_sync,
	.queue_affinity = vpv_pci_queue_affinity,
	.queue_set_affinity = vpv_pci_queue_set_affinity,
	.queue_irq = vpv_pci_queue_irq,
	.vector_mode = vpv_pci_vector_mode,
};
