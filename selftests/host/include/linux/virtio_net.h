/* SPDX-License-Identifier: GPL-2.0-only */
/* The system's, and values that older ones do not name. */
#ifndef HOST_LINUX_VIRTIO_NET_H
#define HOST_LINUX_VIRTIO_NET_H

#include_next <linux/virtio_net.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#endif
