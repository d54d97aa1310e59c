/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Feature bits: what a driver understands, and how the agreed set is found.
 * Pure: builds in user space too.
 */
#ifndef VPV_FEATURE_H
#define VPV_FEATURE_H

#include <linux/types.h>

/* 128 feature bits: 0..127 (2.2), four registers of 32. */
#define VPV_FEATURE_BITS 128
#define VPV_FEATURE_WORDS (VPV_FEATURE_BITS / 32)

/**
 * struct vpv_feature - one entry of a driver's feature whitelist
 * @bit: feature bit
 * @name: as in the specification, without VIRTIO_
 * @requires: bits that have to be agreed too, up to 4, 0xff-terminated when fewer
 *	(BASIC-005). A feature whose requirements are not met is not accepted.
 * @excludes: bit with which it is not accepted, be that one accepted or only offered;
 *	0xff: none
 */
struct vpv_feature {
	u8 bit;
	const char *name;
	u8 requires[4];
	u8 excludes;
};

#define VPV_NO_BIT 0xff
#define VPV_FEATURE(_bit) \
	{ .bit = _bit, .name = #_bit, .requires = { VPV_NO_BIT }, .excludes = VPV_NO_BIT }
#define VPV_FEATURE_REQ(_bit, ...) \
	{ .bit = _bit, .name = #_bit, .requires = { __VA_ARGS__, VPV_NO_BIT }, \
	  .excludes = VPV_NO_BIT }

/* Ring and transport bits, the same for every driver. */
extern const struct vpv_feature vpv_core_features[];
extern const unsigned int vpv_nr_core_features;

static inline bool vpv_word_test(const u32 words[VPV_FEATURE_WORDS], unsigned int bit)
{
	return bit < VPV_FEATURE_BITS && (words[bit / 32] >> (bit % 32) & 1);
}

static inline void vpv_word_set(u32 words[VPV_FEATURE_WORDS], unsigned int bit)
{
	words[bit / 32] |= 1u << (bit % 32);
}

static inline void vpv_word_clear(u32 words[VPV_FEATURE_WORDS], unsigned int bit)
{
	words[bit / 32] &= ~(1u << (bit % 32));
}

/* May a driver's whitelist be like this? NULL, or what is wrong with it. */
const char *vpv_features_check(const struct vpv_feature *list, unsigned int nr);

/*
 * The set to accept: offered by the device, in one of the whitelists, and with
 * its requirements met. @agreed is filled in.
 */
void vpv_features_choose(const u32 offered[VPV_FEATURE_WORDS],
			 const struct vpv_feature *list, unsigned int nr,
			 u32 agreed[VPV_FEATURE_WORDS]);

/* Name of a bit, NULL when neither the core nor the driver knows it. */
const char *vpv_feature_name(const struct vpv_feature *list, unsigned int nr, unsigned int bit);

#endif /* VPV_FEATURE_H */
