// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages held for the host. Blocks of 2 MiB where memory allows, so that the host
 * gets huge pages back; they fill whole page blocks of the allocator, so they are
 * in nobody's way and stay where they are. Everything smaller is held as single
 * pages in the kernel's own balloon list, where compaction finds them.
 *
 * On a list, page.private of a block's first page is its order. For single pages
 * that is 0, which to compaction means "not in a balloon": it looks at pages
 * without asking anybody.
 */
#include <linux/delay.h>
#include <linux/gfp.h>

#include "balloon.h"

#define HUGE_PAGES (1UL << VPV_BAL_MAX_ORDER)

/* Compaction lets go of a page it isolated in milliseconds. */
#define ISOLATED_TRIES 1000

void vpv_bal_pages_init(struct vpv_bal *vb)
{
	spin_lock_init(&vb->pages_lock);
	INIT_LIST_HEAD(&vb->huge);
	balloon_devinfo_init(&vb->info);
}

/* Large blocks are taken where they lie ready; only single pages are reclaimed for. */
struct page *vpv_bal_block_alloc(unsigned long pages, unsigned int *order)
{
	const gfp_t gfp = GFP_HIGHUSER | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	const gfp_t movable = VPV_BALLOON_PAGES_MOVE ? __GFP_MOVABLE : 0;
	struct page *page = NULL;
	int o;

	for (o = min_t(int, *order, ilog2(pages)); o >= 0 && !page; o--) {
		gfp_t flags = o == VPV_BAL_MAX_ORDER ? gfp : gfp | movable;

		page = alloc_pages(o ? flags & ~__GFP_DIRECT_RECLAIM : flags, o);
		if (page)
			*order = o;
	}
	if (!page)
		return NULL;
	if (page_to_pfn(page) + (1UL << *order) > U32_MAX / VPV_BAL_PER_PAGE) {
		__free_pages(page, *order);	/* 32 bits of number do not reach there */
		return NULL;
	}
	return page;
}

unsigned long vpv_bal_block_pages(const struct page *page)
{
	return 1UL << page_private(page);
}

/* No page of a balloon is to be dumped or brought offline; single ones: see the kernel's list. */
static void mark(struct page *page, bool offline)
{
	unsigned long i;

	for (i = 0; i < HUGE_PAGES; i++)
		if (offline)
			__SetPageOffline(page + i);
		else
			__ClearPageOffline(page + i);
	vpv_balloon_count(page, offline ? HUGE_PAGES : -HUGE_PAGES);
}

static void make_single(struct page *page, unsigned int order, struct list_head *list)
{
	unsigned long i;

	if (order)
		split_page(page, order);
	for (i = 0; i < 1UL << order; i++) {
		set_page_private(page + i, 0);
		list_add_tail(&page[i].lru, list);
	}
}

/* A block fresh from the allocator, as it will be held. */
void vpv_bal_block_list(struct page *page, unsigned int order, struct list_head *list)
{
	if (order < VPV_BAL_MAX_ORDER) {
		make_single(page, order, list);
		return;
	}
	set_page_private(page, order);
	mark(page, true);
	list_add_tail(&page->lru, list);
}

/* The allocator initialises the pages as the guest's configuration has it. */
void vpv_bal_pages_free(struct list_head *list)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, list, lru) {
		unsigned int order = page_private(page);

		list_del(&page->lru);
		if (order) {
			mark(page, false);
			set_page_private(page, 0);
		}
		__free_pages(page, order);
	}
}

/* Memory given away is no memory of the guest's, unless it can have it back. */
static void adjust_managed(struct vpv_bal *vb, struct page *page, long pages)
{
	if (!vpv_has_feature(vb->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM))
		adjust_managed_page_count(page, pages);
}

static void count(struct vpv_bal *vb, unsigned int order, long blocks)
{
	lockdep_assert_held(&vb->pages_lock);
	vb->count[order] += blocks;
	vb->held += blocks * (1L << order);
}

void vpv_bal_pages_keep(struct vpv_bal *vb, struct list_head *list)
{
	unsigned long blocks = 0, n = 0, flags;
	struct page *page, *next;
	LIST_HEAD(huge);

	list_for_each_entry_safe(page, next, list, lru) {
		adjust_managed(vb, page, -(long)vpv_bal_block_pages(page));
		if (page_private(page)) {
			list_move(&page->lru, &huge);
			blocks++;
		} else {
			n++;
		}
	}
	balloon_page_list_enqueue(&vb->info, list);
	spin_lock_irqsave(&vb->pages_lock, flags);
	list_splice(&huge, &vb->huge);
	count(vb, VPV_BAL_MAX_ORDER, blocks);
	count(vb, 0, n);
	spin_unlock_irqrestore(&vb->pages_lock, flags);
}

static unsigned long take_singles(struct vpv_bal *vb, struct list_head *list, unsigned long max)
{
	unsigned long flags, n;

	n = balloon_page_list_dequeue(&vb->info, list, max);
	spin_lock_irqsave(&vb->pages_lock, flags);
	count(vb, 0, -(long)n);
	spin_unlock_irqrestore(&vb->pages_lock, flags);
	return n;
}

static struct page *take_huge(struct vpv_bal *vb)
{
	unsigned long flags;
	struct page *page;

	spin_lock_irqsave(&vb->pages_lock, flags);
	page = list_first_entry_or_null(&vb->huge, struct page, lru);
	if (page) {
		list_del(&page->lru);
		count(vb, VPV_BAL_MAX_ORDER, -1);
	}
	spin_unlock_irqrestore(&vb->pages_lock, flags);
	return page;
}

/* A block too large for what is wanted becomes single pages. */
static bool split_one(struct vpv_bal *vb)
{
	struct page *page = take_huge(vb);
	unsigned long flags;
	LIST_HEAD(singles);

	if (!page)
		return false;
	mark(page, false);
	make_single(page, VPV_BAL_MAX_ORDER, &singles);
	balloon_page_list_enqueue(&vb->info, &singles);
	spin_lock_irqsave(&vb->pages_lock, flags);
	count(vb, 0, HUGE_PAGES);
	spin_unlock_irqrestore(&vb->pages_lock, flags);
	return true;
}

/* Up to @max pages, small ones first; fewer when compaction has some in its hands. */
unsigned long vpv_bal_pages_take(struct vpv_bal *vb, struct list_head *list, unsigned long max)
{
	LIST_HEAD(taken);
	struct page *page;
	unsigned long n;

	n = take_singles(vb, &taken, max);
	while (max - n >= HUGE_PAGES && (page = take_huge(vb))) {
		list_add_tail(&page->lru, &taken);
		n += HUGE_PAGES;
	}
	if (!n && max && split_one(vb))
		n = take_singles(vb, &taken, max);
	list_for_each_entry(page, &taken, lru)
		adjust_managed(vb, page, vpv_bal_block_pages(page));
	list_splice_tail(&taken, list);
	return n;
}

/* All there is, those compaction has included; false: it did not let go of them. */
bool vpv_bal_pages_take_all(struct vpv_bal *vb, struct list_head *list)
{
	unsigned int tries;

	for (tries = 0; tries < ISOLATED_TRIES; tries++) {
		vpv_bal_pages_take(vb, list, ULONG_MAX);
		if (!vpv_bal_held(vb))
			return true;
		msleep(20);
	}
	return false;
}

unsigned long vpv_bal_held(struct vpv_bal *vb)
{
	return READ_ONCE(vb->held);
}
