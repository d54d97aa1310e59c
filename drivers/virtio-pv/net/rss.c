// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive side scaling and hashes (5.1.9.5.6.4, 5.1.9.5.7): which packet goes to
 * which pair, by a hash of its addresses and a table. With RSS its command also
 * sets the number of pairs; without, a device may report hashes all the same.
 *
 * The wish is written under RTNL and ctrl.lock, so either is enough to read it.
 */
#include "net.h"

/* What both commands have in front; the second has "reserved" from @mask on. */
struct vpv_net_wire_rss {
	__le32 types;
	__le16 mask;
	__le16 unclassified;
	__le16 table[];
} __packed;

#define TYPES_IPV4 VIRTIO_NET_RSS_HASH_TYPE_IPv4
#define TYPES_IPV6 VIRTIO_NET_RSS_HASH_TYPE_IPv6
#define TYPES_KNOWN GENMASK(8, 0)
#define FIELDS_IP (RXH_IP_SRC | RXH_IP_DST)
#define FIELDS_PORTS (RXH_L4_B_0_1 | RXH_L4_B_2_3)

static bool can_steer(const struct vpv_net *vn)
{
	return vpv_net_has(vn, VIRTIO_NET_F_RSS);
}

static bool can_hash(const struct vpv_net *vn)
{
	return can_steer(vn) || vpv_net_has(vn, VIRTIO_NET_F_HASH_REPORT);
}

/* ---- to the device ---- */

static void default_table(struct vpv_net_rss *rss, unsigned int pairs)
{
	for (unsigned int i = 0; i < rss->table_len; i++)
		rss->table[i] = ethtool_rxfh_indir_default(i, pairs);
}

static size_t pack_trailer(const struct vpv_net_rss *rss, u16 max_tx, u8 *to)
{
	__le16 max_tx_vq = cpu_to_le16(max_tx);

	memcpy(to, &max_tx_vq, sizeof(max_tx_vq));
	to[2] = sizeof(rss->key);
	memcpy(to + 3, rss->key, sizeof(rss->key));
	return 3 + sizeof(rss->key);
}

static size_t pack_steering(const struct vpv_net_rss *rss, unsigned int pairs, void *to)
{
	struct vpv_net_wire_rss *wire = to;
	size_t len = sizeof(*wire) + rss->table_len * sizeof(wire->table[0]);

	wire->types = cpu_to_le32(rss->types);
	wire->mask = cpu_to_le16(rss->table_len - 1);
	wire->unclassified = 0;
	for (unsigned int i = 0; i < rss->table_len; i++)
		wire->table[i] = cpu_to_le16(rss->table[i]);
	return len + pack_trailer(rss, pairs, to + len);
}

/* As the other with a table of one entry and no queues, all zero. */
static size_t pack_hash(const struct vpv_net_rss *rss, void *to)
{
	struct vpv_net_wire_rss *wire = to;
	size_t len = sizeof(*wire) + sizeof(wire->table[0]);

	memset(wire, 0, len);
	wire->types = cpu_to_le32(rss->types);
	return len + pack_trailer(rss, 0, to + len);
}

/* The command for @pairs pairs, into VPV_NET_CTRL_PAYLOAD bytes. */
static size_t pack(struct vpv_net *vn, unsigned int pairs, u8 *cmd, void *to)
{
	*cmd = can_steer(vn) ? VIRTIO_NET_CTRL_MQ_RSS_CONFIG : VIRTIO_NET_CTRL_MQ_HASH_CONFIG;
	return can_steer(vn) ? pack_steering(&vn->rss, pairs, to) : pack_hash(&vn->rss, to);
}

static int tell(struct vpv_net *vn, unsigned int pairs)
{
	u8 data[VPV_NET_RSS_BYTES], cmd;
	size_t len;

	spin_lock_irq(&vn->ctrl.lock);
	len = pack(vn, pairs, &cmd, data);
	spin_unlock_irq(&vn->ctrl.lock);
	return vpv_net_ctrl_exec(vn, VIRTIO_NET_CTRL_MQ, cmd, data, len);
}

static int tell_pairs(struct vpv_net *vn, unsigned int nr)
{
	__le16 pairs = cpu_to_le16(nr);

	if (!vpv_net_has(vn, VIRTIO_NET_F_MQ))
		return 0;
	return vpv_net_ctrl_exec(vn, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET,
				 &pairs, sizeof(pairs));
}

