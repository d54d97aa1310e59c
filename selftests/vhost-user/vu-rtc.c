// SPDX-License-Identifier: GPL-2.0-only
/*
 * A clock device (virtio 1.4, 5.23): several clocks, cross-timestamps, alarms.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "rtc.h"

#define U(v) ((unsigned long long)(v))
/* About a tenth of a second. */
#define MARGIN_MAX 300000000

struct rtc rtc;

/* What a request is made of: every one of them, and the ones for a clock. */
union request {
	struct virtio_rtc_req_head head;
	struct virtio_rtc_req_read read;	/* where all but SET_ALARM have the clock */
	struct virtio_rtc_req_read_cross cross;
	struct virtio_rtc_req_set_alarm alarm;
	struct virtio_rtc_req_set_alarm_enabled enable;
};

union response {
	struct virtio_rtc_resp_head head;
	struct virtio_rtc_resp_cfg cfg;
	struct virtio_rtc_resp_clock_cap cap;
	struct virtio_rtc_resp_cross_cap cross_cap;
	struct virtio_rtc_resp_read read;
	struct virtio_rtc_resp_read_cross cross;
	struct virtio_rtc_resp_read_alarm alarm;
};

/**
 * struct message - a type of request
 * @type: VIRTIO_RTC_REQ_...
 * @name: for statistics
 * @req_len: bytes of the request
 * @resp_len: bytes of the response
 * @alarm: only for clocks with an alarm
 * @serve: answers it; returns its status. @c: the clock, NULL: not about one
 */
struct message {
	uint16_t type;
	const char *name;
	size_t req_len;
	size_t resp_len;
	bool alarm;
	uint8_t (*serve)(struct vu_dev *dev, struct rtc_clock *c, const union request *req,
			 union response *resp);
};

static uint64_t counts[16], other, failed, violations;

/* ---- one function per message ---- */

static uint8_t serve_cfg(struct vu_dev *dev, struct rtc_clock *c, const union request *req,
			 union response *resp)
{
	uint64_t n = rtc.nr_clocks;

	(void)dev;
	(void)c;
	(void)req;
	rtc_lie(RTC_LIE_CLOCKS, &n);
	resp->cfg.num_clocks = htole16(n);
	return VIRTIO_RTC_S_OK;
}

static uint8_t serve_clock_cap(struct vu_dev *dev, struct rtc_clock *c, const union request *req,
			       union response *resp)
{
	uint64_t type = c->type;

	(void)req;
	rtc_lie(RTC_LIE_TYPE, &type);
	resp->cap.type = type;
	resp->cap.leap_second_smearing = c->smearing;
	if (c->has_alarm && dev->features & VU_BIT(VIRTIO_RTC_F_ALARM))
		resp->cap.flags = VIRTIO_RTC_FLAG_ALARM_CAP;
	return VIRTIO_RTC_S_OK;
}

static bool known_counter(uint8_t counter)
{
	return counter == VIRTIO_RTC_COUNTER_ARM_VCT || counter == VIRTIO_RTC_COUNTER_X86_TSC;
}

static bool can_cross(const struct rtc_clock *c, uint8_t counter)
{
	return c->cross && counter == rtc_counter_id();
}

static uint8_t serve_cross_cap(struct vu_dev *dev, struct rtc_clock *c, const union request *req,
			       union response *resp)
{
	(void)dev;
	if (!known_counter(req->cross.hw_counter))
		return VIRTIO_RTC_S_EOPNOTSUPP;
	if (can_cross(c, req->cross.hw_counter))
		resp->cross_cap.flags = VIRTIO_RTC_FLAG_CROSS_CAP;
	return VIRTIO_RTC_S_OK;
}

static uint64_t reading(uint64_t ns)
{
	rtc_lie(RTC_LIE_BACK, &ns);
	rtc_lie(RTC_LIE_READING, &ns);
	return htole64(ns);
}

