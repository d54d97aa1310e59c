/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * virtio_pv_net: a network device (virtio 1.4, 5.1).
 *
 *	main.c		module, feature whitelist, probe and remove
 *	netdev.c	the netdev: its operations, register and unregister
 *	config.c	device configuration -> validated
 *	hdr.c		packet headers: made and checked; pure
 *	rx.c		receive: buffers, packets
 *	stream.c	few interrupts for streams; pure
 *	tx.c		transmit
 *	tx_sock.c	which sockets wait for their packets
 *	xdp.c		XDP programs: attached, run
 *	xdp_tx.c	frames of XDP, ours and others', sent
 *	xsk.c		AF_XDP: queues bound, packets to user space
 *	xsk_tx.c	packets from user space
 *	pair.c		a receive and a transmit queue with one NAPI; open and stop
 *	ctrl.c		control queue: commands queued, several per kick
 *	rss.c		which packet goes to which pair, and its hash
 *	coalesce.c	few interrupts
 *	dim.c		as few as the load allows
 *	rxmode.c	what is received: addresses, VLANs, promiscuity
 *	offload.c	offloads of the netdev, and those told to the device
 *	link.c		carrier, speed, announcements
 *	life.c		stop, start, lost buffers
 *	stats.c		counters
 *	devstat.c	those the device keeps
 *	ethtool.c	ethtool
 *
 * Locks, outermost first:
 *
 *	RTNL				open, stop, channels, offloads; life.c, link.c
 *	the device's mutex		the core's; around life.c and link.c
 *	netif_addr_lock			address lists
 *	vpv_net_devstat.lock		counters of the device
 *	vpv_net_ctrl.lock		the control queue, both sides
 *
 *	transmit lock of a queue	both sides of a transmit queue
 *	NAPI of a pair			both sides of a receive queue
 */
#ifndef VPV_NET_H
#define VPV_NET_H

#include <linux/dim.h>
#include <linux/ethtool.h>
#include <linux/etherdevice.h>
#include <linux/hrtimer.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/timer.h>
#include <linux/u64_stats_sync.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <linux/workqueue.h>
#include <net/netdev_queues.h>
#include <net/page_pool/helpers.h>
#include <net/xdp.h>

#include "../core/vpv.h"
#include "hdr.h"
#include "stream.h"

/* What one packet of the largest kind takes: a linear part and its pages. */
#define VPV_NET_TX_SEGS (MAX_SKB_FRAGS + 1)
/* Packets of up to that many pieces need no indirect table. */
#define VPV_NET_TX_DIRECT 2
/* Completions taken at a time. */
#define VPV_NET_REAP_MAX 32
/* A transmitter looks for completions when so many packets were sent since. */
#define VPV_NET_TX_REAP_EVERY 32
/* Completions nobody waits for are taken at the latest after that time. */
#define VPV_NET_TX_BACKSTOP (msecs_to_jiffies(8) ?: 1)
/* Memory was short: try again after that time. */
#define VPV_NET_RX_RETRY (msecs_to_jiffies(20) ?: 1)
/* In front of the header of each receive buffer, for the stack or for a program. */
#define VPV_NET_RX_PAD ALIGN(NET_SKB_PAD + NET_IP_ALIGN, 4)
#define VPV_NET_RX_PAD_XDP XDP_PACKET_HEADROOM
/* Frames a program sends back are handed to the transmit queue so many at a time. */
#define VPV_NET_XDP_BULK 16
/* A command without an answer for so long makes the driver reset the queue. */
#define VPV_NET_CTRL_TIMEOUT_MS 5000
#define VPV_NET_CTRL_SLOTS 32
/* Longest time between interrupts that may be asked for. */
#define VPV_NET_MAX_USECS 10000
/* Smallest rings that may be asked for: a packet of the largest kind and some. */
#define VPV_NET_MIN_RING 64
#define VPV_NET_CTRL_PAYLOAD 1016
/* Longest result of a command that has one; such commands go one after the other. */
#define VPV_NET_CTRL_RESULT 4096
/* Counters the device may have of a queue. */
#define VPV_NET_DEV_VALUES 16
/* Toeplitz key, entries of the table (each is what any device has to take), and the command. */
#define VPV_NET_RSS_KEY 40
#define VPV_NET_RSS_TABLE 128
#define VPV_NET_RSS_BYTES (8 + 2 * VPV_NET_RSS_TABLE + 3 + VPV_NET_RSS_KEY)
/* Address entries that fit into one command. */
#define VPV_NET_MAC_MAX ((VPV_NET_CTRL_PAYLOAD - 8) / ETH_ALEN)
/*
 * A transmit queue from which nothing came back for so long is reset; twice as
 * long after each reset that did not help, up to the last. A host that does not
 * take packets for minutes then costs some of them, and never the device.
 */
