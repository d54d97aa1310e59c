/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_BALLOON_H
#define VPV_COMPAT_LINUX_BALLOON_H

#include <vpv_compat.h>

#include <linux/mm.h>

#ifdef HAVE_BALLOON_H
#include_next <linux/balloon.h>

#define VPV_BALLOON_PAGES_MOVE IS_ENABLED(CONFIG_BALLOON_MIGRATION)

/* The last words of a driver's migratepage(): the kernel does the rest. */
static inline int vpv_balloon_moved(struct balloon_dev_info *info, struct page *newpage,
				    struct page *page)
{
	return 0;
}
#else
#include <linux/balloon_compaction.h>

#define VPV_BALLOON_PAGES_MOVE IS_ENABLED(CONFIG_BALLOON_COMPACTION)

/* Old kernels leave the list and the old page to the driver. */
static inline int vpv_balloon_moved(struct balloon_dev_info *info, struct page *newpage,
				    struct page *page)
{
	unsigned long flags;

	get_page(newpage);
	spin_lock_irqsave(&info->pages_lock, flags);
	balloon_page_insert(info, newpage);
	info->isolated_pages--;
	__count_vm_event(BALLOON_MIGRATE);
#ifdef CONFIG_BALLOON_COMPACTION
	__ClearPageMovable(page);
	set_page_private(page, 0);
#endif
	__ClearPageOffline(page);
	spin_unlock_irqrestore(&info->pages_lock, flags);
	put_page(page);
	return MIGRATEPAGE_SUCCESS;
}
#endif

/* For pages that are not in the kernel's own list. */
static inline void vpv_balloon_count(struct page *page, long pages)
{
	count_vm_events(pages > 0 ? BALLOON_INFLATE : BALLOON_DEFLATE, abs(pages));
#ifdef HAVE_NR_BALLOON_PAGES
	mod_node_page_state(page_pgdat(page), NR_BALLOON_PAGES, pages);
#endif
}

#endif /* VPV_COMPAT_LINUX_BALLOON_H */
