// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio block function as 4.1 describes it: one BAR with the virtio
 * structures and the MSI-X table, which QEMU keeps for us.
 */
#include <string.h>

#include "vfu.h"

/* The BAR: common, ISR, device configuration, notifications, MSI-X. */
enum {
	AT_COMMON = 0x0000,
	AT_ISR = 0x0800,
	AT_DEVICE = 0x1000,
	AT_NOTIFY = 0x2000,
	AT_TABLE = 0x3000,
	AT_PENDING = 0x3800,
	NOTIFY_STEP = 4,
	COMMON_LEN = 64,
};

/* Configuration space: the standard header, then capabilities. */
enum {
	SPACE_COMMAND = 0x04,
	SPACE_BAR0 = 0x10,
	SPACE_MSIX = 0x98,
	FIRST_CAP = 0x40,
	CAP_TYPE = 3,
	CAP_BAR = 4,
	CAP_OFFSET = 8,
	CAP_LENGTH = 12,
};

#define QUEUE_NUM 256
#define NOTIFY_DATA 0x5a00
#define SLOW_RESET_NS 2000000000ULL

static void put16(uint8_t *p, uint16_t v) { memcpy(p, &v, 2); }
static void put32(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); }

/* ---- configuration space ---- */

static unsigned int put_cap(unsigned int at, unsigned int len, uint8_t type, uint32_t offset,
			    uint32_t length)
{
	uint8_t *cap = vfu.space + at;

	cap[0] = 0x09;
	cap[1] = at + len;
	cap[2] = len;
	cap[CAP_TYPE] = type;
	put32(cap + CAP_OFFSET, offset);
	put32(cap + CAP_LENGTH, length);
	return at + len;
}

void vfu_pci_init(void)
{
	uint8_t *s = vfu.space;
	unsigned int at = FIRST_CAP;

	memset(s, 0, sizeof(vfu.space));
	put16(s + 0x00, 0x1af4);
	put16(s + 0x02, 0x1042);
	put16(s + 0x06, 0x0010);	/* has capabilities */
	s[0x08] = 1;
	put32(s + 0x08, 0x01000001);	/* revision, class: storage */
	put16(s + 0x2c, 0x1af4);
	put16(s + 0x2e, 0x1100);
	s[0x34] = at;
	at = put_cap(at, 16, 1, AT_COMMON, COMMON_LEN);
	at = put_cap(at, 16, 3, AT_ISR, 4);
	at = put_cap(at, 16, 4, AT_DEVICE, vfu.dev->config_size);
	put32(s + at + 16, NOTIFY_STEP);
	put_cap(at, 20, 2, AT_NOTIFY, 0x1000);
	s[at + 1] = SPACE_MSIX;
	s[SPACE_MSIX] = 0x11;
	put16(s + SPACE_MSIX + 2, VFU_VECTORS - 1);
	put32(s + SPACE_MSIX + 4, AT_TABLE);
	put32(s + SPACE_MSIX + 8, AT_PENDING);
	vfu_device_reset();
}

/* The first capability, of the common configuration, or another, with something wrong in it. */
static void lie_caps(uint8_t *space)
{
	uint8_t *cap = space + FIRST_CAP;

	if (vfu.lies[VFU_LIE_CAP_BAR])
		cap[CAP_BAR] = 6;
	if (vfu.lies[VFU_LIE_CAP_OFFSET])
		put32(cap + CAP_OFFSET, VFU_BAR_SIZE - 8);
	if (vfu.lies[VFU_LIE_CAP_WRAP])
		put32(cap + CAP_OFFSET, 0xffffffc0);
	if (vfu.lies[VFU_LIE_CAP_LENGTH])
		put32(cap + CAP_LENGTH, 12);
	/* The third is of the device's own: nothing but the capacity. */
	if (vfu.lies[VFU_LIE_CONFIG_LENGTH])
		put32(cap + 2 * 16 + CAP_LENGTH, 8);
	if (vfu.lies[VFU_LIE_CAP_TYPE])
		for (unsigned int i = 0; i < 4; i++)
			cap[16 * i + CAP_TYPE] = 0x7f;
}

void vfu_space_read(uint64_t off, void *buf, uint32_t len)
{
	uint8_t space[VFU_CONFIG_SPACE];

	memcpy(space, vfu.space, sizeof(space));
	lie_caps(space);
	if (vfu.lies[VFU_LIE_GONE])
		memset(space, 0xff, sizeof(space));
	memcpy(buf, space + off, len);
}