#define VPV_NET_TX_TIMEOUT (5 * HZ)
#define VPV_NET_TX_TIMEOUT_MAX (160 * HZ)

/**
 * struct vpv_net_config - the device configuration, checked
 * @have_mac: @mac was given
 * @mac: address
 * @link_up: link state
 * @announce: the device asks for announcements
 * @max_pairs: queue pairs of the device; the control queue comes after them
 * @mtu: the device's limit, 0: none given
 * @speed: Mbit/s, or SPEED_UNKNOWN
 * @duplex: DUPLEX_...
 * @rss_table: entries of the RSS table that are used, a power of two
 * @hash_types: VIRTIO_NET_RSS_HASH_TYPE_... of the device
 */
struct vpv_net_config {
	bool have_mac;
	u8 mac[ETH_ALEN];
	bool link_up;
	bool announce;
	u16 max_pairs;
	u16 mtu;
	u32 speed;
	u8 duplex;
	u16 rss_table;
	u32 hash_types;
};

/**
 * struct vpv_net_rx_stats - written by NAPI of the pair only
 * @packets: received, whatever a program made of them
 * @bytes: of them
 * @drops: packets dropped for any of the reasons that follow, and by pressure
 * @bad_len: a length too small or unknown
 * @bad_hdr: a header that lies
 * @bad_count: a packet in more buffers than came
 * @no_memory: refills cut short
 * @kicks: notifications sent
 * @xdp_packets: shown to a program
 * @xdp_tx: sent back by it
 * @xdp_redirects: sent elsewhere by it
 * @xdp_drops: dropped by it, or what it wanted could not be done
 * @syncp: for readers on 32 bits
 */
struct vpv_net_rx_stats {
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t drops;
	u64_stats_t bad_len;
	u64_stats_t bad_hdr;
	u64_stats_t bad_count;
	u64_stats_t no_memory;
	u64_stats_t kicks;
	u64_stats_t xdp_packets;
	u64_stats_t xdp_tx;
	u64_stats_t xdp_redirects;
	u64_stats_t xdp_drops;
	struct u64_stats_sync syncp;
};

/**
 * struct vpv_net_tx_stats - written under the transmit lock only
 * @packets: handed to the device
 * @bytes: of them
 * @drops: given up: malformed, no memory, lost in a reset
 * @kicks: notifications sent
 * @stops: the queue was stopped: ring full or byte limit
 * @timeouts: resets asked for because nothing came back
 * @xdp_tx: XDP frames handed to the device
 * @xdp_tx_drops: XDP frames for which there was no room
 * @syncp: for readers on 32 bits
 */
struct vpv_net_tx_stats {
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t drops;
	u64_stats_t kicks;
	u64_stats_t stops;
	u64_stats_t timeouts;
	u64_stats_t xdp_tx;
	u64_stats_t xdp_tx_drops;
	struct u64_stats_sync syncp;
};

/**
 * struct vpv_net_rx_buf - a buffer the device may write to
 * @page: from the pool
 * @offset: of the buffer within @page
 * @size: of the buffer, padding and struct skb_shared_info included
 * @pad: in front of the header
 * @next: free list
 */
struct vpv_net_rx_buf {
	struct page *page;
	u32 offset;
	u32 size;
	u32 pad;
	struct vpv_net_rx_buf *next;
};

