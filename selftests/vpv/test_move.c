// SPDX-License-Identifier: GPL-2.0-only
/* Moves: the steps and their order, what a failure of each leaves behind. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define PCI "/sys/bus/pci/devices/"

static void driver_is(const char *address, const char *driver)
{
	autodevice dev = { 0 };

	CHECK(device_read(address, &dev));
	CHECK_STR(dev.driver, driver);
}

static void as_before(void)
{
	autofree char *override = fake_read(PCI DISK "/driver_override");
	autonames records = sys_list(STATE_DIR);

	driver_is(DISK, "virtio-pci");
	CHECK_STR(override, "");
	CHECK(records.n <= 1);	/* the lock */
}

/* Is a before b in what was written? */
static bool in_order(const char *a, const char *b)
{
	const char *first = strstr(fake_log, a);

	return first && strstr(first, b);
}

TEST(take_and_give)
{
	autofree char *override = NULL;

	fake_start();
	CHECK_EQ(fake_verb(verb_take, "take", "vda", NULL), ST_OK);
	driver_is(DISK, "virtio_pv_blk");
	CHECK_HAS(fake_said, "vda, taken is with virtio_pv_blk now, as vdpa");
	CHECK(in_order("driver_override virtio_pv_blk", "driver/unbind"));
	CHECK(in_order("driver/unbind", "drivers_probe"));
	CHECK_EQ(fake_verb(verb_give, "give", "vdpa", NULL), ST_OK);
	as_before();
}

TEST(taking_twice_changes_nothing)
{
	fake_start();
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_OK);
	fake_log[0] = '\0';
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_OK);
	CHECK_STR(fake_log, "");
	CHECK_HAS(fake_said, "already");
}

TEST(settings_go_along)
{
	autofree char *there = NULL, *back = NULL;

	fake_start();
	fake_file("/sys/block/vda/queue/read_ahead_kb", "77\n");
	fake_file("/sys/block/vda/queue/scheduler", "[none] mq-deadline\n");
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_OK);
	there = fake_read("/sys/block/vdpa/queue/read_ahead_kb");
	CHECK_STR(there, "77");
	CHECK_HAS(fake_log, "queue/scheduler none");
	CHECK_EQ(fake_verb(verb_give, "give", DISK, NULL), ST_OK);
	back = fake_read("/sys/block/vda/queue/read_ahead_kb");
	CHECK_STR(back, "77");
}

TEST(a_setting_that_does_not_go_along_is_a_note)
{
	fake_start();
	fake_file("/sys/block/vda/queue/read_ahead_kb", "77\n");
	faults.write = "read_ahead_kb";
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_OK);
	CHECK_HAS(fake_said, "read_ahead_kb of vdpa stays 128");
}

/* A fault at each step: the device is where it was, and set as it was. */
static void fails_and_is_undone(const char *said)
{
	autofree char *ahead = NULL;

	fake_file("/sys/block/vda/queue/read_ahead_kb", "77\n");
	CHECK_EQ(fake_verb(verb_take, "take", "--wait", "1", DISK, NULL), ST_FAILED);
	CHECK_HAS(fake_said, said);
	CHECK_HAS(fake_said, "everything is as it was before");
	as_before();
	ahead = fake_read("/sys/block/vda/queue/read_ahead_kb");
	CHECK_STR(ahead, "77");
}

TEST(a_driver_that_refuses_is_undone)
{
	fake_start();
	faults.refuses = "virtio_pv_blk";
	fails_and_is_undone("virtio_pv_blk did not take it");
}

TEST(a_disk_of_another_size_is_undone)
{
	fake_start();
	faults.other_size = true;
	fails_and_is_undone("vdpa has 100 sectors, had 2048");
}

TEST(a_driver_without_a_disk_is_undone)
{
	fake_start();
	faults.no_node = true;
	fails_and_is_undone("no disk appeared");
}

TEST(a_failed_undo_is_told)
{
	fake_start();
	faults.write = "drivers_probe";
	CHECK_EQ(fake_verb(verb_take, "take", "--wait", "1", DISK, NULL), ST_HALFWAY);
	CHECK_HAS(fake_said, "could not be put back");
	CHECK(sys_exists(STATE_DIR "/" DISK ".json"));
}

