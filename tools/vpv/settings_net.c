// SPDX-License-Identifier: GPL-2.0-only
/* Settings of a network interface: name, addresses, routes, sysctls, queues. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "vpv.h"

static const char * const attributes[] = {
	"mtu", "tx_queue_len", "ifalias", "gro_flush_timeout", "napi_defer_hard_irqs", "threaded",
	"group", "proto_down", NULL
};

static json_t *save_files(const char *dir)
{
	autonames entries = sys_list("%s", dir);
	json_t *saved = json_object();
	size_t i;

	for (i = 0; i < entries.n; i++) {
		autofree char *value = sys_read("%s/%s", dir, entries.v[i]);

		if (value)
			json_object_set_new(saved, entries.v[i], json_text_or_null(value));
	}
	return saved;
}

/* What cannot be set is the kernel's own (mc_forwarding); nothing to tell. */
static void restore_files(const char *dir, const json_t *saved)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)saved, key, value) {
		autofree char *is = sys_read("%s/%s", dir, key);
		const char *want = json_string_value(value);

		/* the MTU is set for the link; this one would not survive it */
		if (is && want && *want && strcmp(is, want) && strcmp(key, "mtu"))
			sys_write(want, "%s/%s", dir, key);
	}
}

json_t *settings_save_net(const char *ifname)
{
	autofree char *v4 = format("/proc/sys/net/ipv4/conf/%s", ifname);
	autofree char *v6 = format("/proc/sys/net/ipv6/conf/%s", ifname);
	autofree char *mac = sys_read("/sys/class/net/%s/address", ifname);
	json_t *saved = json_object(), *set = json_object();
	uint32_t ch[4];
	size_t i;

	for (i = 0; attributes[i]; i++) {
		autofree char *value = sys_read("/sys/class/net/%s/%s", ifname, attributes[i]);

		if (value)
			json_object_set_new(set, attributes[i], json_text_or_null(value));
	}
	json_object_set_new(saved, "name", json_string(ifname));
	json_object_set_new(saved, "address", json_text_or_null(mac));
	json_object_set_new(saved, "addr_assign_type",
			    json_integer(sys_number(0, "/sys/class/net/%s/addr_assign_type", ifname)));
	json_object_set_new(saved, "flags",
			    json_integer(sys_number(0, "/sys/class/net/%s/flags", ifname)));
	json_object_set_new(saved, "carrier",
			    json_integer(sys_number(0, "/sys/class/net/%s/carrier", ifname)));
	json_object_set_new(saved, "attributes", set);
	json_object_set_new(saved, "ipv4", save_files(v4));
	json_object_set_new(saved, "ipv6", save_files(v6));
	if (!*sys_root) {
		json_object_set_new(saved, "rtnl", rtnl_save(ifname));
		if (!channels_get(ifname, ch))
			json_object_set_new(saved, "channels", json_integer(ch[3]));
	}
	return saved;
}

/* udev has a name for it too: the same one, mostly. It needs to be done first. */
static int restore_name(const char *now, const char *want, json_t *notes)
{
	int err;

	if (!strcmp(now, want))
		return 0;
	link_set_flags(now, 0, IFF_UP);
	err = link_rename(now, want);
	if (err)
		note(notes, "%s cannot be called %s again: %s", now, want, strerror(-err));
	return err;
}

static void restore_attributes(const char *ifname, const json_t *saved, json_t *notes)
{
	const char *key;
	json_t *value;
	int err;

	json_object_foreach(json_object_get(saved, "attributes"), key, value) {
		autofree char *is = sys_read("/sys/class/net/%s/%s", ifname, key);
		const char *want = json_string_value(value);

		if (!is || !want || !strcmp(is, want))
			continue;
		err = sys_write(*want ? want : "\n", "/sys/class/net/%s/%s", ifname, key);
		if (err)
			note(notes, "%s of %s stays %s: the kernel refuses %s (%s)", key, ifname, is,
			     want, strerror(-err));
	}
}

static void restore_channels(const char *ifname, const json_t *saved, json_t *notes)
{
	json_int_t want = json_integer_value(json_object_get(saved, "channels"));
	uint32_t ch[4];
	int err;

	if (!want || channels_get(ifname, ch) || ch[3] == want)
		return;
	ch[3] = want;
	err = channels_set(ifname, ch);
	if (err)
		note(notes, "%s does not get %d queue pairs again: %s", ifname, (int)want,
		     strerror(-err));
}

static bool has_carrier(void *ctx)
{
	return sys_number(0, "/sys/class/net/%s/carrier", (const char *)ctx) == 1;
}

int settings_restore_net(const char *now, const json_t *saved, json_t *notes)
{
	const char *want = json_text(saved, "name"), *mac = json_text(saved, "address");
	json_int_t flags = json_integer_value(json_object_get(saved, "flags"));
	const char *ifname = want && !restore_name(now, want, notes) ? want : now;
	autofree char *v4 = format("/proc/sys/net/ipv4/conf/%s", ifname);
	autofree char *v6 = format("/proc/sys/net/ipv6/conf/%s", ifname);
	int err;

	if (mac && json_integer_value(json_object_get(saved, "addr_assign_type"))) {
		err = link_set_mac(ifname, mac);
		if (err)
			note(notes, "%s does not get address %s again: %s", ifname, mac, strerror(-err));
	}
	restore_attributes(ifname, saved, notes);
	restore_channels(ifname, saved, notes);
	restore_files(v4, json_object_get(saved, "ipv4"));
	restore_files(v6, json_object_get(saved, "ipv6"));
	if (!json_object_get(saved, "rtnl"))
		return 0;
	if (!(flags & IFF_UP)) {
		rtnl_restore(ifname, json_object_get(saved, "rtnl"), notes);
		return 0;
	}
	err = link_set_flags(ifname, flags, IFF_UP | IFF_PROMISC | IFF_ALLMULTI);
	if (err) {
		note(notes, "%s does not come up: %s", ifname, strerror(-err));
		return err;
	}
	err = rtnl_restore(ifname, json_object_get(saved, "rtnl"), notes);
	if (err)
		return err;
	if (json_integer_value(json_object_get(saved, "carrier")) == 1 &&
	    !wait_until(10000, has_carrier, (void *)ifname)) {
		note(notes, "%s has no carrier, it had one before", ifname);
		return -ENOLINK;
	}
	return 0;
}