static bool writable(uint64_t off)
{
	return (off >= SPACE_COMMAND && off < SPACE_COMMAND + 2) ||
	       (off >= SPACE_BAR0 && off < SPACE_BAR0 + 4) || off == 0x0c || off == 0x3c ||
	       off == SPACE_MSIX + 3;
}

void vfu_space_write(uint64_t off, const void *buf, uint32_t len)
{
	uint32_t bar;

	for (uint32_t i = 0; i < len; i++)
		if (writable(off + i))
			vfu.space[off + i] = ((const uint8_t *)buf)[i];
	memcpy(&bar, vfu.space + SPACE_BAR0, 4);
	put32(vfu.space + SPACE_BAR0, bar & ~(uint32_t)(VFU_BAR_SIZE - 1));
	/* The table's size is not the driver's to choose. */
	vfu.space[SPACE_MSIX + 3] &= 0xc0;
}

/* ---- queues ---- */

static struct vfu_queue *selected(void)
{
	return vfu.queue_select < vfu.dev->nr_queues ? &vfu.queues[vfu.queue_select] : NULL;
}

void vfu_vectors_apply(void)
{
	for (unsigned int i = 0; i < vfu.dev->nr_queues; i++) {
		uint16_t v = vfu.queues[i].vector;

		vfu.dev->queues[i].call_fd = v < VFU_VECTORS ? vfu.vectors[v] : -1;
	}
}

static void *area(uint64_t addr, size_t size)
{
	uint64_t len = size;
	void *p = vfu_guest(vfu.dev, addr, &len);

	return len == size ? p : NULL;
}

/* Where the ring lies in our memory; false: it does not, or not now. */
static bool ring_map(unsigned int i)
{
	const struct vfu_queue *v = &vfu.queues[i];
	struct vu_ring *r = &vfu.dev->queues[i].ring;

	r->desc = area(v->desc, vu_ring_desc_size(r->num));
	r->driver = area(v->driver, vu_ring_driver_size(r));
	r->device = area(v->device, vu_ring_device_size(r));
	return r->desc && r->driver && r->device;
}

static void queue_start(unsigned int i)
{
	struct vu_queue *q = &vfu.dev->queues[i];
	struct vu_ring *r = &q->ring;

	r->packed = vfu.dev->features & VU_BIT(VU_F_RING_PACKED);
	r->avail_idx = 0;
	r->used_idx = 0;
	r->avail_wrap = true;
	r->used_wrap = true;
	r->map = vfu_guest;
	r->map_ctx = vfu.dev;
	if (!ring_map(i)) {
		vu_log(vfu.dev, "queue %u lies outside of the guest's memory", i);
		return;
	}
	q->enabled = true;
	vu_queue_start(q);
}

/* Memory comes and goes in pieces as the firmware arranges it: rest meanwhile. */
void vfu_memory_changed(void)
{
	struct vu_dev *dev = vfu.dev;

	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		struct vu_queue *q = &dev->queues[i];

		if (!q->enabled || q->ring.error)
			continue;
		q->ring.running = ring_map(i);
		q->again = q->ring.running;
	}
}

void vfu_device_reset(void)
{
	struct vu_dev *dev = vfu.dev;

	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		vu_queue_stop(&dev->queues[i]);
		dev->queues[i].enabled = false;
		dev->queues[i].again = false;
		dev->queues[i].ring.num = QUEUE_NUM;
		vfu.queues[i].enabled = false;
		vfu.queues[i].vector = VFU_NO_VECTOR;
	}
	vfu.config_vector = VFU_NO_VECTOR;
	vfu_vectors_apply();
	if (dev->status)
		dev->n.resets++;
	if (dev->ops->reset)
		dev->ops->reset(dev);
	dev->status = 0;
	dev->features = 0;
}

/*
 * What a notification has to say (4.1.5.2, 2.9): the queue, or what the device
 * gave for it, and where the driver is, when that was agreed.
 */