TEST(an_override_of_before_comes_back)
{
	autofree char *override = NULL;

	fake_start();
	fake_file(PCI DISK "/driver_override", "virtio-pci\n");
	faults.refuses = "virtio_pv_blk";
	CHECK_EQ(fake_verb(verb_take, "take", "--wait", "1", DISK, NULL), ST_FAILED);
	override = fake_read(PCI DISK "/driver_override");
	CHECK_STR(override, "virtio-pci");
}

TEST(without_a_module_nothing_moves)
{
	fake_start();
	faults.modprobe = "modprobe: FATAL: Module virtio_pv_blk not found in directory /lib/modules/x\n";
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_NO_DRIVER);
	CHECK_HAS(fake_said, "dkms autoinstall -k 6.12.0-test");
	CHECK_STR(fake_log, "");
}

TEST(a_rejected_module_is_explained)
{
	fake_start();
	faults.modprobe = "modprobe: ERROR: could not insert 'virtio_pv_blk': Key was rejected by service\n";
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_NO_DRIVER);
	CHECK_HAS(fake_said, "not signed with a key it trusts");
	/* Locked down, the kernel says less; so it does for other reasons. */
	faults.modprobe = "modprobe: ERROR: could not insert 'virtio_pv_blk': Operation not permitted\n";
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_NO_DRIVER);
	CHECK_HAS(fake_said, "does not load");
	fake_file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_NO_DRIVER);
	CHECK_HAS(fake_said, "not signed with a key it trusts");
}

TEST(devices_without_a_driver_of_ours_are_refused)
{
	fake_start();
	CHECK_EQ(fake_verb(verb_take, "take", RNG, NULL), ST_NO_DEVICE);
	CHECK_EQ(fake_verb(verb_take, "take", "nothing", NULL), ST_NO_DEVICE);
	CHECK_STR(fake_log, "");
}

TEST(legacy_devices_are_refused)
{
	static char config[256] = { [6] = 0x10, [0x34] = 0x40, [0x40] = 0x11 };
	autofree char *path = NULL;
	FILE *file;

	fake_start();
	path = sys_path(PCI NET "/config");
	file = fopen(path, "w");
	CHECK(file && fwrite(config, sizeof(config), 1, file) == 1 && !fclose(file));
	CHECK_EQ(fake_verb(verb_take, "take", NET, NULL), ST_NO_DEVICE);
	CHECK_HAS(fake_said, "disable-modern");
}

TEST(all_means_those_we_can_drive)
{
	fake_start();
	CHECK_EQ(fake_verb(verb_take, "take", "--all", NULL), ST_OK);
	driver_is(DISK, "virtio_pv_blk");
	driver_is(NET, "virtio_pv_net");
	driver_is(RNG, "virtio-pci");
	CHECK_EQ(fake_verb(verb_give, "give", "--all", NULL), ST_OK);
	as_before();
}

TEST(all_leaves_those_in_use_and_says_so)
{
	fake_start();
	fake_file("/proc/self/mountinfo", "21 1 254:0 / / rw - ext4 /dev/vda rw\n");
	CHECK_EQ(fake_verb(verb_take, "take", "--all", NULL), ST_IN_USE);
	driver_is(DISK, "virtio-pci");
	driver_is(NET, "virtio_pv_net");
}

TEST(usage)
{
	fake_start();
	CHECK_EQ(fake_verb(verb_take, "take", NULL), ST_USAGE);
	CHECK_EQ(fake_verb(verb_take, "take", "--all", DISK, NULL), ST_USAGE);
	CHECK_EQ(fake_verb(verb_take, "take", "--revert-after", "soon", DISK, NULL), ST_USAGE);
	CHECK_EQ(fake_verb(verb_take, "take", "--persist", "--revert-after", "3", DISK, NULL), ST_USAGE);
	CHECK_EQ(fake_verb(verb_give, "give", "--persist", DISK, NULL), ST_USAGE);
	CHECK_STR(fake_log, "");
}
