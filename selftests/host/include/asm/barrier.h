/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOST_ASM_BARRIER_H
#define HOST_ASM_BARRIER_H

/*
 * What these are in a kernel with SMP; on x86, where only a store followed by a
 * load can be seen out of order, all but the full barrier are for the compiler.
 */
#if defined(__SANITIZE_THREAD__) || defined(HOST_TSAN)
#define host_fence(order)	__asm__ __volatile__("" ::: "memory")
#else
#define host_fence(order)	__atomic_thread_fence(order)
#endif

#if defined(__x86_64__)
#define virt_mb()	__asm__ __volatile__("lock; addl $0,-4(%%rsp)" ::: "memory", "cc")
#else
#define virt_mb()	host_fence(__ATOMIC_SEQ_CST)
#endif
#define virt_rmb()	host_fence(__ATOMIC_ACQUIRE)
#define virt_wmb()	host_fence(__ATOMIC_RELEASE)
#define smp_wmb()	host_fence(__ATOMIC_RELEASE)
#define mb()		host_fence(__ATOMIC_SEQ_CST)
#define dma_rmb()	host_fence(__ATOMIC_ACQUIRE)
#define dma_wmb()	host_fence(__ATOMIC_RELEASE)

#define smp_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)

#endif
