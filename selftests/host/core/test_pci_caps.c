// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capability lists of sound, odd and hostile PCI functions. The D5 tests are the
 * ways to lead a driver out of a BAR or round in circles.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#include "ktap.h"
#include "pci_caps.h"

static u8 cfg[VPV_PCI_CFG_SIZE];
static u64 bars[VPV_PCI_BARS];
static struct vpv_pci_caps caps;

static void put32(unsigned int pos, u32 value)
{
	cfg[pos] = value;
	cfg[pos + 1] = value >> 8;
	cfg[pos + 2] = value >> 16;
	cfg[pos + 3] = value >> 24;
}

static void put_cap(unsigned int pos, u8 next, u8 type, u8 bar, u32 offset, u32 length)
{
	cfg[pos] = PCI_CAP_ID_VNDR;
	cfg[pos + 1] = next;
	cfg[pos + 2] = type == VIRTIO_PCI_CAP_NOTIFY_CFG ? 20 : 16;
	cfg[pos + 3] = type;
	cfg[pos + 4] = bar;
	put32(pos + 8, offset);
	put32(pos + 12, length);
}

enum { COMMON = 0x40, NOTIFY = 0x50, ISR = 0x64, DEVICE = 0x74, SPARE = 0x90 };

/* As QEMU has it: all in BAR 4, a page each. */
static void sound(void)
{
	memset(cfg, 0, sizeof(cfg));
	memset(bars, 0, sizeof(bars));
	bars[0] = 0x80;
	bars[4] = 0x4000;
	cfg[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	cfg[PCI_CAPABILITY_LIST] = COMMON;
	put_cap(COMMON, NOTIFY, VIRTIO_PCI_CAP_COMMON_CFG, 4, 0, 0x1000);
	put_cap(NOTIFY, ISR, VIRTIO_PCI_CAP_NOTIFY_CFG, 4, 0x3000, 0x1000);
	put32(NOTIFY + 16, 4);
	put_cap(ISR, DEVICE, VIRTIO_PCI_CAP_ISR_CFG, 4, 0x1000, 0x1000);
	put_cap(DEVICE, 0, VIRTIO_PCI_CAP_DEVICE_CFG, 4, 0x2000, 0x1000);
}

static int parse(void)
{
	return vpv_pci_caps_parse(cfg, bars, &caps);
}

static void refused(void)
{
	CHECK_EQ(parse(), -EINVAL);
	CHECK(caps.why);
}

TEST(pci_caps_sound_function)
{
	sound();
	CHECK_EQ(parse(), 0);
	CHECK(caps.common.found && caps.notify.found && caps.isr.found && caps.device.found);
	CHECK_EQ(caps.common.bar, 4);
	CHECK_EQ(caps.notify.offset, 0x3000);
	CHECK_EQ(caps.notify.length, 0x1000);
	CHECK_EQ(caps.notify_multiplier, 4);
	CHECK_EQ(caps.device.offset, 0x2000);
}

TEST(pci_caps_no_device_configuration)
{
	sound();
	cfg[ISR + 1] = 0;
	CHECK_EQ(parse(), 0);
	CHECK(!caps.device.found);
}

TEST(pci_caps_legacy_function)
{
	sound();
	cfg[PCI_STATUS] = 0;
	CHECK_EQ(parse(), -ENODEV);
	sound();
	cfg[PCI_CAPABILITY_LIST] = 0;
	CHECK_EQ(parse(), -ENODEV);
	/* MSI-X only */
	sound();
	cfg[COMMON] = PCI_CAP_ID_MSIX;
	cfg[COMMON + 1] = 0;
	CHECK_EQ(parse(), -ENODEV);
}

TEST(pci_caps_PCI_007_reserved_types_are_passed_over)
{
	sound();
	cfg[PCI_CAPABILITY_LIST] = SPARE;
	put_cap(SPARE, COMMON, 77, 4, 0xfffffff0, 0xffffffff);
	CHECK_EQ(parse(), 0);
}

TEST(pci_caps_PCI_008_the_first_of_a_type_counts)
{
	sound();
	cfg[DEVICE + 1] = SPARE;
	put_cap(SPARE, 0, VIRTIO_PCI_CAP_COMMON_CFG, 4, 0x400, 0x100);
	CHECK_EQ(parse(), 0);
	CHECK_EQ(caps.common.offset, 0);
}

TEST(pci_caps_an_unsound_first_gives_way_to_a_sound_second)
{
	sound();
	cfg[PCI_CAPABILITY_LIST] = SPARE;
	put_cap(SPARE, COMMON, VIRTIO_PCI_CAP_COMMON_CFG, 4, 0x3fff0, 0x1000);
	CHECK_EQ(parse(), 0);
	CHECK_EQ(caps.common.offset, 0);
}

TEST(pci_caps_PCI_009_longer_capability)
{
	sound();
	cfg[DEVICE + 2] = 64;
	CHECK_EQ(parse(), 0);
}

TEST(pci_caps_PCI_012_huge_length_within_its_bar)
{
	sound();
	bars[2] = 1ull << 40;
	put_cap(NOTIFY, ISR, VIRTIO_PCI_CAP_NOTIFY_CFG, 2, 0, 0xffffffff);
	put32(NOTIFY + 16, 0x1000);
	CHECK_EQ(parse(), 0);
	CHECK_EQ(caps.notify.length, 0xffffffff);
}

TEST(pci_caps_D5_bar_beyond_5)
{
	unsigned int bar;

	for (bar = 6; bar < 256; bar++) {
		sound();
		cfg[COMMON + 4] = bar;
		refused();
	}
}

TEST(pci_caps_D5_bar_that_does_not_exist)
{
	sound();
	cfg[ISR + 4] = 3;
	refused();
}

TEST(pci_caps_D5_offset_plus_length_wraps)
{
	sound();
	put_cap(COMMON, NOTIFY, VIRTIO_PCI_CAP_COMMON_CFG, 4, 0xfffff000, 0x2000);
	refused();
	sound();
	put_cap(COMMON, NOTIFY, VIRTIO_PCI_CAP_COMMON_CFG, 4, 0x1000, 0xfffff000);
	refused();
}

TEST(pci_caps_D5_end_of_the_bar)
{
	sound();
	put_cap(DEVICE, 0, VIRTIO_PCI_CAP_DEVICE_CFG, 4, 0x2000, 0x2000);
	CHECK_EQ(parse(), 0);
	CHECK(caps.device.found);
	put_cap(DEVICE, 0, VIRTIO_PCI_CAP_DEVICE_CFG, 4, 0x2000, 0x2001);
	CHECK_EQ(parse(), 0);
	CHECK(!caps.device.found);
	put_cap(NOTIFY, ISR, VIRTIO_PCI_CAP_NOTIFY_CFG, 4, 0x4000, 2);
	refused();
}

TEST(pci_caps_D5_too_short)
{
	sound();
	put32(COMMON + 12, VPV_PCI_COMMON_MIN);
	CHECK_EQ(parse(), 0);
	put32(COMMON + 12, VPV_PCI_COMMON_MIN - 1);
	refused();
	sound();
	put32(NOTIFY + 12, 1);
	refused();
	sound();
	put32(ISR + 12, 0);
	refused();
}

TEST(pci_caps_D5_not_aligned)
{
	sound();
	put32(COMMON + 8, 2);
	refused();
	sound();
	put32(NOTIFY + 8, 0x3001);
	refused();
}

TEST(pci_caps_D5_overlap)
{
	sound();
	put32(NOTIFY + 8, 0);
	refused();
	sound();
	put32(ISR + 8, 55);
	refused();
	sound();
	put32(ISR + 8, 56);	/* within the length of common, behind what is used */
	CHECK_EQ(parse(), 0);
}

TEST(pci_caps_D5_short_cap_len)
{
	sound();
	cfg[COMMON + 2] = 15;
	refused();
	sound();
	cfg[NOTIFY + 2] = 16;
	refused();
}

TEST(pci_caps_D5_capability_at_the_end_of_configuration_space)
{
	unsigned int pos;

	for (pos = 0xf4; pos < 0x100; pos += 4) {
		sound();
		cfg[PCI_CAPABILITY_LIST] = pos;
		cfg[pos] = PCI_CAP_ID_VNDR;
		cfg[pos + 1] = COMMON;
		cfg[pos + 2] = 255;
		cfg[pos + 3] = VIRTIO_PCI_CAP_COMMON_CFG;
		CHECK_EQ(parse(), 0);
		CHECK_EQ(caps.common.offset, 0);
	}
	/* cap_len reaches beyond */
	sound();
	cfg[PCI_CAPABILITY_LIST] = 0xf0;
	put_cap(0xf0, NOTIFY, VIRTIO_PCI_CAP_COMMON_CFG, 4, 0, 0x1000);
	CHECK_EQ(parse(), 0);
	cfg[0xf2] = 17;
	refused();
}

TEST(pci_caps_D5_list_runs_in_a_circle)
{
	sound();
	cfg[DEVICE + 1] = COMMON;
	CHECK_EQ(parse(), 0);
	sound();
	cfg[COMMON + 1] = COMMON;
	refused();
}

TEST(pci_caps_D5_list_leads_into_the_header)
{
	sound();
	cfg[PCI_CAPABILITY_LIST] = NOTIFY;
	cfg[DEVICE + 1] = 0x10;
	put_cap(0x10, 0, VIRTIO_PCI_CAP_COMMON_CFG, 4, 0, 0x1000);
	refused();
	sound();
	cfg[PCI_CAPABILITY_LIST] = 0x04;
	CHECK_EQ(parse(), -ENODEV);
}

TEST(pci_caps_D5_notification_multiplier)
{
	static const u32 good[] = { 0, 2, 4, 4096, 0x80000000 };
	static const u32 bad[] = { 1, 3, 6, 0xffffffff };
	unsigned int i;

	for (i = 0; i < 5; i++) {
		sound();
		put32(NOTIFY + 16, good[i]);
		CHECK_EQ(parse(), 0);
		CHECK_EQ(caps.notify_multiplier, good[i]);
	}
	for (i = 0; i < 4; i++) {
		sound();
		put32(NOTIFY + 16, bad[i]);
		refused();
	}
}

TEST(pci_caps_D5_notification_outside_of_the_window)
{
	u32 at = 0xabc;

	CHECK_EQ(vpv_pci_notify_offset(0x1000, 4, 0, 2, &at), 0);
	CHECK_EQ(at, 0);
	CHECK_EQ(vpv_pci_notify_offset(0x1000, 4, 1023, 4, &at), 0);
	CHECK_EQ(at, 0xffc);
	CHECK_EQ(vpv_pci_notify_offset(0x1000, 4, 1024, 2, &at), -EINVAL);
	CHECK_EQ(vpv_pci_notify_offset(0x1000, 2, 2047, 4, &at), -EINVAL);
	CHECK_EQ(vpv_pci_notify_offset(0x1000, 0x80000000, 2, 2, &at), -EINVAL);
	CHECK_EQ(vpv_pci_notify_offset(0xffffffff, 0x80000000, 0xffff, 4, &at), -EINVAL);
	CHECK_EQ(vpv_pci_notify_offset(2, 0, 0xffff, 2, &at), 0);
	CHECK_EQ(at, 0);
	CHECK_EQ(vpv_pci_notify_offset(2, 0, 0, 4, &at), -EINVAL);
	/* 32 bits between two doorbells: inside, but not aligned. */
	CHECK_EQ(vpv_pci_notify_offset(0x1000, 2, 3, 4, &at), -EINVAL);
	CHECK_EQ(vpv_pci_notify_offset(0x1000, 2, 3, 2, &at), 0);
	CHECK_EQ(at, 6);
}

TEST(pci_caps_D5_noise)
{
	unsigned int round, i;

	srand(1);
	for (round = 0; round < 200000; round++) {
		const struct vpv_pci_window *win[] = {
			&caps.common, &caps.notify, &caps.isr, &caps.device
		};

		sound();
		for (i = rand() % 12; i; i--)
			cfg[0x34 + rand() % (256 - 0x34)] = rand();
		if (parse())
			continue;
		for (i = 0; i < 4; i++)
			if (win[i]->found) {
				CHECK(win[i]->bar < VPV_PCI_BARS);
				CHECK((u64)win[i]->offset + win[i]->length <= bars[win[i]->bar]);
			}
	}
}