/**
 * struct vpv_net_xdp_buff - a packet for a program
 * @xdp: first, the program's hints get a pointer to it
 * @rx: where it came from; what its header said is there
 */
struct vpv_net_xdp_buff {
	struct xdp_buff xdp;
	struct vpv_net_rx *rx;
};

/**
 * struct vpv_net_rx_xdp - XDP on a receive queue; NAPI's
 * @prog: program of this poll, NULL: none
 * @busy: @buff is being put together
 * @short_pad: its first buffer is from before there was a program
 * @redirected: something was, in this poll
 * @packets: see &vpv_net_rx_stats, not yet added to it
 * @sent: same
 * @redirects: same
 * @drops: same
 * @truesize: memory behind the fragments of @buff
 * @nr_frames: in @frames
 * @frames: to be sent back
 * @buff: packet
 * @rxq: for programs: where it comes from
 */
struct vpv_net_rx_xdp {
	struct bpf_prog *prog;
	bool busy;
	bool short_pad;
	bool redirected;
	unsigned int packets;
	unsigned int sent;
	unsigned int redirects;
	unsigned int drops;
	unsigned int truesize;
	unsigned int nr_frames;
	struct xdp_frame *frames[VPV_NET_XDP_BULK];
	struct vpv_net_xdp_buff buff;
	struct xdp_rxq_info rxq;
};

/**
 * struct vpv_net_rx - a receive queue
 * @q: the virtqueue
 * @pool: pages
 * @bufs: records, one per descriptor
 * @free: records not in use
 * @order: of the pool's pages
 * @avg_len: moving average of the length of a packet, scaled by 8
 * @skb: packet being put together
 * @hdr: its header, as copied
 * @hash: and its hash, all zero where the device reports none
 * @missing: buffers to come
 * @spared: the device has done without a kick once
 * @retry: memory was short
 * @stream: when to interrupt for the next packets
 * @joined: packets of streams that this poll found
 * @joined_buffers: that they took
 * @stats: counters
 * @xdp: programs
 * @xsk: AF_XDP pool its buffers come from, or NULL; NAPI off to change it
 * @xsk_rxq: for programs: where packets of @xsk come from
 */
struct vpv_net_rx {
	struct vpv_queue *q;
	struct page_pool *pool;
	struct vpv_net_rx_buf *bufs;
	struct vpv_net_rx_buf *free;
	unsigned int order;
	u32 avg_len;
	struct sk_buff *skb;
	struct vpv_net_hdr hdr;
	struct vpv_net_hash hash;
	unsigned int missing;
	bool spared;
	struct timer_list retry;
	struct vpv_net_stream stream;
	unsigned int joined;
	unsigned int joined_buffers;
	struct vpv_net_rx_stats stats;
	struct vpv_net_rx_xdp xdp;
	struct xsk_buff_pool *xsk;
	struct xdp_rxq_info xsk_rxq;
};

/* The two halves of a pair. */
enum vpv_net_dir {
	VPV_NET_RX,
	VPV_NET_TX,
	VPV_NET_DIRS,
};

/**
 * struct vpv_net_coal - when the device interrupts: whichever comes first
 * @packets: after so many, 0: at once
 * @usecs: after that time
 */
struct vpv_net_coal {
	u32 packets;
	u32 usecs;
};

struct vpv_net_tx_map;

/**
 * struct vpv_net_tx - a transmit queue
 * @q: the virtqueue
 * @txq: the stack's
 * @maps: where packets are for the device, one per packet in flight if @dma
 * @free: of them, not in use
 * @dma: packets are mapped through the DMA API
 * @open: takes XDP frames; transmit lock
 * @frames: XDP frames in flight; transmit lock
 * @xsk: AF_XDP pool, or NULL; NAPI off to change it
 * @xsk_hdr: a header without anything in it, as the device sees it
 * @xsk_busy: packets of it in flight; transmit lock
 * @need: room that the largest packet takes
 * @wake: room at which a stopped queue goes on
 * @awaited: completions still to come until the interrupt that somebody waits for
 * @corked: small packets of TCP still to come that get an interrupt
 * @kicks_seen: of the queue, counted in @stats
 * @since_reap: packets sent since completions were last looked for
 * @lost: buffers were dropped: the byte limit has to start anew
 * @progress: jiffies when something came back, or an empty queue was sent to
 * @patience: jiffies from then on until a reset is asked for
 * @backstop: takes completions that nobody waits for
 * @stats: counters
 */
