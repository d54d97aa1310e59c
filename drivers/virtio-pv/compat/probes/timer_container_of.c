// SPDX-License-Identifier: GPL-2.0-only
/* Has from_timer() got its new name? Since 6.16 */
#include <linux/timer.h>

struct probe { struct timer_list timer; };

void probe(struct timer_list *t);
void probe(struct timer_list *t)
{
#ifdef PROBE_NEW
	struct probe *p = timer_container_of(p, t, timer);
#else
	struct probe *p = from_timer(p, t, timer);
#endif

	timer_delete_sync(&p->timer);
}