static void notify(uint64_t off, const uint8_t *buf, uint32_t len)
{
	struct vu_dev *dev = vfu.dev;
	unsigned int i = off / NOTIFY_STEP;
	bool data = dev->features & VU_BIT(VU_F_NOTIFICATION_DATA);
	uint16_t want = i, got, next;
	struct vu_queue *q;

	if (i >= dev->nr_queues || !dev->queues[i].enabled)
		return;
	q = &dev->queues[i];
	q->n.kicks++;
	if (dev->features & VU_BIT(VFU_F_NOTIF_CONFIG_DATA))
		want = NOTIFY_DATA + i;
	memcpy(&got, buf, 2);
	if (off % NOTIFY_STEP || len != (data ? 4 : 2) || got != want)
		vfu.queues[i].bad_data++;
	if (data && len == 4) {
		const struct vu_avail *avail = q->ring.driver;

		vfu.wide_notifications++;
		memcpy(&next, buf + 2, 2);
		if (!q->ring.packed)
			vfu.queues[i].behind += next != __atomic_load_n(&avail->idx,
									__ATOMIC_ACQUIRE);
		/* It may be behind by what was published since it was written. */
		if (q->ring.packed ? (next & 0x7fff) >= q->ring.num :
		    (uint16_t)(__atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE) - next) > q->ring.num)
			vfu.queues[i].bad_data++;
	}
	vu_queue_run(q);
}

/* ---- common configuration ---- */

void vfu_set_needs_reset(void)
{
	vfu.dev->status |= VFU_S_NEEDS_RESET;
	vu_config_changed(vfu.dev);
}

static void set_status(uint8_t status)
{
	struct vu_dev *dev = vfu.dev;
	uint8_t before = dev->status;

	if (!status) {
		vfu.reset_writes++;
		if (vfu.lies[VFU_LIE_STUCK_RESET]) {
			dev->status |= VFU_S_ACKNOWLEDGE;
		} else if (vfu.lies[VFU_LIE_SLOW_RESET]) {
			vfu.reset_until = vu_now() + SLOW_RESET_NS;
			dev->status = VFU_S_ACKNOWLEDGE;
		} else {
			vfu_device_reset();
		}
		return;
	}
	if (vfu.lies[VFU_LIE_NO_FEATURES_OK] || dev->features & ~dev->offered)
		status &= ~VFU_S_FEATURES_OK;
	dev->status = status | (before & VFU_S_NEEDS_RESET);
	if (!(status & VFU_S_DRIVER_OK) || before & VFU_S_DRIVER_OK)
		return;
	for (unsigned int i = 0; i < dev->nr_queues; i++)
		if (vfu.queues[i].enabled)
			queue_start(i);
	if (vfu.needs_reset) {
		vfu.needs_reset--;
		vfu_set_needs_reset();
	}
}

static void put_queue(uint8_t *c)
{
	const struct vfu_queue *q = selected();

	if (!q)
		return;
	put16(c + VFU_QUEUE_SIZE, vfu.dev->queues[vfu.queue_select].ring.num);
	put16(c + VFU_QUEUE_VECTOR, vfu.lies[VFU_LIE_NO_VECTOR] ? VFU_NO_VECTOR : q->vector);
	put16(c + VFU_QUEUE_ENABLE, q->enabled);
	put16(c + VFU_QUEUE_NOTIFY_OFF, vfu.lies[VFU_LIE_NOTIFY_OFF] ? 0x7fff : vfu.queue_select);
	memcpy(c + VFU_QUEUE_DESC, &q->desc, 8);
	memcpy(c + VFU_QUEUE_DRIVER, &q->driver, 8);
	memcpy(c + VFU_QUEUE_DEVICE, &q->device, 8);
	put16(c + VFU_QUEUE_NOTIFY_DATA, NOTIFY_DATA + vfu.queue_select);
}

static uint32_t feature_word(uint64_t bits, uint32_t select)
{
	return select < 2 ? bits >> (32 * select) : 0;
}

static void end_slow_reset(void)
{
	if (!vfu.reset_until || vu_now() < vfu.reset_until)
		return;
	vfu.reset_until = 0;
	vfu_device_reset();
}

