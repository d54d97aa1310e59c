// SPDX-License-Identifier: GPL-2.0-only
/* What the device offers, and its configuration space. */
#include <string.h>

#include "net.h"

static const struct {
	const char *name;
	unsigned int bit;
} names[] = {
	{ "csum", NET_F_CSUM },
	{ "guest-csum", NET_F_GUEST_CSUM },
	{ "guest-offloads", NET_F_CTRL_GUEST_OFFLOADS },
	{ "mtu", NET_F_MTU },
	{ "mac", NET_F_MAC },
	{ "guest-tso4", NET_F_GUEST_TSO4 },
	{ "guest-tso6", NET_F_GUEST_TSO6 },
	{ "guest-ecn", NET_F_GUEST_ECN },
	{ "tso4", NET_F_HOST_TSO4 },
	{ "tso6", NET_F_HOST_TSO6 },
	{ "ecn", NET_F_HOST_ECN },
	{ "mergeable", NET_F_MRG_RXBUF },
	{ "status", NET_F_STATUS },
	{ "ctrl", NET_F_CTRL_VQ },
	{ "rx", NET_F_CTRL_RX },
	{ "vlan", NET_F_CTRL_VLAN },
	{ "rx-extra", NET_F_CTRL_RX_EXTRA },
	{ "announce", NET_F_GUEST_ANNOUNCE },
	{ "mq", NET_F_MQ },
	{ "set-mac", NET_F_CTRL_MAC_ADDR },
	{ "stats", NET_F_DEVICE_STATS },
	{ "queue-coal", NET_F_VQ_NOTF_COAL },
	{ "coal", NET_F_NOTF_COAL },
	{ "guest-uso4", NET_F_GUEST_USO4 },
	{ "guest-uso6", NET_F_GUEST_USO6 },
	{ "uso", NET_F_HOST_USO },
	{ "hash", NET_F_HASH_REPORT },
	{ "hdrlen", NET_F_GUEST_HDRLEN },
	{ "rss", NET_F_RSS },
	{ "speed", NET_F_SPEED_DUPLEX },
};

#define NR_NAMES (sizeof(names) / sizeof(names[0]))

static uint64_t offer, without;
static bool have_offer;
static struct net_config config = {
	.mac = { 0x52, 0x54, 0x00, 0x76, 0x75, 0x01 },
	.status = NET_S_LINK_UP,
	.max_pairs = 1,
	.mtu = 1500,
	.speed = 10000,
	.duplex = 1,
	.key_size = 40,
	.table_len = 128,
	.hash_types = 0x3f,
};

static int read_names(const char *list, uint64_t *mask)
{
	while (*list) {
		size_t len = strcspn(list, ","), i;

		for (i = 0; i < NR_NAMES; i++)
			if (strlen(names[i].name) == len && !strncmp(names[i].name, list, len))
				break;
		if (i == NR_NAMES)
			return -1;
		*mask |= VU_BIT(names[i].bit);
		list += len + !!list[len];
	}
	return 0;
}

static int set_offer(struct vu_dev *dev, const char *v)
{
	(void)dev;
	have_offer = true;
	return read_names(v, &offer);
}

static int set_without(struct vu_dev *dev, const char *v)
{
	(void)dev;
	return read_names(v, &without);
}

static int set_pairs(struct vu_dev *dev, const char *v)
{
	uint64_t n;

	(void)dev;
	if (!vu_number(v, &n) || !n || n > NET_MAX_PAIRS)
		return -1;
	net.max_pairs = n;
	return 0;
}

static int set_mac(struct vu_dev *dev, const char *v)
{
	uint8_t *m = config.mac;

	(void)dev;
	return sscanf(v, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4,
		      m + 5) == 6 ? 0 : -1;
}

static int set_mtu(struct vu_dev *dev, const char *v)
{
	uint64_t n;

	(void)dev;
	if (!vu_number(v, &n) || n > UINT16_MAX)
		return -1;
	config.mtu = n;
	return 0;
}

const struct vu_option net_config_options[] = {
	{ "pairs", "N", "queue pairs", set_pairs },
	{ "mac", "ADDRESS", "of the guest", set_mac },
	{ "mtu", "N", "largest packet (default 1500)", set_mtu },
	{ "offer", "LIST", "offer these and no others: csum,mtu,... (default: all but rss,hash)",
	  set_offer },
	{ "without", "LIST", "offer all but these", set_without },
	{ 0 }
};

int net_config_start(struct vu_dev *dev)
{
	uint64_t all = 0;

	for (size_t i = 0; i < NR_NAMES; i++)
		all |= VU_BIT(names[i].bit);
	if (!net.max_pairs)
		net.max_pairs = 1;
	if (!have_offer)
		offer = all & ~(VU_BIT(NET_F_RSS) | VU_BIT(NET_F_HASH_REPORT));
	if (net.max_pairs == 1)
		offer &= ~(VU_BIT(NET_F_MQ) | VU_BIT(NET_F_RSS));
	dev->offered |= offer & ~without;
	config.max_pairs = net.max_pairs;
	memcpy(dev->config, &config, sizeof(config));
	dev->config_size = sizeof(config);
	net.config = (void *)dev->config;
	return 0;
}

/* ---- commands ---- */

static bool set_field(const char *name, uint64_t v)
{
	struct net_config *c = net.config;

	if (!strcmp(name, "status"))
		c->status = v;
	else if (!strcmp(name, "pairs"))
		c->max_pairs = v;
	else if (!strcmp(name, "mtu"))
		c->mtu = v;
	else if (!strcmp(name, "speed"))
		c->speed = v;
	else if (!strcmp(name, "duplex"))
		c->duplex = v;
	else if (!strcmp(name, "key-size"))
		c->key_size = v;
	else if (!strcmp(name, "table-len"))
		c->table_len = v;
	else if (!strcmp(name, "hash-types"))
		c->hash_types = v;
	else if (!strcmp(name, "mac"))
		for (int i = 0; i < 6; i++)
			c->mac[i] = v >> 8 * (5 - i);
	else
		return false;
	return true;
}

static const char *cmd_config(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	uint64_t v;

	(void)out;
	if (argc != 3 || !vu_number(argv[2], &v) || !set_field(argv[1], v))
		return "config wants status|pairs|mtu|speed|duplex|key-size|table-len|hash-types|mac N";
	vu_config_changed(dev);
	return NULL;
}

/* Announcements stay asked for until they are acknowledged. */
static const char *cmd_link(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	struct net_config *c = net.config;

	(void)out;
	if (argc != 2)
		return "link wants up, down or announce";
	if (!strcmp(argv[1], "up"))
		c->status |= NET_S_LINK_UP;
	else if (!strcmp(argv[1], "down"))
		c->status &= ~NET_S_LINK_UP;
	else if (!strcmp(argv[1], "announce"))
		c->status |= NET_S_ANNOUNCE;
	else
		return "link wants up, down or announce";
	vu_config_changed(dev);
	return NULL;
}

const struct vu_command net_config_command = {
	"config", "FIELD N", "a field of the configuration says N, whatever is true", cmd_config
};

const struct vu_command net_link_command = {
	"link", "up|down|announce", "the link's state; ask for announcements", cmd_link
};
