// SPDX-License-Identifier: GPL-2.0-only
/* Which features are accepted (2.2). */
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "ktap.h"
#include "vpv_feature.h"

enum { F_A = 0, F_B = 1, F_C = 5, F_D = 60, F_E = 127 };

/* B wants A; C wants B and event indices; D and E exclude each other one way. */
static const struct vpv_feature list[] = {
	VPV_FEATURE(F_A),
	VPV_FEATURE_REQ(F_B, F_A),
	VPV_FEATURE_REQ(F_C, F_B, VIRTIO_RING_F_EVENT_IDX),
	{ .bit = F_D, .name = "F_D", .requires = { VPV_NO_BIT }, .excludes = F_E },
	VPV_FEATURE(F_E),
};

#define NR (sizeof(list) / sizeof(*list))

static u32 agreed[VPV_FEATURE_WORDS];

static void choose(const unsigned int *bits, unsigned int n)
{
	u32 offered[VPV_FEATURE_WORDS] = { 0 };
	unsigned int i;

	for (i = 0; i < n; i++)
		vpv_word_set(offered, bits[i]);
	vpv_features_choose(offered, list, NR, agreed);
	for (i = 0; i < VPV_FEATURE_WORDS; i++)
		CHECK_EQ(agreed[i] & ~offered[i], 0);
}

#define CHOOSE(...)							\
	do {								\
		static const unsigned int bits[] = { __VA_ARGS__ };	\
		choose(bits, sizeof(bits) / sizeof(*bits));		\
	} while (0)

TEST(features_nothing_offered_nothing_accepted)
{
	choose(NULL, 0);
	CHECK_EQ(agreed[0] | agreed[1] | agreed[2] | agreed[3], 0);
}

TEST(features_known_ones_are_accepted)
{
	CHOOSE(F_A, F_E, VIRTIO_F_VERSION_1, VIRTIO_F_RING_PACKED);
	CHECK(vpv_word_test(agreed, F_A));
	CHECK(vpv_word_test(agreed, F_E));
	CHECK(vpv_word_test(agreed, VIRTIO_F_VERSION_1));
	CHECK(vpv_word_test(agreed, VIRTIO_F_RING_PACKED));
}

TEST(features_D4_unknown_and_unwanted_ones_are_not)
{
	u32 all[VPV_FEATURE_WORDS] = { ~0u, ~0u, ~0u, ~0u };
	unsigned int bit, known = 0;

	vpv_features_choose(all, list, NR, agreed);
	for (bit = 0; bit < VPV_FEATURE_BITS; bit++)
		if (vpv_word_test(agreed, bit)) {
			CHECK(vpv_feature_name(list, NR, bit));
			known++;
		}
	/* all of the core's and the driver's, but for D, which E excludes */
	CHECK_EQ(known, vpv_nr_core_features + NR - 1);
	CHECK(!vpv_word_test(agreed, VIRTIO_F_SR_IOV));
	CHECK(!vpv_word_test(agreed, 41));	/* ADMIN_VQ */
	CHECK(!vpv_word_test(agreed, 43));	/* SUSPEND */
	CHECK(!vpv_word_test(agreed, VIRTIO_F_NOTIFY_ON_EMPTY));
	CHECK(!vpv_word_test(agreed, VIRTIO_F_ANY_LAYOUT));
}

TEST(features_D4_requirement_not_offered)
{
	CHOOSE(F_B);
	CHECK(!vpv_word_test(agreed, F_B));
}

TEST(features_D4_requirement_of_a_requirement_not_offered)
{
	CHOOSE(F_B, F_C, VIRTIO_RING_F_EVENT_IDX);
	CHECK(!vpv_word_test(agreed, F_B));
	CHECK(!vpv_word_test(agreed, F_C));
	CHECK(vpv_word_test(agreed, VIRTIO_RING_F_EVENT_IDX));
}

TEST(features_requirement_across_lists)
{
	CHOOSE(F_A, F_B, F_C);
	CHECK(!vpv_word_test(agreed, F_C));
	CHOOSE(F_A, F_B, F_C, VIRTIO_RING_F_EVENT_IDX);
	CHECK(vpv_word_test(agreed, F_C));
}

TEST(features_exclusion)
{
	CHOOSE(F_D);
	CHECK(vpv_word_test(agreed, F_D));
	CHOOSE(F_D, F_E);
	CHECK(!vpv_word_test(agreed, F_D));
	CHECK(vpv_word_test(agreed, F_E));
}

/* BLK-006: a disk with zones this kernel does not know is no disk to discard on. */
TEST(features_exclusion_by_what_is_only_offered)
{
	const struct vpv_feature lone[] = { list[3] };
	u32 offered[VPV_FEATURE_WORDS] = { 0 };

	vpv_word_set(offered, F_D);
	vpv_features_choose(offered, lone, 1, agreed);
	CHECK(vpv_word_test(agreed, F_D));
	vpv_word_set(offered, F_E);
	vpv_features_choose(offered, lone, 1, agreed);
	CHECK(!vpv_word_test(agreed, F_D));
	CHECK(!vpv_word_test(agreed, F_E));
}

TEST(features_lists_that_cannot_be_right)
{
	static const struct vpv_feature ring_bit[] = { VPV_FEATURE(VIRTIO_F_RING_PACKED) };
	static const struct vpv_feature reserved[] = { VPV_FEATURE(49) };
	static const struct vpv_feature beyond[] = { VPV_FEATURE(128) };
	static const struct vpv_feature twice[] = { VPV_FEATURE(F_A), VPV_FEATURE(F_A) };

	CHECK(!vpv_features_check(list, NR));
	CHECK(!vpv_features_check(NULL, 0));
	CHECK(vpv_features_check(ring_bit, 1));
	CHECK(vpv_features_check(reserved, 1));
	CHECK(vpv_features_check(beyond, 1));
	CHECK(vpv_features_check(twice, 2));
}
