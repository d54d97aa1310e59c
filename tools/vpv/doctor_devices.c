// SPDX-License-Identifier: GPL-2.0-only
/* The devices: with whom they should be, alive, with the links udev makes. */
#include <stdlib.h>
#include <string.h>

#include "vpv.h"

static void persistent(json_t *list, const struct device *dev)
{
	autofree char *text = NULL, *mend = NULL;

	if (!persist_has(dev->address) || device_ours(dev))
		return;
	text = format("%s is to be taken at every start, but is with %s", dev->address,
		      dev->driver ? dev->driver : "nobody");
	mend = format("vpv take %s; or forget it: vpv give %s", dev->address, dev->address);
	if (vpv_off())
		finding(list, H_INFO, "device", text, "vpv.off is on the kernel command line");
	else
		finding(list, H_BAD, "device", text, mend);
}

static void alive(json_t *list, const struct device *dev)
{
	json_t *c = counters_of(dev);
	const char *state = c ? json_text(c, "state") : NULL, *node = device_node(dev);
	json_int_t resets = c ? json_integer_value(json_object_get(c, "resets")) : 0;
	autofree char *text = NULL;

	if (!state) {
		finding(list, H_INFO, "device", "the state of our devices is in debugfs, for root",
			"sudo vpv doctor; mount -t debugfs debugfs /sys/kernel/debug");
	} else if (!strcmp(state, "live")) {
		text = format("%s (%s%s%s) is live with %s, %lld resets", dev->address, dev->kind->name,
			      node ? " " : "", node ? node : "", dev->driver, (long long)resets);
		finding(list, resets ? H_WARN : H_OK, "device", text, resets ? "dmesg | grep virtio_pv" : NULL);
	} else {
		text = format("%s (%s) is %s", dev->address, dev->kind->name, state);
		finding(list, H_BAD, "device", text, "dmesg; then vpv give and vpv take it");
	}
	json_decref(c);
}

/* by-id is what fstab should use, and what stays the same over a move */
static void links(json_t *list, const struct device *dev)
{
	autonames ids = sys_list("/dev/disk/by-id");
	autofree char *serial = NULL, *want = NULL, *text = NULL;

	if (!dev->disks.n || !sys_exists("/run/udev/control"))
		return;
	serial = sys_read("/sys/block/%s/serial", dev->disks.v[0]);
	if (!serial || !*serial)
		return;
	want = format("virtio-%s", serial);
	if (names_have(&ids, want))
		return;
	text = format("udev made no /dev/disk/by-id/%s for %s", want, dev->disks.v[0]);
	finding(list, H_WARN, "udev", text, "udevadm trigger --subsystem-match=block");
}

static void interrupted(json_t *list, const char *address)
{
	autofree char *text = NULL;

	if (!sys_exists(STATE_DIR "/%s.json", address))
		return;
	text = format("a move of %s did not end; its settings of before are in " STATE_DIR "/%s.json", address,
		      address);
	finding(list, H_BAD, "device", text, "vpv list; vpv give or vpv take it again, then remove that file");
}

void doctor_devices(json_t *list)
{
	autonames all = device_all();
	autofree char *text = NULL;
	size_t i, ours = 0, could = 0;

	for (i = 0; i < all.n; i++) {
		autodevice dev;

		if (!device_read(all.v[i], &dev) || !dev.kind->ours)
			continue;
		could++;
		interrupted(list, dev.address);
		persistent(list, &dev);
		if (!device_ours(&dev))
			continue;
		ours++;
		alive(list, &dev);
		links(list, &dev);
	}
	text = format("%zu of %zu virtio devices are with virtio-pv; it has drivers for %zu", ours, all.n, could);
	finding(list, all.n ? H_OK : H_WARN, "devices", text,
		all.n ? NULL : "is this a guest with virtio devices? lspci -nn -d 1af4:");
}
