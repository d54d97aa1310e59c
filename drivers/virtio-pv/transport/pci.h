/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to the PCI transport. */
#ifndef VPV_PCI_H
#define VPV_PCI_H

#include <linux/pci.h>

#include "pci_caps.h"
#include "vpv_core.h"

struct vpv_pci_vector;

/**
 * enum vpv_pci_mode - how interrupts are spread, from best to last resort
 * @VPV_PCI_PER_QUEUE: a vector for changes and one per queue
 * @VPV_PCI_SHARED: a vector for changes and one for all queues
 * @VPV_PCI_SINGLE: one vector for everything
 * @VPV_PCI_INTX: the function's INTx line, which may be shared with others
 * @VPV_PCI_NONE: before vpv_pci_vectors_create()
 */
enum vpv_pci_mode {
	VPV_PCI_PER_QUEUE,
	VPV_PCI_SHARED,
	VPV_PCI_SINGLE,
	VPV_PCI_INTX,
	VPV_PCI_NONE,
};

/**
 * struct vpv_pci - a function
 * @core: the device
 * @pdev: the function
 * @caps: where its registers are; found once, never again
 * @common: common configuration, mapped
 * @common_len: bytes of it
 * @notify: notification, mapped
 * @notify_len: bytes of it
 * @isr: ISR status, mapped
 * @device: device configuration, mapped, or NULL
 * @device_len: bytes of it
 * @bars: BARs in use
 * @mode: how interrupts are spread
 * @managed: with CPUs chosen by the kernel
 * @vectors: the interrupts
 * @nr_vectors: how many
 * @awake: left running over a suspend
 */
struct vpv_pci {
	struct vpv_dev_core core;
	struct pci_dev *pdev;
	struct vpv_pci_caps caps;
	u8 __iomem *common;
	u32 common_len;
	u8 __iomem *notify;
	u32 notify_len;
	u8 __iomem *isr;
	u8 __iomem *device;
	u32 device_len;
	int bars;
	enum vpv_pci_mode mode;
	bool managed;
	struct vpv_pci_vector *vectors;
	unsigned int nr_vectors;
	bool awake;
};

static inline struct vpv_pci *to_vpv_pci(struct vpv_dev_core *d)
{
	return container_of(d, struct vpv_pci, core);
}

/* pci_regs.c */
extern const struct vpv_transport_ops vpv_pci_ops;
int vpv_pci_map(struct vpv_pci *p);
void vpv_pci_unmap(struct vpv_pci *p);
u16 vpv_pci_set_config_vector(struct vpv_pci *p, u16 vector);
u16 vpv_pci_set_queue_vector(struct vpv_pci *p, u16 queue, u16 vector);

/* pci_irq.c */
int vpv_pci_vectors_create(struct vpv_dev_core *d, const struct irq_affinity *affd);
void vpv_pci_vectors_destroy(struct vpv_dev_core *d);
int vpv_pci_vectors_program(struct vpv_dev_core *d);
int vpv_pci_vector_program(struct vpv_pci *p, struct vpv_queue *q);
void vpv_pci_vectors_sync(struct vpv_dev_core *d);
const struct cpumask *vpv_pci_queue_affinity(struct vpv_queue *q);
void vpv_pci_queue_set_affinity(struct vpv_queue *q, const struct cpumask *mask);
int vpv_pci_queue_irq(struct vpv_queue *q);
const char *vpv_pci_vector_mode(struct vpv_dev_core *d);

#endif /* VPV_PCI_H */
