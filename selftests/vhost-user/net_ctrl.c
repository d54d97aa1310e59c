// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control queue (5.1.9.5): each command is checked, counted, noted down, and
 * carried out as far as this device has something to carry out. A malformed one is
 * refused and counted apart.
 */
#include <string.h>

#include "net.h"

#define U(v) ((unsigned long long)(v))

#define MOST_DATA 4096
#define MOST_RESULT 16384
#define NR_LOG 64
#define CLASSES 9
#define COMMANDS 6

enum {
	CLASS_RX, CLASS_MAC, CLASS_VLAN, CLASS_ANNOUNCE, CLASS_MQ, CLASS_OFFLOADS, CLASS_COAL,
	CLASS_STATS = 8,
};

/* What the driver asked for since the reset. */
static struct {
	uint8_t mode[COMMANDS];
	uint32_t nr_uc, nr_mc;
	uint8_t mac[6];
	uint8_t vlans[4096 / 8];
	uint64_t offloads;
	uint32_t hash_types;
	uint16_t table[128];
	unsigned int table_len;
} state;

static struct {
	uint8_t class, cmd, ack;
	unsigned int len;
	uint8_t head[12];
} log_ring[NR_LOG];
static unsigned int log_next, log_count;

static uint64_t per_command[CLASSES][COMMANDS], malformed, refused;
uint64_t net_ctrl_commands, net_ctrl_good;

static struct {
	bool on;
	uint64_t class, cmd, left;
} refusal;

struct command {
	const uint8_t *data;
	size_t len;
	uint8_t *result;
	size_t room;
	size_t done;
};

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

/* ---- classes; false: refused ---- */

static bool do_rx(uint8_t cmd, struct command *c)
{
	if (cmd > 5 || c->len != 1 || c->data[0] > 1 ||
	    !net_has(cmd > 1 ? NET_F_CTRL_RX_EXTRA : NET_F_CTRL_RX))
		return false;
	state.mode[cmd] = c->data[0];
	return true;
}

static bool set_table(const struct command *c)
{
	uint64_t uc, mc;

	if (c->len < 8)
		return false;
	uc = get32(c->data);
	if (uc > MOST_DATA || 4 + 6 * uc + 4 > c->len)
		return false;
	mc = get32(c->data + 4 + 6 * uc);
	if (mc > MOST_DATA || 8 + 6 * (uc + mc) != c->len)
		return false;
	state.nr_uc = uc;
	state.nr_mc = mc;
	return true;
}

static bool do_mac(uint8_t cmd, struct command *c)
{
	if (cmd == 0)
		return net_has(NET_F_CTRL_RX) && set_table(c);
	if (cmd != 1 || c->len != 6 || !net_has(NET_F_CTRL_MAC_ADDR))
		return false;
	memcpy(state.mac, c->data, 6);
	return true;
}

static bool do_vlan(uint8_t cmd, struct command *c)
{
	unsigned int id;

	if (cmd > 1 || c->len != 2 || !net_has(NET_F_CTRL_VLAN))
		return false;
	id = get16(c->data);
	if (id >= 4096)
		return false;
	if (cmd)
		state.vlans[id / 8] &= ~(1 << id % 8);
	else
		state.vlans[id / 8] |= 1 << id % 8;
	return true;
}

/* Only when it was asked for (5.1.9.5.4). */
static bool do_announce(uint8_t cmd, struct command *c)
{
	if (cmd || c->len || !net_has(NET_F_GUEST_ANNOUNCE) ||
	    !(net.config->status & NET_S_ANNOUNCE))
		return false;
	net.config->status &= ~NET_S_ANNOUNCE;
	return true;
}

static bool set_pairs(unsigned int n)
{
	if (!n || n > net.max_pairs)
		return false;
	net.pairs = n;
	return true;
}

/* Hash types, mask, unclassified, table, transmit queues, key. */
static bool set_rss(const struct command *c, bool steer)
{
	unsigned int n, key;
	const uint8_t *end;

	if (c->len < 8)
		return false;
	n = steer ? get16(c->data + 4) + 1 : 1;
	if (n > 128 || n & (n - 1) || c->len < 8 + 2 * n + 3)
		return false;
	end = c->data + 8 + 2 * n;
	key = end[2];
	if (key > net.config->key_size || c->len != 8 + 2 * n + 3 + key ||
	    get32(c->data) & ~net.config->hash_types)
		return false;
	state.hash_types = get32(c->data);
	if (!steer)
		return true;
	for (unsigned int i = 0; i < n; i++) {
		state.table[i] = get16(c->data + 8 + 2 * i);
		if (state.table[i] >= net.max_pairs)
			return false;
	}
	state.table_len = n;
	return set_pairs(get16(end));
}

