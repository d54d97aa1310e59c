// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wrong answers, on demand: well-formed messages that say what cannot be true. A
 * device brings a table of them. Malformed ones are among the faults that all
 * devices share.
 */
#include <string.h>

#include "vu_lie.h"

bool vu_lie(struct vu_lie *lie, uint64_t *value)
{
	if (!lie->on)
		return false;
	switch (lie->how) {
	case VU_LIE_SET:
		*value = lie->value;
		break;
	case VU_LIE_ADD:
		*value += lie->value;
		break;
	case VU_LIE_SUBTRACT:
		*value -= lie->value;
		break;
	}
	lie->told++;
	if (lie->left && !--lie->left)
		lie->on = false;
	return true;
}

static const char *tell(struct vu_lie *lies, unsigned int n, const char *name, int64_t value,
			uint64_t times)
{
	for (unsigned int i = 0; i < n; i++) {
		if (strcmp(name, lies[i].name))
			continue;
		lies[i].value = value;
		lies[i].left = times;
		lies[i].on = true;
		return NULL;
	}
	return "no such lie; lie alone lists them";
}

const char *vu_lie_command(struct vu_lie *lies, unsigned int n, int argc, char **argv, FILE *out)
{
	uint64_t times = 0;
	int64_t value;

	if (argc < 2) {
		for (unsigned int i = 0; i < n; i++)
			fprintf(out, "%s N [n=TIMES]: %s\n", lies[i].name, lies[i].help);
		return NULL;
	}
	if (argc == 2 && !strcmp(argv[1], "none")) {
		for (unsigned int i = 0; i < n; i++)
			lies[i].on = false;
		return NULL;
	}
	if (argc < 3 || argc > 4 || !vu_signed(argv[2], &value) ||
	    (argc == 4 && (strncmp(argv[3], "n=", 2) || !vu_number(argv[3] + 2, &times))))
		return "lie wants NAME N [n=TIMES], or none";
	return tell(lies, n, argv[1], value, times);
}

void vu_lie_stats(const struct vu_lie *lies, unsigned int n, FILE *out)
{
	for (unsigned int i = 0; i < n; i++)
		if (lies[i].told)
			fprintf(out, "lie-%s %llu\n", lies[i].name,
				(unsigned long long)lies[i].told);
}
