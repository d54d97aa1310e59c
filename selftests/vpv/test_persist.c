// SPDX-License-Identifier: GPL-2.0-only
/* What is to be taken at every start. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"

TEST(written_once_and_forgotten_by_give)
{
	autofree char *list = NULL, *after = NULL;

	fake_start();
	fake_file(PERSIST_LIST, "# mine\n0000:00:09.0 virtio_pv_blk # kept\n");
	CHECK_EQ(fake_verb(verb_take, "take", "--persist", DISK, NULL), ST_OK);
	CHECK_EQ(fake_verb(verb_take, "take", "--persist", DISK, NULL), ST_OK);
	list = fake_read(PERSIST_LIST);
	CHECK_STR(list, "# mine\n0000:00:09.0 virtio_pv_blk # kept\n" DISK " virtio_pv_blk");
	CHECK_EQ(fake_verb(verb_give, "give", DISK, NULL), ST_OK);
	after = fake_read(PERSIST_LIST);
	CHECK_STR(after, "# mine\n0000:00:09.0 virtio_pv_blk # kept");
}

TEST(given_for_once_it_stays_on_the_list)
{
	fake_start();
	CHECK_EQ(fake_verb(verb_take, "take", "--persist", DISK, NULL), ST_OK);
	CHECK_EQ(fake_verb(verb_give, "give", "--once", DISK, NULL), ST_OK);
	CHECK(persist_has(DISK));
}

TEST(addresses_are_whole_words)
{
	fake_start();
	fake_file(PERSIST_LIST, "0000:00:04.00 x\n#0000:00:04.0 y\n");
	CHECK(!persist_has(DISK));
	fake_file(PERSIST_LIST, DISK "\tvirtio_pv_blk  # why not\n");
	CHECK(persist_has(DISK));
}

TEST(a_failed_take_is_not_remembered)
{
	fake_start();
	faults.refuses = "virtio_pv_blk";
	CHECK_EQ(fake_verb(verb_take, "take", "--wait", "1", "--persist", DISK, NULL), ST_FAILED);
	CHECK(!persist_has(DISK));
}

TEST(apply_takes_what_is_listed)
{
	autodevice dev = { 0 };

	fake_start();
	fake_file(PERSIST_LIST, DISK " virtio_pv_blk\n");
	CHECK_EQ(fake_verb(verb_apply, "apply", NET, NULL), ST_OK);
	CHECK_STR(fake_log, "");
	CHECK_EQ(fake_verb(verb_apply, "apply", "0000:00:1f.0", NULL), ST_OK);
	CHECK_EQ(fake_verb(verb_apply, "apply", DISK, NULL), ST_OK);
	CHECK(device_read(DISK, &dev));
	CHECK(device_ours(&dev));
	CHECK_EQ(fake_verb(verb_apply, "apply", NULL), ST_OK);
	CHECK_STR(fake_said, "");
}

TEST(the_kernel_command_line_switches_it_off)
{
	fake_start();
	fake_file(PERSIST_LIST, DISK " virtio_pv_blk\n");
	fake_file("/proc/cmdline", "quiet vpv.offer=1\n");
	CHECK(!vpv_off());
	fake_file("/proc/cmdline", "quiet vpv.off ro\n");
	CHECK(vpv_off());
	CHECK_EQ(fake_verb(verb_apply, "apply", NULL), ST_OK);
	CHECK_STR(fake_log, "");
}

TEST(a_device_in_use_stays)
{
	autodevice dev = { 0 };

	fake_start();
	fake_file(PERSIST_LIST, DISK " virtio_pv_blk\n");
	fake_file("/proc/self/mountinfo", "21 1 254:0 / / rw - ext4 /dev/vda rw\n");
	CHECK_EQ(fake_verb(verb_apply, "apply", NULL), ST_IN_USE);
	CHECK(device_read(DISK, &dev));
	CHECK(!device_ours(&dev));
}

static void mount_root(void)
{
	fake_file("/proc/self/mountinfo", "21 1 254:0 / / rw - ext4 /dev/vda rw\n");
}

TEST(in_use_it_is_listed_for_the_next_start)
{
	autodevice dev = { 0 };

	fake_start();
	mount_root();
	fake_file("/usr/sbin/update-initramfs", "");
	CHECK_EQ(fake_verb(verb_take, "take", "--persist", DISK, NULL), ST_OK);
	CHECK(persist_has(DISK));
	CHECK_HAS(fake_said, "vda is mounted on /");
	CHECK_HAS(fake_said, "stays with virtio-pci as long as it is in use");
	CHECK_HAS(fake_said, "update-initramfs -u");
	CHECK(device_read(DISK, &dev));
	CHECK(!device_ours(&dev));
	CHECK_EQ(fake_verb(verb_take, "take", "--persist", DISK, NULL), ST_OK);
	CHECK(!strstr(fake_said, "update-initramfs"));
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_IN_USE);
}

TEST(in_use_it_is_unlisted_for_the_next_start)
{
	fake_start();
	fake_file(PERSIST_LIST, DISK " virtio_pv_blk\n");
	CHECK_EQ(fake_verb(verb_apply, "apply", NULL), ST_OK);
	mount_root();
	CHECK_EQ(fake_verb(verb_give, "give", "--once", DISK, NULL), ST_IN_USE);
	CHECK(persist_has(DISK));
	CHECK_EQ(fake_verb(verb_give, "give", DISK, NULL), ST_OK);
	CHECK_HAS(fake_said, "the in-tree driver has it from the next start");
	CHECK(!persist_has(DISK));
	CHECK_EQ(fake_verb(verb_give, "give", DISK, NULL), ST_IN_USE);
}

TEST(all_means_what_is_listed_too)
{
	fake_start();
	fake_file(PERSIST_LIST, DISK " virtio_pv_blk\n" NET " virtio_pv_net\n");
	CHECK_EQ(fake_verb(verb_give, "give", "--all", NULL), ST_OK);
	CHECK(!persist_has(DISK));
	CHECK(!persist_has(NET));
	CHECK_EQ(fake_verb(verb_take, "take", "--all", NULL), ST_OK);
	CHECK_EQ(fake_verb(verb_take, "take", "--all", "--persist", NULL), ST_OK);
	CHECK(persist_has(DISK));
	CHECK(persist_has(NET));
}

TEST(without_a_module_nothing_is_listed)
{
	fake_start();
	mount_root();
	faults.modprobe = "modprobe: ERROR: could not insert 'virtio_pv_blk': Key was rejected by service\n";
	CHECK_EQ(fake_verb(verb_take, "take", "--persist", DISK, NULL), ST_NO_DRIVER);
	CHECK_HAS(fake_said, "not signed with a key it trusts");
	CHECK(!persist_has(DISK));
}
