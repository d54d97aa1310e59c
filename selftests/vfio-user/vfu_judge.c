// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds the driver to the clauses that a device can see kept or broken at its
 * registers: the order of the initialization (3.1.1), and what may be written where
 * and how wide (4.1.3.1, 4.1.4.3.2). The first breach is kept in words, all are
 * counted.
 */
#include "vfu.h"

enum {
	S_DRIVER = 2,
	S_FAILED = 128,
};

static void breach(const char *what)
{
	if (!vfu.breaches++)
		vfu.breach = what;
}

static void judge_status(uint8_t now)
{
	uint8_t was = vfu.dev->status & ~VFU_S_NEEDS_RESET;

	now &= ~VFU_S_NEEDS_RESET;
	if (!now)
		return;
	if (was & ~now)
		breach("status bit cleared (BASIC-002)");
	if (now & VFU_S_FEATURES_OK &&
	    (was & (VFU_S_ACKNOWLEDGE | S_DRIVER)) != (VFU_S_ACKNOWLEDGE | S_DRIVER))
		breach("FEATURES_OK before ACKNOWLEDGE and DRIVER (BASIC-018)");
	if (now & VFU_S_DRIVER_OK && !(was & VFU_S_FEATURES_OK))
		breach("DRIVER_OK without FEATURES_OK (BASIC-018)");
	if (now & VFU_S_DRIVER_OK && now & S_FAILED)
		breach("goes on after FAILED (BASIC-022)");
	if (vfu.reset_until)
		breach("goes on before the reset is over (PCI-018)");
}

/* How wide a register of the common configuration is; 0: it is not to be written. */
static uint32_t width_of(uint64_t off)
{
	switch (off) {
	case VFU_DEVICE_SELECT:
	case VFU_DRIVER_SELECT:
	case VFU_DRIVER_FEATURES:
		return 4;
	case VFU_CONFIG_VECTOR:
	case VFU_QUEUE_SELECT:
	case VFU_QUEUE_SIZE:
	case VFU_QUEUE_VECTOR:
	case VFU_QUEUE_ENABLE:
	case VFU_QUEUE_RESET:
		return 2;
	case VFU_STATUS:
		return 1;
	}
	return off >= VFU_QUEUE_DESC && off < VFU_QUEUE_NOTIFY_DATA && !(off % 4) ? 4 : 0;
}

static void judge_queue(const struct vfu_queue *q, uint64_t off, uint32_t v)
{
	bool packed = vfu.dev->features & VU_BIT(VU_F_RING_PACKED);

	if (!(vfu.dev->status & VFU_S_FEATURES_OK))
		breach("queue set up before FEATURES_OK (BASIC-018)");
	if (q->enabled)
		breach("queue changed while it is enabled (PCI-017)");
	if (off == VFU_QUEUE_ENABLE && v != 1)
		breach("queue_enable is not 1 (PCI-019)");
	if (off == VFU_QUEUE_SIZE && (!v || (!packed && v & (v - 1))))
		breach("queue size (PCI-015, PCI-016)");
	if (off == VFU_QUEUE_DESC && v % 16)
		breach("alignment (SPLIT-001, PACKED-001)");
}

void vfu_judge_common(uint64_t off, uint32_t v, uint32_t len)
{
	const struct vu_dev *dev = vfu.dev;

	if (len != width_of(off))
		breach(width_of(off) ? "width of a write (PCI-005)" :
				       "write to what is read-only (PCI-014)");
	if (off == VFU_STATUS)
		judge_status(v);
	if (off == VFU_DRIVER_FEATURES && dev->status & VFU_S_FEATURES_OK)
		breach("features written after FEATURES_OK (BASIC-020)");
	if (off == VFU_DRIVER_FEATURES && vfu.driver_select < 2 &&
	    v & ~(uint32_t)(dev->offered >> 32 * vfu.driver_select))
		breach("feature accepted that is not offered (BASIC-005)");
	if (off == VFU_DRIVER_FEATURES && vfu.driver_select >= 2 && v)
		breach("feature accepted that is not offered (BASIC-005)");
	if (off >= VFU_QUEUE_SIZE && vfu.queue_select < dev->nr_queues)
		judge_queue(&vfu.queues[vfu.queue_select], off, v);
}

void vfu_judge_config(void)
{
	if (!(vfu.dev->status & VFU_S_FEATURES_OK))
		breach("configuration written before FEATURES_OK (BASIC-019)");
}

void vfu_judge_notify(void)
{
	if (!(vfu.dev->status & VFU_S_DRIVER_OK))
		breach("notification before DRIVER_OK (BASIC-023)");
}
