/* SPDX-License-Identifier: ISC */
#include "base/sentence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sentence
sentence_in(char *buf, size_t room)
{
	buf[0] = '\0';
	return (struct sentence){.buf = buf, .room = room};
}

static bool __attribute__((format(printf, 2, 0)))
put(struct sentence *s, const char *format, va_list arguments)
{
	int length = vsnprintf(s->buf + s->at, s->room - s->at, format, arguments);
	if (length < 0 || (size_t)length >= s->room - s->at) {
		s->buf[s->at] = '\0';
		return false;
	}
	s->at += (size_t)length;
	return true;
}

bool
sentence_put(struct sentence *s, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	bool fits = put(s, format, arguments);
	va_end(arguments);
	return fits;
}

void
sentence_choice(struct sentence *s, const char *text)
{
	if (sentence_put(s, "%s%s", s->choices ? ", or " : "; ", text))
		s->choices = true;
}

/* Where the separator is that ends the part which begins at `at`, or `length`. remedies: behind the
 * first semicolon, where a comma belongs to what is to be done. */
static size_t
end_of_part(const char *text, size_t length, size_t at, bool remedies)
{
	bool quoted = false;
	unsigned depth = 0;
	for (; at < length; at++) {
		if (text[at] == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (text[at] == '(')
			depth++;
		if (text[at] == ')' && depth > 0)
			depth--;
		size_t left = length - at;
		if (depth > 0 || left < 2 || text[at + 1] != ' ')
			continue;
		if (text[at] == ';' || (text[at] == ',' && !remedies) ||
		    (left >= 5 && memcmp(text + at, ", or ", 5) == 0))
			return at;
	}
	return length;
}

size_t
sentence_shorten(const char *text, size_t length, char *out, size_t room)
{
	size_t at = 0, put = 0;
	bool remedies = false, chosen = false;
	while (at < length) {
		const char *separator = at == 0 ? "" : text[at] == ';' ? "; " : ", ";
		remedies |= text[at] == ';';
		size_t from = at + strlen(separator);
		/* Of several things to choose from, the first that is there has no "or". */
		bool choice = remedies && *separator == ',';
		if (choice && !chosen) {
			separator = "; ";
			from += 3;
		}
		size_t end = end_of_part(text, length, from, remedies);
		size_t before = strlen(separator);
		if (put + before + end - from <= room) {
			memmove(out + put + before, text + from, end - from);
			/* NOLINTNEXTLINE(*-not-null-terminated-result) */
			memcpy(out + put, separator, before);
			put += before + end - from;
			chosen = remedies;
		} else if (at == 0) {
			return 0;
		} else if (!choice) {
			chosen = false;
		}
		at = end;
	}
	return put;
}

const char *
number_text(uint64_t value, char buf[static NUMBER_TEXT_MAX])
{
	char *at = &buf[NUMBER_TEXT_MAX - 1];
	*at = '\0';
	for (unsigned digits = 0; digits == 0 || value != 0; digits++, value /= 10) {
		if (digits != 0 && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + value % 10);
	}
	return at;
}

const char *
number_s(uint64_t value)
{
	return value == 1 ? "" : "s";
}

const char *
quoted_text(const char *name, char *out, size_t room)
{
	size_t length = 0;
	out[length++] = '"';
	for (; *name != '\0' && length + 2 < room; name++)
		out[length++] = (char)(*name == '"' ? '\'' : *name);
	out[length++] = '"';
	out[length] = '\0';
	return out;
}
