// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"

jmp_buf ktap_failed;
char ktap_where[256];

static struct ktap_test *first, **tail = &first;

void ktap_register(struct ktap_test *t)
{
	*tail = t;
	tail = &t->next;
}

void ktap_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("# %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("%s%s\n", ktap_where[0] ? "; at: " : "", ktap_where);
	fflush(stdout);
	longjmp(ktap_failed, 1);
}

/* Arguments: parts of names; without any, all tests run. */
static int wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strstr(name, argv[i]))
			return 1;
	return argc < 2;
}

static int run(const struct ktap_test *t)
{
	if (setjmp(ktap_failed))
		return 0;
	t->fn();
	return 1;
}

int main(int argc, char **argv)
{
	unsigned int n = 0, failed = 0;
	const struct ktap_test *t;

	for (t = first; t; t = t->next)
		n += wanted(t->name, argc, argv);
	printf("KTAP version 1\n1..%u\n", n);
	n = 0;
	for (t = first; t; t = t->next) {
		int ok;

		if (!wanted(t->name, argc, argv))
			continue;
		ktap_where[0] = 0;
		ok = run(t);
		failed += !ok;
		printf("%s %u %s\n", ok ? "ok" : "not ok", ++n, t->name);
		fflush(stdout);
		if (!ok && getenv("FAIL_FAST"))
			break;
	}
	printf("%u passed, %u failed, 0 skipped\n", n - failed, failed);
	fflush(stdout);
	if (failed)
		_exit(1);	/* a failed test leaks; that is not news */
	return 0;
}