static bool do_mq(uint8_t cmd, struct command *c)
{
	switch (cmd) {
	case 0:
		return net_has(NET_F_MQ) && c->len == 2 && set_pairs(get16(c->data));
	case 1:
		return net_has(NET_F_RSS) && set_rss(c, true);
	case 2:
		return net_has(NET_F_HASH_REPORT) && set_rss(c, false);
	default:
		return false;
	}
}

static bool do_offloads(uint8_t cmd, struct command *c)
{
	uint64_t bits;

	if (cmd || c->len != 8 || !net_has(NET_F_CTRL_GUEST_OFFLOADS))
		return false;
	memcpy(&bits, c->data, 8);
	if (bits & ~net.dev->features)
		return false;
	state.offloads = bits;
	return true;
}

static bool coal_all(unsigned int first, const struct command *c)
{
	if (!net_has(NET_F_NOTF_COAL) || c->len != 8)
		return false;
	for (unsigned int i = first; i < 2 * net.max_pairs; i += 2)
		net_coal_set(i, get32(c->data), get32(c->data + 4));
	return true;
}

static bool do_coal(uint8_t cmd, struct command *c)
{
	switch (cmd) {
	case 0:
		return coal_all(1, c);
	case 1:
		return coal_all(0, c);
	case 2:
		return net_has(NET_F_VQ_NOTF_COAL) && c->len == 12 &&
		       net_coal_set(get16(c->data), get32(c->data + 4), get32(c->data + 8));
	default:
		return false;
	}
}

static bool do_stats(uint8_t cmd, struct command *c)
{
	int n = -1;

	if (!net_has(NET_F_DEVICE_STATS))
		return false;
	if (cmd == 0 && !c->len)
		n = net_stat_query(c->result, c->room);
	else if (cmd == 1)
		n = net_stat_get(c->data, c->len, c->result, c->room);
	c->done = n < 0 ? 0 : n;
	return n >= 0;
}

static bool execute(uint8_t class, uint8_t cmd, struct command *c)
{
	static bool (* const classes[CLASSES])(uint8_t cmd, struct command *c) = {
		[CLASS_RX] = do_rx, [CLASS_MAC] = do_mac, [CLASS_VLAN] = do_vlan,
		[CLASS_ANNOUNCE] = do_announce, [CLASS_MQ] = do_mq,
		[CLASS_OFFLOADS] = do_offloads, [CLASS_COAL] = do_coal, [CLASS_STATS] = do_stats,
	};

	return class < CLASSES && classes[class] && classes[class](cmd, c);
}

/* ---- the queue ---- */

static void note(uint8_t class, uint8_t cmd, const struct command *c, uint8_t ack)
{
	unsigned int i = log_next++ % NR_LOG;

	log_count += log_count < NR_LOG;
	log_ring[i].class = class;
	log_ring[i].cmd = cmd;
	log_ring[i].ack = ack;
	log_ring[i].len = c->len;
	memset(log_ring[i].head, 0, sizeof(log_ring[i].head));
	memcpy(log_ring[i].head, c->data, c->len < 12 ? c->len : 12);
	if (class < CLASSES && cmd < COMMANDS)
		per_command[class][cmd]++;
}

static bool is_refused(uint8_t class, uint8_t cmd)
{
	if (!refusal.on || class != refusal.class || cmd != refusal.cmd)
		return false;
	refused++;
	if (refusal.left && !--refusal.left)
		refusal.on = false;
	return true;
}

/* The status is the first writable byte, the result comes behind it (5.1.9.5). */
static uint32_t answer(struct vu_elem *e, uint8_t ack, const uint8_t *result, size_t len)
{
	uint32_t n = vu_write(e, 0, &ack, 1);

	return n + vu_write(e, 1, result, len);
}

uint32_t net_ctrl_status(struct vu_elem *e, int status)
{
	refused++;
	return answer(e, status, NULL, 0);
}

