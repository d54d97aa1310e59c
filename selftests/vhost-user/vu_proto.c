// SPDX-License-Identifier: GPL-2.0-only
/*
 * vhost-user messages and guest memory. The protocol is QEMU's
 * docs/interop/vhost-user; only what a VMM needs to run a device is here: no
 * migration log, no IOTLB, no postcopy, no in-flight region.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vu.h"

enum {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_OWNER = 3,
	RESET_OWNER = 4,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR = 9,
	SET_VRING_BASE = 10,
	GET_VRING_BASE = 11,
	SET_VRING_KICK = 12,
	SET_VRING_CALL = 13,
	SET_VRING_ERR = 14,
	GET_PROTOCOL_FEATURES = 15,
	SET_PROTOCOL_FEATURES = 16,
	GET_QUEUE_NUM = 17,
	SET_VRING_ENABLE = 18,
	SET_BACKEND_REQ_FD = 21,
	GET_CONFIG = 24,
	SET_CONFIG = 25,
	RESET_DEVICE = 34,
	GET_MAX_MEM_SLOTS = 36,
	ADD_MEM_REG = 37,
	REM_MEM_REG = 38,
	SET_STATUS = 39,
	GET_STATUS = 40,

	BACKEND_CONFIG_CHANGE = 2,
};

enum {
	P_MQ = 0,
	P_REPLY_ACK = 3,
	P_BACKEND_REQ = 5,
	P_CONFIG = 9,
	P_RESET_DEVICE = 13,
	P_CONFIGURE_MEM_SLOTS = 15,
	P_STATUS = 16,
};

#define PROTOCOL (VU_BIT(P_MQ) | VU_BIT(P_REPLY_ACK) | VU_BIT(P_BACKEND_REQ) | VU_BIT(P_CONFIG) | \
		  VU_BIT(P_RESET_DEVICE) | VU_BIT(P_CONFIGURE_MEM_SLOTS) | VU_BIT(P_STATUS))

enum {
	F_VERSION = 1,
	F_REPLY = 4,
	F_NEED_REPLY = 8,
};

#define MAX_FDS 8

struct header {
	uint32_t request;
	uint32_t flags;
	uint32_t size;
} __attribute__((packed));

struct region_msg {
	uint64_t gpa, size, uva, offset;
};

struct config_msg {
	uint32_t offset, size, flags;
	uint8_t data[VU_MAX_CONFIG];
};

struct vring_state {
	uint32_t index, num;
};

struct vring_addr {
	uint32_t index, flags;
	uint64_t desc, used, avail, log;
};

union payload {
	uint64_t u64;
	struct vring_state state;
	struct vring_addr addr;
	struct config_msg config;
	struct {
		uint32_t n, padding;
		struct region_msg r[MAX_FDS];
	} mem;
	struct {
		uint64_t padding;
		struct region_msg r;
	} one;
	uint8_t bytes[1024];
};

struct msg {
	struct header h;
	union payload p;
	int fds[MAX_FDS];
	unsigned int nfds;
};

/* ---- guest memory ---- */

static void *find(struct vu_dev *dev, uint64_t addr, uint64_t *len, bool user)
{
	for (unsigned int i = 0; i < dev->nr_regions; i++) {
		const struct vu_region *r = &dev->regions[i];
		uint64_t off = addr - (user ? r->uva : r->gpa);

		if (off >= r->size)
			continue;
		if (*len > r->size - off)
			*len = r->size - off;
		return r->host + off;
	}
	return NULL;
}

static void *map_guest(void *ctx, uint64_t addr, uint64_t *len)
{
	return find(ctx, addr, len, false);
}

/* Ring areas come as the VMM's own addresses and have to be in one piece. */
static void *map_area(struct vu_dev *dev, uint64_t uva, size_t size)
{
	uint64_t len = size;
	void *p = find(dev, uva, &len, true);

	return len == size ? p : NULL;
}

static void map_rings(struct vu_dev *dev)
{
	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		struct vu_queue *q = &dev->queues[i];
		struct vu_ring *r = &q->ring;

		r->packed = dev->features & VU_BIT(VU_F_RING_PACKED);
		r->map = map_guest;
		r->map_ctx = dev;
		r->desc = map_area(dev, q->desc_uva, vu_ring_desc_size(r->num));
		r->driver = map_area(dev, q->driver_uva, vu_ring_driver_size(r));
		r->device = map_area(dev, q->device_uva, vu_ring_device_size(r));
		if (r->running && (!r->desc || !r->driver || !r->device))
			vu_ring_stop(r);
	}
}

