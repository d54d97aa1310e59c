// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses and routes are kept as the kernel's own messages and sent back with
 * the number of the new interface in them: nothing is lost by translation.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "vpv.h"

typedef void each_message(const struct nlmsghdr *nlh, void *ctx);

struct dump {
	each_message *each;
	void *ctx;
};

static int dump_message(const struct nlmsghdr *nlh, void *ctx)
{
	struct dump *dump = ctx;

	dump->each(nlh, dump->ctx);
	return MNL_CB_OK;
}

/* Sends one message and hands its answers to each(); 0 or -errno. */
static int ask(struct nlmsghdr *nlh, each_message *each, void *ctx)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct dump dump = { each, ctx };
	char buf[32768];
	int ret = -1;

	if (!nl)
		return -errno;
	nlh->nlmsg_seq = time(NULL);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		goto out;
	do {
		ret = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (ret > 0)
			ret = mnl_cb_run(buf, ret, nlh->nlmsg_seq, mnl_socket_get_portid(nl),
					 each ? dump_message : NULL, &dump);
	} while (ret > 0);
out:
	ret = ret < 0 ? -errno : 0;
	mnl_socket_close(nl);
	return ret;
}

static int dump(unsigned int type, unsigned char family, each_message *each, void *ctx)
{
	char buf[256] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtgenmsg *gen;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	/* as long as the longest header the kernel may check for */
	gen = mnl_nlmsg_put_extra_header(nlh, type == RTM_GETROUTE ? sizeof(struct rtmsg) :
							       sizeof(struct ifaddrmsg));
	gen->rtgen_family = family;
	return ask(nlh, each, ctx);
}

/* ---- keeping ---- */

struct keep {
	unsigned int index;
	json_t *list;
};

static json_t *hex_of(const void *data, size_t len)
{
	autofree char *text = malloc(len * 2 + 1);
	size_t i;

	if (!text)
		return json_null();
	text[0] = '\0';
	for (i = 0; i < len; i++)
		sprintf(text + i * 2, "%02x", ((const uint8_t *)data)[i]);
	return json_string(text);
}

static void keep_address(const struct nlmsghdr *nlh, void *ctx)
{
	const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(nlh);
	struct keep *keep = ctx;

	/* The kernel makes link-local addresses and those of router advertisements itself. */
	if (msg->ifa_index != keep->index ||
	    (msg->ifa_family == AF_INET6 && (msg->ifa_scope == RT_SCOPE_LINK ||
					     !(msg->ifa_flags & IFA_F_PERMANENT))))
		return;
	json_array_append_new(keep->list, hex_of(nlh, nlh->nlmsg_len));
}

static unsigned int route_interface(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct rtmsg))
		if (mnl_attr_get_type(attr) == RTA_OIF)
			return mnl_attr_get_u32(attr);
	return 0;
}

static void keep_route(const struct nlmsghdr *nlh, void *ctx)
{
	const struct rtmsg *msg = mnl_nlmsg_get_payload(nlh);
	struct keep *keep = ctx;

	if (route_interface(nlh) != keep->index || msg->rtm_protocol == RTPROT_KERNEL ||
	    msg->rtm_protocol == RTPROT_RA || msg->rtm_type != RTN_UNICAST ||
	    (msg->rtm_flags & RTM_F_CLONED))
		return;
	json_array_append_new(keep->list, hex_of(nlh, nlh->nlmsg_len));
}

json_t *rtnl_save(const char *ifname)
{
	struct keep addresses = { if_nametoindex(ifname), json_array() };
	struct keep routes = { addresses.index, json_array() };

	if (addresses.index) {
		dump(RTM_GETADDR, AF_UNSPEC, keep_address, &addresses);
		dump(RTM_GETROUTE, AF_INET, keep_route, &routes);
		dump(RTM_GETROUTE, AF_INET6, keep_route, &routes);
	}
	return json_pack("{so so}", "addresses", addresses.list, "routes", routes.list);
}

/* ---- giving back ---- */

static struct nlmsghdr *message_of(const char *hex)
{
	size_t len = strlen(hex) / 2, i;
	struct nlmsghdr *nlh;
	uint8_t *data;

	if (len < sizeof(*nlh) + sizeof(struct ifaddrmsg) || !(data = malloc(len)))
		return NULL;
	for (i = 0; i < len; i++)
		if (sscanf(hex + i * 2, "%2hhx", &data[i]) != 1)
			break;
	nlh = (struct nlmsghdr *)data;
	if (i < len || nlh->nlmsg_len != len) {
		free(data);
		return NULL;
	}
	return nlh;
}

static void set_interface(struct nlmsghdr *nlh, unsigned int index)
{
	struct nlattr *attr;

	if (nlh->nlmsg_type == RTM_NEWADDR) {
		((struct ifaddrmsg *)mnl_nlmsg_get_payload(nlh))->ifa_index = index;
		/* The kernel does duplicate detection anew; not for an address that passed it. */
		((struct ifaddrmsg *)mnl_nlmsg_get_payload(nlh))->ifa_flags |= IFA_F_NODAD;
		mnl_attr_for_each(attr, nlh, sizeof(struct ifaddrmsg))
			if (mnl_attr_get_type(attr) == IFA_FLAGS)
				*(uint32_t *)mnl_attr_get_payload(attr) |= IFA_F_NODAD;
		return;
	}
	mnl_attr_for_each(attr, nlh, sizeof(struct rtmsg))
		if (mnl_attr_get_type(attr) == RTA_OIF)
			*(uint32_t *)mnl_attr_get_payload(attr) = index;
}