struct vpv_net_tx {
	struct vpv_queue *q;
	struct netdev_queue *txq;
	struct vpv_net_tx_map *maps;
	struct vpv_net_tx_map *free;
	bool dma;
	bool open;
	unsigned int frames;
	struct xsk_buff_pool *xsk;
	u64 xsk_hdr;
	unsigned int xsk_busy;
	unsigned int need;
	unsigned int wake;
	unsigned int since_reap;
	unsigned int awaited;
	unsigned int corked;
	u64 kicks_seen;
	bool lost;
	unsigned long progress;
	unsigned long patience;
	struct timer_list backstop;
	struct vpv_net_tx_stats stats;
};

/**
 * struct vpv_net_pair - a receive and a transmit queue on one NAPI
 * @vn: the device
 * @index: number
 * @running: NAPI is enabled; RTNL
 * @napi: both queues'
 * @moderate: polls again, where interrupts are to be rare
 * @timed: it did, and NAPI has not seen that yet
 * @armed: ns when an interrupt for later than the next buffer was asked for; 0: for
 *	the next one
 * @rx: receive
 * @tx: transmit
 * @coal: coalescing by the device, as wanted; RTNL and ctrl.lock
 * @coal_sent: as last sent; ctrl.lock
 * @rx_usecs: least time between interrupts while packets come, 0: none
 * @adaptive: that of receive follows the load; RTNL and ctrl.lock to change it
 * @dim: the load
 * @polls: that ended with packets found; NAPI
 * @rx_name: for messages
 * @tx_name: for messages
 */
struct vpv_net_pair {
	struct vpv_net *vn;
	unsigned int index;
	bool running;
	struct napi_struct napi;
	struct hrtimer moderate;
	bool timed;
	u64 armed;
	struct vpv_net_rx rx;
	struct vpv_net_tx tx;
	struct vpv_net_coal coal[VPV_NET_DIRS];
	struct vpv_net_coal coal_sent[VPV_NET_DIRS];
	u32 rx_usecs;
	bool adaptive;
	struct dim dim;
	u16 polls;
	char rx_name[16];
	char tx_name[16];
};

struct vpv_net_slot;
struct vpv_net_wait;

/**
 * struct vpv_net_ctrl - the control queue
 * @q: the virtqueue, NULL: the device has none
 * @lock: both sides of the queue and all that follows
 * @slots: commands
 * @mem: what the device sees of them
 * @mem_addr: @mem as the device sees it
 * @nr_slots: how many
 * @result: where the device writes results, NULL: no command has one
 * @result_addr: @result as the device sees it
 * @asked: the command @result belongs to, or NULL
 * @busy: commands with the device
 * @stopped: the device does not take commands now
 * @starved: somebody found no slot: synchronise again
 * @ack_owed: the device is not told yet that its announcement was made
 * @watchdog: looks for overdue commands
 * @sync: sends what is still to be sent
 * @commands: commands sent
 * @failed: refused by the device
 * @kicks: notifications sent
 */
struct vpv_net_ctrl {
	struct vpv_queue *q;
	spinlock_t lock;
	struct vpv_net_slot *slots;
	struct vpv_net_ctrl_wire *mem;
	u64 mem_addr;
	unsigned int nr_slots;
	void *result;
	u64 result_addr;
	struct vpv_net_slot *asked;
	unsigned int busy;
	bool stopped;
	bool starved;
	bool ack_owed;
	struct delayed_work watchdog;
	struct work_struct sync;
	u64 commands;
	u64 failed;
	u64 kicks;
};

/**
 * struct vpv_net_mode - what the device lets through
 * @promisc: all
 * @allmulti: all multicast
 * @alluni: all unicast
 * @nr_uc: unicast addresses
 * @nr_mc: multicast addresses
 * @macs: @nr_uc and then @nr_mc addresses
 */
