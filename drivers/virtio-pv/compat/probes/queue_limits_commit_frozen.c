// SPDX-License-Identifier: GPL-2.0-only
/* Does committing limits freeze the queue itself when asked? Since 6.14 */
#include <linux/blk-mq.h>

int probe(struct request_queue *q, struct queue_limits *lim);
int probe(struct request_queue *q, struct queue_limits *lim)
{
#ifdef PROBE_NEW
	return queue_limits_commit_update_frozen(q, lim);
#else
	extern int queue_limits_commit_update_frozen;

	blk_mq_freeze_queue(q);
	return queue_limits_commit_update_frozen;
#endif
}
