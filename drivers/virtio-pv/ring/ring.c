// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtqueues: shape, life cycle, and the choice of the layout, made once per
 * call. The layouts themselves are in split.c and packed.c.
 */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ring_priv.h"

/* ---- life cycle ---- */

static bool vpv_cfg_ok(const struct vpv_ring_cfg *cfg)
{
	if (!cfg->num || cfg->num > VPV_RING_MAX_NUM)
		return false;
	if (!cfg->packed && !is_power_of_2(cfg->num))
		return false;
	if (cfg->spare >= cfg->num)
		return false;
	return cfg->table_len <= cfg->num;	/* SPLIT-008, PACKED-007 */
}

int vpv_ring_layout(const struct vpv_ring_cfg *cfg, struct vpv_ring_layout *layout)
{
	size_t num = cfg->num;

	if (!vpv_cfg_ok(cfg))
		return -EINVAL;

	layout->desc = (struct vpv_ring_area){ sizeof(struct vring_desc) * num, 16 };
	layout->tables = (struct vpv_ring_area){
		sizeof(struct vring_desc) * num * cfg->table_len, 16,
	};
	if (cfg->packed) {
		layout->driver = (struct vpv_ring_area){ sizeof(__le32), 4 };
		layout->device = (struct vpv_ring_area){ sizeof(__le32), 4 };
	} else {
		/* flags, index, ring, event word */
		layout->driver = (struct vpv_ring_area){ sizeof(__virtio16) * (3 + num), 2 };
		layout->device = (struct vpv_ring_area){
			sizeof(__virtio16) * 3 + sizeof(struct vring_used_elem) * num, 4,
		};
	}
	return 0;
}

static bool vpv_alloc_private(struct vpv_ring *r)
{
	r->slots = kvcalloc(r->num, sizeof(*r->slots), GFP_KERNEL);
	if (!r->slots)
		return false;
	if (!r->in_order) {
		r->fifo = kvcalloc(r->num, sizeof(*r->fifo), GFP_KERNEL);
		if (!r->fifo)
			return false;
	}
	if (r->packed)
		return true;
	r->avail_shadow = kvcalloc(r->num, sizeof(*r->avail_shadow), GFP_KERNEL);
	if (!r->avail_shadow)
		return false;
	if (!r->in_order) {
		r->chain = kvcalloc(r->num, sizeof(*r->chain), GFP_KERNEL);
		if (!r->chain)
			return false;
	}
	return true;
}

struct vpv_ring *vpv_ring_create(const struct vpv_ring_cfg *cfg, const struct vpv_ring_mem *mem)
{
	struct vpv_ring *r;

	if (!vpv_cfg_ok(cfg) || !mem->desc || !mem->driver || !mem->device ||
	    (cfg->table_len && !mem->tables))
		return ERR_PTR(-EINVAL);

	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return ERR_PTR(-ENOMEM);

	r->desc = mem->desc;
	r->avail = mem->driver;
	r->used = mem->device;
	r->tables = mem->tables;
	r->tables_addr = mem->tables_addr;
	r->num = cfg->num;
	r->mask = cfg->num - 1;
	r->table_len = cfg->table_len;
	r->table_bytes = cfg->table_len * sizeof(struct vring_desc);
	r->direct_max = cfg->direct_max;
	r->usable = cfg->num - cfg->spare;
	r->max_segs = cfg->table_len ?: r->usable;
	r->packed = cfg->packed;
	r->in_order = cfg->in_order;
	r->event_idx = cfg->event_idx;
	r->order_platform = cfg->order_platform;

	if (!vpv_alloc_private(r)) {
		vpv_ring_destroy(r);
		return ERR_PTR(-ENOMEM);
	}
	vpv_ring_reset(r);
	return r;
}

void vpv_ring_destroy(struct vpv_ring *r)
{
	if (!r)
		return;
	kvfree(r->chain);
	kvfree(r->avail_shadow);
	kvfree(r->fifo);
	kvfree(r->slots);
	kfree(r);
}

