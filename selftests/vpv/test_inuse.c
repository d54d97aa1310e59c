// SPDX-License-Identifier: GPL-2.0-only
/* Every use of a device is found, and what is none is not. */
#include <string.h>

#include "fake.h"

#define VDA "/sys/bus/pci/devices/" DISK "/virtio0/block/vda"

/* The reasons, checked to be exactly the one wanted; NULL: none. */
static void reasons(const char *address, const char *what, const char *text)
{
	autodevice dev = { 0 };
	json_t *list;

	CHECK(device_read(address, &dev));
	list = in_use(&dev);
	if (!what) {
		CHECK_EQ(json_array_size(list), 0);
	} else {
		CHECK_EQ(json_array_size(list), 1);
		CHECK_STR(json_text(json_array_get(list, 0), "what"), what);
		CHECK_HAS(json_text(json_array_get(list, 0), "text"), text);
	}
	json_decref(list);
}

TEST(idle_devices_have_no_reasons)
{
	fake_start();
	reasons(DISK, NULL, NULL);
	reasons(NET, NULL, NULL);
}

TEST(a_mount_is_a_use)
{
	fake_start();
	fake_file("/proc/self/mountinfo",
		  "20 1 254:16 / /other rw - ext4 /dev/vdb rw\n"
		  "21 1 254:0 / /my\\040place rw,noatime shared:1 - ext4 /dev/vda rw\n");
	reasons(DISK, "mounted", "vda is mounted on /my place");
}

TEST(a_mounted_partition_is_a_use)
{
	fake_start();
	fake_file(VDA "/vda1/partition", "1\n");
	fake_file(VDA "/vda1/dev", "254:1\n");
	fake_file("/proc/self/mountinfo", "21 1 254:1 / / rw - ext4 /dev/vda1 rw\n");
	reasons(DISK, "mounted", "vda1 is mounted on /");
}

TEST(swap_is_a_use)
{
	fake_start();
	fake_file("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/vdaa partition 1 0 -2\n"
		  "/dev/vda  partition\t1048572\t0\t-2\n");
	reasons(DISK, "swap", "vda is swap space");
}

TEST(a_holder_is_a_use)
{
	fake_start();
	fake_file(VDA "/holders/dm-0/x", "");
	fake_file("/sys/block/dm-0/dm/name", "vg-root\n");
	reasons(DISK, "holder", "vda is part of dm-0 (vg-root)");
}

TEST(a_loop_device_is_a_use)
{
	fake_start();
	fake_file("/sys/block/loop3/loop/backing_file", "/dev/vda\n");
	reasons(DISK, "loop", "vda is behind loop3");
}

TEST(an_open_file_is_a_use)
{
	fake_start();
	fake_link("/proc/123/fd/4", "/dev/vda");
	fake_file("/proc/123/comm", "dd\n");
	reasons(DISK, "open", "vda is open by dd (pid 123)");
}

TEST(the_default_route_is_a_use_that_can_be_forced)
{
	fake_start();
	fake_file("/proc/net/route", "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
		  "eth0\t00000A0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
	reasons(NET, NULL, NULL);
	fake_file("/proc/net/route", "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
		  "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");
	reasons(NET, "default-route", "the default route goes over eth0");
	CHECK_EQ(fake_verb(verb_take, "take", NET, NULL), ST_IN_USE);
	CHECK_EQ(fake_verb(verb_take, "take", "--force", NET, NULL), ST_OK);
}

TEST(the_default_route_may_be_of_version_6)
{
	fake_start();
	fake_file("/proc/net/ipv6_route",
		  "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		  "fe800000000000000000000000000001 00000400 00000001 00000000 00000003       lo\n"
		  "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
		  "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n");
	reasons(NET, NULL, NULL);
	fake_file("/proc/net/ipv6_route",
		  "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		  "fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n");
	reasons(NET, "default-route", "over eth0");
}

TEST(ssh_of_somebody_is_a_use)
{
	fake_start();
	fake_address = "10.0.2.15";
	fake_file("/proc/net/tcp", "  sl  local_address rem_address   st\n"
		  "   0: 0F02000A:0016 00000000:0000 0A 00000000:00000000\n"
		  "   1: 0F02000A:0050 0202000A:C000 01 00000000:00000000\n"
		  "   2: 0100007F:0016 0100007F:C000 01 00000000:00000000\n");
	reasons(NET, NULL, NULL);
	fake_file("/proc/net/tcp", "  sl  local_address rem_address   st\n"
		  "   0: 0F02000A:0016 0202000A:C000 01 00000000:00000000\n");
	reasons(NET, "ssh", "an SSH session comes in over eth0");
}

/* sshd listens on :: and sees IPv4 peers as mapped addresses */
TEST(ssh_by_a_mapped_address_is_a_use)
{
	fake_start();
	fake_address = "10.0.2.15";
	fake_file("/proc/net/tcp6", "  sl  local_address rem_address   st\n"
		  "   0: 0000000000000000FFFF00000F02000A:0016 "
		  "0000000000000000FFFF00000202000A:C000 01 00000000:00000000\n");
	reasons(NET, "ssh", "an SSH session comes in over eth0");
}

TEST(ones_own_ssh_session_is_a_use)
{
	fake_start();
	fake_address = "10.0.2.15";
	fake_file("/proc/self/environ", "HOME=/root");
	fake_file("/proc/self/stat", "77 (vpv (x)) S 55 77 77 0\n");
	fake_file("/proc/55/environ", "SSH_CONNECTION=10.0.2.2 5555 10.0.2.15 22");
	reasons(NET, "ssh", "this SSH session comes in over eth0 (10.0.2.15)");
}

TEST(a_bridge_is_a_use_and_cannot_be_forced)
{
	fake_start();
	fake_link("/sys/bus/pci/devices/" NET "/virtio0/net/eth0/master", "../../br0");
	reasons(NET, "master", "eth0 is part of br0");
	CHECK_EQ(fake_verb(verb_take, "take", "--force", NET, NULL), ST_IN_USE);
	CHECK_HAS(fake_said, "part of br0");
}

TEST(an_interface_elsewhere_is_a_use)
{
	fake_start();
	fake_remove("/sys/bus/pci/devices/" NET "/virtio0/net");
	reasons(NET, "namespace", "in another network namespace");
}

TEST(another_driver_is_a_use)
{
	fake_start();
	fake_remove("/sys/bus/pci/devices/" RNG "/virtio0");
	fake_link("/sys/bus/pci/devices/" RNG "/driver", "../../drivers/vfio-pci");
	reasons(RNG, "driver", "vfio-pci has it");
}
