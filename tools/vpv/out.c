// SPDX-License-Identifier: GPL-2.0-only
/* Every verb makes a JSON value; people get a table of it. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "vpv.h"

bool out_json;
bool out_quiet;
bool out_prometheus;

/* What a cell shows; a list is joined. */
static char *cell(const json_t *value)
{
	char *text = NULL, *more;
	const json_t *part;
	size_t i;

	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		return strdup(*json_string_value(value) ? json_string_value(value) : "-");
	case JSON_INTEGER:
		return format("%lld", (long long)json_integer_value(value));
	case JSON_REAL:
		return format("%.1f", json_real_value(value));
	case JSON_TRUE:
		return strdup("yes");
	case JSON_FALSE:
		return strdup("no");
	case JSON_ARRAY:
		json_array_foreach(value, i, part) {
			autofree char *last = text, *one = cell(part);

			more = last ? format("%s,%s", last, one) : format("%s", one);
			text = more;
		}
		return text ? text : strdup("-");
	default:
		return strdup("-");
	}
}

static void print_cell(const char *text, size_t width, bool last)
{
	if (last)
		printf("%s\n", text);
	else
		printf("%-*s  ", (int)width, text);
}

void out_table(const json_t *rows, const struct column *columns)
{
	size_t widths[24] = { 0 }, i, c;
	const json_t *row;

	for (c = 0; columns[c].key; c++)
		widths[c] = strlen(columns[c].title);
	json_array_foreach(rows, i, row) {
		for (c = 0; columns[c].key; c++) {
			autofree char *text = cell(json_object_get(row, columns[c].key));

			if (strlen(text) > widths[c])
				widths[c] = strlen(text);
		}
	}
	for (c = 0; columns[c].key; c++)
		print_cell(columns[c].title, widths[c], !columns[c + 1].key);
	json_array_foreach(rows, i, row) {
		for (c = 0; columns[c].key; c++) {
			autofree char *text = cell(json_object_get(row, columns[c].key));

			print_cell(text, widths[c], !columns[c + 1].key);
		}
	}
}

void out_value(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	putchar('\n');
}

/* For people; programs read the report. */
void say(const char *fmt, ...)
{
	va_list args;

	if (out_json || out_quiet)
		return;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void complain(const char *fmt, ...)
{
	va_list args;

	fputs("vpv: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

const char *json_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

json_t *json_text_or_null(const char *text)
{
	json_t *value = text ? json_string(text) : NULL;

	/* What is not UTF-8 cannot be said in JSON. */
	return value ? value : json_null();
}

json_t *json_of_names(const struct names *names)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < names->n; i++)
		json_array_append_new(list, json_text_or_null(names->v[i]));
	return list;
}