static void common_read(uint64_t off, void *buf, uint32_t len)
{
	uint8_t c[COMMON_LEN] = { 0 };

	put32(c + VFU_DEVICE_SELECT, vfu.device_select);
	put32(c + VFU_DEVICE_FEATURES, feature_word(vfu.dev->offered, vfu.device_select));
	put32(c + VFU_DRIVER_SELECT, vfu.driver_select);
	put32(c + VFU_DRIVER_FEATURES, feature_word(vfu.dev->features, vfu.driver_select));
	put16(c + VFU_CONFIG_VECTOR, vfu.config_vector);
	put16(c + VFU_NUM_QUEUES, vfu.dev->nr_queues);
	c[VFU_GENERATION] = vfu.generation;
	put16(c + VFU_QUEUE_SELECT, vfu.queue_select);
	put_queue(c);
	if (off == VFU_STATUS)
		end_slow_reset();
	c[VFU_STATUS] = vfu.dev->status;
	if (off == VFU_GENERATION && vfu.lies[VFU_LIE_GENERATION])
		vfu.generation++;
	memcpy(buf, c + off, len);
}

static void queue_write(struct vfu_queue *q, uint64_t off, uint32_t v)
{
	uint64_t *area = off < VFU_QUEUE_DRIVER ? &q->desc : off < VFU_QUEUE_DEVICE ? &q->driver :
			 &q->device;
	unsigned int shift = off & 4 ? 32 : 0;

	if (off == VFU_QUEUE_SIZE && v && v <= QUEUE_NUM)
		vfu.dev->queues[vfu.queue_select].ring.num = v;
	if (off == VFU_QUEUE_VECTOR) {
		q->vector = v < VFU_VECTORS ? v : VFU_NO_VECTOR;
		vfu_vectors_apply();
	}
	if (off == VFU_QUEUE_ENABLE)
		q->enabled = v == 1;
	if (off >= VFU_QUEUE_DESC && off < VFU_QUEUE_NOTIFY_DATA)
		*area = (*area & ~(0xffffffffULL << shift)) | (uint64_t)v << shift;
}

static void common_write(uint64_t off, uint32_t v)
{
	struct vfu_queue *q = selected();
	unsigned int shift = 32 * vfu.driver_select;

	switch (off) {
	case VFU_DEVICE_SELECT:
		vfu.device_select = v;
		return;
	case VFU_DRIVER_SELECT:
		vfu.driver_select = v;
		return;
	case VFU_DRIVER_FEATURES:
		if (vfu.driver_select < 2)
			vfu.dev->features = (vfu.dev->features & ~(0xffffffffULL << shift)) |
					    (uint64_t)v << shift;
		return;
	case VFU_CONFIG_VECTOR:
		vfu.config_vector = v < VFU_VECTORS ? v : VFU_NO_VECTOR;
		return;
	case VFU_STATUS:
		set_status(v);
		return;
	case VFU_QUEUE_SELECT:
		vfu.queue_select = v;
		return;
	}
	if (q)
		queue_write(q, off, v);
}

/* ---- the BAR ---- */

void vfu_bar_read(uint64_t off, void *buf, uint32_t len)
{
	uint8_t config[VU_MAX_CONFIG + 8] = { 0 };

	memset(buf, 0, len);
	if (vfu.lies[VFU_LIE_GONE]) {
		memset(buf, 0xff, len);
	} else if (off < COMMON_LEN && len <= COMMON_LEN - off) {
		common_read(off, buf, len);
	} else if (off >= AT_DEVICE && off < AT_DEVICE + VU_MAX_CONFIG && len <= 8) {
		memcpy(config, vfu.dev->config, vfu.dev->config_size);
		vu_fault_config(vfu.dev, config);
		memcpy(buf, config + off - AT_DEVICE, len);
		vfu.dev->n.config_reads++;
	}
}

static void config_write(uint64_t off, const void *buf, uint32_t len)
{
	struct vu_dev *dev = vfu.dev;

	if (off > dev->config_size || len > dev->config_size - off)
		return;
	memcpy(dev->config + off, buf, len);
	dev->n.config_writes++;
	if (dev->ops->config_written)
		dev->ops->config_written(dev, off, len);
}

void vfu_bar_write(uint64_t off, const void *buf, uint32_t len)
{
	uint32_t v = 0;

	if (vfu.lies[VFU_LIE_GONE] || len > 8)
		return;
	memcpy(&v, buf, len < 4 ? len : 4);
	if (off < COMMON_LEN) {
		vfu_judge_common(off, v, len);
		common_write(off, v);
	} else if (off >= AT_DEVICE && off < AT_NOTIFY) {
		vfu_judge_config();
		config_write(off - AT_DEVICE, buf, len);
	} else if (off >= AT_NOTIFY && off < AT_TABLE && len >= 2) {
		vfu_judge_notify();
		notify(off - AT_NOTIFY, buf, len);
	}
}
