/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_UAPI_LINUX_VIRTIO_NET_H
#define VPV_COMPAT_UAPI_LINUX_VIRTIO_NET_H

#include_next <uapi/linux/virtio_net.h>

/* UDP in segments (virtio 1.4, 5.1.3, 5.1.9) */
#ifndef VIRTIO_NET_F_GUEST_USO4
#define VIRTIO_NET_F_GUEST_USO4		54
#define VIRTIO_NET_F_GUEST_USO6		55
#define VIRTIO_NET_F_HOST_USO		56
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4	5
#endif

/* Notifications few and late (virtio 1.4, 5.1.9.5.10) */
#ifndef VIRTIO_NET_F_NOTF_COAL
#define VIRTIO_NET_F_NOTF_COAL		53
#define VIRTIO_NET_CTRL_NOTF_COAL	6
#define VIRTIO_NET_CTRL_NOTF_COAL_TX_SET	0
#define VIRTIO_NET_CTRL_NOTF_COAL_RX_SET	1
#endif
#ifndef VIRTIO_NET_F_VQ_NOTF_COAL
#define VIRTIO_NET_F_VQ_NOTF_COAL	52
#define VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET	2
#define VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET	3
#endif

/* Exact header lengths (virtio 1.4, 5.1.9.2) */
#ifndef VIRTIO_NET_F_GUEST_HDRLEN
#define VIRTIO_NET_F_GUEST_HDRLEN	59
#endif

/* More receive modes (virtio 1.4, 5.1.9.5.1) */
#ifndef VIRTIO_NET_CTRL_RX_ALLUNI
#define VIRTIO_NET_CTRL_RX_ALLUNI	2
#endif

/* Counters of the device (virtio 1.4, 5.1.9.5.11) */
#ifndef VIRTIO_NET_F_DEVICE_STATS
#define VIRTIO_NET_F_DEVICE_STATS	50
#define VIRTIO_NET_CTRL_STATS		8
#define VIRTIO_NET_CTRL_STATS_QUERY	0
#define VIRTIO_NET_CTRL_STATS_GET	1
#endif

#endif /* VPV_COMPAT_UAPI_LINUX_VIRTIO_NET_H */
