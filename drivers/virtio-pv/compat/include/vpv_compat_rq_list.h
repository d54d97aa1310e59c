/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plugged batch of requests, for kernels where it is a bare chain: there the
 * block layer passes a pointer to the first request's pointer, and that is what
 * "struct rq_list *" becomes, so that a driver's queue_rqs() has the right type.
 *
 * Lists of one's own begin with rq_list_init(). The batch comes newest first on
 * these kernels.
 */
#ifndef VPV_COMPAT_RQ_LIST_H
#define VPV_COMPAT_RQ_LIST_H

#define rq_list request *

#undef rq_list_add_tail
#undef rq_list_empty
#undef rq_list_peek
#undef rq_list_pop

static inline void rq_list_init(struct request **list)
{
	*list = NULL;
}

static inline bool rq_list_empty(struct request *const *list)
{
	return !*list;
}

static inline struct request *rq_list_peek(struct request *const *list)
{
	return *list;
}

static inline struct request *rq_list_pop(struct request **list)
{
	struct request *rq = *list;

	if (rq) {
		*list = rq->rq_next;
		rq->rq_next = NULL;
	}
	return rq;
}

static inline void rq_list_add_head(struct request **list, struct request *rq)
{
	rq->rq_next = *list;
	*list = rq;
}

/* Walks the list: a plugged batch has a few dozen requests at most. */
static inline void rq_list_add_tail(struct request **list, struct request *rq)
{
	while (*list)
		list = &(*list)->rq_next;
	rq->rq_next = NULL;
	*list = rq;
}

#endif /* VPV_COMPAT_RQ_LIST_H */
