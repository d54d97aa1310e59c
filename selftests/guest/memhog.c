// SPDX-License-Identifier: GPL-2.0-only
/*
 * memhog eat MIB		fills memory that is no zeroes, then gives it back
 * memhog holes MIB		the same, but gives back every second page only, says
 *				so, and keeps the rest until it is ended
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL

int main(int argc, char **argv)
{
	size_t size, i;
	char *p;

	if (argc != 3) {
		fprintf(stderr, "usage: memhog eat|holes MIB\n");
		return 2;
	}
	size = strtoul(argv[2], NULL, 0) << 20;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		perror("memhog: mmap");
		return 1;
	}
	madvise(p, size, MADV_NOHUGEPAGE);
	for (i = 0; i < size; i += PAGE)
		memset(p + i, 0x5a, 64);
	if (strcmp(argv[1], "holes"))
		return 0;
	for (i = 0; i < size; i += 2 * PAGE)
		madvise(p + i, PAGE, MADV_DONTNEED);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
