// SPDX-License-Identifier: GPL-2.0-only
/* Does a request know its queue when it is mapped? Since 6.14 */
#include <linux/blk-mq.h>

int probe(struct request *rq, struct scatterlist *sg);
int probe(struct request *rq, struct scatterlist *sg)
{
#ifdef PROBE_NEW
	return blk_rq_map_sg(rq, sg);
#else
	return blk_rq_map_sg(rq->q, rq, sg);
#endif
}