static int region_add(struct vu_dev *dev, const struct region_msg *m, int fd)
{
	struct vu_region *r = &dev->regions[dev->nr_regions];

	if (dev->nr_regions == VU_MAX_REGIONS)
		return -1;
	r->map_size = m->offset + m->size;
	r->map = mmap(NULL, r->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
		      0);
	if (r->map == MAP_FAILED) {
		vu_log(dev, "cannot map guest memory of %zu bytes: %s", r->map_size, strerror(errno));
		return -1;
	}
	r->gpa = m->gpa;
	r->uva = m->uva;
	r->size = m->size;
	r->host = (uint8_t *)r->map + m->offset;
	dev->nr_regions++;
	return 0;
}

static int region_remove(struct vu_dev *dev, const struct region_msg *m)
{
	for (unsigned int i = 0; i < dev->nr_regions; i++) {
		struct vu_region *r = &dev->regions[i];

		if (r->gpa != m->gpa || r->uva != m->uva || r->size != m->size)
			continue;
		munmap(r->map, r->map_size);
		*r = dev->regions[--dev->nr_regions];
		return 0;
	}
	return -1;
}

static void regions_clear(struct vu_dev *dev)
{
	while (dev->nr_regions) {
		struct vu_region *r = &dev->regions[--dev->nr_regions];

		munmap(r->map, r->map_size);
	}
}

/* Buffers that are held point into the old memory. */
static void flush_all(struct vu_dev *dev)
{
	for (unsigned int i = 0; i < dev->nr_queues; i++)
		vu_queue_flush(&dev->queues[i]);
}

static int set_mem_table(struct vu_dev *dev, struct msg *m)
{
	int ret = 0;

	if (m->p.mem.n > MAX_FDS || m->p.mem.n != m->nfds)
		return -1;
	flush_all(dev);
	regions_clear(dev);
	for (unsigned int i = 0; i < m->nfds && !ret; i++)
		ret = region_add(dev, &m->p.mem.r[i], m->fds[i]);
	map_rings(dev);
	return ret;
}

/* ---- queues ---- */

static struct vu_queue *queue_of(struct vu_dev *dev, uint64_t index)
{
	if (index < dev->nr_queues)
		return &dev->queues[index];
	vu_log(dev, "message for queue %llu of %u", (unsigned long long)index, dev->nr_queues);
	return NULL;
}

static void kicked(struct vu_source *s)
{
	struct vu_queue *q = s->ctx;
	uint64_t n;

	if (read(s->fd, &n, sizeof(n)) != sizeof(n))
		return;
	q->n.kicks += n;
	if (!vu_fault_hit(q, VU_FAULT_NO_KICK, NULL))
		vu_queue_run(q);
}

static int take_fd(struct msg *m)
{
	int fd = -1;

	if (m->nfds) {
		fd = m->fds[0];
		m->fds[0] = -1;
	}
	return fd;
}

static int set_kick(struct vu_dev *dev, struct msg *m)
{
	struct vu_queue *q = queue_of(dev, m->p.u64 & 0xff);
	int fd;

	if (!q)
		return -1;
	vu_unwatch(dev, &q->kick);
	fd = take_fd(m);
	if (fd < 0) {
		vu_log(dev, "queue %u: the VMM wants it polled, which this device does not do",
		       q->index);
		return -1;
	}
	if (vu_watch(dev, &q->kick, fd, kicked, q))
		return -1;
	map_rings(dev);
	vu_queue_start(q);
	return q->ring.running ? 0 : -1;
}

static int set_call(struct vu_dev *dev, struct msg *m)
{
	struct vu_queue *q = queue_of(dev, m->p.u64 & 0xff);

	if (!q)
		return -1;
	if (q->call_fd >= 0)
		close(q->call_fd);
	q->call_fd = take_fd(m);
	return 0;
}

static int set_base(struct vu_dev *dev, const struct vring_state *s)
{
	struct vu_queue *q = queue_of(dev, s->index);
	struct vu_ring *r;

	if (!q)
		return -1;
	r = &q->ring;
	if (dev->features & VU_BIT(VU_F_RING_PACKED)) {
		r->avail_idx = s->num & 0x7fff;
		r->avail_wrap = s->num >> 15 & 1;
		r->used_idx = s->num >> 16 & 0x7fff;
		r->used_wrap = s->num >> 31;
	} else {
		r->avail_idx = s->num;
		r->used_idx = s->num;
	}
	return 0;
}

static int get_base(struct vu_dev *dev, struct vring_state *s)
{
	struct vu_queue *q = queue_of(dev, s->index);
	struct vu_ring *r;

	if (!q)
		return -1;
	vu_queue_stop(q);
	vu_unwatch(dev, &q->kick);
	r = &q->ring;
	s->num = r->avail_idx;
	if (r->packed)
		s->num |= (uint32_t)r->avail_wrap << 15 | (uint32_t)r->used_idx << 16 |
			  (uint32_t)r->used_wrap << 31;
	return 0;
}

