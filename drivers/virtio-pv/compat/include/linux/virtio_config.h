/* SPDX-License-Identifier: GPL-2.0-only */
/* Feature bits that older kernels do not name. */
#ifndef VPV_COMPAT_LINUX_VIRTIO_CONFIG_H
#define VPV_COMPAT_LINUX_VIRTIO_CONFIG_H

#include_next <linux/virtio_config.h>

#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA 38
#endif

#ifndef VIRTIO_F_NOTIF_CONFIG_DATA
#define VIRTIO_F_NOTIF_CONFIG_DATA 39
#endif

#endif /* VPV_COMPAT_LINUX_VIRTIO_CONFIG_H */
