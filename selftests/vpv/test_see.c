// SPDX-License-Identifier: GPL-2.0-only
/* list, status, stats, top, doctor, and their JSON. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static json_t *json_said(void)
{
	json_error_t error;
	json_t *value = json_loads(fake_said, 0, &error);

	if (!value)
		ktap_fail(__FILE__, __LINE__, "no JSON (%s): %s", error.text, fake_said);
	return value;
}

static void with_counters(void)
{
	fake_start();
	CHECK_EQ(fake_verb(verb_take, "take", DISK, NULL), ST_OK);
	fake_file("/sys/kernel/debug/virtio_pv/" DISK "/device",
		  "driver: virtio_pv_blk\ntransport: pci\nstate: live\nvectors: per queue\nresets: 2\n");
	fake_file("/sys/kernel/debug/virtio_pv/" DISK "/queues/0",
		  "name: req.0\nlayout: split\nin_flight: 3\nkicks: 18446744073\nkicks_avoided: 7\n"
		  "irqs: 5\ncompletions: 9\ndevice_event: 0x1f\nlast_break: bad id (0x12)\n");
	fake_file("/sys/kernel/debug/virtio_pv/" DISK "/queues/10", "name: req.10\nkicks: 1\n");
	fake_file("/sys/block/vdpa/stat", "10 0 80 25 30 0 240 75 2 60 100 0 0 0 0 0 0\n");
}

TEST(list_as_a_table_and_as_json)
{
	json_t *list;

	fake_start();
	CHECK_EQ(fake_verb(verb_list, "list", NULL), ST_OK);
	CHECK_HAS(fake_said, DISK "  block    virtio_blk  vda   in-tree, the default\n");
	out_json = true;
	CHECK_EQ(fake_verb(verb_list, "list", NULL), ST_OK);
	out_json = false;
	list = json_said();
	CHECK_EQ(json_array_size(list), 3);
	CHECK_STR(json_text(json_array_get(list, 0), "device"), DISK);
	CHECK(json_is_false(json_object_get(json_array_get(list, 0), "ours")));
	json_decref(list);
}

TEST(status_of_one)
{
	json_t *list;

	fake_start();
	CHECK_EQ(fake_verb(verb_status, "status", "nothing", NULL), ST_NO_DEVICE);
	fake_file("/proc/swaps", "/dev/vda partition 1 0 -2\n");
	CHECK_EQ(fake_verb(verb_status, "status", "vda", NULL), ST_OK);
	CHECK_HAS(fake_said, "in use      vda is swap space");
	out_json = true;
	CHECK_EQ(fake_verb(verb_status, "status", "vda", NULL), ST_OK);
	out_json = false;
	list = json_said();
	CHECK_EQ(json_array_size(json_object_get(json_array_get(list, 0), "in_use")), 1);
	json_decref(list);
}

TEST(take_as_json)
{
	json_t *list;

	fake_start();
	out_json = true;
	CHECK_EQ(fake_verb(verb_take, "take", DISK, RNG, NULL), ST_NO_DEVICE);
	out_json = false;
	list = json_said();
	CHECK_EQ(json_array_size(list), 2);
	CHECK_STR(json_text(json_array_get(list, 0), "result"), "taken");
	CHECK_STR(json_text(json_array_get(list, 0), "node"), "vdpa");
	CHECK_STR(json_text(json_array_get(list, 1), "result"), "refused");
	json_decref(list);
}

TEST(stats_are_what_debugfs_has)
{
	const json_t *queue;
	json_t *list;

	with_counters();
	CHECK_EQ(fake_verb(verb_stats, "stats", NULL), ST_OK);
	CHECK_HAS(fake_said, DISK "  vdpa  0      req.0   3          18446744073  7        5");
	out_json = true;
	CHECK_EQ(fake_verb(verb_stats, "stats", "vdpa", NULL), ST_OK);
	out_json = false;
	list = json_said();
	queue = json_array_get(json_object_get(json_array_get(list, 0), "queues"), 0);
	CHECK_EQ(json_integer_value(json_object_get(queue, "kicks")), 18446744073);
	CHECK_EQ(json_integer_value(json_object_get(queue, "device_event")), 0x1f);
	CHECK_STR(json_text(queue, "last_break"), "bad id (0x12)");
	json_decref(list);
}

TEST(stats_for_prometheus)
{
	with_counters();
	out_prometheus = true;
	CHECK_EQ(fake_verb(verb_stats, "stats", NULL), ST_OK);
	out_prometheus = false;
	CHECK_HAS(fake_said, "# TYPE virtio_pv_queue_kicks_total counter\n"
		  "virtio_pv_queue_kicks_total{device=\"" DISK "\",driver=\"virtio_pv_blk\",queue=\"0\",name=\"req.0\"} 18446744073\n"
		  "virtio_pv_queue_kicks_total{device=\"" DISK "\",driver=\"virtio_pv_blk\",queue=\"10\",name=\"req.10\"} 1\n");
	CHECK_HAS(fake_said, "virtio_pv_device_resets_total{device=\"" DISK "\",driver=\"virtio_pv_blk\"} 2\n");
	CHECK_HAS(fake_said, "virtio_pv_device_live{device=\"" DISK "\",driver=\"virtio_pv_blk\"} 1\n");
}

TEST(stats_of_what_is_not_ours)
{
	with_counters();
	CHECK_EQ(fake_verb(verb_stats, "stats", NET, NULL), ST_FAILED);
	CHECK_HAS(fake_said, "not driven by virtio-pv");
}

TEST(top_shows_rates)
{
	with_counters();
	CHECK_EQ(fake_verb(verb_top, "top", "-d", "0.1", "-n", "1", NULL), ST_OK);
	CHECK_HAS(fake_said, DISK "  vdpa  0      req.0   3          0 ");
	CHECK_EQ(fake_verb(verb_top, "top", "-d", "0", NULL), ST_USAGE);
}

static bool doctor_says(const char *check, const char *health, const char *part)
{
	json_t *list, *f;
	bool found = false;
	size_t i;

	out_json = true;
	fake_verb(verb_doctor, "doctor", NULL);
	out_json = false;
	list = json_said();
	json_array_foreach(list, i, f)
		if (!strcmp(json_text(f, "check"), check) && !strcmp(json_text(f, "health"), health) &&
		    strstr(json_text(f, "text"), part))
			found = true;
	json_decref(list);
	return found;
}

TEST(doctor_misses_modules)
{
	fake_start();
	fake_file("/lib/modules/6.12.0-test/modules.dep", "");
	CHECK(doctor_says("kernel", "bad", "no headers to build them"));
	CHECK_EQ(fake_verb(verb_doctor, "doctor", NULL), ST_FINDINGS);
	CHECK_HAS(fake_said, "apt-get install linux-headers-6.12.0-test");
	fake_file("/lib/modules/6.12.0-test/build/Makefile", "");
	CHECK(doctor_says("kernel", "bad", "has headers, but no modules"));
	fake_file("/lib/modules/6.12.0-test/updates/dkms/virtio_pv.ko.xz", "");
	CHECK(doctor_says("kernel", "ok", "updates/dkms/virtio_pv.ko.xz"));
	CHECK_EQ(fake_verb(verb_doctor, "doctor", NULL), ST_OK);
}

TEST(doctor_answers_what_it_is_asked)
{
	fake_start();
	fake_file("/lib/modules/6.12.0-test/modules.dep", "");
	CHECK_EQ(fake_verb(verb_doctor, "doctor", "taint", NULL), ST_OK);
	CHECK_HAS(fake_said, "no out-of-tree module was loaded");
	CHECK(!strstr(fake_said, "no headers"));
	out_quiet = true;
	CHECK_EQ(fake_verb(verb_doctor, "doctor", "taint", "kernel", NULL), ST_FINDINGS);
	out_quiet = false;
	CHECK_HAS(fake_said, "no headers");
	CHECK(!strstr(fake_said, "taint"));
	CHECK_EQ(fake_verb(verb_doctor, "doctor", "kernels", NULL), ST_USAGE);
}

/* Of the system an image is made on, nothing is installed in the image. */
TEST(doctor_in_a_chroot)
{
	fake_start();
	CHECK(doctor_says("kernel", "bad", "6.12.0-test (running) has no modules"));
	fake_file("/lib/modules/7.3-next/modules.dep", "");
	CHECK(doctor_says("kernel", "info", "6.12.0-test runs, but is not installed here"));
	CHECK(!doctor_says("kernel", "bad", "6.12.0-test"));
	fake_file("/proc/1/root/etc/hostname", "maker\n");
	CHECK(!doctor_says("kernel", "info", "6.12.0-test"));
}

