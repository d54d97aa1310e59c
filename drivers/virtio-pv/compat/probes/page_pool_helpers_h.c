// SPDX-License-Identifier: GPL-2.0-only
/* Is the page pool split in two headers, and told of its NAPI? Since 6.6 */
#include <linux/netdevice.h>

#ifdef PROBE_NEW
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

struct page_pool *probe(struct napi_struct *napi);
struct page_pool *probe(struct napi_struct *napi)
{
	struct page_pool_params params = {
#ifdef PROBE_NEW
		.napi = napi,
#else
		.flags = PP_FLAG_PAGE_FRAG,
#endif
	};

	return page_pool_create(&params);
}
