// SPDX-License-Identifier: GPL-2.0-only
/* Does the kernel read headers of UDP in segments? Since 6.2 */
#include <uapi/linux/virtio_net.h>

int probe(void);
int probe(void)
{
#ifdef PROBE_NEW
	return VIRTIO_NET_F_HOST_USO;
#else
	return 0;
#endif
}
