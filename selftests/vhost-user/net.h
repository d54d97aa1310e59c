/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network device (virtio 1.4, 5.1), with nothing behind it but itself:
 *
 *	vu-net.c	queues, options, statistics
 *	net_config.c	features, configuration
 *	net_ctrl.c	control queue: commands checked, counted, noted down
 *	net_coal.c	interrupts that wait
 *	net_stat.c	statistics for the driver
 *	net_rx.c	frames to the guest
 *	net_tx.c	frames from the guest, and what is wrong with them
 *	net_peer.c	who answers them
 *	net_send.c	frames of the device's own
 *	net_lie.c	what it can say that is not true
 */
#ifndef VU_NET_H
#define VU_NET_H

#include "vu.h"

#define NET_MAX_PAIRS 16
#define NET_MAX_FRAME 65600
#define NET_ETH 14

/* Feature bits. */
enum {
	NET_F_CSUM = 0,
	NET_F_GUEST_CSUM = 1,
	NET_F_CTRL_GUEST_OFFLOADS = 2,
	NET_F_MTU = 3,
	NET_F_MAC = 5,
	NET_F_GUEST_TSO4 = 7,
	NET_F_GUEST_TSO6 = 8,
	NET_F_GUEST_ECN = 9,
	NET_F_HOST_TSO4 = 11,
	NET_F_HOST_TSO6 = 12,
	NET_F_HOST_ECN = 13,
	NET_F_MRG_RXBUF = 15,
	NET_F_STATUS = 16,
	NET_F_CTRL_VQ = 17,
	NET_F_CTRL_RX = 18,
	NET_F_CTRL_VLAN = 19,
	NET_F_CTRL_RX_EXTRA = 20,
	NET_F_GUEST_ANNOUNCE = 21,
	NET_F_MQ = 22,
	NET_F_CTRL_MAC_ADDR = 23,
	NET_F_DEVICE_STATS = 50,
	NET_F_VQ_NOTF_COAL = 52,
	NET_F_NOTF_COAL = 53,
	NET_F_GUEST_USO4 = 54,
	NET_F_GUEST_USO6 = 55,
	NET_F_HOST_USO = 56,
	NET_F_HASH_REPORT = 57,
	NET_F_GUEST_HDRLEN = 59,
	NET_F_RSS = 60,
	NET_F_SPEED_DUPLEX = 63,
};

enum {
	NET_HDR_NEEDS_CSUM = 1,
	NET_HDR_DATA_VALID = 2,

	NET_GSO_NONE = 0,
	NET_GSO_TCPV4 = 1,
	NET_GSO_TCPV6 = 4,
	NET_GSO_UDP_L4 = 5,
	NET_GSO_ECN = 0x80,

	NET_S_LINK_UP = 1,
	NET_S_ANNOUNCE = 2,

	NET_OK = 0,
	NET_ERR = 1,
};

/* On the wire, little-endian as this program's machine has to be. */
struct net_hdr {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t num_buffers;
	/* only with HASH_REPORT */
	uint32_t hash;
	uint16_t report;
	uint16_t padding;
};

struct net_config {
	uint8_t mac[6];
	uint16_t status;
	uint16_t max_pairs;
	uint16_t mtu;
	uint32_t speed;
	uint8_t duplex;
	uint8_t key_size;
	uint16_t table_len;
	uint32_t hash_types;
} __attribute__((packed));

/**
 * struct net_frame - a frame, and what its header says
 * @next: in a queue
 * @hdr: header; num_buffers is found out
 * @len: bytes of @data
 * @data: from the Ethernet header on
 */
struct net_frame {
	struct net_frame *next;
	struct net_hdr hdr;
	uint32_t len;
	uint8_t data[];
};

/**
 * struct net_queue - what this device knows of a queue
 * @waiting: receive: frames to be delivered
 * @tail: end of @waiting
 * @nr_waiting: how many
 * @part: receive: buffers of the first of them, linked, not yet enough
 * @part_tail: end of @part
 * @part_room: bytes they hold
 * @nr_part: how many
 * @starts: &vu_queue.n.starts when @part was begun
 * @max_packets: coalescing
 * @max_usecs: coalescing
 * @coal: the interrupt that waits
 * @n: counters
 */
