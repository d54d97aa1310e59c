/* SPDX-License-Identifier: GPL-2.0-only */
/* The system's, and feature bits that older ones do not name. */
#ifndef HOST_LINUX_VIRTIO_CONFIG_H
#define HOST_LINUX_VIRTIO_CONFIG_H

#include_next <linux/virtio_config.h>

#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA 38
#endif

#ifndef VIRTIO_F_NOTIF_CONFIG_DATA
#define VIRTIO_F_NOTIF_CONFIG_DATA 39
#endif

#endif
