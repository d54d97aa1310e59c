// SPDX-License-Identifier: GPL-2.0-only
/* Does blk_mq_alloc_disk() take the queue limits? Yes since 6.9. */
#include <linux/blk-mq.h>

struct gendisk *probe(struct blk_mq_tag_set *set, struct queue_limits *lim);
struct gendisk *probe(struct blk_mq_tag_set *set, struct queue_limits *lim)
{
#ifdef PROBE_NEW
	return blk_mq_alloc_disk(set, lim, NULL);
#else
	return blk_mq_alloc_disk(set, NULL);
#endif
}