TEST(doctor_looks_at_other_kernels)
{
	fake_start();
	fake_file("/lib/modules/6.12.0-test/updates/virtio_pv.ko", "");
	fake_file("/lib/modules/7.3-next/modules.dep", "");
	CHECK(doctor_says("kernel", "warn", "7.3-next has no modules"));
	fake_file("/lib/modules/7.4-headers-only/build/Makefile", "");
	CHECK(!doctor_says("kernel", "warn", "7.4-headers-only"));
}

TEST(doctor_knows_lockdown_and_secure_boot)
{
	static const char on[] = { 6, 0, 0, 0, 1 };
	autofree char *path = NULL;
	FILE *file;

	fake_start();
	CHECK(doctor_says("lockdown", "ok", "Secure Boot is off"));
	fake_file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	fake_file("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "");
	path = sys_path("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
	file = fopen(path, "w");
	CHECK(file && fwrite(on, sizeof(on), 1, file) == 1 && !fclose(file));
	CHECK(doctor_says("lockdown", "ok", "Secure Boot is on, lockdown is integrity: modules have to"));
}

TEST(doctor_sees_devices)
{
	with_counters();
	CHECK(doctor_says("device", "warn", "is live with virtio_pv_blk, 2 resets"));
	fake_file("/sys/kernel/debug/virtio_pv/" DISK "/device", "state: failed\n");
	CHECK(doctor_says("device", "bad", "is failed"));
	fake_file(PERSIST_LIST, NET " virtio_pv_net\n");
	CHECK(doctor_says("device", "bad", NET " is to be taken at every start, but is with virtio-pci"));
	fake_file("/proc/cmdline", "vpv.off\n");
	CHECK(doctor_says("device", "info", NET " is to be taken"));
}

TEST(doctor_sees_interrupted_moves)
{
	fake_start();
	fake_file(STATE_DIR "/" DISK ".json", "{}");
	CHECK(doctor_says("device", "bad", "did not end"));
}
