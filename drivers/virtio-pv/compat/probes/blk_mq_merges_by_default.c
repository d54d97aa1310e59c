// SPDX-License-Identifier: GPL-2.0-only
/* Are bios merged into requests without a flag that asks for it? Since 6.14 */
#include <linux/blk-mq.h>

unsigned int probe(void);
unsigned int probe(void)
{
#ifdef PROBE_NEW
	/* Declares a variable: fails where this is a constant of blk-mq.h. */
	extern unsigned int BLK_MQ_F_SHOULD_MERGE;

	return BLK_MQ_F_TAG_RR;
#else
	return BLK_MQ_F_SHOULD_MERGE;
#endif
}
