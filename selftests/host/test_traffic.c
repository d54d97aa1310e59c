// SPDX-License-Identifier: GPL-2.0-only
/* Long random traffic, honest on both sides, against the oracle. */
#include <stdlib.h>

#include "rig.h"

/* What the device holds; in order it completes from the front. */
struct held {
	struct fakedev_buf *buf;
	unsigned int n;
};

static void device_takes(struct rig *g, struct held *h, u32 upto)
{
	while (upto-- && rig_pop(g, &h->buf[h->n]))
		h->n++;
	if (g->dev.violation)
		ktap_fail(__FILE__, __LINE__, "%s", g->dev.violation);
}

static u32 report(struct rig *g, const struct fakedev_buf *b)
{
	u32 len = b->in_len ? rig_random(g, b->in_len + 1) : 0;

	g->tokens[rig_token_of(g, b)].want_len = len;
	return len;
}

static void device_uses(struct rig *g, struct held *h, u32 n)
{
	unsigned int i;

	if (n > h->n)
		n = h->n;
	if (!n)
		return;
	if (g->cfg.in_order && rig_random(g, 2)) {
		fakedev_push_batch(&g->dev, h->buf, n, report(g, &h->buf[n - 1]));
	} else {
		for (i = 0; i < n; i++) {
			u32 pick = g->cfg.in_order ? i : i + rig_random(g, h->n - i);
			struct fakedev_buf tmp = h->buf[pick];

			h->buf[pick] = h->buf[i];
			h->buf[i] = tmp;
			fakedev_push(&g->dev, &tmp, report(g, &tmp));
		}
	}
	h->n -= n;
	for (i = 0; i < h->n; i++)
		h->buf[i] = h->buf[i + n];
}

static void stage_some(struct rig *g, u32 n)
{
	u16 max = vpv_ring_max_segs(g->ring), room;
	int ret;

	if (max > 6)
		max = 6;
	while (n--) {
		u16 segs = rig_random(g, 2) ? 1 : 1 + rig_random(g, max);
		u16 out = rig_random(g, segs + 1);

		room = vpv_ring_room(g->ring);
		ret = rig_stage(g, out, segs - out, 1 + rig_random(g, 5000));
		CHECK(ret == 0 || ret == 1);
		if (!ret) {
			CHECK(room < segs);
			break;
		}
		CHECK(room >= 1);
	}
}

static void traffic(struct rig *g)
{
	struct held h = { calloc(g->cfg.num, sizeof(*h.buf)), 0 };
	u32 rounds = 800 + 20000 / g->cfg.num, burst = g->cfg.num + 2;
	struct vpv_ring_state st;

	if (burst > 40)
		burst = 40;
	while (rounds--) {
		stage_some(g, rig_random(g, burst));
		if (rig_random(g, 4)) {
			vpv_ring_publish(g->ring);
			vpv_ring_decide(g->ring);
		}
		device_takes(g, &h, rig_random(g, burst));
		device_uses(g, &h, rig_random(g, burst));
		rig_reap(g, rig_random(g, burst));
		vpv_ring_peek(g->ring, &st);
		CHECK_EQ(st.error, VPV_RING_OK);
		CHECK_EQ(st.in_flight + st.staged, g->out);
		CHECK_EQ(vpv_ring_in_flight(g->ring), st.in_flight);
	}
	/* Everything offered comes back, and the ring is whole again. */
	vpv_ring_publish(g->ring);
	vpv_ring_decide(g->ring);
	do {
		device_takes(g, &h, g->cfg.num);
		device_uses(g, &h, g->cfg.num);
	} while (rig_reap(g, 64));
	CHECK_EQ(g->out, 0);
	CHECK_EQ(vpv_ring_room(g->ring), g->cfg.num);
	CHECK(!vpv_ring_pending(g->ring));
	CHECK(!vpv_ring_detach(g->ring));
	free(h.buf);
}

TEST(random_traffic_every_layout_and_size)
{
	rig_for_each(traffic);
}
