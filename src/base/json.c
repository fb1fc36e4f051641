/* SPDX-License-Identifier: ISC */
#include "base/json.h"

#include <inttypes.h>

static void
put_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if ((unsigned char)*c < ' ')
			fprintf(out, "\\u%04x", (unsigned)*c);
		else
			fputc(*c, out);
	}
	fputc('"', out);
}

/* Comma, line break and indentation, and the member's name. */
static void
lead(struct json *json, const char *name)
{
	if (json->depth > 0) {
		if (json->more[json->depth])
			fputc(',', json->out);
		/* One line for each of the outer two levels, so that a file can be read and diffed.
		 */
		if (json->depth <= 2)
			fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	}
	json->more[json->depth] = true;
	if (name != NULL) {
		put_text(json->out, name);
		fputc(':', json->out);
	}
}

static void
open_level(struct json *json, const char *name, char bracket)
{
	lead(json, name);
	fputc(bracket, json->out);
	if (json->depth + 1 < JSON_DEPTH_MAX)
		json->depth++;
	json->more[json->depth] = false;
}

static void
close_level(struct json *json, char bracket)
{
	bool broken = json->depth <= 2 && json->more[json->depth];
	json->depth--;
	if (broken)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	fputc(bracket, json->out);
	if (json->depth == 0)
		fputc('\n', json->out);
}

void
json_begin(struct json *json, FILE *out)
{
	*json = (struct json){.out = out};
}

void
json_object(struct json *json, const char *name)
{
	open_level(json, name, '{');
}

void
json_array(struct json *json, const char *name)
{
	open_level(json, name, '[');
}

void
json_close_object(struct json *json)
{
	close_level(json, '}');
}

void
json_close_array(struct json *json)
{
	close_level(json, ']');
}

void
json_number(struct json *json, const char *name, uint64_t value)
{
	lead(json, name);
	fprintf(json->out, "%" PRIu64, value);
}

void
json_string(struct json *json, const char *name, const char *text)
{
	lead(json, name);
	put_text(json->out, text);
}

void
json_boolean(struct json *json, const char *name, bool value)
{
	lead(json, name);
	fputs(value ? "true" : "false", json->out);
}

void
json_null(struct json *json, const char *name)
{
	lead(json, name);
	fputs("null", json->out);
}
