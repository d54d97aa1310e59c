// SPDX-License-Identifier: GPL-2.0-only
/* Carrier, speed, and announcements after a move to another host. */
#include "net.h"

void vpv_net_link_update(struct vpv_net *vn)
{
	if (READ_ONCE(vn->cfg.link_up) && !vn->stopped)
		netif_carrier_on(vn->dev);
	else
		netif_carrier_off(vn->dev);
}

/* Under ctrl.lock. The device asks until it is told that it was done (NET-076). */
int vpv_net_announce_sync(struct vpv_net *vn)
{
	int err;

	if (!vn->ctrl.ack_owed)
		return 0;
	err = vpv_net_ctrl_add(vn, VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK, NULL, 0);
	vn->ctrl.ack_owed = err;
	return err;
}

/* NET-075 */
static void announce(struct vpv_net *vn)
{
	__netdev_notify_peers(vn->dev);
	spin_lock_irq(&vn->ctrl.lock);
	vn->ctrl.ack_owed = true;
	vpv_net_announce_sync(vn);
	spin_unlock_irq(&vn->ctrl.lock);
	vpv_net_ctrl_flush(vn);
}

/* Under RTNL and the device's mutex. */
void vpv_net_config_changed(struct vpv_dev *vdev)
{
	struct vpv_net *vn = vdev->priv;
	struct vpv_net_config now;

	if (vpv_net_read_config(vdev, &now))
		return;
	WRITE_ONCE(vn->cfg.link_up, now.link_up);
	WRITE_ONCE(vn->cfg.speed, now.speed);
	WRITE_ONCE(vn->cfg.duplex, now.duplex);
	vpv_net_link_update(vn);
	if (now.announce)
		announce(vn);
}
