/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a PCI function has its virtio registers (4.1.4), found in an image of its
 * configuration space. Pure: builds in user space too.
 */
#ifndef VPV_PCI_CAPS_H
#define VPV_PCI_CAPS_H

#include <linux/types.h>

#define VPV_PCI_CFG_SIZE 256
#define VPV_PCI_BARS 6

/**
 * struct vpv_pci_window - registers within a BAR
 * @found: there is such a structure, and it lies inside of its BAR
 * @bar: 0 to 5
 * @offset: bytes from the start of the BAR
 * @length: bytes, as the device says; more than needed is fine
 */
struct vpv_pci_window {
	bool found;
	u8 bar;
	u32 offset;
	u32 length;
};

/**
 * struct vpv_pci_caps - the virtio structures of a function
 * @common: common configuration; at least VPV_PCI_COMMON_MIN bytes
 * @notify: notification; at least 2 bytes
 * @isr: ISR status; at least 1 byte
 * @device: device configuration; not found: the device has none
 * @notify_multiplier: bytes between notification offsets
 * @why: what is wrong, when vpv_pci_caps_parse() says so
 */
struct vpv_pci_caps {
	struct vpv_pci_window common;
	struct vpv_pci_window notify;
	struct vpv_pci_window isr;
	struct vpv_pci_window device;
	u32 notify_multiplier;
	const char *why;
};

/* Up to the address of the device area; what features add is checked with them. */
#define VPV_PCI_COMMON_MIN 56

/**
 * vpv_pci_caps_parse() - find the virtio structures
 * @cfg: the first 256 bytes of configuration space, read once
 * @bar_len: length of each BAR, 0: none
 * @caps: filled in
 *
 * Of each type the first sound one counts; unsound ones and reserved values are
 * passed over (PCI-007, PCI-008, PCI-010).
 *
 * Return: 0; -ENODEV: no virtio structures at all, a legacy device; -EINVAL: not
 * all that are needed.
 */
int vpv_pci_caps_parse(const u8 cfg[VPV_PCI_CFG_SIZE], const u64 bar_len[VPV_PCI_BARS],
		       struct vpv_pci_caps *caps);

/**
 * vpv_pci_notify_offset() - where to notify a queue
 * @window: bytes of the notification structure that are mapped
 * @multiplier: of the capability
 * @notify_off: of the queue
 * @width: bytes written there
 * @offset: set, from the start of the structure
 *
 * Return: 0 or -EINVAL.
 */
int vpv_pci_notify_offset(u32 window, u32 multiplier, u16 notify_off, unsigned int width,
			  u32 *offset);

#endif /* VPV_PCI_CAPS_H */
