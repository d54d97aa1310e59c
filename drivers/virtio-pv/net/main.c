// SPDX-License-Identifier: GPL-2.0-only
/* Module, features, probe and remove. */
#include <linux/rtnetlink.h>
#include <linux/virtio_ids.h>
#include <linux/slab.h>

#include "net.h"

static unsigned int vpv_net_notify = VPV_NOTIFY_DEFAULT;
module_param_cb(notify, &vpv_notify_ops, &vpv_net_notify, 0644);
MODULE_PARM_DESC(notify, VPV_NOTIFY_HELP);

static int vpv_net_probe(struct vpv_dev *vdev)
{
	struct vpv_net *vn;
	int err;

	vn = kvzalloc(sizeof(*vn), GFP_KERNEL);
	if (!vn)
		return -ENOMEM;
	vn->vdev = vdev;
	vdev->priv = vn;
	err = vpv_net_read_config(vdev, &vn->cfg);
	if (err)
		goto free;
	/* NET-053: larger only with features that are not accepted. */
	vn->hdr_len = sizeof(struct vpv_net_hdr);
	if (vpv_net_has(vn, VIRTIO_NET_F_HASH_REPORT))
		vn->hdr_len += sizeof(struct vpv_net_hash);
	vn->mergeable = vpv_net_has(vn, VIRTIO_NET_F_MRG_RXBUF);
	vn->nr_pairs = vpv_net_count_pairs(&vn->cfg);
	err = vpv_net_netdev_create(vn);
	if (err)
		goto free;
	err = vpv_net_pairs_create(vn);
	if (err)
		goto destroy_netdev;
	vpv_net_held_init(vn);
	err = vpv_net_ctrl_create(vn);
	if (err)
		goto destroy_pairs;
	vpv_net_mode_forget(vn);
	return 0;

destroy_pairs:
	vpv_net_pairs_destroy(vn);
destroy_netdev:
	vpv_net_netdev_destroy(vn);
free:
	kvfree(vn);
	return err;
}

static void vpv_net_remove(struct vpv_dev *vdev)
{
	struct vpv_net *vn = vdev->priv;

	vpv_net_ctrl_destroy(vn);
	vpv_net_devstat_end(vn);
	vpv_net_pairs_destroy(vn);
	vpv_net_netdev_destroy(vn);
	kvfree(vn);
}

/*
 * Packets longer than a frame come only with mergeable buffers: without, each
 * buffer would have to be 64 KiB for what is mostly 1500 bytes (NET-050).
 */
static const struct vpv_feature vpv_net_features[] = {
	VPV_FEATURE(VIRTIO_NET_F_CSUM),
	VPV_FEATURE(VIRTIO_NET_F_GUEST_CSUM),
	VPV_FEATURE_REQ(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE(VIRTIO_NET_F_MTU),
	VPV_FEATURE(VIRTIO_NET_F_MAC),
	VPV_FEATURE_REQ(VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM, VIRTIO_NET_F_MRG_RXBUF),
	VPV_FEATURE_REQ(VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM, VIRTIO_NET_F_MRG_RXBUF),
	VPV_FEATURE_REQ(VIRTIO_NET_F_GUEST_ECN, VIRTIO_NET_F_GUEST_TSO4),
	VPV_FEATURE_REQ(VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM),
	VPV_FEATURE_REQ(VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM),
	VPV_FEATURE_REQ(VIRTIO_NET_F_HOST_ECN, VIRTIO_NET_F_HOST_TSO4),
	VPV_FEATURE(VIRTIO_NET_F_MRG_RXBUF),
	VPV_FEATURE(VIRTIO_NET_F_STATUS),
	VPV_FEATURE(VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE_REQ(VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE_REQ(VIRTIO_NET_F_CTRL_VLAN, VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE_REQ(VIRTIO_NET_F_CTRL_RX_EXTRA, VIRTIO_NET_F_CTRL_VQ, VIRTIO_NET_F_CTRL_RX),
	VPV_FEATURE_REQ(VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE_REQ(VIRTIO_NET_F_MQ, VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE_REQ(VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE_REQ(VIRTIO_NET_F_DEVICE_STATS, VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE_REQ(VIRTIO_NET_F_VQ_NOTF_COAL, VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE_REQ(VIRTIO_NET_F_NOTF_COAL, VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE_REQ(VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_F_GUEST_CSUM, VIRTIO_NET_F_MRG_RXBUF),
	VPV_FEATURE_REQ(VIRTIO_NET_F_GUEST_USO6, VIRTIO_NET_F_GUEST_CSUM, VIRTIO_NET_F_MRG_RXBUF),
	VPV_FEATURE_REQ(VIRTIO_NET_F_HOST_USO, VIRTIO_NET_F_CSUM),
	VPV_FEATURE_REQ(VIRTIO_NET_F_HASH_REPORT, VIRTIO_NET_F_CTRL_VQ),
	VPV_FEATURE(VIRTIO_NET_F_GUEST_HDRLEN),
	VPV_FEATURE_REQ(VIRTIO_NET_F_RSS, VIRTIO_NET_F_CTRL_VQ, VIRTIO_NET_F_MQ),
	VPV_FEATURE(VIRTIO_NET_F_SPEED_DUPLEX),
};

static struct vpv_driver vpv_net_driver = {
	.name = "virtio_pv_net",
	.device_id = VIRTIO_ID_NET,
	.transitional_id = 0x1000,
	.features = vpv_net_features,
	.nr_features = ARRAY_SIZE(vpv_net_features),
	.probe = vpv_net_probe,
	.attach = vpv_net_attach,
	.detach = vpv_net_detach,
	.remove = vpv_net_remove,
	.quiesce = vpv_net_quiesce,
	.revalidate = vpv_net_revalidate,
	.resume = vpv_net_resume,
	.failed = vpv_net_failed,
	.drop = vpv_net_drop,
	.config_changed = vpv_net_config_changed,
	.outer_lock = rtnl_lock,
	.outer_unlock = rtnl_unlock,
	.queue_reset = true,
	.notify = &vpv_net_notify,
};
module_vpv_driver(vpv_net_driver);

MODULE_DESCRIPTION("Paravirtual network device (virtio-net) with few notifications");
MODULE_VERSION(VPV_VERSION);
MODULE_LICENSE("GPL");