void vpv_ring_reset(struct vpv_ring *r)
{
	memset(&r->submit, 0, sizeof(r->submit));
	memset(&r->complete, 0, sizeof(r->complete));
	memset(r->slots, 0, sizeof(*r->slots) * r->num);
	r->submit.room = r->usable;
	if (r->packed)
		vpv_packed_reset(r);
	else
		vpv_split_reset(r);
	r->error_value = 0;
	WRITE_ONCE(r->error, VPV_RING_OK);
}

/* The next buffer in ring order; completion stopped at vpv_complete.used_pos. */
static void *vpv_detach_in_order(struct vpv_ring *r)
{
	struct vpv_complete *c = &r->complete;
	struct vpv_slot *slot;
	u16 off = c->used_pos & VPV_POS_OFF;
	void *token;

	if (c->completed == r->submit.staged)
		return NULL;
	slot = &r->slots[off];
	token = slot->token;
	slot->token = NULL;
	off = (off + slot->ndesc) % r->num;
	c->used_pos = off;
	c->completed++;
	return token;
}

/* Slots are looked at once each: vpv_complete.id_pos serves as the cursor. */
static void *vpv_detach_any(struct vpv_ring *r)
{
	struct vpv_complete *c = &r->complete;

	while (c->id_pos < r->num) {
		struct vpv_slot *slot = &r->slots[c->id_pos++];

		if (slot->state == VPV_SLOT_FREE)
			continue;
		slot->state = VPV_SLOT_FREE;
		c->completed++;
		return slot->token;
	}
	return NULL;
}

void *vpv_ring_detach(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;

	if (!vpv_ring_broken(r))
		vpv_ring_kill(r);
	/* The first call: what was staged counts from now on as in flight. */
	if (!s->detaching) {
		s->detaching = true;
		if (!r->in_order && r->packed)
			vpv_packed_mark_published(r);
		else if (!r->in_order)
			vpv_split_mark_published(r);
		s->published = s->staged;
		r->complete.batch = 0;
		if (!r->in_order)
			r->complete.id_pos = 0;
	}
	return r->in_order ? vpv_detach_in_order(r) : vpv_detach_any(r);
}

/* ---- submit side ---- */

int vpv_ring_stage(struct vpv_ring *r, const struct vpv_buf *bufs, unsigned int n)
{
	if (vpv_ring_broken(r))
		return -EIO;

	/* One look at the other side's line tells whether chains are allowed. */
	if (r->direct_max > 1 && r->submit.room <= r->num / 2)
		r->submit.room = vpv_free_descs(r, r->submit.placed);

	if (r->packed)
		return r->in_order ? vpv_packed_stage_in_order(r, bufs, n) :
				     vpv_packed_stage(r, bufs, n);
	return r->in_order ? vpv_split_stage_in_order(r, bufs, n) :
			     vpv_split_stage(r, bufs, n);
}

/* The one place that reads the device's event words. */
static bool vpv_event_due(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;
	bool due;

	vpv_mb(r);	/* what was published before the event word (SPLIT-026, PACKED-017) */
	due = r->packed ? vpv_packed_event_due(r) : vpv_split_event_due(r);
	s->decided = s->published;
	s->placed_decided = s->placed_published;
	return due;
}

void vpv_ring_publish(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;
	u32 undecided = (u16)(s->placed_published - s->placed_decided);

	if (s->staged == s->published)
		return;
	/*
	 * The event test is exact for an interval of up to a whole ring. What
	 * would make it longer closes it, and vpv_ring_decide() hands the
	 * answer out; it is called, for this publish.
	 */
	if (unlikely(undecided + (u16)(s->placed - s->placed_published) > r->num) &&
	    vpv_event_due(r))
		s->latched = true;

	if (r->packed)
		vpv_packed_publish(r);
	else
		vpv_split_publish(r);
}

bool vpv_ring_decide(struct vpv_ring *r)
{
	struct vpv_submit *s = &r->submit;
	bool due;

	if (s->published == s->decided)
		return false;
	due = vpv_event_due(r) || s->latched;
	s->latched = false;
	return due;
}

u16 vpv_ring_undecided(const struct vpv_ring *r)
{
	return r->submit.published - r->submit.decided;
}

u16 vpv_ring_kick_data(const struct vpv_ring *r)
{
	return READ_ONCE(r->submit.next);
}

