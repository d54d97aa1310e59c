// SPDX-License-Identifier: GPL-2.0-only
/* Is a plugged batch a struct rq_list? Since 6.13 */
#include <linux/blk-mq.h>

struct blk_mq_ops probe_ops;

#ifdef PROBE_NEW
void probe(struct rq_list *batch);
void probe(struct rq_list *batch)
{
	probe_ops.queue_rqs = probe;
	rq_list_add_tail(batch, rq_list_pop(batch));
}
#else
void probe(struct request **batch);
void probe(struct request **batch)
{
	probe_ops.queue_rqs = probe;
	rq_list_add(batch, rq_list_pop(batch));
}
#endif
