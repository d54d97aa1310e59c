/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_UAPI_LINUX_VIRTIO_CONFIG_H
#define VPV_COMPAT_UAPI_LINUX_VIRTIO_CONFIG_H

#include_next <uapi/linux/virtio_config.h>

/* Feature bits younger than some kernels' headers (virtio 1.4, chapter 6) */
#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA	38
#endif
#ifndef VIRTIO_F_NOTIF_CONFIG_DATA
#define VIRTIO_F_NOTIF_CONFIG_DATA	39
#endif
#ifndef VIRTIO_F_ADMIN_VQ
#define VIRTIO_F_ADMIN_VQ		41
#endif
#ifndef VIRTIO_F_SUSPEND
#define VIRTIO_F_SUSPEND		43
#endif

/* Device status (virtio 1.4, 2.1) */
#ifndef VIRTIO_CONFIG_S_SUSPEND
#define VIRTIO_CONFIG_S_SUSPEND		0x10
#endif

#endif /* VPV_COMPAT_UAPI_LINUX_VIRTIO_CONFIG_H */