struct vpv_net_mode {
	u8 promisc;
	u8 allmulti;
	u8 alluni;
	u16 nr_uc;
	u16 nr_mc;
	u8 macs[VPV_NET_MAC_MAX][ETH_ALEN];
};

/**
 * struct vpv_net_rss - hashes and what is made of them
 * @types: VIRTIO_NET_RSS_HASH_TYPE_... wanted
 * @supported: of them, what the device has
 * @table_len: entries of @table, 0: no steering by hash
 * @table: pair for each value of the hash, modulo @table_len
 * @key: of the Toeplitz hash
 * @sent: told to the device since its last reset
 */
struct vpv_net_rss {
	u32 types;
	u32 supported;
	u16 table_len;
	u16 table[VPV_NET_RSS_TABLE];
	u8 key[VPV_NET_RSS_KEY];
	bool sent;
};

/**
 * struct vpv_net_devstat - counters that the device keeps
 * @lock: all that follows
 * @types: which the device has and may be asked for
 * @values: VPV_NET_DEV_VALUES of each queue in use, and of the control queue
 * @bad: replies that made no sense
 * @reply: private copy
 */
struct vpv_net_devstat {
	struct mutex lock;
	u64 types;
	u64 *values;
	u64 bad;
	u8 reply[VPV_NET_CTRL_RESULT];
};

/**
 * struct vpv_net - a network device
 * @vdev: the device
 * @dev: the netdev
 * @cfg: validated configuration
 * @rules: what a received header may say
 * @pairs: queue pairs
 * @nr_pairs: of them with rings of full size: what may be used
 * @cur_pairs: used; RTNL
 * @sent_pairs: told to the device; ctrl.lock
 * @hdr_len: bytes of a packet's header
 * @mergeable: a packet may come in several buffers
 * @registered: the netdev is visible
 * @open: between ndo_open and ndo_stop; RTNL
 * @stopped: between quiesce() and resume() or failed(); RTNL
 * @prog: XDP program; RTNL to change it
 * @zeroes: a packet header without anything in it
 * @ctrl: control queue
 * @mode: as last sent; ctrl.lock
 * @want_mode: as wanted; ctrl.lock
 * @vlans: wanted; ctrl.lock
 * @sent_vlans: as last sent; ctrl.lock
 * @want_offloads: as wanted; ctrl.lock
 * @sent_offloads: as last sent; ctrl.lock
 * @rx_usecs: that of all pairs, as wanted; RTNL
 * @coal: coalescing by the device for all queues, as wanted; RTNL and ctrl.lock
 * @coal_sent: as last sent; ctrl.lock
 * @rss: hashes as wanted; RTNL and ctrl.lock
 * @devstat: counters of the device, NULL: it has none
 * @held: says it again, see held.c
 * @mac_sent: the address was sent since the last reset; ctrl.lock
 * @mac_now: our address; ctrl.lock
 * @mac_set: the address is not the one the device came with; ctrl.lock
 */
struct vpv_net {
	struct vpv_dev *vdev;
	struct net_device *dev;
	struct vpv_net_config cfg;
	struct vpv_net_rules rules;
	struct vpv_net_pair *pairs;
	unsigned int nr_pairs;
	unsigned int cur_pairs;
	unsigned int sent_pairs;
	unsigned int hdr_len;
	bool mergeable;
	bool registered;
	bool open;
	bool stopped;
	struct bpf_prog __rcu *prog;
	void *zeroes;
	struct vpv_net_ctrl ctrl;
	struct vpv_net_mode mode;
	struct vpv_net_mode want_mode;
	DECLARE_BITMAP(vlans, VLAN_N_VID);
	DECLARE_BITMAP(sent_vlans, VLAN_N_VID);
	u64 want_offloads;
	u64 sent_offloads;
	unsigned int rx_usecs;
	struct vpv_net_coal coal[VPV_NET_DIRS];
	struct vpv_net_coal coal_sent[VPV_NET_DIRS];
	struct vpv_net_rss rss;
	struct vpv_net_devstat *devstat;
	struct delayed_work held;
	bool mac_sent;
	u8 mac_now[ETH_ALEN];
	bool mac_set;
};

