// SPDX-License-Identifier: GPL-2.0-only
/* What devices there are, whose they are, what they are called. */
#include <string.h>

#include "fake.h"

TEST(finds_devices_by_every_name)
{
	static const char * const names[] = { DISK, "00:04.0", "vda", "/dev/vda", "virtio0" };
	size_t i;

	fake_start();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		autodevice dev;

		CHECK(device_find(names[i], &dev));
		CHECK_STR(dev.address, DISK);
	}
}

TEST(finds_nothing_by_other_names)
{
	static const char * const names[] = { "", ".", "..", "vdb", "../../../etc", "0000:00:09.0", "/dev/" };
	size_t i;

	fake_start();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		autodevice dev;

		CHECK(!device_find(names[i], &dev));
	}
}

TEST(reads_modern_and_transitional_types)
{
	autodevice disk = { 0 }, net = { 0 };

	fake_start();
	CHECK(device_read(DISK, &disk));
	CHECK(device_read(NET, &net));
	CHECK_EQ(disk.type, 2);
	CHECK(!disk.transitional);
	CHECK_STR(disk.driver, "virtio-pci");
	CHECK_STR(disk.upper, "virtio_blk");
	CHECK_EQ(net.type, 1);
	CHECK(net.transitional);
	CHECK_STR(device_node(&net), "eth0");
}

TEST(other_vendors_are_not_ours_to_list)
{
	autonames all = { 0 };

	fake_start();
	fake_file("/sys/bus/pci/devices/0000:00:1f.0/vendor", "0x8086\n");
	fake_file("/sys/bus/pci/devices/0000:00:1f.0/device", "0x1042\n");
	all = device_all();
	CHECK_EQ(all.n, 3);
}

TEST(modern_interface_is_found_in_the_capabilities)
{
	uint8_t config[256] = { 0 };

	CHECK(!has_modern_interface(config, sizeof(config)));
	config[6] = 0x10;
	config[0x34] = 0x40;
	config[0x40] = 0x11;		/* MSI-X */
	config[0x41] = 0x50;
	config[0x50] = 0x09;		/* vendor, notifications */
	config[0x51] = 0x60;
	config[0x53] = 2;
	CHECK(!has_modern_interface(config, sizeof(config)));
	config[0x60] = 0x09;		/* vendor, common configuration */
	config[0x63] = 1;
	CHECK(has_modern_interface(config, sizeof(config)));
	CHECK(!has_modern_interface(config, 63));
	config[6] = 0;
	CHECK(!has_modern_interface(config, sizeof(config)));
}

TEST(a_ring_of_capabilities_ends)
{
	uint8_t config[256] = { 0 };

	config[6] = 0x10;
	config[0x34] = 0x40;
	config[0x40] = 0x05;
	config[0x41] = 0x40;
	CHECK(!has_modern_interface(config, sizeof(config)));
	config[0x41] = 0xfe;		/* beyond the end */
	CHECK(!has_modern_interface(config, sizeof(config)));
}

TEST(says_why_a_driver_has_a_device)
{
	autodevice dev = { 0 }, other = { 0 };
	autofree char *why = NULL, *rng = NULL;

	fake_start();
	CHECK(device_read(DISK, &dev));
	why = device_why(&dev);
	CHECK_STR(why, "in-tree, the default");
	CHECK(device_read(RNG, &other));
	rng = device_why(&other);
	CHECK_HAS(rng, "no driver for type 4 is loaded");
}

TEST(features_of_the_in_tree_driver_have_names)
{
	autodevice dev = { 0 };
	json_t *list;

	fake_start();
	fake_file("/sys/bus/pci/devices/" DISK "/virtio0/features", "0010000001000000000000000000000000100000\n");
	CHECK(device_read(DISK, &dev));
	list = features_of(&dev);
	CHECK_EQ(json_array_size(list), 3);
	CHECK_STR(json_text(json_array_get(list, 0), "name"), "SEG_MAX");
	CHECK_STR(json_text(json_array_get(list, 1), "name"), "FLUSH");
	CHECK_STR(json_text(json_array_get(list, 2), "name"), "RING_PACKED");
	json_decref(list);
}

TEST(unused_features_have_a_reason)
{
	autodevice dev = { 0 };
	json_t *list;

	fake_start();
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_OK);
	fake_file("/sys/kernel/debug/virtio_pv/" DISK "/features",
		  "  9 agreed   VIRTIO_BLK_F_FLUSH\n 29 offered  VIRTIO_RING_F_EVENT_IDX\n"
		  " 34 offered  VIRTIO_F_RING_PACKED\n 37 offered  (not known)\n");
	fake_file("/sys/module/virtio_pv/parameters/features_off", "3,28-30\n");
	CHECK(device_read(DISK, &dev));
	list = features_of(&dev);
	CHECK_EQ(json_array_size(list), 4);
	CHECK(!json_text(json_array_get(list, 0), "why_not"));
	CHECK_HAS(json_text(json_array_get(list, 1), "why_not"), "features_off");
	CHECK_HAS(json_text(json_array_get(list, 2), "why_not"), "was not agreed");
	CHECK_HAS(json_text(json_array_get(list, 3), "why_not"), "not implemented");
	json_decref(list);
}
