// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which features to accept (2.2). Pure: no device is touched here, and the file
 * builds in user space for the tests.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "vpv_feature.h"

/*
 * Not here, so never accepted: SR_IOV, ADMIN_VQ and SUSPEND, which the core has
 * no use for, and the legacy bits NOTIFY_ON_EMPTY and ANY_LAYOUT.
 */
const struct vpv_feature vpv_core_features[] = {
	VPV_FEATURE(VIRTIO_RING_F_INDIRECT_DESC),
	VPV_FEATURE(VIRTIO_RING_F_EVENT_IDX),
	VPV_FEATURE(VIRTIO_F_VERSION_1),
	VPV_FEATURE(VIRTIO_F_ACCESS_PLATFORM),
	VPV_FEATURE(VIRTIO_F_RING_PACKED),
	VPV_FEATURE(VIRTIO_F_IN_ORDER),
	VPV_FEATURE(VIRTIO_F_ORDER_PLATFORM),
	VPV_FEATURE(VIRTIO_F_NOTIFICATION_DATA),
	VPV_FEATURE(VIRTIO_F_NOTIF_CONFIG_DATA),
	VPV_FEATURE(VIRTIO_F_RING_RESET),
};

const unsigned int vpv_nr_core_features =
	sizeof(vpv_core_features) / sizeof(vpv_core_features[0]);

/* 2.2: bits 24 to 49 are for the ring, feature negotiation and the future. */
static bool device_type_bit(unsigned int bit)
{
	return bit < 24 || (bit >= 50 && bit < VPV_FEATURE_BITS);
}

const char *vpv_features_check(const struct vpv_feature *list, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		if (!device_type_bit(list[i].bit))
			return "bit is not the device type's";
		for (j = 0; j < i; j++)
			if (list[j].bit == list[i].bit)
				return "bit listed twice";
	}
	return NULL;
}

static bool satisfied(const struct vpv_feature *f, const u32 agreed[VPV_FEATURE_WORDS])
{
	unsigned int i;

	for (i = 0; i < sizeof(f->requires) && f->requires[i] != VPV_NO_BIT; i++)
		if (!vpv_word_test(agreed, f->requires[i]))
			return false;
	return true;
}

static void offer_to_agreed(const u32 offered[VPV_FEATURE_WORDS],
			    const struct vpv_feature *list, unsigned int nr,
			    u32 agreed[VPV_FEATURE_WORDS])
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (vpv_word_test(offered, list[i].bit) &&
		    !vpv_word_test(offered, list[i].excludes))
			vpv_word_set(agreed, list[i].bit);
}

/* Drops what is not satisfied; true when something was dropped. */
static bool drop_unsatisfied(const struct vpv_feature *list, unsigned int nr,
			     u32 agreed[VPV_FEATURE_WORDS])
{
	bool dropped = false;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!vpv_word_test(agreed, list[i].bit) || satisfied(&list[i], agreed))
			continue;
		vpv_word_clear(agreed, list[i].bit);
		dropped = true;
	}
	return dropped;
}

void vpv_features_choose(const u32 offered[VPV_FEATURE_WORDS],
			 const struct vpv_feature *list, unsigned int nr,
			 u32 agreed[VPV_FEATURE_WORDS])
{
	unsigned int i;

	for (i = 0; i < VPV_FEATURE_WORDS; i++)
		agreed[i] = 0;
	offer_to_agreed(offered, vpv_core_features, vpv_nr_core_features, agreed);
	offer_to_agreed(offered, list, nr, agreed);

	/* Each round drops at least one bit, so there are few. */
	while (drop_unsatisfied(vpv_core_features, vpv_nr_core_features, agreed) ||
	       drop_unsatisfied(list, nr, agreed))
		;
}

static const char *name_in(const struct vpv_feature *list, unsigned int nr, unsigned int bit)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (list[i].bit == bit)
			return list[i].name;
	return NULL;
}

const char *vpv_feature_name(const struct vpv_feature *list, unsigned int nr, unsigned int bit)
{
	const char *name = name_in(vpv_core_features, vpv_nr_core_features, bit);

	return name ? name : name_in(list, nr, bit);
}
