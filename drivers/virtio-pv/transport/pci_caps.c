// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#include "pci_caps.h"

/* 192 bytes of capabilities at 4 bytes each: a longer list runs in a circle. */
#define MAX_CAPS 48

static u16 le16_at(const u8 *p)
{
	return p[0] | p[1] << 8;
}

static u32 le32_at(const u8 *p)
{
	return le16_at(p) | (u32)le16_at(p + 2) << 16;
}

static bool power_of_two_or_zero(u32 x)
{
	return !(x & (x - 1));
}

/**
 * struct wanted - what a structure has to be like
 * @window: where it goes
 * @cap_len: bytes of capability needed
 * @length: bytes of structure needed
 * @align: of its offset
 */
struct wanted {
	struct vpv_pci_window *window;
	u8 cap_len;
	u32 length;
	u32 align;
};

static bool want(struct vpv_pci_caps *caps, u8 cfg_type, struct wanted *w)
{
	const u8 cap_len = sizeof(struct virtio_pci_cap);

	switch (cfg_type) {
	case VIRTIO_PCI_CAP_COMMON_CFG:
		*w = (struct wanted) { &caps->common, cap_len, VPV_PCI_COMMON_MIN, 4 };
		return true;
	case VIRTIO_PCI_CAP_NOTIFY_CFG:
		*w = (struct wanted) {
			&caps->notify, sizeof(struct virtio_pci_notify_cap), 2, 2
		};
		return true;
	case VIRTIO_PCI_CAP_ISR_CFG:
		*w = (struct wanted) { &caps->isr, cap_len, 1, 1 };
		return true;
	case VIRTIO_PCI_CAP_DEVICE_CFG:
		*w = (struct wanted) { &caps->device, cap_len, 1, 4 };
		return true;
	default:
		return false;
	}
}

/* NULL when the structure is sound, else what is wrong with it. */
static const char *unsound(const struct vpv_pci_window *win, const struct wanted *w,
			   const u64 bar_len[VPV_PCI_BARS])
{
	if (!bar_len[win->bar])
		return "structure in a BAR that does not exist";
	if (win->offset % w->align)
		return "structure not aligned";
	if (win->length < w->length)
		return "structure too short";
	if ((u64)win->offset + win->length > bar_len[win->bar])
		return "structure beyond the end of its BAR";
	return NULL;
}

static const char *take_cap(const u8 *cap, unsigned int room, const u64 bar_len[VPV_PCI_BARS],
			    struct vpv_pci_caps *caps)
{
	struct vpv_pci_window win = { .found = true };
	u32 multiplier = 0;
	struct wanted w;
	const char *why;

	if (room < sizeof(struct virtio_pci_cap))
		return "capability beyond configuration space";
	win.bar = cap[VIRTIO_PCI_CAP_BAR];
	if (!want(caps, cap[VIRTIO_PCI_CAP_CFG_TYPE], &w) || win.bar >= VPV_PCI_BARS)
		return NULL;
	if (w.window->found)
		return NULL;
	if (cap[VIRTIO_PCI_CAP_LEN] < w.cap_len || cap[VIRTIO_PCI_CAP_LEN] > room)
		return "capability of wrong length";

	win.offset = le32_at(cap + VIRTIO_PCI_CAP_OFFSET);
	win.length = le32_at(cap + VIRTIO_PCI_CAP_LENGTH);
	why = unsound(&win, &w, bar_len);
	if (why)
		return why;
	if (w.window == &caps->notify) {
		multiplier = le32_at(cap + VIRTIO_PCI_NOTIFY_CAP_MULT);
		if (multiplier == 1 || !power_of_two_or_zero(multiplier))
			return "notification multiplier is no even power of two";
		caps->notify_multiplier = multiplier;
	}
	*w.window = win;
	return NULL;
}

static bool overlap(const struct vpv_pci_window *a, u32 a_len,
		    const struct vpv_pci_window *b, u32 b_len)
{
	return a->bar == b->bar && a->offset < (u64)b->offset + b_len &&
	       b->offset < (u64)a->offset + a_len;
}

/* Only the part that is used counts: a length may include padding. */
static bool any_overlap(const struct vpv_pci_caps *caps)
{
	const struct {
		const struct vpv_pci_window *win;
		u32 len;
	} used[] = {
		{ &caps->common, VPV_PCI_COMMON_MIN },
		{ &caps->notify, 2 },
		{ &caps->isr, 1 },
		{ &caps->device, 1 },
	};
	unsigned int i, j;

	for (i = 0; i < 4; i++)
		for (j = 0; j < i; j++)
			if (used[i].win->found && used[j].win->found &&
			    overlap(used[i].win, used[i].len, used[j].win, used[j].len))
				return true;
	return false;
}

static int judge(struct vpv_pci_caps *caps, bool any, const char *complaint)
{
	if (!any)
		return -ENODEV;
	if (!caps->common.found || !caps->notify.found || !caps->isr.found) {
		caps->why = complaint ? complaint : "a structure is missing";
		return -EINVAL;
	}
	if (any_overlap(caps)) {
		caps->why = "structures overlap";
		return -EINVAL;
	}
	return 0;
}

int vpv_pci_caps_parse(const u8 cfg[VPV_PCI_CFG_SIZE], const u64 bar_len[VPV_PCI_BARS],
		       struct vpv_pci_caps *caps)
{
	const char *complaint = NULL, *why;
	unsigned int pos, i;
	bool any = false;

	*caps = (struct vpv_pci_caps) { 0 };
	if (!(le16_at(cfg + PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return -ENODEV;

	pos = cfg[PCI_CAPABILITY_LIST] & ~3u;
	for (i = 0; i < MAX_CAPS && pos >= PCI_STD_HEADER_SIZEOF; i++) {
		if (cfg[pos] == 0xff)
			break;
		if (cfg[pos] == PCI_CAP_ID_VNDR) {
			why = take_cap(cfg + pos, VPV_PCI_CFG_SIZE - pos, bar_len, caps);
			if (why && !complaint)
				complaint = why;
			any = true;
		}
		pos = cfg[pos + PCI_CAP_LIST_NEXT] & ~3u;
	}
	return judge(caps, any, complaint);
}

int vpv_pci_notify_offset(u32 window, u32 multiplier, u16 notify_off, unsigned int width,
			  u32 *offset)
{
	u64 at = (u64)multiplier * notify_off;

	if (at + width > window || at % width)
		return -EINVAL;
	*offset = at;
	return 0;
}
