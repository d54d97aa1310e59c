// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-user messages, guest memory and interrupts. The protocol is QEMU's
 * docs/interop/vfio-user; only what a VMM needs to run one PCI function is
 * here: no migration, no DMA by message, no shared BARs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfu.h"

enum {
	VERSION = 1,
	DMA_MAP = 2,
	DMA_UNMAP = 3,
	GET_INFO = 4,
	GET_REGION_INFO = 5,
	GET_IRQ_INFO = 7,
	SET_IRQS = 8,
	REGION_READ = 9,
	REGION_WRITE = 10,
	DEVICE_RESET = 13,
};

enum {
	F_REPLY = 0x1,
	F_TYPE = 0xf,
	F_NO_REPLY = 0x10,
	F_ERROR = 0x20,
	REGION_CONFIG = 7,
	NR_REGIONS = 9,
	IRQ_MSIX = 2,
	NR_IRQS = 5,
	DEVICE_RESETS = 1,
	DEVICE_PCI = 2,
	RW = 3,
	IRQ_EVENTFD = 1,
	IRQ_DATA_EVENTFD = 4,
};

#define MAX_FDS 16
#define MAX_DATA 4096

struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};

struct msg {
	struct header h;
	union {
		struct { uint16_t major, minor; char text[MAX_DATA]; } version;
		struct { uint32_t argsz, flags; uint64_t offset, iova, size; } map;
		struct { uint32_t argsz, flags; uint64_t iova, size; } unmap;
		struct { uint32_t argsz, flags, regions, irqs; } info;
		struct { uint32_t argsz, flags, index, cap; uint64_t size, offset; } region;
		struct { uint32_t argsz, flags, index, count; } irq;
		struct { uint32_t argsz, flags, index, start, count; } set;
		struct { uint64_t offset; uint32_t region, count; uint8_t data[MAX_DATA]; } io;
		uint8_t bytes[MAX_DATA + 64];
	};
	int fds[MAX_FDS];
	unsigned int nfds;
};

struct vfu vfu;

/* ---- guest memory ---- */

void *vfu_guest(void *ctx, uint64_t addr, uint64_t *len)
{
	struct vu_dev *dev = ctx;

	for (unsigned int i = 0; i < dev->nr_regions; i++) {
		const struct vu_region *r = &dev->regions[i];
		uint64_t off = addr - r->gpa;

		if (off >= r->size)
			continue;
		if (*len > r->size - off)
			*len = r->size - off;
		return r->host + off;
	}
	return NULL;
}

/* What the VMM cannot share has no descriptor, and is left alone. */
static int dma_map(struct vu_dev *dev, struct msg *m)
{
	struct vu_region *r = &dev->regions[dev->nr_regions];

	if (!m->nfds)
		return 0;
	if (dev->nr_regions == VU_MAX_REGIONS)
		return ENOSPC;
	r->map_size = m->map.size;
	r->map = mmap(NULL, r->map_size, PROT_READ | (m->map.flags & 2 ? PROT_WRITE : 0),
		      MAP_SHARED | MAP_NORESERVE, m->fds[0], m->map.offset);
	if (r->map == MAP_FAILED)
		return errno;
	r->gpa = m->map.iova;
	r->size = m->map.size;
	r->host = r->map;
	dev->nr_regions++;
	vfu_memory_changed();
	return 0;
}

/* Buffers that were taken may lie there: they are finished first. */
static void dma_unmap(struct vu_dev *dev, uint64_t iova, uint64_t size)
{
	for (unsigned int i = 0; i < dev->nr_queues; i++)
		vu_queue_flush(&dev->queues[i]);
	for (unsigned int i = 0; i < dev->nr_regions;) {
		struct vu_region *r = &dev->regions[i];

		if (r->gpa < iova || r->gpa - iova >= size) {
			i++;
			continue;
		}
		munmap(r->map, r->map_size);
		*r = dev->regions[--dev->nr_regions];
	}
	vfu_memory_changed();
}

/* ---- interrupts ---- */

void vfu_interrupt(uint16_t vector)
{
	uint64_t one = 1;

	if (vector < VFU_VECTORS && vfu.vectors[vector] >= 0 &&
	    write(vfu.vectors[vector], &one, sizeof(one)) != sizeof(one))
		vu_log(vfu.dev, "vector %u: %s", vector, strerror(errno));
}

void vu_config_changed(struct vu_dev *dev)
{
	vfu.generation++;
	dev->n.config_changes++;
	vfu_interrupt(vfu.config_vector);
}

/* Descriptors for vectors from @start on; none given: these are off. */
static int set_irqs(struct msg *m)
{
	uint32_t start = m->set.start, n = m->set.count;

	if (m->set.index != IRQ_MSIX)
		return 0;
	if (!n) {
		start = 0;
		n = VFU_VECTORS;
	}
	if (start > VFU_VECTORS || n > VFU_VECTORS - start)
		return EINVAL;
	for (uint32_t i = 0; i < n; i++) {
		int *fd = &vfu.vectors[start + i];

		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		if (m->set.flags & IRQ_DATA_EVENTFD && i < m->nfds) {
			*fd = m->fds[i];
			m->fds[i] = -1;
		}
	}
	vfu_vectors_apply();
	return 0;
}

/* ---- messages ---- */

static bool receive(struct vu_dev *dev, struct msg *m)
{
	if (!vu_recv(dev->conn.fd, &m->h, sizeof(m->h), m->fds, &m->nfds, MAX_FDS))
		return false;
	if (m->h.size < sizeof(m->h) || m->h.size - sizeof(m->h) > sizeof(m->bytes)) {
		vu_log(dev, "message %u of %u bytes", m->h.command, m->h.size);
		return false;
	}
	return vu_recv_rest(dev->conn.fd, m->bytes, m->h.size - sizeof(m->h));
}

