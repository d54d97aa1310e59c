// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who would miss a network interface: bridges and the like on top of it, the
 * default route, the SSH connection somebody is typing on.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vpv.h"

static bool default_route4(const char *ifname)
{
	autofree char *text = sys_read("/proc/net/route");
	char *line, *rest = NULL;

	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		char name[32];
		unsigned int to, mask;

		if (sscanf(line, "%31s %x %*x %*x %*d %*d %*d %x", name, &to, &mask) == 3 &&
		    !to && !mask && !strcmp(name, ifname))
			return true;
	}
	return false;
}

static bool default_route6(const char *ifname)
{
	autofree char *text = sys_read("/proc/net/ipv6_route");
	char *line, *rest = NULL;

	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		char to[40], name[32];
		unsigned int len;

		if (sscanf(line, "%39s %x %*s %*x %*s %*x %*x %*x %*x %31s", to, &len, name) == 3 &&
		    !len && !strcmp(name, ifname) && strspn(to, "0") == 32)
			return true;
	}
	return false;
}

bool default_route_by(const char *ifname)
{
	return default_route4(ifname) || default_route6(ifname);
}

/* The value of a variable in a process's environment. */
static char *environment_of(const char *pid, const char *name)
{
	autofree char *path = sys_path("/proc/%s/environ", pid);
	size_t len = strlen(name), room = 0;
	char *entry = NULL, *value = NULL;
	FILE *file = fopen(path, "re");

	while (file && getdelim(&entry, &room, '\0', file) > 0) {
		if (!strncmp(entry, name, len) && entry[len] == '=') {
			value = strdup(entry + len + 1);
			break;
		}
	}
	free(entry);
	if (file)
		fclose(file);
	return value;
}

static char *parent_of(const char *pid)
{
	autofree char *text = sys_read("/proc/%s/stat", pid);
	const char *end = text ? strrchr(text, ')') : NULL;
	long parent;

	if (!end || sscanf(end + 1, " %*c %ld", &parent) != 1 || parent <= 1)
		return NULL;
	return format("%ld", parent);
}

/* sudo forgets SSH_CONNECTION, but some process above it remembers. */
char *ssh_server_address(void)
{
	char *pid = *sys_root ? strdup("self") : format("%d", (int)getpid());
	char *address = NULL;
	int depth;

	for (depth = 0; pid && !address && depth < 32; depth++) {
		autofree char *value = environment_of(pid, "SSH_CONNECTION");
		char *above, server[64];

		if (value && sscanf(value, "%*s %*s %63s", server) == 1)
			address = strdup(server);
		above = parent_of(pid);
		free(pid);
		pid = above;
	}
	free(pid);
	return address;
}

/* The text of an address in /proc/net/tcp: words in the byte order of the machine */
static void tcp_address(const char *hex, char out[INET6_ADDRSTRLEN])
{
	uint32_t words[4] = { 0 };
	size_t len = strspn(hex, "0123456789ABCDEFabcdef"), i;
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	out[0] = '\0';
	for (i = 0; i < len / 8 && i < 4; i++)
		sscanf(hex + i * 8, "%8x", &words[i]);
	if (len == 8)
		inet_ntop(AF_INET, words, out, INET6_ADDRSTRLEN);
	else if (len == 32 && !memcmp(words, mapped, sizeof(mapped)))
		inet_ntop(AF_INET, &words[3], out, INET6_ADDRSTRLEN);
	else if (len == 32)
		inet_ntop(AF_INET6, words, out, INET6_ADDRSTRLEN);
}

/* Established connections of the port of SSH from outside to one of the addresses */
static bool ssh_sockets(const char *table, const struct names *addresses)
{
	autofree char *text = sys_read("/proc/net/%s", table);
	char *line, *rest = NULL;

	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		char local[48], address[INET6_ADDRSTRLEN];
		unsigned int state, port;

		if (sscanf(line, " %*d: %47s %*s %x", local, &state) != 2 || state != 1)
			continue;
		if (!strchr(local, ':') || sscanf(strchr(local, ':'), ":%x", &port) != 1 || port != 22)
			continue;
		tcp_address(local, address);
		if (names_have(addresses, address))
			return true;
	}
	return false;
}

static void ssh_on(const char *ifname, json_t *reasons)
{
	autonames addresses = hooks.addresses(ifname);
	autofree char *mine = ssh_server_address();

	if (mine && names_have(&addresses, mine))
		in_use_add(reasons, "ssh", true, "this SSH session comes in over %s (%s)", ifname, mine);
	else if (ssh_sockets("tcp", &addresses) || ssh_sockets("tcp6", &addresses))
		in_use_add(reasons, "ssh", true, "an SSH session comes in over %s", ifname);
}

static void uppers(const char *ifname, json_t *reasons)
{
	autonames entries = sys_list("/sys/class/net/%s", ifname);
	autofree char *master = sys_link("/sys/class/net/%s/master", ifname);
	size_t i;

	if (master)
		in_use_add(reasons, "master", false, "%s is part of %s", ifname, master);
	for (i = 0; i < entries.n; i++) {
		if (strncmp(entries.v[i], "upper_", 6) || (master && !strcmp(entries.v[i] + 6, master)))
			continue;
		in_use_add(reasons, "upper", false, "%s is on top of %s", entries.v[i] + 6, ifname);
	}
}

void in_use_net(const struct device *dev, json_t *reasons)
{
	size_t i;

	/* sysfs shows interfaces of this network namespace only. */
	if (dev->type == 1 && !dev->interfaces.n &&
	    ((dev->upper && !strcmp(dev->upper, "virtio_net")) || device_ours(dev)))
		in_use_add(reasons, "namespace", false, "its interface is in another network namespace");
	for (i = 0; i < dev->interfaces.n; i++) {
		const char *ifname = dev->interfaces.v[i];

		uppers(ifname, reasons);
		if (default_route_by(ifname))
			in_use_add(reasons, "default-route", true, "the default route goes over %s", ifname);
		ssh_on(ifname, reasons);
	}
}