uint32_t net_ctrl_serve(struct vu_queue *q, struct vu_elem *e)
{
	static uint8_t data[MOST_DATA], result[MOST_RESULT];
	struct command c = { .data = data + 2, .result = result };
	uint8_t ack = NET_ERR;

	(void)q;
	if (e->out_len < 2 || e->out_len > sizeof(data) || !e->in_len) {
		malformed++;
		return answer(e, ack, NULL, 0);
	}
	vu_read(e, 0, data, e->out_len);
	c.len = e->out_len - 2;
	c.room = e->in_len - 1 < sizeof(result) ? e->in_len - 1 : sizeof(result);
	net_ctrl_commands++;
	if (!is_refused(data[0], data[1])) {
		if (execute(data[0], data[1], &c))
			ack = NET_OK;
		else
			malformed++;
	}
	net_ctrl_good += ack == NET_OK;
	note(data[0], data[1], &c, ack);
	return answer(e, ack, result, ack == NET_OK ? c.done : 0);
}

void net_ctrl_reset(void)
{
	memset(&state, 0, sizeof(state));
	net.pairs = 1;
	state.offloads = UINT64_MAX;	/* all that was negotiated is on */
	for (unsigned int i = 0; i < 2 * net.max_pairs; i++) {
		net.queue[i].max_packets = 0;
		net.queue[i].max_usecs = 0;
	}
}

bool net_ctrl_guest_offload(unsigned int bit)
{
	return net_has(bit) && state.offloads & VU_BIT(bit);
}

unsigned int net_ctrl_steer(unsigned int flow)
{
	return state.table_len ? state.table[flow % state.table_len] : flow % net.pairs;
}

/* ---- control socket ---- */

static unsigned int nr_vlans(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < sizeof(state.vlans); i++)
		n += __builtin_popcount(state.vlans[i]);
	return n;
}

void net_ctrl_stats(FILE *out)
{
	fprintf(out, "ctrl-commands %llu\nctrl-malformed %llu\nctrl-refused %llu\n",
		U(net_ctrl_commands), U(malformed), U(refused));
	for (int i = 0; i < CLASSES; i++)
		for (int j = 0; j < COMMANDS; j++)
			if (per_command[i][j])
				fprintf(out, "ctrl-%d-%d %llu\n", i, j, U(per_command[i][j]));
	fprintf(out, "promisc %u\nallmulti %u\nalluni %u\nunicasts %u\nmulticasts %u\nvlans %u\n",
		state.mode[0], state.mode[1], state.mode[2], state.nr_uc, state.nr_mc, nr_vlans());
	fprintf(out, "pairs %u\noffloads %#llx\nhash-types %#x\ntable-len %u\n", net.pairs,
		U(state.offloads & net.dev->features), state.hash_types, state.table_len);
	for (unsigned int i = 0; i < 2 * net.max_pairs; i++)
		fprintf(out, "coal-%u %u,%u\n", i, net.queue[i].max_packets,
			net.queue[i].max_usecs);
}

static const char *cmd_ctrl(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	if (argc == 2 && !strcmp(argv[1], "clear")) {
		log_count = 0;
		return NULL;
	}
	if (argc != 1)
		return "ctrl alone lists the last commands; ctrl clear forgets them";
	for (unsigned int i = log_next - log_count; i != log_next; i++) {
		fprintf(out, "%u/%u ack %u length %u data", log_ring[i % NR_LOG].class,
			log_ring[i % NR_LOG].cmd, log_ring[i % NR_LOG].ack,
			log_ring[i % NR_LOG].len);
		for (unsigned int j = 0; j < 12 && j < log_ring[i % NR_LOG].len; j++)
			fprintf(out, " %02x", log_ring[i % NR_LOG].head[j]);
		fprintf(out, "\n");
	}
	return NULL;
}

const struct vu_command net_ctrl_command = {
	"ctrl", "[clear]", "the last control commands", cmd_ctrl
};

static const char *cmd_refuse(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	(void)out;
	refusal.on = false;
	refusal.left = 0;
	if (argc == 2 && !strcmp(argv[1], "none"))
		return NULL;
	if (argc < 3 || !vu_number(argv[1], &refusal.class) || !vu_number(argv[2], &refusal.cmd) ||
	    (argc > 3 && (strncmp(argv[3], "n=", 2) || !vu_number(argv[3] + 2, &refusal.left))))
		return "refuse wants CLASS COMMAND [n=TIMES], or none";
	refusal.on = true;
	return NULL;
}

const struct vu_command net_refuse_command = {
	"refuse", "CLASS COMMAND [n=TIMES]", "control commands; refuse none: take them all again",
	cmd_refuse
};
