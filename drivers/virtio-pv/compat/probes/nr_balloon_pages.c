// SPDX-License-Identifier: GPL-2.0-only
/* Are pages in balloons counted by node, for "Balloon:" in meminfo? */
#include <linux/mm.h>
#include <linux/vmstat.h>

void probe(struct page *page);
void probe(struct page *page)
{
#ifdef PROBE_NEW
	mod_node_page_state(page_pgdat(page), NR_BALLOON_PAGES, 1);
#else
	/* Declares a variable: fails where this is a constant. */
	extern int NR_BALLOON_PAGES;

	mod_node_page_state(page_pgdat(page), NR_FILE_PAGES, NR_BALLOON_PAGES);
#endif
}
