// SPDX-License-Identifier: GPL-2.0-only
/*
 * From reset to FEATURES_OK (3.1.1, steps 1 to 6). The first time the features
 * are chosen; afterwards the device has to offer the same ones again.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "vpv_core.h"
#include "vpv_trace.h"

static void add_status(struct vpv_dev_core *d, u8 bits)
{
	d->ops->set_status(d, d->ops->status(d) | bits);
}

static void words_to_bitmap(unsigned long *bitmap, const u32 *words)
{
	bitmap_from_arr32(bitmap, words, VPV_FEATURE_BITS);
}

static void choose(struct vpv_dev_core *d, const u32 *offered, u32 *agreed)
{
	u32 usable[VPV_FEATURE_WORDS];
	unsigned int bit;

	memcpy(usable, offered, sizeof(usable));
	d->ops->limit_features(d, usable);
	for (bit = 0; bit < VPV_FEATURE_BITS; bit++)
		if (vpv_feature_off(bit) && vpv_word_test(usable, bit)) {
			dev_info(d->vdev.dev, "feature bit %u is off by parameter\n", bit);
			vpv_word_clear(usable, bit);
		}
	if (d->vdev.drv->polls)
		vpv_word_clear(usable, VIRTIO_RING_F_EVENT_IDX);
	vpv_features_choose(usable, d->vdev.drv->features, d->vdev.drv->nr_features, agreed);
}

/* Over recovery and resume the agreed set stays, so the offer must cover it. */
static int choose_again(struct vpv_dev_core *d, const u32 *offered, u32 *agreed)
{
	unsigned int i;

	bitmap_to_arr32(agreed, d->vdev.features, VPV_FEATURE_BITS);
	for (i = 0; i < VPV_FEATURE_WORDS; i++)
		if (agreed[i] & ~offered[i]) {
			dev_err(d->vdev.dev,
				"features gone after reset (bits %u on: %#x): not the same device\n",
				i * 32, agreed[i] & ~offered[i]);
			return -ESTALE;
		}
	return 0;
}

int vpv_dev_negotiate(struct vpv_dev_core *d, bool again)
{
	u32 offered[VPV_FEATURE_WORDS], agreed[VPV_FEATURE_WORDS];
	struct vpv_dev *vdev = &d->vdev;
	unsigned int i;
	int err;

	err = vpv_dev_reset(d);
	if (err)
		return err;
	add_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	add_status(d, VIRTIO_CONFIG_S_DRIVER);

	/* Read once: later answers may differ. */
	for (i = 0; i < VPV_FEATURE_WORDS; i++)
		offered[i] = d->ops->features(d, i);

	if (again) {
		err = choose_again(d, offered, agreed);
		if (err)
			goto failed;
	} else {
		choose(d, offered, agreed);
		words_to_bitmap(vdev->offered, offered);
		words_to_bitmap(vdev->features, agreed);
	}
	trace_features(vdev, offered, agreed);

	if (!vpv_word_test(agreed, VIRTIO_F_VERSION_1)) {
		dev_err(vdev->dev, "device or features_off= leaves no VERSION_1: cannot drive it\n");
		err = -ENODEV;
		goto failed;
	}
	err = vpv_mem_check(d);
	if (err)
		goto failed;

	/* Old devices have two words only; nothing may be written beyond. */
	for (i = 0; i < VPV_FEATURE_WORDS; i++)
		if (i < 2 || offered[i])
			d->ops->set_features(d, i, agreed[i]);
	add_status(d, VIRTIO_CONFIG_S_FEATURES_OK);
	if (!(d->ops->status(d) & VIRTIO_CONFIG_S_FEATURES_OK)) {
		dev_err(vdev->dev, "device refuses the features %*pbl\n", VPV_FEATURE_BITS,
			vdev->features);
		err = -ENODEV;
		goto failed;
	}
	return 0;

failed:
	add_status(d, VIRTIO_CONFIG_S_FAILED);
	return err;
}
