// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which sockets wait for their packets to come back. They would for the backstop,
 * so the device is asked for an interrupt.
 */
#include <net/sock.h>
#include <net/tcp.h>

#include "tx.h"

/* A TCP socket with so many bytes under way may wait: net.ipv4.tcp_limit_output_bytes, at least. */
#define TCP_LIMIT (1024 * 1024)
/* Small packets of TCP with an interrupt, after one for which a write was held back. */
#define CORKED 64

static const struct sock *sock_of(const struct sk_buff *skb)
{
	return skb->sk && sk_fullsock(skb->sk) ? skb->sk : NULL;
}

/*
 * May it have no more under way? TCP: its own rule, tcp_small_queue_check(). Others
 * have a quarter of their buffer left then, so that they need not stand still.
 */
static bool has_all_it_may(const struct sock *sk, const struct sk_buff *skb)
{
	unsigned int busy = refcount_read(&sk->sk_wmem_alloc);
	unsigned long limit;

	if (sk->sk_protocol != IPPROTO_TCP) {
		limit = READ_ONCE(sk->sk_sndbuf);
		return busy >= limit - limit / 4;
	}
	limit = READ_ONCE(sk->sk_pacing_rate) >> READ_ONCE(sk->sk_pacing_shift);
	limit = max_t(unsigned long, limit, 2 * skb->truesize);
	return busy > min_t(unsigned long, limit, TCP_LIMIT);
}

static bool is_small_tcp(const struct sock *sk, const struct sk_buff *skb)
{
	return sk->sk_protocol == IPPROTO_TCP && !skb_is_gso(skb) && !skb_is_tcp_pure_ack(skb);
}

/*
 * Small writes are held back while a packet before them is under way
 * (tcp_should_autocork()), and nobody sees that from the packet when it is sent.
 * But that one was shows when the packet is done, and sockets that do so do it
 * again.
 */
void vpv_net_tx_learn(struct vpv_net_tx *tx, const struct sk_buff *skb)
{
	const struct sock *sk = sock_of(skb);

	if (sk && is_small_tcp(sk, skb) && test_bit(TSQ_THROTTLED, &sk->sk_tsq_flags))
		tx->corked = CORKED;
}

bool vpv_net_tx_socket_waits(struct vpv_net_tx *tx, const struct sk_buff *skb)
{
	const struct sock *sk = sock_of(skb);

	if (!sk)
		return false;
	if (has_all_it_may(sk, skb))
		return true;
	if (!tx->corked || !is_small_tcp(sk, skb))
		return false;
	tx->corked--;
	return true;
}