static void reply(struct vu_dev *dev, struct msg *m, int error, size_t size)
{
	struct iovec iov[] = { { &m->h, sizeof(m->h) }, { m->bytes, error ? 0 : size } };
	struct msghdr hdr = { .msg_iov = iov, .msg_iovlen = 2 };

	if (m->h.flags & F_NO_REPLY)
		return;
	m->h.flags = F_REPLY | (error ? F_ERROR : 0);
	m->h.error = error;
	m->h.size = sizeof(m->h) + iov[1].iov_len;
	if (sendmsg(dev->conn.fd, &hdr, MSG_NOSIGNAL) < 0)
		vu_log(dev, "cannot answer the VMM: %s", strerror(errno));
}

static int version(struct msg *m, size_t *size)
{
	static const char text[] =
		"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":4096}}";

	if (m->version.major)
		return ENOTSUP;
	memcpy(m->version.text, text, sizeof(text));
	*size = 4 + sizeof(text);
	return 0;
}

static int region_info(struct msg *m)
{
	m->region.argsz = sizeof(m->region);
	m->region.cap = 0;
	m->region.offset = 0;
	m->region.size = m->region.index == 0 ? VFU_BAR_SIZE :
			 m->region.index == REGION_CONFIG ? VFU_CONFIG_SPACE : 0;
	m->region.flags = m->region.size ? RW : 0;
	return m->region.index < NR_REGIONS ? 0 : EINVAL;
}

static int region_io(struct msg *m, bool write)
{
	bool space = m->io.region == REGION_CONFIG;
	uint64_t size = space ? VFU_CONFIG_SPACE : VFU_BAR_SIZE;

	if ((!space && m->io.region) || m->io.count > MAX_DATA ||
	    m->io.offset > size || m->io.count > size - m->io.offset)
		return EINVAL;
	if (space && write)
		vfu_space_write(m->io.offset, m->io.data, m->io.count);
	else if (space)
		vfu_space_read(m->io.offset, m->io.data, m->io.count);
	else if (write)
		vfu_bar_write(m->io.offset, m->io.data, m->io.count);
	else
		vfu_bar_read(m->io.offset, m->io.data, m->io.count);
	return 0;
}

/* An errno, and the size of the answer's body. */
static int handle(struct vu_dev *dev, struct msg *m, size_t *size)
{
	*size = m->h.size - sizeof(m->h);
	switch (m->h.command) {
	case VERSION:
		return version(m, size);
	case DMA_MAP:
		*size = 0;
		return dma_map(dev, m);
	case DMA_UNMAP:
		dma_unmap(dev, m->unmap.iova, m->unmap.size);
		return 0;
	case GET_INFO:
		m->info.argsz = *size = sizeof(m->info);
		m->info.flags = DEVICE_PCI | DEVICE_RESETS;
		m->info.regions = NR_REGIONS;
		m->info.irqs = NR_IRQS;
		return 0;
	case GET_REGION_INFO:
		*size = sizeof(m->region);
		return region_info(m);
	case GET_IRQ_INFO:
		m->irq.argsz = *size = sizeof(m->irq);
		m->irq.flags = IRQ_EVENTFD;
		m->irq.count = m->irq.index == IRQ_MSIX ? VFU_VECTORS : 0;
		return m->irq.index < NR_IRQS ? 0 : EINVAL;
	case SET_IRQS:
		*size = 0;
		return set_irqs(m);
	case REGION_READ:
		*size = 16 + m->io.count;
		return region_io(m, false);
	case REGION_WRITE:
		*size = 16;
		return region_io(m, true);
	case DEVICE_RESET:
		*size = 0;
		vfu_device_reset();
		return 0;
	}
	vu_log(dev, "message %u is not known here", m->h.command);
	return ENOSYS;
}

static void message(struct vu_source *s)
{
	static struct msg m;
	struct vu_dev *dev = s->ctx;
	size_t size = 0;
	int error;

	m.nfds = 0;
	if (!receive(dev, &m)) {
		vu_debug(dev, "the VMM closed the connection");
		vu_proto_close(dev);
	} else {
		error = handle(dev, &m, &size);
		if (error)
			vu_log(dev, "message %u failed: %s", m.h.command, strerror(error));
		reply(dev, &m, error, size);
	}
	for (unsigned int i = 0; i < m.nfds; i++)
		if (m.fds[i] >= 0)
			close(m.fds[i]);
}

/* ---- connection ---- */

void vu_proto_accept(struct vu_source *s)
{
	struct vu_dev *dev = s->ctx;
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (dev->conn.fd >= 0) {
		vu_log(dev, "a second VMM was turned away");
		close(fd);
		return;
	}
	for (unsigned int i = 0; i < VFU_VECTORS; i++)
		vfu.vectors[i] = -1;
	vfu.dev = dev;
	vfu_pci_init();
	dev->n.connections++;
	vu_watch(dev, &dev->conn, fd, message, dev);
}

void vu_proto_close(struct vu_dev *dev)
{
	if (!vfu.dev)
		return;		/* no VMM ever came */
	vfu_device_reset();
	for (unsigned int i = 0; i < VFU_VECTORS; i++) {
		if (vfu.vectors[i] >= 0)
			close(vfu.vectors[i]);
		vfu.vectors[i] = -1;
	}
	vfu_vectors_apply();
	vu_unwatch(dev, &dev->conn);
	dma_unmap(dev, 0, UINT64_MAX);
}
