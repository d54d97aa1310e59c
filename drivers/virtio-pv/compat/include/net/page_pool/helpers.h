/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_NET_PAGE_POOL_HELPERS_H
#define VPV_COMPAT_NET_PAGE_POOL_HELPERS_H

#include <vpv_compat.h>

#ifdef HAVE_PAGE_POOL_HELPERS_H
#include_next <net/page_pool/helpers.h>

/* A page that is not handed out in pieces. */
static inline struct page *vpv_page_pool_alloc_whole(struct page_pool *pool)
{
	return page_pool_dev_alloc_pages(pool);
}
#else
#include <net/page_pool.h>

/*
 * Old pools are not told which NAPI they belong to, and have to be told that
 * their pages are handed out in pieces.
 */
struct vpv_page_pool_params {
	unsigned int flags;
	unsigned int order;
	unsigned int pool_size;
	int nid;
	struct device *dev;
	struct napi_struct *napi;
	enum dma_data_direction dma_dir;
	unsigned int max_len;
	unsigned int offset;
};

static inline struct page_pool *
vpv_page_pool_create(const struct vpv_page_pool_params *params)
{
	struct page_pool_params old = {
		.flags = params->flags | PP_FLAG_PAGE_FRAG,
		.order = params->order,
		.pool_size = params->pool_size,
		.nid = params->nid,
		.dev = params->dev,
		.dma_dir = params->dma_dir,
		.max_len = params->max_len,
		.offset = params->offset,
	};

	return page_pool_create(&old);
}

static inline struct page *vpv_page_pool_alloc_whole(struct page_pool *pool)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	/* Of a pool of pieces: this one is a single piece. */
	if (page)
		page_pool_fragment_page(page, 1);
	return page;
}

#define page_pool_params vpv_page_pool_params
#define page_pool_create vpv_page_pool_create
#endif

#endif /* VPV_COMPAT_NET_PAGE_POOL_HELPERS_H */
