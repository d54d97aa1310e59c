/* SPDX-License-Identifier: GPL-2.0-only */
/* The vpv tool: what its parts share. Each part has a few functions here. */
#ifndef VPV_TOOL_H
#define VPV_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

/* Exit statuses; vpv(8) promises them. */
enum status {
	ST_OK = 0,
	ST_FAILED = 1,		/* did not work; everything is as before */
	ST_USAGE = 2,
	ST_NO_DEVICE = 3,	/* no such device, or none vpv has a driver for */
	ST_IN_USE = 4,		/* refused, with reasons */
	ST_NO_DRIVER = 5,	/* the module is missing or the kernel refuses it */
	ST_HALFWAY = 6,		/* failed, and undoing failed too */
	ST_FINDINGS = 7,	/* doctor found something to mend */
};

#define autofree __attribute__((cleanup(free_pointer)))
void free_pointer(void *p);

/* ---- sys.c: files below the root of the system (--root for tests) ---- */

struct names {
	size_t n;
	char **v;
};

/* What tests replace. */
struct hooks {
	int (*write)(const char *path, const char *text);	/* 0 or -errno */
	int (*run)(char *const argv[], char **said);		/* exit status or -errno */
	struct names (*addresses)(const char *ifname);		/* IP addresses, as text */
};

extern struct hooks hooks;
extern const char *sys_root;

