// SPDX-License-Identifier: GPL-2.0-only
/*
 * netdev-qstats INTERFACE [COUNTER]: packets, or what COUNTER says, of each queue as the
 * kernel's "netdev" netlink family tells them, lines "rx 0 PACKETS". Status 4: this
 * kernel has no such family.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/netdev.h, which older systems lack or have without these. */
#define QSTATS_GET 12
#define A_IFINDEX 1
#define A_QUEUE_TYPE 2
#define A_QUEUE_ID 3
#define A_SCOPE 4
#define SCOPE_QUEUE 1

/* Attributes of each direction, 0: it has no such counter. */
static const struct counter {
	const char *name;
	uint16_t rx, tx;
} counters[] = {
	{ "packets", 8, 10 },
	{ "drops", 13, 24 },
	{ "overruns", 14, 0 },
	{ "csum-none", 17, 26 },
	{ "needs-csum", 0, 27 },
	{ "gso-packets", 19, 28 },
};
static const struct counter *counter = counters;

static char buf[65536];

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static size_t add(size_t at, uint16_t type, const void *data, uint16_t len)
{
	struct nlattr attr = { .nla_len = NLA_HDRLEN + len, .nla_type = type };

	memcpy(buf + at, &attr, sizeof(attr));
	memcpy(buf + at + NLA_HDRLEN, data, len);
	return at + NLA_HDRLEN + NLA_ALIGN(len);
}

static size_t begin(uint16_t family, uint16_t flags, uint8_t cmd)
{
	struct nlmsghdr head = { .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST | flags };
	struct genlmsghdr genl = { .cmd = cmd, .version = 1 };

	memset(buf, 0, 4096);
	memcpy(buf, &head, sizeof(head));
	memcpy(buf + NLMSG_HDRLEN, &genl, sizeof(genl));
	return NLMSG_HDRLEN + GENL_HDRLEN;
}

static int transmit(int fd, size_t len)
{
	((struct nlmsghdr *)buf)->nlmsg_len = len;
	return send(fd, buf, len, 0) == (ssize_t)len ? 0 : -1;
}

/* An attribute of the message as a number; 0 without it. */
static uint64_t number(const struct nlmsghdr *head, uint16_t type)
{
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
	const struct nlattr *attr;
	uint64_t value = 0;

	while (at + NLA_HDRLEN <= head->nlmsg_len) {
		attr = (const void *)((const char *)head + at);
		if (attr->nla_len < NLA_HDRLEN)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			memcpy(&value, attr + 1,
			       attr->nla_len - NLA_HDRLEN > 8 ? 8 : attr->nla_len - NLA_HDRLEN);
		at += NLA_ALIGN(attr->nla_len);
	}
	return value;
}

/* 0: there is none. */
static uint16_t find_family(int fd)
{
	size_t len = begin(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	ssize_t got;

	len = add(len, CTRL_ATTR_FAMILY_NAME, "netdev", sizeof("netdev"));
	if (transmit(fd, len))
		return 0;
	got = recv(fd, buf, sizeof(buf), 0);
	if (got < NLMSG_HDRLEN || ((struct nlmsghdr *)buf)->nlmsg_type == NLMSG_ERROR)
		return 0;
	return number((struct nlmsghdr *)buf, CTRL_ATTR_FAMILY_ID);
}

static int show(const struct nlmsghdr *head)
{
	uint32_t tx = number(head, A_QUEUE_TYPE);

	printf("%s %u %llu\n", tx ? "tx" : "rx", (unsigned int)number(head, A_QUEUE_ID),
	       (unsigned long long)number(head, tx ? counter->tx : counter->rx));
	return 0;
}

static int listen_for(int fd)
{
	struct nlmsghdr *head;
	ssize_t got;

	for (;;) {
		got = recv(fd, buf, sizeof(buf), 0);
		if (got < 0)
			return fail("recv");
		for (head = (void *)buf; NLMSG_OK(head, got); head = NLMSG_NEXT(head, got)) {
			if (head->nlmsg_type == NLMSG_DONE)
				return 0;
			if (head->nlmsg_type == NLMSG_ERROR) {
				errno = -((struct nlmsgerr *)NLMSG_DATA(head))->error;
				fprintf(stderr, "netdev family: %s\n", strerror(errno));
				return errno == EOPNOTSUPP ? 4 : 1;
			}
			show(head);
		}
	}
}

static const struct counter *find_counter(const char *name)
{
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		if (!strcmp(counters[i].name, name))
			return &counters[i];
	return NULL;
}

int main(int argc, char **argv)
{
	uint32_t index = argc > 1 ? if_nametoindex(argv[1]) : 0, scope = SCOPE_QUEUE;
	uint16_t family;
	size_t len;
	int fd;

	if (argc > 2)
		counter = find_counter(argv[2]);
	if (!index || !counter) {
		fprintf(stderr, "usage: netdev-qstats INTERFACE [packets|drops|overruns|csum-none|needs-csum|gso-packets]\n");
		return 2;
	}
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (fd < 0)
		return fail("socket");
	family = find_family(fd);
	if (!family)
		return 4;
	len = begin(family, NLM_F_DUMP, QSTATS_GET);
	len = add(len, A_IFINDEX, &index, sizeof(index));
	len = add(len, A_SCOPE, &scope, sizeof(scope));
	if (transmit(fd, len))
		return fail("send");
	return listen_for(fd);
}