static uint8_t serve_read(struct vu_dev *dev, struct rtc_clock *c, const union request *req,
			  union response *resp)
{
	(void)dev;
	(void)req;
	resp->read.clock_reading = reading(rtc_now(c));
	return VIRTIO_RTC_S_OK;
}

static uint8_t serve_read_cross(struct vu_dev *dev, struct rtc_clock *c, const union request *req,
				union response *resp)
{
	uint64_t cycles = 0;

	(void)dev;
	if (!can_cross(c, req->cross.hw_counter))
		return VIRTIO_RTC_S_EOPNOTSUPP;
	resp->cross.clock_reading = reading(rtc_now_cross(c, &cycles));
	rtc_lie(RTC_LIE_AHEAD, &cycles);
	resp->cross.counter_cycles = htole64(cycles);
	return VIRTIO_RTC_S_OK;
}

static uint8_t serve_read_alarm(struct vu_dev *dev, struct rtc_clock *c, const union request *req,
				union response *resp)
{
	(void)dev;
	(void)req;
	resp->alarm.alarm_time = htole64(c->alarm);
	resp->alarm.flags = c->enabled ? VIRTIO_RTC_FLAG_ALARM_ENABLED : 0;
	return VIRTIO_RTC_S_OK;
}

static uint8_t serve_set_alarm(struct vu_dev *dev, struct rtc_clock *c, const union request *req,
			       union response *resp)
{
	(void)resp;
	rtc_alarm_set(dev, c, le64toh(req->alarm.alarm_time),
		      req->alarm.flags & VIRTIO_RTC_FLAG_ALARM_ENABLED);
	return VIRTIO_RTC_S_OK;
}

static uint8_t serve_set_alarm_enabled(struct vu_dev *dev, struct rtc_clock *c,
				       const union request *req, union response *resp)
{
	(void)resp;
	rtc_alarm_set(dev, c, c->alarm, req->enable.flags & VIRTIO_RTC_FLAG_ALARM_ENABLED);
	return VIRTIO_RTC_S_OK;
}

