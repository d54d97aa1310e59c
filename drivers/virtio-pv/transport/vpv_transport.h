/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the core asks of a transport. Only a transport knows how a register is
 * reached. The core calls everything here in process context under the device's
 * mutex unless it says otherwise.
 */
#ifndef VPV_TRANSPORT_H
#define VPV_TRANSPORT_H

#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/types.h>

struct vpv_dev_core;
struct vpv_queue;

/**
 * struct vpv_queue_setup - what a device is told of a queue
 * @num: descriptors
 * @desc: address of the descriptor area
 * @driver: address of the driver area
 * @device: address of the device area
 */
struct vpv_queue_setup {
	u16 num;
	u64 desc;
	u64 driver;
	u64 device;
};

/**
 * struct vpv_doorbell - how to notify the device of a queue
 * @addr: where
 * @value: what: virtqueue index, or the device's word for it
 * @wide: 32 bits rather than 16
 * @data: the upper half is the ring's position (VIRTIO_F_NOTIFICATION_DATA)
 */
struct vpv_doorbell {
	void __iomem *addr;
	u16 value;
	bool wide;
	bool data;
};

/**
 * struct vpv_transport_ops - a transport
 * @name: for messages
 * @present: is there a device at all? Any context
 * @dma: let the device at memory, or stop it by means of the bus
 * @status: read the device status
 * @set_status: write the device status
 * @features: offered feature bits, 32 of them
 * @set_features: accept feature bits, 32 of them
 * @limit_features: clear the bits this device's registers have no room for
 * @generation: configuration generation; any context
 * @config_len: bytes of device configuration there are
 * @read_config: read a field of 1, 2, 4 or 8 bytes, little-endian; may not sleep
 * @write_config8: write a byte; may not sleep
 * @write_config32: write a little-endian word of 4 bytes; may not sleep
 * @nr_queues: queues the device has at most
 * @queue_max: descriptors of a queue at most, 0: no such queue
 * @queue_start: tell the device of a queue and enable it; fill in the doorbell
 * @queue_reset: reset one queue (2.6.1), bounded in time
 * @vectors_create: interrupts for &vpv_dev.queues, requested, verified with the
 *	device; as few as it takes
 * @vectors_destroy: inverse; also right when there are none
 * @vectors_program: tell the device of them again, after a reset
 * @vectors_sync: wait until no handler runs
 * @queue_affinity: CPUs of a queue's own vector, or NULL; any context
 * @queue_set_affinity: CPUs that should take a queue's interrupts; process context
 * @queue_irq: number of the interrupt a queue has, 0: none; any context
 * @vector_mode: in words, for debugfs
 */
struct vpv_transport_ops {
	const char *name;
	bool (*present)(struct vpv_dev_core *d);
	void (*dma)(struct vpv_dev_core *d, bool on);
	u8 (*status)(struct vpv_dev_core *d);
	void (*set_status)(struct vpv_dev_core *d, u8 status);
	u32 (*features)(struct vpv_dev_core *d, unsigned int word);
	void (*set_features)(struct vpv_dev_core *d, unsigned int word, u32 bits);
	void (*limit_features)(struct vpv_dev_core *d, u32 *words);
	u32 (*generation)(struct vpv_dev_core *d);
	size_t (*config_len)(struct vpv_dev_core *d);
	void (*read_config)(struct vpv_dev_core *d, unsigned int offset, unsigned int width,
			    void *dst);
	void (*write_config8)(struct vpv_dev_core *d, unsigned int offset, u8 value);
	void (*write_config32)(struct vpv_dev_core *d, unsigned int offset, u32 value);
	u32 (*nr_queues)(struct vpv_dev_core *d);
	u16 (*queue_max)(struct vpv_dev_core *d, u16 index);
	int (*queue_start)(struct vpv_dev_core *d, u16 index, const struct vpv_queue_setup *setup,
			   struct vpv_doorbell *bell);
	int (*queue_reset)(struct vpv_dev_core *d, u16 index);
	int (*vectors_create)(struct vpv_dev_core *d, const struct irq_affinity *affd);
	void (*vectors_destroy)(struct vpv_dev_core *d);
	int (*vectors_program)(struct vpv_dev_core *d);
	void (*vectors_sync)(struct vpv_dev_core *d);
	const struct cpumask *(*queue_affinity)(struct vpv_queue *q);
	void (*queue_set_affinity)(struct vpv_queue *q, const struct cpumask *mask);
	int (*queue_irq)(struct vpv_queue *q);
	const char *(*vector_mode)(struct vpv_dev_core *d);
};

/* Transports are registered one by one for each driver. */
int vpv_pci_register(struct vpv_driver *drv, struct module *owner);
void vpv_pci_unregister(struct vpv_driver *drv);

#endif /* VPV_TRANSPORT_H */
