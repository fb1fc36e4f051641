/* SPDX-License-Identifier: ISC */
/*
 * json: writes JSON (RFC 8259) to a stream; keeps track of commas and nesting.
 */
#ifndef SRCPORTD_JSON_H
#define SRCPORTD_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 16

struct json {
	FILE *out;
	unsigned depth;
	bool more[JSON_DEPTH_MAX]; /* a value was written on this level */
};

/* Nothing is written yet. Errors of the stream are the caller's to find. */
void json_begin(struct json *json, FILE *out);

/* Each writes a value, or the begin or the end of one; a line end follows the outermost. name is
 * NULL inside an array and for the outermost value. At most JSON_DEPTH_MAX - 1 may be open. */
void json_object(struct json *json, const char *name);
void json_array(struct json *json, const char *name);
void json_close_object(struct json *json);
void json_close_array(struct json *json);
void json_number(struct json *json, const char *name, uint64_t value);
/* text is UTF-8. */
void json_string(struct json *json, const char *name, const char *text);
void json_boolean(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);

#endif
