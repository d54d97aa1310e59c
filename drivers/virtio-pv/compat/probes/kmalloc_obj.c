// SPDX-License-Identifier: GPL-2.0-only
/* Does an allocation take its size from a type? Since 6.19 */
#include <linux/slab.h>

struct probe { int count; long list[]; };

void *probe(void);
void *probe(void)
{
#ifdef PROBE_NEW
	kfree(kmalloc_obj(struct probe, GFP_KERNEL));
	kfree(kzalloc_objs(struct probe, 2, GFP_KERNEL));
	kvfree(kvzalloc_objs(struct probe, 2, GFP_KERNEL));
	return kzalloc_flex(struct probe, list, 3, GFP_KERNEL);
#else
	/* Declares functions: fails where these are macros already. */
	void *kmalloc_obj(void), *kzalloc_objs(void), *kzalloc_flex(void);

	return kzalloc(sizeof(struct probe), GFP_KERNEL);
#endif
}