static inline struct vpv_net *vpv_net_of(const struct net_device *dev)
{
	return *(struct vpv_net **)netdev_priv(dev);
}

static inline bool vpv_net_has(const struct vpv_net *vn, unsigned int bit)
{
	return vpv_has_feature(vn->vdev, bit);
}

/* config.c */
int vpv_net_read_config(struct vpv_dev *vdev, struct vpv_net_config *cfg);
int vpv_net_same_config(struct vpv_dev *vdev, const struct vpv_net_config *old,
			const struct vpv_net_config *now);

/* netdev.c */
int vpv_net_netdev_create(struct vpv_net *vn);
void vpv_net_netdev_destroy(struct vpv_net *vn);
int vpv_net_attach(struct vpv_dev *vdev);
void vpv_net_detach(struct vpv_dev *vdev);

/* rx.c */
int vpv_net_rx_create(struct vpv_net_pair *pair);
void vpv_net_rx_destroy(struct vpv_net_pair *pair);
void vpv_net_rx_start(struct vpv_net_pair *pair);
void vpv_net_rx_stop(struct vpv_net_pair *pair);
int vpv_net_rx_poll(struct vpv_net_pair *pair, int budget);
void vpv_net_rx_drop(struct vpv_net_pair *pair, void *token);

/* tx.c */
netdev_tx_t vpv_net_xmit(struct sk_buff *skb, struct net_device *dev);
int vpv_net_tx_create(struct vpv_net_pair *pair);
void vpv_net_tx_destroy(struct vpv_net_pair *pair);
void vpv_net_tx_start(struct vpv_net_pair *pair);
void vpv_net_tx_stop(struct vpv_net_pair *pair);
void vpv_net_tx_poll(struct vpv_net_pair *pair, int budget);
void vpv_net_tx_drop(struct vpv_net_pair *pair, void *token);
void vpv_net_tx_sizes(struct vpv_net_pair *pair);
void vpv_net_tx_timeout(struct net_device *dev, unsigned int txqueue);

/* xdp.c: programs */
int vpv_net_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int vpv_net_change_mtu(struct net_device *dev, int mtu);
bool vpv_net_xdp_on(const struct vpv_net *vn);
int vpv_net_xdp_prepare(struct vpv_net *vn, struct netlink_ext_ack *extack);
void vpv_net_xdp_changed(struct vpv_net *vn);
int vpv_net_xdp_init(struct vpv_net *vn);
void vpv_net_xdp_exit(struct vpv_net *vn);
int vpv_net_xdp_create(struct vpv_net_pair *pair);
void vpv_net_xdp_destroy(struct vpv_net_pair *pair);
/* xdp.c: packets; NAPI */
void vpv_net_xdp_begin_poll(struct vpv_net_pair *pair);
void vpv_net_xdp_end_poll(struct vpv_net_pair *pair);
void vpv_net_xdp_first(struct vpv_net_pair *pair, struct vpv_net_rx_buf *buf, u32 len);
void vpv_net_xdp_further(struct vpv_net_pair *pair, struct vpv_net_rx_buf *buf, u32 len);
struct sk_buff *vpv_net_xdp_run(struct vpv_net_pair *pair);
void vpv_net_xdp_forget(struct vpv_net_rx *rx);
bool vpv_net_xdp_plain(struct vpv_net_rx *rx);
u32 vpv_net_xdp_verdict(struct vpv_net_pair *pair, struct xdp_buff *xdp);

/* xdp_tx.c */
int vpv_net_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags);
unsigned int vpv_net_send_frames(struct vpv_net_pair *pair, struct xdp_frame **frames,
				 unsigned int n);
void vpv_net_flush_frames(struct vpv_net_pair *pair);