static int send_back(const char *hex, unsigned int index)
{
	autofree struct nlmsghdr *nlh = hex ? message_of(hex) : NULL;
	int err;

	if (!nlh)
		return -EINVAL;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	nlh->nlmsg_pid = 0;
	set_interface(nlh, index);
	err = ask(nlh, NULL, NULL);
	return err == -EEXIST ? 0 : err;
}

/* Routes by way of other routes need those first: one more round helps. */
int rtnl_restore(const char *ifname, const json_t *saved, json_t *notes)
{
	unsigned int index = if_nametoindex(ifname);
	const json_t *entry;
	int round, err, failed = 0;
	size_t i;

	if (!index)
		return -ENODEV;
	json_array_foreach(json_object_get(saved, "addresses"), i, entry) {
		err = send_back(json_string_value(entry), index);
		if (err) {
			note(notes, "an address of %s was not set: %s", ifname, strerror(-err));
			failed = err;
		}
	}
	for (round = 0; round < 2; round++) {
		json_array_foreach(json_object_get(saved, "routes"), i, entry) {
			err = send_back(json_string_value(entry), index);
			if (!err || !round)
				continue;
			note(notes, "a route over %s was not set: %s", ifname, strerror(-err));
			failed = err;
		}
	}
	return failed;
}

/* ---- looking ---- */

struct look {
	unsigned int index;
	struct names found;
};

static void look_at_address(const struct nlmsghdr *nlh, void *ctx)
{
	const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct look *look = ctx;
	char text[INET6_ADDRSTRLEN];

	if (msg->ifa_index != look->index)
		return;
	mnl_attr_for_each(attr, nlh, sizeof(*msg)) {
		unsigned int type = mnl_attr_get_type(attr);

		if ((type != IFA_ADDRESS && type != IFA_LOCAL) ||
		    mnl_attr_get_payload_len(attr) < (msg->ifa_family == AF_INET ? 4 : 16))
			continue;
		if (inet_ntop(msg->ifa_family, mnl_attr_get_payload(attr), text, sizeof(text)) &&
		    !names_have(&look->found, text))
			names_add(&look->found, text);
	}
}

struct names rtnl_addresses(const char *ifname)
{
	struct look look = { if_nametoindex(ifname), { 0 } };

	if (look.index && !*sys_root)
		dump(RTM_GETADDR, AF_UNSPEC, look_at_address, &look);
	return look.found;
}

/* ---- links: what ioctls do as well as messages ---- */

static int link_ioctl(unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, request, ifr) < 0)
		err = -errno;
	close(fd);
	return err;
}

static bool named(struct ifreq *ifr, const char *ifname)
{
	memset(ifr, 0, sizeof(*ifr));
	if (strlen(ifname) >= sizeof(ifr->ifr_name))
		return false;
	strcpy(ifr->ifr_name, ifname);
	return true;
}

int link_rename(const char *from, const char *to)
{
	struct ifreq ifr;

	if (!named(&ifr, from) || strlen(to) >= sizeof(ifr.ifr_newname))
		return -EINVAL;
	strcpy(ifr.ifr_newname, to);
	return link_ioctl(SIOCSIFNAME, &ifr);
}

int link_set_flags(const char *ifname, unsigned int flags, unsigned int mask)
{
	struct ifreq ifr;
	int err;

	if (!named(&ifr, ifname))
		return -EINVAL;
	err = link_ioctl(SIOCGIFFLAGS, &ifr);
	if (err)
		return err;
	ifr.ifr_flags = (short)((ifr.ifr_flags & ~mask) | (flags & mask));
	return link_ioctl(SIOCSIFFLAGS, &ifr);
}

int link_set_mac(const char *ifname, const char *mac)
{
	uint8_t *to;
	struct ifreq ifr;

	if (!named(&ifr, ifname))
		return -EINVAL;
	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	to = (uint8_t *)ifr.ifr_hwaddr.sa_data;
	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &to[0], &to[1], &to[2], &to[3], &to[4],
		   &to[5]) != 6)
		return -EINVAL;
	return link_ioctl(SIOCSIFHWADDR, &ifr);
}

static int channels(const char *ifname, struct ethtool_channels *channels)
{
	struct ifreq ifr;

	if (!named(&ifr, ifname))
		return -EINVAL;
	ifr.ifr_data = (char *)channels;
	return link_ioctl(SIOCETHTOOL, &ifr);
}

int channels_get(const char *ifname, uint32_t counts[4])
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_GCHANNELS };
	int err = channels(ifname, &ch);

	counts[0] = ch.rx_count;
	counts[1] = ch.tx_count;
	counts[2] = ch.other_count;
	counts[3] = ch.combined_count;
	return err;
}

int channels_set(const char *ifname, const uint32_t counts[4])
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_SCHANNELS, .rx_count = counts[0],
				       .tx_count = counts[1], .other_count = counts[2],
				       .combined_count = counts[3] };

	return channels(ifname, &ch);
}
