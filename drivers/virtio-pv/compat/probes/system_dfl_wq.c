// SPDX-License-Identifier: GPL-2.0-only
/* Is the unbound workqueue of the system called system_dfl_wq? Since 6.18, and 6.12.117 */
#include <linux/workqueue.h>

void probe(struct work_struct *work);
void probe(struct work_struct *work)
{
#ifdef PROBE_NEW
	queue_work(system_dfl_wq, work);
#else
	queue_work(system_unbound_wq, work);
#endif
}