/* xsk.c, xsk_tx.c */
int vpv_net_xsk_bind(struct vpv_net *vn, struct xsk_buff_pool *pool, u16 index);
int vpv_net_xsk_wakeup(struct net_device *dev, u32 index, u32 flags);
unsigned int vpv_net_xsk_max_mtu(const struct vpv_net *vn);
bool vpv_net_xsk_send(struct vpv_net_pair *pair);	/* NAPI */
int vpv_net_xsk_tx_open(struct vpv_net_pair *pair);
void vpv_net_xsk_tx_close(struct vpv_net_pair *pair);
void vpv_net_xsk_sent(struct vpv_net_tx *tx, unsigned int n);

/* pair.c */
unsigned int vpv_net_count_pairs(const struct vpv_net_config *cfg);
int vpv_net_pairs_create(struct vpv_net *vn);
void vpv_net_pairs_destroy(struct vpv_net *vn);
void vpv_net_pairs_start(struct vpv_net *vn, unsigned int from, unsigned int to);
void vpv_net_pairs_stop(struct vpv_net *vn, unsigned int from, unsigned int to);
void vpv_net_pair_renew(struct vpv_net_pair *pair, struct xsk_buff_pool *pool);
int vpv_net_set_pairs(struct vpv_net *vn, unsigned int nr);
void vpv_net_pairs_spread(struct vpv_net *vn);
int vpv_net_set_rings(struct vpv_net *vn, u16 rx, u16 tx);

/* ctrl.c: all any context, unless said otherwise */
int vpv_net_ctrl_create(struct vpv_net *vn);
void vpv_net_ctrl_destroy(struct vpv_net *vn);
void vpv_net_ctrl_irq(struct vpv_queue *q);
void vpv_net_ctrl_stop(struct vpv_net *vn);	/* process context */
void vpv_net_ctrl_start(struct vpv_net *vn);
void vpv_net_ctrl_drop(struct vpv_net *vn, struct vpv_net_slot *slot);
/* Under ctrl.lock: a command to be sent by the next flush. -EBUSY: no slot now. */
int vpv_net_ctrl_add(struct vpv_net *vn, u8 class, u8 cmd, const void *data, size_t len);
/* Takes ctrl.lock: send what was added. */
void vpv_net_ctrl_flush(struct vpv_net *vn);
/* Sends a command and waits for its answer. Process context. */
int vpv_net_ctrl_exec(struct vpv_net *vn, u8 class, u8 cmd, const void *data, size_t len);
/* The same for a command with a result: up to *result_len bytes of it, and how many came. */
int vpv_net_ctrl_ask(struct vpv_net *vn, u8 class, u8 cmd, const void *data, size_t len,
		     void *result, u32 *result_len);

/* rxmode.c */
void vpv_net_set_rx_mode(struct net_device *dev);
int vpv_net_set_mac(struct net_device *dev, void *addr);
int vpv_net_vlan_add(struct net_device *dev, __be16 proto, u16 vid);
int vpv_net_vlan_kill(struct net_device *dev, __be16 proto, u16 vid);
/* Under ctrl.lock: send what differs; -EBUSY: not all of it yet. */
int vpv_net_mode_sync(struct vpv_net *vn);
int vpv_net_vlan_sync(struct vpv_net *vn);
/* Under ctrl.lock: the device was reset and knows nothing of it. */
void vpv_net_mode_forget(struct vpv_net *vn);

/* rss.c */
void vpv_net_rss_init(struct vpv_net *vn);
int vpv_net_rss_set_pairs(struct vpv_net *vn, unsigned int nr);
void vpv_net_rss_begin(struct vpv_net *vn);
void vpv_net_rss_repeat(struct vpv_net *vn);
int vpv_net_rss_sync(struct vpv_net *vn);	/* under ctrl.lock */
void vpv_net_rss_forget(struct vpv_net *vn);	/* under ctrl.lock */
u32 vpv_net_rss_rings(struct net_device *dev);
u32 vpv_net_rss_key_size(struct net_device *dev);
u32 vpv_net_rss_table_size(struct net_device *dev);
int vpv_net_rss_get(struct net_device *dev, struct ethtool_rxfh_param *param);
int vpv_net_rss_set(struct net_device *dev, struct ethtool_rxfh_param *param,
		    struct netlink_ext_ack *extack);
