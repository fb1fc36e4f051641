/* SPDX-License-Identifier: ISC */
#include "failures/failure_format.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A record is at most a page; a larger offset is nonsense. */
#define OFFSET_MAX 4096

struct field {
	const char *name;
	uint32_t size;
	size_t place; /* in struct failure_format; those of the filter only have no place */
	const char *expected;
};

#define NO_PLACE SIZE_MAX

static const struct field fields[] = {
    {"dport", 2, offsetof(struct failure_format, dport), "expected a field dport of 2 octets"},
    {"family", 2, offsetof(struct failure_format, family), "expected a field family of 2 octets"},
    {"saddr", 4, offsetof(struct failure_format, saddr), "expected a field saddr of 4 octets"},
    {"daddr", 4, offsetof(struct failure_format, daddr), "expected a field daddr of 4 octets"},
    {"saddr_v6", 16, offsetof(struct failure_format, saddr_v6),
     "expected a field saddr_v6 of 16 octets"},
    {"daddr_v6", 16, offsetof(struct failure_format, daddr_v6),
     "expected a field daddr_v6 of 16 octets"},
    {"oldstate", 4, NO_PLACE, "expected a field oldstate of 4 octets"},
    {"newstate", 4, NO_PLACE, "expected a field newstate of 4 octets"},
    {"sport", 2, NO_PLACE, "expected a field sport of 2 octets"},
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* True if the declaration ("__u8 saddr[4]", "const void * skaddr") declares `name`. */
static bool
declares(const char *declaration, const char *name)
{
	size_t end = strcspn(declaration, "["), start = end;
	while (start > 0 && declaration[start - 1] != ' ' && declaration[start - 1] != '*')
		start--;
	return end - start == strlen(name) && memcmp(declaration + start, name, end - start) == 0;
}

/* "\tfield:TYPE NAME;\toffset:N;\tsize:N;..." */
static void
take_field(const char *line, struct failure_format *out, bool seen[FIELDS])
{
	char declaration[128];
	unsigned offset, size;
	if (sscanf(line, " field:%127[^;]; offset:%u; size:%u;", declaration, &offset, &size) !=
		3 ||
	    offset > OFFSET_MAX || size > OFFSET_MAX)
		return;
	if (offset + size > out->length)
		out->length = offset + size;
	for (size_t i = 0; i < FIELDS; i++) {
		if (size != fields[i].size || !declares(declaration, fields[i].name))
			continue;
		seen[i] = true;
		if (fields[i].place != NO_PLACE)
			memcpy((char *)out + fields[i].place, &(uint32_t){offset},
			       sizeof(uint32_t));
	}
}

const char *
failure_format_parse(const char *text, size_t length, struct failure_format *out)
{
	struct failure_format format = {0};
	bool seen[FIELDS] = {false}, named = false;
	const char *end = text + length;
	while (text < end) {
		char line[256];
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t octets = (size_t)((newline != NULL ? newline : end) - text);
		size_t kept = octets < sizeof(line) - 1 ? octets : sizeof(line) - 1;
		memcpy(line, text, kept);
		line[kept] = '\0';
		text += octets + 1;
		if (strcmp(line, "name: inet_sock_set_state") == 0)
			named = true;
		else if (sscanf(line, "ID: %u", &format.id) != 1)
			take_field(line, &format, seen);
	}
	if (!named)
		return "expected the name inet_sock_set_state";
	if (format.id == 0)
		return "expected an ID";
	for (size_t i = 0; i < FIELDS; i++)
		if (!seen[i])
			return fields[i].expected;
	*out = format;
	return NULL;
}