struct net_queue {
	struct net_frame *waiting, **tail;
	unsigned int nr_waiting;
	struct vu_elem *part, **part_tail;
	size_t part_room;
	unsigned int nr_part;
	uint64_t starts;
	uint32_t max_packets, max_usecs;
	struct vu_timer coal;
	struct {
		uint64_t packets, bytes, drops, overruns, malformed, gso, csum, waits;
	} n;
};

enum net_peer { NET_ANSWER, NET_REFLECT, NET_SINK };

struct net {
	struct vu_dev *dev;
	struct net_config *config;
	unsigned int max_pairs;		/* of the device */
	unsigned int pairs;		/* in use, as the driver says */
	enum net_peer peer;
	bool know_guest;		/* it has sent something */
	uint8_t guest_mac[6];
	uint8_t guest_ip[4];
	uint8_t peer_ip[4];		/* whom it last asked for */
	struct net_queue queue[2 * NET_MAX_PAIRS + 1];
};

extern struct net net;

bool net_has(unsigned int bit);
/* Bytes of a header, as negotiated. */
size_t net_hdr_len(void);
unsigned int net_ctrl_index(void);

/* ---- net_config.c ---- */

extern const struct vu_option net_config_options[];
int net_config_start(struct vu_dev *dev);
extern const struct vu_command net_config_command, net_link_command;

/* ---- net_ctrl.c ---- */

uint32_t net_ctrl_serve(struct vu_queue *q, struct vu_elem *e);
uint32_t net_ctrl_status(struct vu_elem *e, int status);
void net_ctrl_reset(void);
void net_ctrl_stats(FILE *out);
extern const struct vu_command net_ctrl_command, net_refuse_command;
/* Pair of the receive queue for a flow. */
unsigned int net_ctrl_steer(unsigned int flow);
bool net_ctrl_guest_offload(unsigned int bit);
extern uint64_t net_ctrl_commands, net_ctrl_good;

/* ---- net_coal.c ---- */

void net_coal_init(struct vu_dev *dev);
bool net_coal_hold(struct vu_queue *q);
/* false: no such queue. */
bool net_coal_set(unsigned int index, uint32_t packets, uint32_t usecs);

/* ---- net_stat.c ---- */

/* Both return bytes of the result, or -1: refused. */
int net_stat_query(uint8_t *result, size_t room);
int net_stat_get(const uint8_t *data, size_t len, uint8_t *result, size_t room);

/* ---- net_rx.c ---- */

struct net_frame *net_frame_new(uint32_t len);
/* Takes the frame. */
void net_rx_queue(unsigned int pair, struct net_frame *f);
uint32_t net_rx_buffer(struct vu_queue *q, struct vu_elem *e);
void net_rx_reset(void);

/* ---- net_tx.c ---- */

uint32_t net_tx_take(struct vu_queue *q, struct vu_elem *e);
void net_tx_stats(FILE *out);

/* ---- net_peer.c ---- */

void net_peer_take(unsigned int pair, const struct net_frame *f);
void net_peer_stats(FILE *out);
extern const struct vu_command net_peer_command;
uint16_t net_get16(const uint8_t *p);
void net_put16(uint8_t *p, uint16_t v);
/* Of a one's complement sum, not folded. */
uint32_t net_sum(uint32_t sum, const uint8_t *p, size_t len);
uint16_t net_fold(uint32_t sum);

/* ---- net_send.c ---- */

void net_send_init(struct vu_dev *dev);
extern const struct vu_command net_send_command;

/* ---- net_lie.c ---- */

enum net_lie {
	NET_LIE_FLAGS,
	NET_LIE_GSO_TYPE,
	NET_LIE_HDR_LEN,
	NET_LIE_GSO_SIZE,
	NET_LIE_CSUM_START,
	NET_LIE_CSUM_OFFSET,
	NET_LIE_NUM_BUFFERS,
	NET_LIE_HASH,
	NET_LIE_REPORT,
	NET_LIE_STAT_TYPES,
	NET_LIE_STAT_TYPE,
	NET_LIE_STAT_QUEUE,
	NET_LIE_STAT_SIZE,
	NET_LIE_STAT_BYTES,
	NET_NR_LIES,
};

uint64_t net_lie(enum net_lie lie, uint64_t truth);
void net_lie_stats(FILE *out);
extern const struct vu_command net_lie_command;

#endif /* VU_NET_H */
