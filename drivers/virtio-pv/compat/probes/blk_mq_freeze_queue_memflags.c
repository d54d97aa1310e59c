// SPDX-License-Identifier: GPL-2.0-only
/* Does freezing a queue also stop I/O for memory? Since 6.14 */
#include <linux/blk-mq.h>

void probe(struct request_queue *q);
void probe(struct request_queue *q)
{
#ifdef PROBE_NEW
	blk_mq_unfreeze_queue(q, blk_mq_freeze_queue(q));
#else
	blk_mq_freeze_queue(q);
	blk_mq_unfreeze_queue(q);
#endif
}
