// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"

struct fake_faults faults;
char fake_log[16384];
char fake_said[65536];
const char *fake_address;

static char root[64];
static int (*real_write)(const char *path, const char *text);

static void shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void shell(const char *fmt, ...)
{
	char command[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command))
		ktap_fail(__FILE__, __LINE__, "failed: %s", command);
}

static void make_folder(const char *path)
{
	char part[512];
	char *slash;

	snprintf(part, sizeof(part), "%s%s", root, path);
	for (slash = part + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(part, 0755);
		*slash = '/';
	}
}

void fake_file(const char *path, const char *text)
{
	autofree char *full = sys_path("%s", path);
	FILE *file;

	make_folder(path);
	file = fopen(full, "w");
	if (!file || fputs(text, file) < 0 || fclose(file))
		ktap_fail(__FILE__, __LINE__, "cannot write %s", full);
}

void fake_link(const char *path, const char *target)
{
	autofree char *full = sys_path("%s", path);

	make_folder(path);
	unlink(full);
	if (symlink(target, full))
		ktap_fail(__FILE__, __LINE__, "cannot link %s", full);
}

void fake_remove(const char *path)
{
	shell("rm -rf %s%s", root, path);
}

char *fake_read(const char *path)
{
	return sys_read("%s", path);
}

/* ---- the kernel ---- */

#define PCI "/sys/bus/pci/devices"

static void put(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(const char *text, const char *fmt, ...)
{
	char path[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	fake_file(path, text);
}

static void make_disk(const char *below, const char *name, const char *size)
{
	autofree char *link = format("/sys/block/%s", name), *target = NULL;

	put("254:0\n", "%s/block/%s/dev", below, name);
	put(size, "%s/block/%s/size", below, name);
	put("none [mq-deadline]\n", "%s/block/%s/queue/scheduler", below, name);
	put("128\n", "%s/block/%s/queue/read_ahead_kb", below, name);
	put("data", "/dev/%s", name);
	target = format("%s%s/block/%s", root, below, name);
	fake_link(link, target);
}

static void make_interface(const char *below, const char *name)
{
	autofree char *link = format("/sys/class/net/%s", name);
	autofree char *target = format("%s%s/net/%s", root, below, name);

	put("52:54:00:00:00:01\n", "%s/net/%s/address", below, name);
	put("1500\n", "%s/net/%s/mtu", below, name);
	fake_link(link, target);
}

static void make_nodes(const char *address, const char *driver)
{
	bool theirs = !strcmp(driver, IN_TREE);
	autofree char *below = format(PCI "/%s%s", address, theirs ? "/virtio0" : "");
	autofree char *upper = format(PCI "/%s/virtio0/driver", address);

	if (!strcmp(address, RNG))
		return;
	if (theirs)
		fake_link(upper, !strcmp(address, DISK) ? "../../drivers/virtio_blk" : "../../drivers/virtio_net");
	if (!strcmp(address, NET))
		make_interface(below, "eth0");
	else if (theirs || !faults.no_node)
		make_disk(below, theirs ? "vda" : "vdpa", !theirs && faults.other_size ? "100\n" : "2048\n");
}

static void remove_nodes(const char *address)
{
	shell("cd %s" PCI "/%s && rm -rf virtio0 block net driver", root, address);
	if (!strcmp(address, DISK))
		shell("rm -f %s/sys/block/* %s/dev/vd*", root, root);
	else
		shell("rm -f %s/sys/class/net/eth0", root);
}

static int probe(const char *address)
{
	autofree char *override = sys_read(PCI "/%s/driver_override", address);
	const char *driver = override && *override ? override : IN_TREE;
	autofree char *link = format(PCI "/%s/driver", address);
	autofree char *target = format("../../drivers/%s", driver);

	if (faults.refuses && !strcmp(faults.refuses, driver))
		return 0;
	fake_link(link, target);
	put("", "/sys/bus/pci/drivers/%s/here", driver);
	/* so that the path through the link can be written to */
	put("", PCI "/../drivers/%s/unbind", driver);
	make_nodes(address, driver);
	return 0;
}

static int fake_write(const char *path, const char *text)
{
	const char *inside = path + strlen(root);
	size_t used = strlen(fake_log);

	snprintf(fake_log + used, sizeof(fake_log) - used, "%s %s\n", inside, text);
	if (faults.write && strstr(inside, faults.write))
		return -EIO;
	if (strstr(inside, "/drivers_probe"))
		return probe(text);
	if (strstr(inside, "/driver/unbind"))
		return remove_nodes(text), 0;
	if (!access(path, F_OK) && truncate(path, 0))
		return -errno;
	return real_write(path, text);
}

static int fake_run(char *const argv[], char **said)
{
	if (said)
		*said = NULL;
	if (!strcmp(argv[0], "modprobe") && faults.modprobe) {
		if (said)
			*said = strdup(faults.modprobe);
		return 1;
	}
	return strcmp(argv[0], "modprobe") ? 127 : 0;
}

static struct names fake_addresses(const char *ifname)
{
	struct names found = { 0 };

	if (fake_address && !strcmp(ifname, "eth0"))
		names_add(&found, fake_address);
	return found;
}

/* ---- the system ---- */

static void make_function(const char *address, const char *device, const char *subsystem)
{
	put("0x1af4\n", PCI "/%s/vendor", address);
	put(device, PCI "/%s/device", address);
	put(subsystem, PCI "/%s/subsystem_device", address);
	put("(null)\n", PCI "/%s/driver_override", address);
	shell("mkdir -p %s/sys/bus/pci/drivers; : >%s/sys/bus/pci/drivers_probe", root, root);
	put("", PCI "/%s/driver_override", address);
	probe(address);
}

static void clean_up(void)
{
	if (root[0])
		shell("rm -rf %s", root);
}

void fake_start(void)
{
	if (!root[0]) {
		atexit(clean_up);
		real_write = hooks.write;
	}
	clean_up();
	strcpy(root, "/tmp/vpv-test-XXXXXX");
	if (!mkdtemp(root))
		ktap_fail(__FILE__, __LINE__, "no folder in /tmp");
	sys_root = root;
	faults = (struct fake_faults){ 0 };
	fake_address = NULL;
	hooks.write = fake_write;
	hooks.run = fake_run;
	hooks.addresses = fake_addresses;
	fake_file("/proc/sys/kernel/osrelease", "6.12.0-test\n");
	fake_file("/proc/cmdline", "root=/dev/vda quiet\n");
	make_function(DISK, "0x1042\n", "0x1100\n");
	make_function(NET, "0x1000\n", "0x0001\n");
	make_function(RNG, "0x1044\n", "0x1100\n");
	fake_log[0] = '\0';
}

enum status fake_verb(enum status (*verb)(int, char **), const char *name, ...)
{
	char *argv[16] = { (char *)name };
	int argc = 1, out = dup(1), err = dup(2), fd;
	FILE *said = tmpfile();
	enum status status;
	va_list args;
	size_t len;

	va_start(args, name);
	while (argc < 15 && (argv[argc] = va_arg(args, char *)))
		argc++;
	va_end(args);
	fflush(stdout);
	fd = fileno(said);
	dup2(fd, 1);
	dup2(fd, 2);
	optind = 0;
	status = verb(argc, argv);
	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	rewind(said);
	len = fread(fake_said, 1, sizeof(fake_said) - 1, said);
	fake_said[len] = '\0';
	fclose(said);
	return status;
}
