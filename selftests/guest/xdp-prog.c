// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdp-prog NAME[,frags] FILE [IFACE]: loads a small BPF program and leaves it in
 * FILE, on a BPF file system, for "ip link set dev ... xdpdrv pinned FILE".
 *
 * The programs deal with frames of Ethernet type 0x88b5, for experiments, and
 * pass on all others:
 *
 *	pass drop aborted	a verdict
 *	unknown			a verdict that does not exist
 *	tx			back where it came from
 *	redirect		out of IFACE
 *	meta			4 bytes of metadata, and on
 *	shorter			one byte shorter at the end, and on
 *	see-meta		for tc: drops what carries the metadata
 */
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bpf-insn.h"

#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1U << 5)
#endif

#define MAGIC		0x13579bdf

static void verdict(int value)
{
	put(SET(BPF_REG_0, value));
	put(EXIT());
}

static void swap_addresses(void)
{
	static const int size[] = { BPF_W, BPF_H }, at[] = { 0, 4 };

	for (int i = 0; i < 2; i++) {
		put(LOAD(size[i], BPF_REG_3, BPF_REG_2, at[i]));
		put(LOAD(size[i], BPF_REG_4, BPF_REG_2, at[i] + 6));
		put(STORE(size[i], BPF_REG_2, at[i], BPF_REG_4));
		put(STORE(size[i], BPF_REG_2, at[i] + 6, BPF_REG_3));
	}
}

static void call_with(int func, int arg)
{
	put(MOVE(BPF_REG_1, BPF_REG_6));
	put(SET(BPF_REG_2, arg));
	put(CALL(func));
}

static void failed_is_aborted(void)
{
	put(OP(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0));
	verdict(XDP_ABORTED);
}

static void meta(void)
{
	call_with(BPF_FUNC_xdp_adjust_meta, -4);
	failed_is_aborted();
	put(LOAD(BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, data_meta)));
	put(LOAD(BPF_W, BPF_REG_3, BPF_REG_6, offsetof(struct xdp_md, data)));
	put(MOVE(BPF_REG_4, BPF_REG_2));
	put(ADD(BPF_REG_4, 4));
	put(ON_IF(BPF_JGT, BPF_REG_4, BPF_REG_3));
	put(SET(BPF_REG_5, MAGIC));
	put(STORE(BPF_W, BPF_REG_2, 0, BPF_REG_5));
}

static void see_meta(void)
{
	put(LOAD(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct __sk_buff, data_meta)));
	put(LOAD(BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct __sk_buff, data)));
	put(MOVE(BPF_REG_4, BPF_REG_2));
	put(ADD(BPF_REG_4, 4));
	put(ON_IF(BPF_JGT, BPF_REG_4, BPF_REG_3));
	put(LOAD(BPF_W, BPF_REG_5, BPF_REG_2, 0));
	put(ON_IF_K(BPF_JNE, BPF_REG_5, MAGIC));
	verdict(2);	/* TC_ACT_SHOT */
}

static int make(const char *name, const char *iface)
{
	static const struct { const char *name; int verdict; } plain[] = {
		{ "pass", XDP_PASS }, { "drop", XDP_DROP }, { "aborted", XDP_ABORTED },
		{ "unknown", 77 },
	};

	if (!strcmp(name, "see-meta")) {
		see_meta();
		prog_end(0);		/* TC_ACT_OK */
		return 0;
	}
	prog_begin();
	for (unsigned int i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(name, plain[i].name))
			continue;
		verdict(plain[i].verdict);
		prog_end(XDP_PASS);
		return 0;
	}
	if (!strcmp(name, "tx")) {
		swap_addresses();
		verdict(XDP_TX);
	} else if (!strcmp(name, "redirect") && iface && if_nametoindex(iface)) {
		swap_addresses();
		put(SET(BPF_REG_1, if_nametoindex(iface)));
		put(SET(BPF_REG_2, 0));
		put(CALL(BPF_FUNC_redirect));
		put(EXIT());
	} else if (!strcmp(name, "meta")) {
		meta();
	} else if (!strcmp(name, "shorter")) {
		call_with(BPF_FUNC_xdp_adjust_tail, -1);
		failed_is_aborted();
	} else {
		return -1;
	}
	prog_end(XDP_PASS);
	return 0;
}

int main(int argc, char **argv)
{
	static char log[65536];
	union bpf_attr load = { 0 }, pin = { 0 };
	char *flag = argc > 1 ? strchr(argv[1], ',') : NULL;
	int fd;

	if (flag)
		*flag++ = 0;
	if (argc < 3 || (flag && strcmp(flag, "frags")) || make(argv[1], argv[3])) {
		fprintf(stderr, "usage: xdp-prog NAME[,frags] FILE [IFACE]\n");
		return 64;
	}
	load.prog_type = strcmp(argv[1], "see-meta") ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS;
	load.prog_flags = flag ? BPF_F_XDP_HAS_FRAGS : 0;
	load.insns = (uintptr_t)prog;
	load.insn_cnt = len;
	load.license = (uintptr_t)"GPL";
	load.log_buf = (uintptr_t)log;
	load.log_size = sizeof(log);
	load.log_level = 1;
	fd = bpf(BPF_PROG_LOAD, &load);
	if (fd < 0) {
		fprintf(stderr, "xdp-prog: %s: not loaded: %s\n%s", argv[1], strerror(errno), log);
		return 1;
	}
	unlink(argv[2]);
	pin.pathname = (uintptr_t)argv[2];
	pin.bpf_fd = fd;
	if (bpf(BPF_OBJ_PIN, &pin)) {
		fprintf(stderr, "xdp-prog: %s: %s (mount -t bpf bpf /sys/fs/bpf)\n", argv[2],
			strerror(errno));
		return 1;
	}
	return 0;
}