static int set_addr(struct vu_dev *dev, const struct vring_addr *a)
{
	struct vu_queue *q = queue_of(dev, a->index);

	if (!q)
		return -1;
	q->desc_uva = a->desc;
	q->driver_uva = a->avail;
	q->device_uva = a->used;
	map_rings(dev);
	return 0;
}

static int set_num(struct vu_dev *dev, const struct vring_state *s)
{
	struct vu_queue *q = queue_of(dev, s->index);

	if (!q || !s->num || s->num > 32768)
		return -1;
	q->ring.num = s->num;
	return 0;
}

static int set_enable(struct vu_dev *dev, const struct vring_state *s)
{
	struct vu_queue *q = queue_of(dev, s->index);

	if (!q)
		return -1;
	q->enabled = s->num;
	q->again = q->enabled;
	return 0;
}

static void device_reset(struct vu_dev *dev)
{
	for (unsigned int i = 0; i < dev->nr_queues; i++)
		vu_queue_stop(&dev->queues[i]);
	dev->n.resets++;
	if (dev->ops->reset)
		dev->ops->reset(dev);
}

/* ---- configuration ---- */

/* What lies beyond our structure reads as 0. */
static int get_config(struct vu_dev *dev, struct config_msg *c)
{
	uint8_t config[VU_MAX_CONFIG] = { 0 };

	if (c->offset > VU_MAX_CONFIG || c->size > VU_MAX_CONFIG - c->offset)
		return -1;
	memcpy(config, dev->config, dev->config_size);
	vu_fault_config(dev, config);
	memcpy(c->data, config + c->offset, c->size);
	dev->n.config_reads++;
	return 0;
}

static int set_config(struct vu_dev *dev, const struct config_msg *c)
{
	if (c->offset > dev->config_size || c->size > dev->config_size - c->offset)
		return -1;
	memcpy(dev->config + c->offset, c->data, c->size);
	dev->n.config_writes++;
	if (dev->ops->config_written)
		dev->ops->config_written(dev, c->offset, c->size);
	return 0;
}

