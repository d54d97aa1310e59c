// SPDX-License-Identifier: GPL-2.0-only
/* Does the kernel move the page of a balloon in its own list once the driver agreed? */
#ifdef PROBE_NEW
#include <linux/balloon.h>
#else
#include <linux/balloon_compaction.h>
#endif

size_t probe(struct balloon_dev_info *info, struct list_head *list);
size_t probe(struct balloon_dev_info *info, struct list_head *list)
{
#ifndef PROBE_NEW
	spin_lock(&info->pages_lock);
	balloon_page_insert(info, NULL);
	spin_unlock(&info->pages_lock);
#endif
	return balloon_page_list_dequeue(info, list, 1);
}
