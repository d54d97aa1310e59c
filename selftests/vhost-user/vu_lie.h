/* SPDX-License-Identifier: GPL-2.0-only */
/* Well-formed answers that are not true: a table of them, told on demand. */
#ifndef VU_LIE_H
#define VU_LIE_H

#include "vu.h"

enum vu_lie_how { VU_LIE_SET, VU_LIE_ADD, VU_LIE_SUBTRACT };

/**
 * struct vu_lie - one of them
 * @name: in commands and statistics
 * @how: what its argument does to the true value
 * @help: one line
 * @on: it is told now
 * @left: so many times more, 0: until cleared
 * @value: argument
 * @told: so often until now
 */
struct vu_lie {
	const char *name;
	enum vu_lie_how how;
	const char *help;
	bool on;
	uint64_t left;
	int64_t value;
	uint64_t told;
};

/* Tell this lie now? It changes *value as its argument says. */
bool vu_lie(struct vu_lie *lie, uint64_t *value);
const char *vu_lie_command(struct vu_lie *lies, unsigned int n, int argc, char **argv, FILE *out);
void vu_lie_stats(const struct vu_lie *lies, unsigned int n, FILE *out);

#endif /* VU_LIE_H */
