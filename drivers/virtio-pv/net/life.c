// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stop and start around a reset, whatever it is for: recovery, suspend, a PCI
 * reset. The core calls these under RTNL and the device's mutex. The interface stays what
 * it was; packets that were with the device are lost, as on any network, and the
 * device is told anew all that it forgot.
 */
#include "net.h"

void vpv_net_quiesce(struct vpv_dev *vdev)
{
	struct vpv_net *vn = vdev->priv;

	if (!vn->stopped) {
		vn->stopped = true;
		netif_device_detach(vn->dev);
		vpv_net_pairs_stop(vn, 0, vn->nr_pairs);
	}
	vpv_net_ctrl_stop(vn);
}

int vpv_net_revalidate(struct vpv_dev *vdev)
{
	struct vpv_net *vn = vdev->priv;
	struct vpv_net_config now;
	int err;

	err = vpv_net_read_config(vdev, &now);
	if (!err)
		err = vpv_net_same_config(vdev, &vn->cfg, &now);
	if (err)
		return err;
	WRITE_ONCE(vn->cfg.link_up, now.link_up);
	return 0;
}

void vpv_net_resume(struct vpv_dev *vdev)
{
	struct vpv_net *vn = vdev->priv;

	vn->stopped = false;
	/* The number of pairs is among it, and no packet goes to another before. */
	vpv_net_ctrl_start(vn);
	if (vn->open)
		vpv_net_pairs_start(vn, 0, vn->cur_pairs);
	netif_device_attach(vn->dev);
	vpv_net_link_update(vn);
}

/* Nothing will ever be sent again: no carrier, so that queued packets go. */
void vpv_net_failed(struct vpv_dev *vdev)
{
	struct vpv_net *vn = vdev->priv;

	netif_carrier_off(vn->dev);
}

void vpv_net_drop(struct vpv_queue *q, void *token, bool retry)
{
	struct vpv_net *vn = q->vdev->priv;

	if (q == vn->ctrl.q)
		vpv_net_ctrl_drop(vn, token);
	else if (q->index & 1)
		vpv_net_tx_drop(q->ctx, token);
	else
		vpv_net_rx_drop(q->ctx, token);
}
