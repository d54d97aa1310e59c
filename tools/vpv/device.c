// SPDX-License-Identifier: GPL-2.0-only
/* Virtio functions on the PCI bus, and what the kernel made of them. */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vpv.h"

#define PCI "/sys/bus/pci/devices"
#define VENDOR 0x1af4
#define MODERN 0x1040

static const struct kind kinds[] = {
	{ 1, "net", "virtio_pv_net", "virtio_net" },
	{ 2, "block", "virtio_pv_blk", "virtio_blk" },
	{ 3, "console", NULL, "virtio_console" },
	{ 4, "entropy", NULL, "virtio_rng" },
	{ 5, "balloon", "virtio_pv_balloon", "virtio_balloon" },
	{ 8, "scsi", NULL, "virtio_scsi" },
	{ 9, "9p", NULL, "9pnet_virtio" },
	{ 16, "gpu", NULL, "virtio_gpu" },
	{ 17, "clock", "virtio_pv_clock", "virtio_rtc" },
	{ 18, "input", NULL, "virtio_input" },
	{ 19, "socket", NULL, "vmw_vsock_virtio_transport" },
	{ 20, "crypto", NULL, "virtio_crypto" },
	{ 23, "iommu", NULL, "virtio_iommu" },
	{ 24, "memory", NULL, "virtio_mem" },
	{ 25, "sound", NULL, "virtio_snd" },
	{ 26, "filesystem", NULL, "virtiofs" },
	{ 27, "pmem", NULL, "virtio_pmem" },
	{ 34, "i2c", NULL, "i2c_virtio" },
	{ 36, "can", NULL, NULL },
	{ 41, "gpio", NULL, "gpio_virtio" },
};

const struct kind *kind_of(unsigned int type)
{
	static const struct kind unknown = { 0, "unknown", NULL, NULL };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return &unknown;
}

static void add_all(struct names *to, struct names found)
{
	size_t i;

	for (i = 0; i < found.n; i++)
		names_add(to, found.v[i]);
	names_free(&found);
}

/* Nodes hang below the function with our drivers, below virtioN with the others. */
static void read_nodes(struct device *dev)
{
	const char *address = dev->address;

	add_all(&dev->disks, sys_list(PCI "/%s/block", address));
	add_all(&dev->interfaces, sys_list(PCI "/%s/net", address));
	add_all(&dev->clocks, sys_list(PCI "/%s/ptp", address));
	if (!dev->virtio)
		return;
	add_all(&dev->disks, sys_list(PCI "/%s/%s/block", address, dev->virtio));
	add_all(&dev->interfaces, sys_list(PCI "/%s/%s/net", address, dev->virtio));
	add_all(&dev->clocks, sys_list(PCI "/%s/%s/ptp", address, dev->virtio));
}

static char *find_virtio(const char *address)
{
	autonames entries = sys_list(PCI "/%s", address);
	size_t i;

	for (i = 0; i < entries.n; i++)
		if (!strncmp(entries.v[i], "virtio", 6) && isdigit(entries.v[i][6]))
			return strdup(entries.v[i]);
	return NULL;
}

bool device_read(const char *address, struct device *dev)
{
	long long vendor, id;

	memset(dev, 0, sizeof(*dev));
	vendor = sys_number(-1, PCI "/%s/vendor", address);
	id = sys_number(-1, PCI "/%s/device", address);
	if (vendor != VENDOR || id < 0x1000 || id > 0x107f || strlen(address) >= sizeof(dev->address))
		return false;
	strcpy(dev->address, address);
	dev->transitional = id < MODERN;
	dev->type = dev->transitional ? sys_number(0, PCI "/%s/subsystem_device", address) :
					id - MODERN;
	dev->kind = kind_of(dev->type);
	dev->driver = sys_link(PCI "/%s/driver", address);
	dev->override = sys_read(PCI "/%s/driver_override", address);
	if (dev->override && (!*dev->override || !strcmp(dev->override, "(null)"))) {
		free(dev->override);
		dev->override = NULL;
	}
	dev->virtio = find_virtio(address);
	if (dev->virtio)
		dev->upper = sys_link(PCI "/%s/%s/driver", address, dev->virtio);
	read_nodes(dev);
	return true;
}

