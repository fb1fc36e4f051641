/* SPDX-License-Identifier: ISC */
#include "base/sentence.h"

#include <stdarg.h>
#include <stdio.h>

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