int vpv_net_rss_get_fields(struct net_device *dev, struct ethtool_rxfh_fields *fields);
int vpv_net_rss_set_fields(struct net_device *dev, const struct ethtool_rxfh_fields *fields,
			   struct netlink_ext_ack *extack);
int vpv_net_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info, u32 *rules);
int vpv_net_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info);

/* held.c */
void vpv_net_held_init(struct vpv_net *vn);
void vpv_net_held_look(struct vpv_net *vn);
void vpv_net_held_stop(struct vpv_net *vn);

/* coalesce.c */
int vpv_net_get_coalesce(struct net_device *dev, struct ethtool_coalesce *c,
			 struct kernel_ethtool_coalesce *kernel_c, struct netlink_ext_ack *extack);
int vpv_net_set_coalesce(struct net_device *dev, struct ethtool_coalesce *c,
			 struct kernel_ethtool_coalesce *kernel_c, struct netlink_ext_ack *extack);
int vpv_net_get_queue_coalesce(struct net_device *dev, u32 queue, struct ethtool_coalesce *c);
int vpv_net_set_queue_coalesce(struct net_device *dev, u32 queue, struct ethtool_coalesce *c);
void vpv_net_coal_adapt(struct vpv_net_pair *pair, u32 packets, u32 usecs);
int vpv_net_coal_sync(struct vpv_net *vn);	/* under ctrl.lock */
void vpv_net_coal_forget(struct vpv_net *vn);	/* under ctrl.lock */

/* dim.c */
void vpv_net_dim_init(struct vpv_net_pair *pair);
void vpv_net_dim_poll(struct vpv_net_pair *pair, int work);
void vpv_net_dim_stop(struct vpv_net_pair *pair);

/* offload.c */
void vpv_net_init_offloads(struct vpv_net *vn);
int vpv_net_set_features(struct net_device *dev, netdev_features_t features);
netdev_features_t vpv_net_fix_features(struct net_device *dev, netdev_features_t features);
bool vpv_net_offloads_stuck(const struct vpv_net *vn);
int vpv_net_offloads_off(struct vpv_net *vn);
int vpv_net_offloads_sync(struct vpv_net *vn);	/* under ctrl.lock */
void vpv_net_offloads_forget(struct vpv_net *vn);	/* under ctrl.lock */

/* link.c */
void vpv_net_link_update(struct vpv_net *vn);
int vpv_net_announce_sync(struct vpv_net *vn);	/* under ctrl.lock */
void vpv_net_config_changed(struct vpv_dev *vdev);

/* life.c */
void vpv_net_quiesce(struct vpv_dev *vdev);
int vpv_net_revalidate(struct vpv_dev *vdev);
void vpv_net_resume(struct vpv_dev *vdev);
void vpv_net_failed(struct vpv_dev *vdev);
void vpv_net_drop(struct vpv_queue *q, void *token, bool retry);

/* stats.c */
void vpv_net_get_stats(struct net_device *dev, struct rtnl_link_stats64 *total);
extern const struct netdev_stat_ops vpv_net_stat_ops;
int vpv_net_sset_count(struct net_device *dev, int sset);
void vpv_net_strings(struct net_device *dev, u32 sset, u8 *data);
void vpv_net_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data);

/* devstat.c */
void vpv_net_devstat_begin(struct vpv_net *vn);
void vpv_net_devstat_end(struct vpv_net *vn);
unsigned int vpv_net_devstat_count(const struct vpv_net *vn);
void vpv_net_devstat_strings(const struct vpv_net *vn, u8 **data);
u64 *vpv_net_devstat_values(struct vpv_net *vn, u64 *data);
void vpv_net_devstat_rx(struct vpv_net *vn, unsigned int pair, struct netdev_queue_stats_rx *stats);
void vpv_net_devstat_tx(struct vpv_net *vn, unsigned int pair, struct netdev_queue_stats_tx *stats);

/* ethtool.c */
extern const struct ethtool_ops vpv_net_ethtool_ops;

#endif /* VPV_NET_H */