void vu_config_changed(struct vu_dev *dev)
{
	struct header h = { .request = BACKEND_CONFIG_CHANGE, .flags = F_VERSION };

	if (dev->backend_fd < 0)
		return;
	if (send(dev->backend_fd, &h, sizeof(h), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(h))
		dev->n.config_changes++;
}

/* ---- messages ---- */

static bool receive(struct vu_dev *dev, struct msg *m)
{
	if (!vu_recv(dev->conn.fd, &m->h, sizeof(m->h), m->fds, &m->nfds, MAX_FDS))
		return false;
	if (m->h.size > sizeof(m->p)) {
		vu_log(dev, "message %u of %u bytes is too long", m->h.request, m->h.size);
		return false;
	}
	return vu_recv_rest(dev->conn.fd, &m->p, m->h.size);
}

static void reply(struct vu_dev *dev, struct msg *m, uint32_t size)
{
	struct iovec iov[] = { { &m->h, sizeof(m->h) }, { &m->p, size } };
	struct msghdr hdr = { .msg_iov = iov, .msg_iovlen = 2 };

	m->h.flags = F_VERSION | F_REPLY;
	m->h.size = size;
	if (sendmsg(dev->conn.fd, &hdr, MSG_NOSIGNAL) < 0)
		vu_log(dev, "cannot answer the VMM: %s", strerror(errno));
}

static void reply_u64(struct vu_dev *dev, struct msg *m, uint64_t v)
{
	m->p.u64 = v;
	reply(dev, m, sizeof(v));
}

/* Those with an answer of their own. false: not one of them. */
static bool handle_query(struct vu_dev *dev, struct msg *m)
{
	switch (m->h.request) {
	case GET_FEATURES:
		reply_u64(dev, m, dev->offered | VU_BIT(VU_F_PROTOCOL_FEATURES));
		return true;
	case GET_PROTOCOL_FEATURES:
		reply_u64(dev, m, PROTOCOL);
		return true;
	case GET_QUEUE_NUM:
		reply_u64(dev, m, dev->nr_queues);
		return true;
	case GET_MAX_MEM_SLOTS:
		reply_u64(dev, m, VU_MAX_REGIONS);
		return true;
	case GET_STATUS:
		reply_u64(dev, m, dev->status);
		return true;
	case GET_VRING_BASE:
		reply(dev, m, get_base(dev, &m->p.state) ? 0 : sizeof(m->p.state));
		return true;
	case GET_CONFIG:
		/* An empty answer is the protocol's error. */
		reply(dev, m, get_config(dev, &m->p.config) ? 0 : m->h.size);
		return true;
	}
	return false;
}

static int mem_region(struct vu_dev *dev, struct msg *m)
{
	int ret;

	flush_all(dev);
	if (m->h.request == REM_MEM_REG)
		ret = region_remove(dev, &m->p.one.r);
	else
		ret = m->nfds == 1 ? region_add(dev, &m->p.one.r, m->fds[0]) : -1;
	map_rings(dev);
	return ret;
}

static int set_features(struct vu_dev *dev, uint64_t features)
{
	uint64_t bad = features & ~(dev->offered | VU_BIT(VU_F_PROTOCOL_FEATURES));

	if (bad)
		vu_log(dev, "features %#llx accepted that were not offered",
		       (unsigned long long)bad);
	dev->features = features & dev->offered;
	vu_debug(dev, "features %#llx", (unsigned long long)dev->features);
	/* Without the protocol's features there is no message to enable queues. */
	if (!(features & VU_BIT(VU_F_PROTOCOL_FEATURES)))
		for (unsigned int i = 0; i < dev->nr_queues; i++)
			dev->queues[i].enabled = true;
	return bad ? -1 : 0;
}

static void set_status(struct vu_dev *dev, uint8_t status)
{
	vu_debug(dev, "status %#x", status);
	if (!status && dev->status)
		device_reset(dev);
	dev->status = status;
}

static int handle(struct vu_dev *dev, struct msg *m)
{
	switch (m->h.request) {
	case SET_OWNER:
	case RESET_OWNER:
	case SET_VRING_ERR:
		return 0;
	case SET_FEATURES:
		return set_features(dev, m->p.u64);
	case SET_PROTOCOL_FEATURES:
		dev->protocol = m->p.u64;
		return 0;
	case SET_MEM_TABLE:
		return set_mem_table(dev, m);
	case ADD_MEM_REG:
	case REM_MEM_REG:
		return mem_region(dev, m);
	case SET_VRING_NUM:
		return set_num(dev, &m->p.state);
	case SET_VRING_ADDR:
		return set_addr(dev, &m->p.addr);
	case SET_VRING_BASE:
		return set_base(dev, &m->p.state);
	case SET_VRING_KICK:
		return set_kick(dev, m);
	case SET_VRING_CALL:
		return set_call(dev, m);
	case SET_VRING_ENABLE:
		return set_enable(dev, &m->p.state);
	case SET_BACKEND_REQ_FD:
		if (dev->backend_fd >= 0)
			close(dev->backend_fd);
		dev->backend_fd = take_fd(m);
		return 0;
	case SET_CONFIG:
		return set_config(dev, &m->p.config);
	case RESET_DEVICE:
		device_reset(dev);
		return 0;
	case SET_STATUS:
		set_status(dev, m->p.u64);
		return 0;
	}
	vu_log(dev, "message %u is not known here", m->h.request);
	return -1;
}

static void message(struct vu_source *s)
{
	struct vu_dev *dev = s->ctx;
	struct msg m = { 0 };
	bool want;
	int ret;

	if (!receive(dev, &m)) {
		vu_debug(dev, "the VMM closed the connection");
		for (unsigned int i = 0; i < m.nfds; i++)
			close(m.fds[i]);
		vu_proto_close(dev);
		return;
	}
	if (!handle_query(dev, &m)) {
		want = m.h.flags & F_NEED_REPLY && dev->protocol & VU_BIT(P_REPLY_ACK);
		ret = handle(dev, &m);
		if (ret)
			vu_log(dev, "message %u failed", m.h.request);
		if (want)
			reply_u64(dev, &m, ret ? 1 : 0);
	}
	for (unsigned int i = 0; i < m.nfds; i++)
		if (m.fds[i] >= 0)
			close(m.fds[i]);
}

const struct vu_command vu_transport_commands[] = { { 0 } };

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
	dev->n.connections++;
	vu_watch(dev, &dev->conn, fd, message, dev);
}

void vu_proto_close(struct vu_dev *dev)
{
	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		struct vu_queue *q = &dev->queues[i];

		vu_queue_stop(q);
		vu_unwatch(dev, &q->kick);
		if (q->call_fd >= 0)
			close(q->call_fd);
		q->call_fd = -1;
		q->enabled = false;
		q->again = false;
	}
	vu_unwatch(dev, &dev->conn);
	if (dev->backend_fd >= 0)
		close(dev->backend_fd);
	dev->backend_fd = -1;
	dev->protocol = 0;
	dev->features = 0;
	dev->status = 0;
	regions_clear(dev);
	map_rings(dev);
}