#define MESSAGE(_type, _name, _alarm, _fn) { \
	.type = VIRTIO_RTC_REQ_##_type, .name = #_type, \
	.req_len = sizeof(struct virtio_rtc_req_##_name), \
	.resp_len = sizeof(struct virtio_rtc_resp_##_name), .alarm = _alarm, .serve = _fn }

static const struct message messages[] = {
	MESSAGE(READ, read, false, serve_read),
	MESSAGE(READ_CROSS, read_cross, false, serve_read_cross),
	MESSAGE(CFG, cfg, false, serve_cfg),
	MESSAGE(CLOCK_CAP, clock_cap, false, serve_clock_cap),
	MESSAGE(CROSS_CAP, cross_cap, false, serve_cross_cap),
	MESSAGE(READ_ALARM, read_alarm, true, serve_read_alarm),
	MESSAGE(SET_ALARM, set_alarm, true, serve_set_alarm),
	MESSAGE(SET_ALARM_ENABLED, set_alarm_enabled, true, serve_set_alarm_enabled),
};

#define NR_MESSAGES (sizeof(messages) / sizeof(messages[0]))

/* ---- requests ---- */

static const struct message *find_message(uint16_t type)
{
	for (size_t i = 0; i < NR_MESSAGES; i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}

static unsigned int clock_id(const struct message *m, const union request *req)
{
	return le16toh(m->type == VIRTIO_RTC_REQ_SET_ALARM ? req->alarm.clock_id :
							     req->read.clock_id);
}

/* Bytes no message has a field for have to be zero (5.23.6.1). */
static void check_reserved(const union request *req)
{
	for (size_t i = 0; i < sizeof(req->head.reserved); i++) {
		if (req->head.reserved[i]) {
			violations++;
			return;
		}
	}
}

static uint8_t serve_message(struct vu_dev *dev, const struct message *m, const struct vu_elem *e,
			     const union request *req, union response *resp)
{
	struct rtc_clock *c = NULL;
	unsigned int id;

	if (e->out_len < m->req_len || e->in_len < m->resp_len)
		return VIRTIO_RTC_S_EINVAL;
	if (m->type != VIRTIO_RTC_REQ_CFG) {
		id = clock_id(m, req);
		if (id >= rtc.nr_clocks)
			return VIRTIO_RTC_S_ENODEV;
		c = &rtc.clock[id];
	}
	if (m->alarm && (!(dev->features & VU_BIT(VIRTIO_RTC_F_ALARM)) || !c->has_alarm))
		return VIRTIO_RTC_S_ENODEV;
	return m->serve(dev, c, req, resp);
}

/* Nothing but the status counts when it is not good: no more is written then. */
static uint32_t answer(const struct vu_elem *e, union response *resp, uint8_t status, size_t len)
{
	if (status != VIRTIO_RTC_S_OK) {
		failed++;
		len = sizeof(resp->head);
		memset(resp, 0, sizeof(*resp));
	}
	resp->head.status = status;
	return vu_write(e, 0, resp, len < e->in_len ? len : e->in_len);
}

static uint32_t rtc_request(struct vu_queue *q, struct vu_elem *e)
{
	union response resp = { 0 };
	union request req = { 0 };
	const struct message *m;
	uint8_t status;

	if (q->index)
		return rtc_alarm_notify(e);
	vu_read(e, 0, &req, sizeof(req));
	check_reserved(&req);
	m = find_message(le16toh(req.head.msg_type));
	if (!m || e->out_len < sizeof(req.head)) {
		other++;
		return answer(e, &resp, m ? VIRTIO_RTC_S_EINVAL : VIRTIO_RTC_S_EOPNOTSUPP, 0);
	}
	counts[m - messages]++;
	status = serve_message(q->dev, m, e, &req, &resp);
	return answer(e, &resp, status, m->resp_len);
}

static uint32_t rtc_status_request(struct vu_queue *q, struct vu_elem *e, int status)
{
	union response resp = { 0 };

	if (q->index)
		return rtc_request(q, e);
	resp.head.status = status;
	return vu_write(e, 0, &resp, e->in_len < sizeof(resp) ? e->in_len : sizeof(resp));
}

/* The driver's alarm buffers lie in the queue until there is something to tell. */
static bool rtc_idle(struct vu_queue *q)
{
	return q->index && !rtc_alarm_pending();
}

/* ---- options ---- */

static int set_clock(struct vu_dev *dev, const char *v)
{
	const char *wrong;

	if (rtc.nr_clocks == RTC_MAX_CLOCKS)
		return -1;
	wrong = rtc_clock_parse(&rtc.clock[rtc.nr_clocks], v);
	if (wrong) {
		vu_log(dev, "--clock: %s", wrong);
		return -1;
	}
	rtc.nr_clocks++;
	return 0;
}

static int set_counter_offset(struct vu_dev *dev, const char *v)
{
	(void)dev;
	return vu_signed(v, &rtc.counter_offset) ? 0 : -1;
}

static bool no_clocks;

static int set_no_clocks(struct vu_dev *dev, const char *v)
{
	(void)dev;
	(void)v;
	no_clocks = true;
	return 0;
}

static int set_retain(struct vu_dev *dev, const char *v)
{
	(void)dev;
	(void)v;
	rtc.retain = true;
	return 0;
}

static const struct vu_option rtc_options[] = {
	{ "clock", "TYPE[,alarm][,cross][,...]",
	  "a clock more: utc tai mono smeared noon sls maybe or a number; offset=NS", set_clock },
	{ "no-clocks", NULL, "no clock at all (default: utc,alarm,cross)", set_no_clocks },
	{ "counter-offset", "CYCLES", "the guest's counter less the host's", set_counter_offset },
	{ "retain-alarms", NULL, "alarms survive a reset", set_retain },
	{ 0 }
};

static int rtc_start(struct vu_dev *dev)
{
	bool alarms = false;

	if (!rtc.nr_clocks && !no_clocks)
		rtc_clock_parse(&rtc.clock[rtc.nr_clocks++], "utc,alarm,cross");
	for (unsigned int i = 0; i < rtc.nr_clocks; i++)
		alarms |= rtc.clock[i].has_alarm;
	if (alarms)
		dev->offered |= VU_BIT(VIRTIO_RTC_F_ALARM);
	dev->nr_queues = 2;
	rtc_alarm_init(dev);
	return 0;
}

/* ---- control socket ---- */

static const char *cmd_clocks(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	(void)argc;
	(void)argv;
	for (unsigned int i = 0; i < rtc.nr_clocks; i++) {
		const struct rtc_clock *c = &rtc.clock[i];

		fprintf(out, "clock %u %s now %llu alarm %llu enabled %d expired %d\n", i,
			rtc_clock_name(c), U(rtc_now(c)), U(c->alarm), c->enabled, c->expired);
	}
	return NULL;
}

static const char *cmd_clock(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	struct rtc_clock *c;
	uint64_t id;
	int64_t ns;

	(void)out;
	if (argc != 4 || !vu_number(argv[1], &id) || id >= rtc.nr_clocks)
		return "clock wants the number of one, and step NS or source counter|host";
	c = &rtc.clock[id];
	if (!strcmp(argv[2], "step") && vu_signed(argv[3], &ns)) {
		c->offset += ns;
		rtc_alarm_look(dev, c);
	} else if (!strcmp(argv[2], "source") && !strcmp(argv[3], "counter")) {
		c->from_counter = true;
	} else if (!strcmp(argv[2], "source") && !strcmp(argv[3], "host")) {
		c->from_counter = false;
	} else {
		return "a clock can: step NS, source counter, source host";
	}
	return NULL;
}

static const char *cmd_counter(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	uint64_t margin = 0;

	if (argc == 1) {
		fprintf(out, "counter %llu offset %lld margin %llu\n", U(rtc_counter()),
			(long long)rtc.counter_offset, U(rtc.counter_margin));
		return NULL;
	}
	if (argc < 3 || argc > 4 || strcmp(argv[1], "offset") ||
	    (argc == 4 && (!vu_number(argv[3], &margin) || margin > MARGIN_MAX)) ||
	    set_counter_offset(dev, argv[2]))
		return "counter wants offset CYCLES [MARGIN], or nothing";
	rtc.counter_margin = margin;
	return NULL;
}

/* The lies are a file of their own; their command is put in at the start. */
static struct vu_command rtc_commands[] = {
	{ "clocks", "", "list the clocks and their alarms", cmd_clocks },
	{ "clock", "N step NS | N source counter|host",
	  "step a clock; have it tell the host's counter", cmd_clock },
	{ "counter", "[offset CYCLES [MARGIN]]",
	  "the host's counter; set the guest's offset to it, and how sure that is", cmd_counter },
	{ 0 },
	{ 0 }
};

static void rtc_stats(struct vu_dev *dev, FILE *out)
{
	(void)dev;
	for (size_t i = 0; i < NR_MESSAGES; i++)
		fprintf(out, "%s %llu\n", messages[i].name, U(counts[i]));
	fprintf(out, "other %llu\nfailed %llu\nviolations %llu\nbells %llu\n", U(other), U(failed),
		U(violations), U(rtc.bells));
	rtc_lie_stats(out);
}

static const struct vu_ops rtc_ops = {
	.name = "vu-rtc",
	.options = rtc_options,
	.commands = rtc_commands,
	.start = rtc_start,
	.request = rtc_request,
	.status_request = rtc_status_request,
	.idle = rtc_idle,
	.reset = rtc_alarm_reset,
	.stats = rtc_stats,
};

int main(int argc, char **argv)
{
	static struct vu_dev dev;

	rtc_commands[3] = rtc_lie_command;
	return vu_main(&dev, &rtc_ops, argc, argv);
}