char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *sys_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *sys_read(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int sys_write(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool sys_exists(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *sys_link(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
struct names sys_list(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
long long sys_number(long long otherwise, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int sys_mkdirs(const char *path);
void names_add(struct names *names, const char *name);
bool names_have(const struct names *names, const char *name);
void names_free(struct names *names);
#define autonames __attribute__((cleanup(names_free))) struct names

/* run("modprobe", "-r", NAME, NULL) */
int run(char **said, const char *program, ...) __attribute__((sentinel));
char *kernel_release(void);
bool wait_until(unsigned int ms, bool (*done)(void *ctx), void *ctx);

/* ---- out.c: tables for people, JSON for programs ---- */

struct column {
	const char *title;
	const char *key;
};

extern bool out_json;
extern bool out_quiet;
extern bool out_prometheus;

void out_table(const json_t *rows, const struct column *columns);
void out_value(const json_t *value);
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *json_text(const json_t *object, const char *key);
json_t *json_of_names(const struct names *names);
json_t *json_text_or_null(const char *text);

/* ---- device.c: virtio functions on the PCI bus ---- */

struct kind {
	unsigned int type;
	const char *name;
	const char *ours;	/* module and PCI driver; NULL: we have none */
	const char *theirs;	/* in-tree module */
};

struct device {
	char address[32];
	unsigned int type;
	const struct kind *kind;
	bool transitional;
	char *driver;		/* PCI driver, NULL: none */
	char *virtio;		/* virtioN below virtio-pci, or NULL */
	char *upper;		/* driver of that */
	char *override;		/* NULL: none */
	struct names disks;
	struct names interfaces;
	struct names clocks;
};

#define IN_TREE "virtio-pci"
#define PERSIST_LIST "/etc/virtio-pv/take.list"
#define STATE_DIR "/run/virtio-pv"

const struct kind *kind_of(unsigned int type);
/* ADDRESS, or the name of a disk, interface or clock; false: no such thing */
bool device_find(const char *name, struct device *dev);
bool device_read(const char *address, struct device *dev);
void device_free(struct device *dev);
#define autodevice __attribute__((cleanup(device_free))) struct device
struct names device_all(void);
bool device_ours(const struct device *dev);
/* The node people know it by, or NULL */
const char *device_node(const struct device *dev);
char *device_why(const struct device *dev);
/* Has it a modern interface? From its configuration space. */
bool has_modern_interface(const uint8_t *config, size_t len);
bool device_legacy_only(const char *address);

/* ---- features.c ---- */

const char *feature_name(unsigned int type, unsigned int bit);
json_t *features_of(const struct device *dev);

/* ---- inuse.c, inuse_net.c: who would miss the device ---- */

/* Array of {what, text, force}; force: --force may override it */
json_t *in_use(const struct device *dev);
void in_use_add(json_t *reasons, const char *what, bool force, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void in_use_net(const struct device *dev, json_t *reasons);
bool in_use_hard(const json_t *reasons);
bool default_route_by(const char *ifname);
char *ssh_server_address(void);
/* Processes that have the node open, "name (pid N)"; rdev 0: by name only */
void openers(const char *node, dev_t rdev, struct names *found);

/* ---- settings.c, settings_net.c: what is lost with a node and comes back with the next ---- */

json_t *settings_save(const struct device *dev);
/* Complaints about what could not be set go into notes */
int settings_restore(const struct device *dev, const json_t *saved, json_t *notes);
json_t *settings_save_net(const char *ifname);
int settings_restore_net(const char *ifname, const json_t *saved, json_t *notes);
/* Is the node the same as before? NULL, or what differs */
char *settings_verify(const struct device *dev, const json_t *saved);
void note(json_t *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- rtnl.c: addresses, routes and links over netlink ---- */

json_t *rtnl_save(const char *ifname);
int rtnl_restore(const char *ifname, const json_t *saved, json_t *notes);
struct names rtnl_addresses(const char *ifname);
int link_rename(const char *from, const char *to);
int link_set_flags(const char *ifname, unsigned int flags, unsigned int mask);
int link_set_mac(const char *ifname, const char *mac);
int channels_get(const char *ifname, uint32_t counts[4]);
int channels_set(const char *ifname, const uint32_t counts[4]);

/* ---- move.c: from one driver to another and, if that fails, back ---- */

struct move_options {
	bool force;
	bool in_udev;		/* udev waits for us: we cannot wait for udev */
	unsigned int wait_ms;	/* for the driver, for the node, for the carrier */
};

bool move_lock(void);
void move_lock_forget(void);
/* driver: PCI driver; the result becomes members of report */
enum status move_device(const char *address, const char *driver,
			const struct move_options *options, json_t *report);
enum status load_driver(const struct kind *kind, const char *driver, json_t *report);

/* ---- persist.c ---- */

bool persist_has(const char *address);
char *persist_driver(const char *address);
int persist_set(const char *address, const char *driver);	/* NULL: forget */
bool vpv_off(void);

/* ---- revert.c: the dead man's hand ---- */

int revert_arm(const char *address, const char *driver, unsigned int seconds);
bool revert_disarm(const char *address);
long long revert_left(const char *address);

/* ---- counters.c: what debugfs tells about our devices ---- */

/* {device, driver, ..., queues: [...]}; NULL: not ours, or debugfs is not there */
json_t *counters_of(const struct device *dev);
json_t *counters_all(const struct names *wanted, enum status *status);
void counters_prometheus(const json_t *all, FILE *to);
bool debugfs_ready(void);

/* ---- verbs; argv[0] is the verb ---- */

enum status verb_list(int argc, char **argv);
enum status verb_status(int argc, char **argv);
enum status verb_take(int argc, char **argv);
enum status verb_give(int argc, char **argv);
enum status verb_keep(int argc, char **argv);
enum status verb_apply(int argc, char **argv);
enum status verb_stats(int argc, char **argv);
enum status verb_top(int argc, char **argv);
enum status verb_trace(int argc, char **argv);
enum status verb_doctor(int argc, char **argv);

/* ---- doctor ---- */

enum health { H_OK, H_INFO, H_WARN, H_BAD };
void finding(json_t *list, enum health health, const char *check, const char *text, const char *mend);
char *dkms_version(void);	/* NULL: it does not know virtio-pv */
void doctor_kernels(json_t *list);
void doctor_trust(json_t *list);
bool signed_modules_only(void);
void doctor_devices(json_t *list);
void doctor_boot(json_t *list);

#endif