u16 vpv_ring_room(struct vpv_ring *r)
{
	r->submit.room = vpv_free_descs(r, r->submit.placed);
	return r->submit.room;
}

u16 vpv_ring_max_segs(const struct vpv_ring *r)
{
	return r->max_segs;
}

/* ---- completion side ---- */

unsigned int vpv_ring_reap(struct vpv_ring *r, struct vpv_done *done, unsigned int max)
{
	if (vpv_ring_broken(r))
		return 0;
	if (r->packed)
		return r->in_order ? vpv_packed_reap_in_order(r, done, max) :
				     vpv_packed_reap(r, done, max);
	return r->in_order ? vpv_split_reap_in_order(r, done, max) :
			     vpv_split_reap(r, done, max);
}

bool vpv_ring_pending(const struct vpv_ring *r)
{
	if (vpv_ring_broken(r) || !vpv_ring_in_flight(r))
		return false;
	return r->packed ? vpv_packed_pending(r) : vpv_split_pending(r);
}

void vpv_ring_park(struct vpv_ring *r)
{
	if (vpv_ring_broken(r))
		return;
	if (r->packed)
		vpv_packed_park(r);
	else
		vpv_split_park(r);
}

bool vpv_ring_arm(struct vpv_ring *r, u16 k)
{
	/* Nothing will come: a loop of reap and arm has to end here. */
	if (vpv_ring_broken(r))
		return true;
	k = clamp_t(u16, k, 1, r->num);
	return r->packed ? vpv_packed_arm(r, k) : vpv_split_arm(r, k);
}

/* ---- any side ---- */

u16 vpv_ring_in_flight(const struct vpv_ring *r)
{
	/* In this order the difference is never negative. */
	u16 completed = smp_load_acquire(&r->complete.completed);

	return min_t(u16, READ_ONCE(r->submit.published) - completed, r->num);
}

void vpv_ring_fail(struct vpv_ring *r, enum vpv_ring_error error, u32 value)
{
	if (READ_ONCE(r->error) != VPV_RING_OK)
		return;
	WRITE_ONCE(r->error_value, value);
	WRITE_ONCE(r->error, error);
}

void vpv_ring_kill(struct vpv_ring *r)
{
	vpv_ring_fail(r, VPV_RING_KILLED, 0);
}

enum vpv_ring_error vpv_ring_error(const struct vpv_ring *r)
{
	return READ_ONCE(r->error);
}

const char *vpv_ring_error_str(enum vpv_ring_error error)
{
	static const char * const str[VPV_RING_NR_ERRORS] = {
		[VPV_RING_OK] = "not broken",
		[VPV_RING_BAD_INDEX] = "used index out of what is in flight",
		[VPV_RING_BAD_ID] = "used id beyond the ring",
		[VPV_RING_NOT_IN_FLIGHT] = "used id not in flight",
		[VPV_RING_BAD_LEN] = "used length beyond the buffer",
		[VPV_RING_BAD_BATCH] = "used batch beyond the used index",
		[VPV_RING_KILLED] = "stopped by the driver",
	};

	return (unsigned int)error < VPV_RING_NR_ERRORS ? str[error] : "unknown";
}

void vpv_ring_peek(const struct vpv_ring *r, struct vpv_ring_state *state)
{
	const struct vpv_submit *s = &r->submit;
	const struct vpv_complete *c = &r->complete;
	u16 published = READ_ONCE(s->published);

	state->num = r->num;
	state->free = r->usable - (u16)(READ_ONCE(s->placed) - READ_ONCE(c->retired));
	state->staged = READ_ONCE(s->staged) - published;
	state->published = published;
	state->completed = READ_ONCE(c->completed);
	state->undecided = published - READ_ONCE(s->decided);
	state->in_flight = vpv_ring_in_flight(r);
	state->avail_pos = READ_ONCE(s->next);
	state->used_pos = r->packed ? READ_ONCE(c->used_pos) : state->completed;
	state->device_event = READ_ONCE(s->device_event);
	state->armed_at = READ_ONCE(c->armed_at);
	state->error = vpv_ring_error(r);
	state->error_value = READ_ONCE(r->error_value);
}
