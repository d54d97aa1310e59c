/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF programs made of instructions, so that no compiler for BPF is needed. */
#ifndef BPF_INSN_H
#define BPF_INSN_H

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An Ethernet type for experiments: what the host's "peer frames" sends. */
#define EXPERIMENTS	0x88b5

#define OP(_code, _dst, _src, _off, _imm) ((struct bpf_insn){ \
	.code = (_code), .dst_reg = (_dst), .src_reg = (_src), .off = (_off), .imm = (_imm) })
#define LOAD(_size, _dst, _src, _off)	OP(BPF_LDX | BPF_MEM | (_size), _dst, _src, _off, 0)
#define STORE(_size, _dst, _off, _src)	OP(BPF_STX | BPF_MEM | (_size), _dst, _src, _off, 0)
#define MOVE(_dst, _src)		OP(BPF_ALU64 | BPF_MOV | BPF_X, _dst, _src, 0, 0)
#define SET(_dst, _imm)			OP(BPF_ALU64 | BPF_MOV | BPF_K, _dst, 0, 0, _imm)
#define ADD(_dst, _imm)			OP(BPF_ALU64 | BPF_ADD | BPF_K, _dst, 0, 0, _imm)
#define CALL(_func)			OP(BPF_JMP | BPF_CALL, 0, 0, 0, _func)
#define EXIT()				OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* The offset of a jump to "on" is filled in at the end. */
#define TO_ON				0x7fff
#define ON_IF(_op, _dst, _src)		OP(BPF_JMP | (_op) | BPF_X, _dst, _src, TO_ON, 0)
#define ON_IF_K(_op, _dst, _imm)	OP(BPF_JMP | (_op) | BPF_K, _dst, 0, TO_ON, _imm)

static struct bpf_insn prog[64];
static int len;

static inline void put(struct bpf_insn insn)
{
	prog[len++] = insn;
}

/* R6: context, R2: a frame for experiments; others go on. */
static inline void prog_begin(void)
{
	put(MOVE(BPF_REG_6, BPF_REG_1));
	put(LOAD(BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, data)));
	put(LOAD(BPF_W, BPF_REG_3, BPF_REG_6, offsetof(struct xdp_md, data_end)));
	put(MOVE(BPF_REG_4, BPF_REG_2));
	put(ADD(BPF_REG_4, 18));
	put(ON_IF(BPF_JGT, BPF_REG_4, BPF_REG_3));
	put(LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 12));
	put(ON_IF_K(BPF_JNE, BPF_REG_5, htons(EXPERIMENTS)));
}

/* "on": what becomes of those. */
static inline void prog_end(int verdict)
{
	for (int i = 0; i < len; i++)
		if (prog[i].off == TO_ON)
			prog[i].off = len - i - 1;
	put(SET(BPF_REG_0, verdict));
	put(EXIT());
}

static inline int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

#endif /* BPF_INSN_H */