void device_free(struct device *dev)
{
	free(dev->driver);
	free(dev->virtio);
	free(dev->upper);
	free(dev->override);
	names_free(&dev->disks);
	names_free(&dev->interfaces);
	names_free(&dev->clocks);
}

struct names device_all(void)
{
	autonames entries = sys_list(PCI);
	struct names found = { 0 };
	size_t i;

	for (i = 0; i < entries.n; i++) {
		autodevice dev;

		if (device_read(entries.v[i], &dev))
			names_add(&found, entries.v[i]);
	}
	return found;
}

/* "4:00.0" and "00:04.0" are what lspci prints; sysfs wants the domain too. */
static bool read_short(const char *name, struct device *dev)
{
	autofree char *longer = format("0000:%s", name);

	return device_read(longer, dev);
}

bool device_find(const char *name, struct device *dev)
{
	autonames all = { 0 };
	size_t i;

	if (!strncmp(name, "/dev/", 5))
		name += 5;
	if (strchr(name, '/') || name[0] == '.')
		return memset(dev, 0, sizeof(*dev)), false;
	if (device_read(name, dev) || read_short(name, dev))
		return true;
	all = device_all();
	for (i = 0; i < all.n; i++) {
		if (!device_read(all.v[i], dev))
			continue;
		if ((dev->virtio && !strcmp(dev->virtio, name)) || names_have(&dev->disks, name) ||
		    names_have(&dev->interfaces, name) || names_have(&dev->clocks, name))
			return true;
		device_free(dev);
	}
	memset(dev, 0, sizeof(*dev));
	return false;
}

bool device_ours(const struct device *dev)
{
	return dev->driver && dev->kind->ours && !strcmp(dev->driver, dev->kind->ours);
}

const char *device_node(const struct device *dev)
{
	if (dev->disks.n)
		return dev->disks.v[0];
	if (dev->interfaces.n)
		return dev->interfaces.v[0];
	return dev->clocks.n ? dev->clocks.v[0] : NULL;
}

static char *why_ours(const struct device *dev)
{
	if (persist_has(dev->address))
		return strdup("taken, at every start");
	if (dev->override && !strcmp(dev->override, dev->driver))
		return strdup("taken until the next start");
	return strdup("no other driver had it");
}

char *device_why(const struct device *dev)
{
	if (device_ours(dev))
		return why_ours(dev);
	if (!dev->driver && dev->override)
		return format("its override names %s, which did not take it", dev->override);
	if (!dev->driver)
		return strdup("no driver wants it");
	if (dev->override && !strcmp(dev->override, dev->driver))
		return strdup("its override names that driver");
	if (strcmp(dev->driver, IN_TREE))
		return strdup("that driver took it");
	if (!dev->upper)
		return format("in-tree transport; no driver for type %u is loaded", dev->type);
	if (persist_has(dev->address) && vpv_off())
		return strdup("in-tree; vpv.off is on the kernel command line");
	if (persist_has(dev->address))
		return strdup("in-tree, though it is to be taken at every start");
	return strdup(dev->kind->ours ? "in-tree, the default" : "in-tree; virtio-pv has no driver");
}

/* 4.1.4: vendor capabilities; the one of type 1 is the common configuration. */
bool has_modern_interface(const uint8_t *config, size_t len)
{
	unsigned int at, left = 48;

	if (len < 64 || !(config[6] & 0x10))
		return false;
	for (at = config[0x34] & ~3; at >= 64 && at + 4 <= len && left; left--) {
		if (config[at] == 0x09 && config[at + 3] == 1)
			return true;
		at = config[at + 1] & ~3;
	}
	return false;
}

bool device_legacy_only(const char *address)
{
	autofree char *path = sys_path(PCI "/%s/config", address);
	uint8_t config[256];
	ssize_t len;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, config, sizeof(config));
	close(fd);
	/* Others than root see the first 64 bytes only: no verdict. */
	return len == sizeof(config) && !has_modern_interface(config, len);
}
