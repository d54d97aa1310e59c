/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio PCI function in a process of its own, behind a vfio-user socket. The
 * device and its virtqueues are those of ../vhost-user; here is what QEMU makes
 * there by itself, and would never lie about:
 *
 *	vfu_proto.c	vfio-user messages, guest memory, interrupts
 *	vfu_pci.c	configuration space, virtio registers, status
 *	vfu_lie.c	lies of these, and their commands
 *	vfu_judge.c	does the driver keep to its clauses?
 */
#ifndef VFU_H
#define VFU_H

#include "vu.h"

#define VFU_VECTORS 4
#define VFU_NO_VECTOR 0xffff
#define VFU_BAR_SIZE 0x4000
#define VFU_CONFIG_SPACE 256

enum {
	VFU_S_ACKNOWLEDGE = 1,
	VFU_S_DRIVER_OK = 4,
	VFU_S_FEATURES_OK = 8,
	VFU_S_NEEDS_RESET = 64,
	VFU_F_NOTIF_CONFIG_DATA = 39,
};

/* Common configuration (4.1.4.3). */
enum {
	VFU_DEVICE_SELECT = 0,
	VFU_DEVICE_FEATURES = 4,
	VFU_DRIVER_SELECT = 8,
	VFU_DRIVER_FEATURES = 12,
	VFU_CONFIG_VECTOR = 16,
	VFU_NUM_QUEUES = 18,
	VFU_STATUS = 20,
	VFU_GENERATION = 21,
	VFU_QUEUE_SELECT = 22,
	VFU_QUEUE_SIZE = 24,
	VFU_QUEUE_VECTOR = 26,
	VFU_QUEUE_ENABLE = 28,
	VFU_QUEUE_NOTIFY_OFF = 30,
	VFU_QUEUE_DESC = 32,
	VFU_QUEUE_DRIVER = 40,
	VFU_QUEUE_DEVICE = 48,
	VFU_QUEUE_NOTIFY_DATA = 56,
	VFU_QUEUE_RESET = 58,
};

/* Lies that hold until "lie none". */
enum vfu_lie {
	VFU_LIE_STUCK_RESET,
	VFU_LIE_SLOW_RESET,
	VFU_LIE_NO_FEATURES_OK,
	VFU_LIE_GENERATION,
	VFU_LIE_GONE,
	VFU_LIE_CAP_BAR,
	VFU_LIE_CAP_OFFSET,
	VFU_LIE_CAP_WRAP,
	VFU_LIE_CAP_LENGTH,
	VFU_LIE_CAP_TYPE,
	VFU_LIE_CONFIG_LENGTH,
	VFU_LIE_NOTIFY_OFF,
	VFU_LIE_NO_VECTOR,
	VFU_NR_LIES,
};

struct vfu_queue {
	uint16_t vector;
	bool enabled;
	uint64_t desc, driver, device;
	uint64_t bad_data;	/* notifications with something wrong in them */
	uint64_t behind;	/* split, with data: with less than is available */
};

struct vfu {
	struct vu_dev *dev;
	uint8_t space[VFU_CONFIG_SPACE];
	int vectors[VFU_VECTORS];
	struct vfu_queue queues[VU_MAX_QUEUES];
	uint32_t device_select, driver_select;
	uint16_t queue_select, config_vector;
	uint8_t generation;
	unsigned int needs_reset;	/* so many times more, when the driver is ready */
	bool lies[VFU_NR_LIES];
	uint64_t reset_until;		/* a slow reset ends then; 0: none under way */
	uint64_t reset_writes, wide_notifications;
	uint64_t breaches;		/* clauses the driver broke */
	const char *breach;		/* the first of them */
};

extern struct vfu vfu;

/* ---- vfu_pci.c ---- */

void vfu_pci_init(void);
void vfu_space_read(uint64_t off, void *buf, uint32_t len);
void vfu_space_write(uint64_t off, const void *buf, uint32_t len);
void vfu_bar_read(uint64_t off, void *buf, uint32_t len);
void vfu_bar_write(uint64_t off, const void *buf, uint32_t len);
void vfu_device_reset(void);
void vfu_set_needs_reset(void);
void vfu_memory_changed(void);
/* Where the vectors' descriptors go; called when either changed. */
void vfu_vectors_apply(void);

/* ---- vfu_judge.c: before a write has its effect ---- */

void vfu_judge_common(uint64_t off, uint32_t v, uint32_t len);
void vfu_judge_config(void);
void vfu_judge_notify(void);

/* ---- vfu_proto.c ---- */

void *vfu_guest(void *ctx, uint64_t addr, uint64_t *len);
void vfu_interrupt(uint16_t vector);

#endif /* VFU_H */
