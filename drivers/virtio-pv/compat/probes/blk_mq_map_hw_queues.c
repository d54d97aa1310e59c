// SPDX-License-Identifier: GPL-2.0-only
/* Is one call enough to map queues by the vectors of any bus? Since 6.14 */
#include <linux/blk-mq.h>
#include <linux/pci.h>

#ifndef PROBE_NEW
#include <linux/blk-mq-pci.h>
#endif

void probe(struct blk_mq_queue_map *map, struct pci_dev *pdev);
void probe(struct blk_mq_queue_map *map, struct pci_dev *pdev)
{
#ifdef PROBE_NEW
	blk_mq_map_hw_queues(map, &pdev->dev, 1);
#else
	blk_mq_pci_map_queues(map, pdev, 1);
#endif
}