/* A table of the user's own stays; ethtool does not let it point beyond @nr. */
int vpv_net_rss_set_pairs(struct vpv_net *vn, unsigned int nr)
{
	int err;

	if (!can_steer(vn)) {
		err = tell_pairs(vn, nr);
	} else {
		spin_lock_irq(&vn->ctrl.lock);
		if (!netif_is_rxfh_configured(vn->dev))
			default_table(&vn->rss, nr);
		spin_unlock_irq(&vn->ctrl.lock);
		err = tell(vn, nr);
		/* It names pairs that are not enabled (NET-082): not to be said again. */
		if (err && !netif_is_rxfh_configured(vn->dev)) {
			spin_lock_irq(&vn->ctrl.lock);
			default_table(&vn->rss, vn->cur_pairs);
			spin_unlock_irq(&vn->ctrl.lock);
		}
	}
	if (!err)
		vn->sent_pairs = nr;
	return err;
}

/* At the start: what a device does with one pair and no command may differ. */
void vpv_net_rss_begin(struct vpv_net *vn)
{
	int err;

	if (!can_hash(vn) || (can_steer(vn) && vn->sent_pairs > 1))
		return;
	err = tell(vn, vn->cur_pairs);
	if (err)
		netdev_warn(vn->dev, "device takes no hash configuration: error %d\n", err);
}

int vpv_net_rss_sync(struct vpv_net *vn)
{
	__le16 pairs = cpu_to_le16(vn->cur_pairs);
	u8 data[VPV_NET_RSS_BYTES], cmd;
	size_t len;
	int err = 0;

	if (!can_steer(vn) && vn->sent_pairs != vn->cur_pairs && vpv_net_has(vn, VIRTIO_NET_F_MQ))
		err = vpv_net_ctrl_add(vn, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET,
				       &pairs, sizeof(pairs));
	if (!err)
		vn->sent_pairs = vn->cur_pairs;
	if (err || vn->rss.sent || !can_hash(vn))
		return err;
	len = pack(vn, vn->cur_pairs, &cmd, data);
	err = vpv_net_ctrl_add(vn, VIRTIO_NET_CTRL_MQ, cmd, data, len);
	vn->rss.sent = !err;
	return err;
}

/* RTNL. The device knows it all, but looks at its queues when it hears it. */
void vpv_net_rss_repeat(struct vpv_net *vn)
{
	spin_lock_irq(&vn->ctrl.lock);
	if (!vn->ctrl.stopped) {
		vn->rss.sent = false;
		if (vpv_net_rss_sync(vn))
			vn->ctrl.starved = true;
	}
	spin_unlock_irq(&vn->ctrl.lock);
	vpv_net_ctrl_flush(vn);
}

void vpv_net_rss_forget(struct vpv_net *vn)
{
	vn->sent_pairs = 1;
	vn->rss.sent = false;
}

void vpv_net_rss_init(struct vpv_net *vn)
{
	struct vpv_net_rss *rss = &vn->rss;

	rss->sent = true;
	if (!can_hash(vn))
		return;
	BUILD_BUG_ON(VPV_NET_RSS_BYTES > VPV_NET_CTRL_PAYLOAD);
	rss->supported = vn->cfg.hash_types & TYPES_KNOWN;
	rss->types = rss->supported;
	netdev_rss_key_fill(rss->key, sizeof(rss->key));
	rss->table_len = can_steer(vn) ? vn->cfg.rss_table : 0;
	default_table(rss, 1);
	if (!vpv_net_has(vn, VIRTIO_NET_F_HASH_REPORT))
		return;
	vn->dev->hw_features |= NETIF_F_RXHASH;
	vn->dev->features |= NETIF_F_RXHASH;
}

/* ---- ethtool; RTNL ---- */

u32 vpv_net_rss_rings(struct net_device *dev)
{
	return vpv_net_of(dev)->cur_pairs;
}

u32 vpv_net_rss_key_size(struct net_device *dev)
{
	return can_hash(vpv_net_of(dev)) ? sizeof_field(struct vpv_net_rss, key) : 0;
}

u32 vpv_net_rss_table_size(struct net_device *dev)
{
	return vpv_net_of(dev)->rss.table_len;
}

int vpv_net_rss_get(struct net_device *dev, struct ethtool_rxfh_param *param)
{
	struct vpv_net *vn = vpv_net_of(dev);

	if (param->indir)
		for (unsigned int i = 0; i < vn->rss.table_len; i++)
			param->indir[i] = vn->rss.table[i];
	if (param->key)
		memcpy(param->key, vn->rss.key, sizeof(vn->rss.key));
	param->hfunc = ETH_RSS_HASH_TOP;
	return 0;
}

