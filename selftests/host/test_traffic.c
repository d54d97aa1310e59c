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

/* Buffers of all kinds in one call; now and then one that can never fit. */
static void stage_some(struct rig *g, u32 n)
{
	u16 most = vpv_ring_max_segs(g->ring), max = most < 6 ? most : 6, room;
	struct rig_shape shape[RIG_MAX_BATCH];
	u32 good = rig_random(g, 8) ? n : rig_random(g, n + 1), i;
	int ret;

	for (i = 0; i < n; i++) {
		u16 segs = rig_random(g, 2) ? 1 : 1 + rig_random(g, max);
		u16 out = rig_random(g, segs + 1);

		shape[i] = (struct rig_shape){ out, segs - out, 1 + rig_random(g, 5000) };
	}
	if (good < n)
		shape[good] = (struct rig_shape){ rig_random(g, 2) ? most : 0, 0, 1 };
	if (good < n && shape[good].nr_out)
		shape[good].nr_in = 1;

	room = vpv_ring_room(g->ring);
	ret = rig_stage_batch(g, shape, n);
	if (ret < 0) {
		CHECK_EQ(ret, -90);
		CHECK(!good && n);
		return;
	}
	CHECK((u32)ret <= good && ret <= room);
	/* What was left behind, and is no misfit, had no room as a chain. */
	if ((u32)ret < good)
		CHECK(vpv_ring_room(g->ring) < shape[ret].nr_out + shape[ret].nr_in);
	/* One in a table, or one alone, needs no more than a descriptor. */
	if (room && good && (g->cfg.table_len || shape[0].nr_out + shape[0].nr_in == 1))
		CHECK(ret || room < shape[0].nr_out + shape[0].nr_in);
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
