/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests register themselves, speak KTAP, and fail at the first false CHECK(). */
#ifndef HOST_KTAP_H
#define HOST_KTAP_H

#include <setjmp.h>
#include <stdio.h>

struct ktap_test {
	const char *name;
	void (*fn)(void);
	struct ktap_test *next;
};

extern jmp_buf ktap_failed;
/* What the test is about at the moment, printed with a failure. */
extern char ktap_where[256];

void ktap_register(struct ktap_test *t);
void ktap_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));

#define TEST(fn_name)							\
	static void fn_name(void);					\
	static struct ktap_test ktap_##fn_name = { #fn_name, fn_name, NULL }; \
	__attribute__((constructor)) static void ktap_add_##fn_name(void) \
	{								\
		ktap_register(&ktap_##fn_name);				\
	}								\
	static void fn_name(void)

#define CHECK(cond)							\
	do {								\
		if (!(cond))						\
			ktap_fail(__FILE__, __LINE__, "%s", #cond);	\
	} while (0)

#define CHECK_EQ(a, b)							\
	do {								\
		long long ktap_a = (long long)(a), ktap_b = (long long)(b); \
		if (ktap_a != ktap_b)					\
			ktap_fail(__FILE__, __LINE__, "%s is %lld, not %s (%lld)", \
				  #a, ktap_a, #b, ktap_b);		\
	} while (0)

#endif
