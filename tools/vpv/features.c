// SPDX-License-Identifier: GPL-2.0-only
/*
 * Feature bits by name, and for a device: offered, used, and why not. Our drivers
 * tell all of it in debugfs, the in-tree ones only what they use.
 */
#include <stdlib.h>
#include <string.h>

#include "vpv.h"

struct bit_name {
	unsigned int type;	/* 0: every type */
	unsigned int bit;
	const char *name;
};

static const struct bit_name names[] = {
	{ 0, 24, "NOTIFY_ON_EMPTY" }, { 0, 27, "ANY_LAYOUT" }, { 0, 28, "INDIRECT_DESC" },
	{ 0, 29, "EVENT_IDX" }, { 0, 32, "VERSION_1" }, { 0, 33, "ACCESS_PLATFORM" },
	{ 0, 34, "RING_PACKED" }, { 0, 35, "IN_ORDER" }, { 0, 36, "ORDER_PLATFORM" },
	{ 0, 37, "SR_IOV" }, { 0, 38, "NOTIFICATION_DATA" }, { 0, 39, "NOTIF_CONFIG_DATA" },
	{ 0, 40, "RING_RESET" }, { 0, 41, "ADMIN_VQ" }, { 0, 43, "SUSPEND" },
	{ 1, 0, "CSUM" }, { 1, 1, "GUEST_CSUM" }, { 1, 2, "CTRL_GUEST_OFFLOADS" }, { 1, 3, "MTU" },
	{ 1, 5, "MAC" }, { 1, 7, "GUEST_TSO4" }, { 1, 8, "GUEST_TSO6" }, { 1, 9, "GUEST_ECN" },
	{ 1, 10, "GUEST_UFO" }, { 1, 11, "HOST_TSO4" }, { 1, 12, "HOST_TSO6" }, { 1, 13, "HOST_ECN" },
	{ 1, 14, "HOST_UFO" }, { 1, 15, "MRG_RXBUF" }, { 1, 16, "STATUS" }, { 1, 17, "CTRL_VQ" },
	{ 1, 18, "CTRL_RX" }, { 1, 19, "CTRL_VLAN" }, { 1, 20, "CTRL_RX_EXTRA" },
	{ 1, 21, "GUEST_ANNOUNCE" }, { 1, 22, "MQ" }, { 1, 23, "CTRL_MAC_ADDR" },
	{ 1, 50, "DEVICE_STATS" }, { 1, 51, "HASH_TUNNEL" }, { 1, 52, "VQ_NOTF_COAL" },
	{ 1, 53, "NOTF_COAL" }, { 1, 54, "GUEST_USO4" }, { 1, 55, "GUEST_USO6" },
	{ 1, 56, "HOST_USO" }, { 1, 57, "HASH_REPORT" }, { 1, 59, "GUEST_HDRLEN" }, { 1, 60, "RSS" },
	{ 1, 61, "RSC_EXT" }, { 1, 62, "STANDBY" }, { 1, 63, "SPEED_DUPLEX" },
	{ 2, 0, "BARRIER" }, { 2, 1, "SIZE_MAX" }, { 2, 2, "SEG_MAX" }, { 2, 4, "GEOMETRY" },
	{ 2, 5, "RO" }, { 2, 6, "BLK_SIZE" }, { 2, 7, "SCSI" }, { 2, 9, "FLUSH" },
	{ 2, 10, "TOPOLOGY" }, { 2, 11, "CONFIG_WCE" }, { 2, 12, "MQ" }, { 2, 13, "DISCARD" },
	{ 2, 14, "WRITE_ZEROES" }, { 2, 15, "LIFETIME" }, { 2, 16, "SECURE_ERASE" },
	{ 2, 17, "ZONED" },
	{ 5, 0, "MUST_TELL_HOST" }, { 5, 1, "STATS_VQ" }, { 5, 2, "DEFLATE_ON_OOM" },
	{ 5, 3, "FREE_PAGE_HINT" }, { 5, 4, "PAGE_POISON" }, { 5, 5, "PAGE_REPORTING" },
	{ 17, 0, "ALARM" },
};

const char *feature_name(unsigned int type, unsigned int bit)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].bit == bit && (!names[i].type || names[i].type == type))
			return names[i].name;
	return NULL;
}

static json_t *feature(const struct device *dev, unsigned int bit, bool used, const char *why)
{
	json_t *f = json_object();

	json_object_set_new(f, "bit", json_integer(bit));
	json_object_set_new(f, "name", json_text_or_null(feature_name(dev->type, bit)));
	json_object_set_new(f, "used", json_boolean(used));
	json_object_set_new(f, "why_not", json_text_or_null(why));
	return f;
}

/* "34,28-29", as the kernel prints a bitmap */
static bool in_list(const char *list, unsigned int bit)
{
	while (list && *list) {
		unsigned long from, to;
		char *end;

		from = to = strtoul(list, &end, 10);
		if (end == list)
			return false;
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (bit >= from && bit <= to)
			return true;
		list = *end == ',' ? end + 1 : NULL;
	}
	return false;
}

static const char *why_not(const char *off, unsigned int bit, bool known)
{
	if (in_list(off, bit))
		return "switched off: option features_off of virtio_pv";
	return known ? "what it needs was not agreed" : "not implemented by the driver";
}

static json_t *from_our_debugfs(const struct device *dev)
{
	autofree char *text = sys_read("/sys/kernel/debug/virtio_pv/%s/features", dev->address);
	autofree char *off = sys_read("/sys/module/virtio_pv/parameters/features_off");
	char *line, *rest = NULL;
	json_t *list;

	if (!text)
		return NULL;
	list = json_array();
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char state[16], name[64];
		unsigned int bit;
		bool used;

		if (sscanf(line, "%u %15s %63[^\n]", &bit, state, name) != 3)
			continue;
		used = !strcmp(state, "agreed");
		json_array_append_new(list, feature(dev, bit, used, used ? NULL :
					why_not(off, bit, name[0] != '(')));
	}
	return list;
}

/* A string of 0 and 1, bit 0 first. */
static json_t *from_virtio_bus(const struct device *dev)
{
	autofree char *text = NULL;
	json_t *list;
	size_t i;

	if (!dev->virtio)
		return NULL;
	text = sys_read("/sys/bus/pci/devices/%s/%s/features", dev->address, dev->virtio);
	if (!text)
		return NULL;
	list = json_array();
	for (i = 0; text[i]; i++)
		if (text[i] == '1')
			json_array_append_new(list, feature(dev, i, true, NULL));
	return list;
}

json_t *features_of(const struct device *dev)
{
	json_t *list = device_ours(dev) ? from_our_debugfs(dev) : from_virtio_bus(dev);

	return list ? list : json_null();
}
