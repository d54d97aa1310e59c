// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that a device holds back. QEMU (seen with 11.1) hashes a packet that it
 * has read from one queue of its tap for the ring of another pair; finds no
 * buffer there; and reads nothing more from that queue of the tap until the ring
 * of the *same* number is notified, which has buffers and so asks for no
 * notification. Half of the flows stand still, for ever. The steering command
 * makes it look at all of them.
 *
 * So that is said again a moment after a ring had to be notified: just filled for
 * the first time, or found empty by the device. Devices that want to hear of every
 * buffer tell nothing by that, and are not bothered.
 */
#include <linux/rtnetlink.h>

#include "net.h"

#define AGAIN (HZ / 20)

/* Also from NAPI; at most every AGAIN. */
void vpv_net_held_look(struct vpv_net *vn)
{
	if (vpv_net_has(vn, VIRTIO_NET_F_RSS) && READ_ONCE(vn->sent_pairs) > 1 && vn->ctrl.q)
		schedule_delayed_work(&vn->held, AGAIN);
}

/* RTNL: pairs and table do not change in between. Who waits for this may hold it. */
static void held_work(struct work_struct *work)
{
	struct vpv_net *vn = container_of(to_delayed_work(work), struct vpv_net, held);

	if (!rtnl_trylock()) {
		schedule_delayed_work(&vn->held, AGAIN);
		return;
	}
	vpv_net_rss_repeat(vn);
	rtnl_unlock();
}

void vpv_net_held_init(struct vpv_net *vn)
{
	INIT_DELAYED_WORK(&vn->held, held_work);
}

/* The pairs are stopped. May hold RTNL. */
void vpv_net_held_stop(struct vpv_net *vn)
{
	cancel_delayed_work_sync(&vn->held);
}
