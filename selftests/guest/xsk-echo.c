// SPDX-License-Identifier: GPL-2.0-only
/*
 * xsk-echo IFACE QUEUE copy|zerocopy COUNT: sends frames of Ethernet type 0x88b5
 * back by an AF_XDP socket, until it was COUNT or nothing came for 15 seconds.
 * Prints "ready", and at the end "echoed N mode copy|zerocopy". The kernel is
 * called only when it asks for it (need_wakeup).
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "bpf-insn.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

#define CHUNKS	256
#define CHUNK	2048
#define RING	256		/* entries of each */
#define IDLE_MS	15000

struct ring {
	uint32_t *producer, *consumer, *flags;
	void *entries;
};

static struct ring fill, completion, rx, tx;
static char *memory;
static int sock;

static void die(const char *what)
{
	fprintf(stderr, "xsk-echo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void option(int name, const void *value, socklen_t size, const char *what)
{
	if (setsockopt(sock, SOL_XDP, name, value, size))
		die(what);
}

static void map_ring(struct ring *ring, const struct xdp_ring_offset *at, size_t entry, off_t where)
{
	char *start = mmap(NULL, at->desc + RING * entry, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_POPULATE, sock, where);

	if (start == MAP_FAILED)
		die("ring");
	ring->producer = (uint32_t *)(start + at->producer);
	ring->consumer = (uint32_t *)(start + at->consumer);
	ring->flags = (uint32_t *)(start + at->flags);
	ring->entries = start + at->desc;
}

static void make_socket(void)
{
	struct xdp_umem_reg reg = { .len = CHUNKS * CHUNK, .chunk_size = CHUNK };
	struct xdp_mmap_offsets at;
	socklen_t size = sizeof(at);
	uint32_t entries = RING;

	memory = mmap(NULL, CHUNKS * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sock = socket(AF_XDP, SOCK_RAW, 0);
	if (memory == MAP_FAILED || sock < 0)
		die("socket");
	reg.addr = (uintptr_t)memory;
	option(XDP_UMEM_REG, &reg, sizeof(reg), "memory");
	option(XDP_UMEM_FILL_RING, &entries, sizeof(entries), "fill ring");
	option(XDP_UMEM_COMPLETION_RING, &entries, sizeof(entries), "completion ring");
	option(XDP_RX_RING, &entries, sizeof(entries), "receive ring");
	option(XDP_TX_RING, &entries, sizeof(entries), "transmit ring");
	if (getsockopt(sock, SOL_XDP, XDP_MMAP_OFFSETS, &at, &size))
		die("offsets");
	map_ring(&fill, &at.fr, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING);
	map_ring(&completion, &at.cr, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING);
	map_ring(&rx, &at.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
	map_ring(&tx, &at.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
}

static void give_chunk(uint64_t addr)
{
	uint32_t at = *fill.producer;

	((uint64_t *)fill.entries)[at % RING] = addr & ~(uint64_t)(CHUNK - 1);
	__atomic_store_n(fill.producer, at + 1, __ATOMIC_RELEASE);
}

/* As long as the link is there, so is the program. */
static void attach(unsigned int iface, uint32_t queue)
{
	union bpf_attr map = { 0 }, load = { 0 }, set = { 0 }, link = { 0 };
	int map_fd, fd;

	map.map_type = BPF_MAP_TYPE_XSKMAP;
	map.key_size = 4;
	map.value_size = 4;
	map.max_entries = 64;
	map_fd = bpf(BPF_MAP_CREATE, &map);
	if (map_fd < 0)
		die("map");
	set.map_fd = map_fd;
	set.key = (uintptr_t)&queue;
	set.value = (uintptr_t)&sock;
	if (bpf(BPF_MAP_UPDATE_ELEM, &set))
		die("map of sockets");

	prog_begin();
	put(LOAD(BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, rx_queue_index)));
	put(OP(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map_fd));
	put(OP(0, 0, 0, 0, 0));
	put(SET(BPF_REG_3, XDP_PASS));
	put(CALL(BPF_FUNC_redirect_map));
	put(EXIT());
	prog_end(XDP_PASS);
	load.prog_type = BPF_PROG_TYPE_XDP;
	load.insns = (uintptr_t)prog;
	load.insn_cnt = len;
	load.license = (uintptr_t)"GPL";
	fd = bpf(BPF_PROG_LOAD, &load);
	if (fd < 0)
		die("program");
	link.link_create.prog_fd = fd;
	link.link_create.target_ifindex = iface;
	link.link_create.attach_type = BPF_XDP;
	link.link_create.flags = XDP_FLAGS_DRV_MODE;
	if (bpf(BPF_LINK_CREATE, &link) < 0)
		die("program on the interface");
}

static void echo(const struct xdp_desc *desc)
{
	uint32_t at = *tx.producer;
	char *data = memory + desc->addr, mac[6];

	memcpy(mac, data, 6);
	memcpy(data, data + 6, 6);
	memcpy(data + 6, mac, 6);
	((struct xdp_desc *)tx.entries)[at % RING] = (struct xdp_desc){
		.addr = desc->addr, .len = desc->len,
	};
	__atomic_store_n(tx.producer, at + 1, __ATOMIC_RELEASE);
}

static unsigned int echo_all(void)
{
	uint32_t at = *rx.consumer, end = __atomic_load_n(rx.producer, __ATOMIC_ACQUIRE);
	unsigned int n = end - at;

	for (; at != end; at++)
		echo(&((struct xdp_desc *)rx.entries)[at % RING]);
	__atomic_store_n(rx.consumer, end, __ATOMIC_RELEASE);
	return n;
}

static unsigned int complete_all(void)
{
	uint32_t at = *completion.consumer;
	uint32_t end = __atomic_load_n(completion.producer, __ATOMIC_ACQUIRE);
	unsigned int n = end - at;

	for (; at != end; at++)
		give_chunk(((uint64_t *)completion.entries)[at % RING]);
	__atomic_store_n(completion.consumer, end, __ATOMIC_RELEASE);
	return n;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static unsigned long serve(unsigned long count)
{
	struct pollfd poll_for = { .fd = sock, .events = POLLIN };
	unsigned long echoed = 0, completed = 0;
	long heard = now_ms();
	unsigned int n;

	while (completed < count && now_ms() - heard < IDLE_MS) {
		n = echo_all();
		echoed += n;
		if (n)
			heard = now_ms();
		completed += complete_all();
		if (echoed != completed && (*tx.flags & XDP_RING_NEED_WAKEUP))
			sendto(sock, NULL, 0, MSG_DONTWAIT, NULL, 0);
		if (!n)
			poll(&poll_for, 1, echoed == completed ? 100 : 1);
	}
	return completed;
}

int main(int argc, char **argv)
{
	struct xdp_options options = { 0 };
	struct sockaddr_xdp where = { .sxdp_family = AF_XDP };
	socklen_t size = sizeof(options);
	unsigned long echoed;

	if (argc != 5 || !if_nametoindex(argv[1])) {
		fprintf(stderr, "usage: xsk-echo IFACE QUEUE copy|zerocopy COUNT\n");
		return 64;
	}
	make_socket();
	for (int i = 0; i < CHUNKS / 2; i++)
		give_chunk(i * CHUNK);
	where.sxdp_ifindex = if_nametoindex(argv[1]);
	where.sxdp_queue_id = atoi(argv[2]);
	where.sxdp_flags = XDP_USE_NEED_WAKEUP |
			   (strcmp(argv[3], "copy") ? XDP_ZEROCOPY : XDP_COPY);
	if (bind(sock, (struct sockaddr *)&where, sizeof(where)))
		die("bind");
	attach(where.sxdp_ifindex, where.sxdp_queue_id);
	puts("ready");
	fflush(stdout);
	echoed = serve(strtoul(argv[4], NULL, 0));
	getsockopt(sock, SOL_XDP, XDP_OPTIONS, &options, &size);
	printf("echoed %lu mode %s\n", echoed,
	       options.flags & XDP_OPTIONS_ZEROCOPY ? "zerocopy" : "copy");
	return 0;
}
