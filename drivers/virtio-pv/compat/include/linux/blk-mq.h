/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_BLK_MQ_H
#define VPV_COMPAT_LINUX_BLK_MQ_H

#include_next <linux/blk-mq.h>
#include <linux/sched/mm.h>
#include <vpv_compat.h>

#ifndef HAVE_BLK_MQ_MERGES_BY_DEFAULT
static inline int vpv_blk_mq_alloc_tag_set(struct blk_mq_tag_set *set)
{
	set->flags |= BLK_MQ_F_SHOULD_MERGE;
	return blk_mq_alloc_tag_set(set);
}
#define blk_mq_alloc_tag_set vpv_blk_mq_alloc_tag_set
#endif

#ifndef HAVE_BLK_RQ_MAP_SG_TWO_ARGS
#define blk_rq_map_sg(_rq, _sg) blk_rq_map_sg((_rq)->q, _rq, _sg)
#endif

#ifndef HAVE_BLK_MQ_MAP_HW_QUEUES
#include <linux/blk-mq-pci.h>
#include <linux/pci.h>

static inline void blk_mq_map_hw_queues(struct blk_mq_queue_map *map,
					struct device *dev, unsigned int offset)
{
	blk_mq_pci_map_queues(map, to_pci_dev(dev), offset);
}
#endif

#ifndef HAVE_QUEUE_RQS_RQ_LIST
#include <vpv_compat_rq_list.h>
#endif

#ifndef HAVE_BLK_MQ_ALLOC_DISK_LIMITS
#include <vpv_compat_limits.h>
#else
#ifndef HAVE_QUEUE_LIMITS_HW_ZONE_APPEND
#define max_hw_zone_append_sectors max_zone_append_sectors
#endif
#ifndef HAVE_QUEUE_LIMITS_COMMIT_FROZEN
static inline int queue_limits_commit_update_frozen(struct request_queue *q,
						    struct queue_limits *lim)
{
	int err;

	blk_mq_freeze_queue(q);
	err = queue_limits_commit_update(q, lim);
	blk_mq_unfreeze_queue(q);
	return err;
}
#endif
#endif

/* Last: the helpers above call the kernel's own. */
#ifndef HAVE_BLK_MQ_FREEZE_QUEUE_MEMFLAGS
static inline unsigned int vpv_blk_mq_freeze_queue(struct request_queue *q)
{
	unsigned int flags = memalloc_noio_save();

	blk_mq_freeze_queue(q);
	return flags;
}

static inline void vpv_blk_mq_unfreeze_queue(struct request_queue *q,
					     unsigned int flags)
{
	blk_mq_unfreeze_queue(q);
	memalloc_noio_restore(flags);
}
#define blk_mq_freeze_queue vpv_blk_mq_freeze_queue
#define blk_mq_unfreeze_queue vpv_blk_mq_unfreeze_queue
#endif

#endif /* VPV_COMPAT_LINUX_BLK_MQ_H */
