/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_UAPI_LINUX_VIRTIO_PCI_H
#define VPV_COMPAT_UAPI_LINUX_VIRTIO_PCI_H

#include_next <uapi/linux/virtio_pci.h>

/* Offsets in the common configuration (virtio 1.4, 4.1.4.3) */
#ifndef VIRTIO_PCI_COMMON_ADM_Q_IDX
#define VIRTIO_PCI_COMMON_ADM_Q_IDX	60
#define VIRTIO_PCI_COMMON_ADM_Q_NUM	62
#endif

/* Capability types (virtio 1.4, 4.1.4) */
#ifndef VIRTIO_PCI_CAP_VENDOR_CFG
#define VIRTIO_PCI_CAP_VENDOR_CFG	9
#endif

#endif /* VPV_COMPAT_UAPI_LINUX_VIRTIO_PCI_H */
