// SPDX-License-Identifier: GPL-2.0-only
/* Are a queue's limits handed over as a struct, features among them? Since 6.11 */
#include <linux/blk-mq.h>

struct gendisk *probe(struct blk_mq_tag_set *set);
struct gendisk *probe(struct blk_mq_tag_set *set)
{
#ifdef PROBE_NEW
	struct queue_limits lim = { .features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA };

	return blk_mq_alloc_disk(set, &lim, NULL);
#else
	struct gendisk *disk = blk_mq_alloc_disk(set, NULL);

	blk_queue_write_cache(disk->queue, true, true);
	return disk;
#endif
}
