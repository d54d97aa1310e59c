// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of pages held for the host. The larger a block, the more likely is the
 * host to get a huge page back, so blocks are as large as memory allows, and a
 * small deflation takes small blocks first. One block has page.private for its
 * order and page.lru for its list.
 */
#include <linux/gfp.h>

#include "balloon.h"

void vpv_bal_pages_init(struct vpv_bal *vb)
{
	unsigned int order;

	spin_lock_init(&vb->pages_lock);
	for (order = 0; order < VPV_BAL_ORDERS; order++)
		INIT_LIST_HEAD(&vb->blocks[order]);
}

/* No page of a balloon is to be dumped, hibernated or brought offline. */
static void mark(struct page *page, unsigned int order, bool offline)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i++)
		if (offline)
			__SetPageOffline(page + i);
		else
			__ClearPageOffline(page + i);
}

/* Large blocks are taken where they lie ready; only single pages are reclaimed for. */
struct page *vpv_bal_block_alloc(unsigned long pages, unsigned int *order)
{
	const gfp_t gfp = GFP_HIGHUSER | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	struct page *page = NULL;
	int o;

	for (o = min_t(int, *order, ilog2(pages)); o >= 0 && !page; o--) {
		page = alloc_pages(o ? gfp & ~__GFP_DIRECT_RECLAIM : gfp, o);
		if (page)
			*order = o;
	}
	if (!page)
		return NULL;
	if (page_to_pfn(page) + (1UL << *order) > U32_MAX / VPV_BAL_PER_PAGE) {
		__free_pages(page, *order);	/* 32 bits of number do not reach there */
		return NULL;
	}
	set_page_private(page, *order);
	mark(page, *order, true);
	return page;
}

unsigned long vpv_bal_block_pages(const struct page *page)
{
	return 1UL << page_private(page);
}

/* Memory given away is no memory of the guest's, unless it can have it back. */
static void adjust_managed(struct vpv_bal *vb, struct page *page, long pages)
{
	if (!vpv_has_feature(vb->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM))
		adjust_managed_page_count(page, pages);
}

/* The allocator initialises the pages as the guest's configuration has it. */
void vpv_bal_block_free(struct vpv_bal *vb, struct page *page)
{
	unsigned int order = page_private(page);

	mark(page, order, false);
	set_page_private(page, 0);
	__free_pages(page, order);
}

void vpv_bal_block_keep(struct vpv_bal *vb, struct page *page)
{
	unsigned int order = page_private(page);
	unsigned long flags;

	adjust_managed(vb, page, -(1L << order));
	spin_lock_irqsave(&vb->pages_lock, flags);
	list_add(&page->lru, &vb->blocks[order]);
	vb->count[order]++;
	vb->held += 1UL << order;
	spin_unlock_irqrestore(&vb->pages_lock, flags);
}

static struct page *take_of_order(struct vpv_bal *vb, unsigned int order)
{
	struct page *page;

	page = list_first_entry_or_null(&vb->blocks[order], struct page, lru);
	if (!page)
		return NULL;
	list_del(&page->lru);
	vb->count[order]--;
	vb->held -= 1UL << order;
	return page;
}

/* A block too large for what is wanted becomes single pages. */
static void split_one(struct vpv_bal *vb, unsigned int order)
{
	struct page *page = take_of_order(vb, order);
	unsigned long i;

	set_page_private(page, 0);
	split_page(page, order);
	for (i = 0; i < 1UL << order; i++) {
		set_page_private(page + i, 0);
		list_add(&page[i].lru, &vb->blocks[0]);
	}
	vb->count[0] += 1UL << order;
	vb->held += 1UL << order;
}

static struct page *take_locked(struct vpv_bal *vb, unsigned long pages)
{
	unsigned int order, smallest = VPV_BAL_ORDERS;
	struct page *page;

	for (order = 0; order < VPV_BAL_ORDERS; order++) {
		if (list_empty(&vb->blocks[order]))
			continue;
		if (1UL << order <= pages)
			return take_of_order(vb, order);
		smallest = min(smallest, order);
	}
	if (smallest == VPV_BAL_ORDERS)
		return NULL;
	split_one(vb, smallest);
	page = take_of_order(vb, 0);
	return page;
}

/* A block of @pages at most; NULL: none is held. */
struct page *vpv_bal_block_take(struct vpv_bal *vb, unsigned long pages)
{
	struct page *page;
	unsigned long flags;

	spin_lock_irqsave(&vb->pages_lock, flags);
	page = take_locked(vb, pages);
	spin_unlock_irqrestore(&vb->pages_lock, flags);
	if (page)
		adjust_managed(vb, page, vpv_bal_block_pages(page));
	return page;
}

unsigned long vpv_bal_held(struct vpv_bal *vb)
{
	return READ_ONCE(vb->held);
}