/* On failure the device has what it had. */
static int change(struct vpv_net *vn, const struct vpv_net_rss *want)
{
	struct vpv_net_rss old = vn->rss;
	int err;

	if (vn->stopped)
		return -EBUSY;
	spin_lock_irq(&vn->ctrl.lock);
	vn->rss = *want;
	spin_unlock_irq(&vn->ctrl.lock);
	err = tell(vn, vn->cur_pairs);
	if (!err)
		return 0;
	spin_lock_irq(&vn->ctrl.lock);
	vn->rss = old;
	spin_unlock_irq(&vn->ctrl.lock);
	netdev_err(vn->dev, "device does not take the hash configuration: error %d\n", err);
	return err;
}

int vpv_net_rss_set(struct net_device *dev, struct ethtool_rxfh_param *param,
		    struct netlink_ext_ack *extack)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct vpv_net_rss want = vn->rss;

	if (!can_hash(vn))
		return -EOPNOTSUPP;
	if (param->hfunc != ETH_RSS_HASH_NO_CHANGE && param->hfunc != ETH_RSS_HASH_TOP) {
		NL_SET_ERR_MSG_MOD(extack, "the hash is Toeplitz");
		return -EOPNOTSUPP;
	}
	if (param->indir)
		for (unsigned int i = 0; i < want.table_len; i++)
			want.table[i] = param->indir[i];
	if (param->key)
		memcpy(want.key, param->key, sizeof(want.key));
	return change(vn, &want);
}

/* Bits of the addresses and of the ports; 0: there is no such hash. */
static u32 flow_types(u32 flow, u32 *ports)
{
	*ports = 0;
	switch (flow) {
	case TCP_V4_FLOW:
		*ports = VIRTIO_NET_RSS_HASH_TYPE_TCPv4;
		return TYPES_IPV4;
	case UDP_V4_FLOW:
		*ports = VIRTIO_NET_RSS_HASH_TYPE_UDPv4;
		return TYPES_IPV4;
	case IPV4_FLOW:
		return TYPES_IPV4;
	case TCP_V6_FLOW:
		*ports = VIRTIO_NET_RSS_HASH_TYPE_TCPv6;
		return TYPES_IPV6;
	case UDP_V6_FLOW:
		*ports = VIRTIO_NET_RSS_HASH_TYPE_UDPv6;
		return TYPES_IPV6;
	case IPV6_FLOW:
		return TYPES_IPV6;
	default:
		return 0;
	}
}

int vpv_net_rss_get_fields(struct net_device *dev, struct ethtool_rxfh_fields *fields)
{
	struct vpv_net *vn = vpv_net_of(dev);
	u32 ports, addresses = flow_types(fields->flow_type, &ports);

	fields->data = 0;
	if (vn->rss.types & addresses)
		fields->data |= FIELDS_IP;
	if (vn->rss.types & ports)
		fields->data |= FIELDS_IP | FIELDS_PORTS;
	return 0;
}

int vpv_net_rss_set_fields(struct net_device *dev, const struct ethtool_rxfh_fields *fields,
			   struct netlink_ext_ack *extack)
{
	struct vpv_net *vn = vpv_net_of(dev);
	struct vpv_net_rss want = vn->rss;
	u32 ports, addresses = flow_types(fields->flow_type, &ports);

	if (!addresses)
		return -EOPNOTSUPP;
	want.types &= ~ports;
	if (fields->data == (FIELDS_IP | FIELDS_PORTS) && ports)
		want.types |= addresses | ports;
	else if (fields->data == FIELDS_IP)
		want.types |= addresses;
	else if (!fields->data && !ports)
		want.types &= ~addresses;
	else
		return -EINVAL;
	if (want.types & ~want.supported) {
		NL_SET_ERR_MSG_MOD(extack, "the device has no such hash");
		return -EOPNOTSUPP;
	}
	return change(vn, &want);
}

int vpv_net_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info, u32 *rules)
{
	struct ethtool_rxfh_fields fields = { .flow_type = info->flow_type };
	int err;

	switch (info->cmd) {
	case ETHTOOL_GRXRINGS:
		info->data = vpv_net_rss_rings(dev);
		return 0;
	case ETHTOOL_GRXFH:
		err = vpv_net_rss_get_fields(dev, &fields);
		info->data = fields.data;
		return err;
	default:
		return -EOPNOTSUPP;
	}
}

int vpv_net_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info)
{
	struct ethtool_rxfh_fields fields = { .flow_type = info->flow_type, .data = info->data };

	return info->cmd == ETHTOOL_SRXFH ? vpv_net_rss_set_fields(dev, &fields, NULL) :
					    -EOPNOTSUPP;
}
