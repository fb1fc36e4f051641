/* SPDX-License-Identifier: ISC */
#include "base/words.h"

#include <string.h>

const char *
words_next(const char **at, size_t *length)
{
	const char *word = *at + strspn(*at, " \t");
	*length = strcspn(word, " \t\n");
	*at = word + *length;
	return *length != 0 ? word : NULL;
}

const char *
words_field(const char *line, unsigned field, size_t *length)
{
	const char *word = words_next(&line, length);
	while (word != NULL && field-- > 0)
		word = words_next(&line, length);
	return word;
}

const char *
words_line(const char *line)
{
	const char *end = strchr(line, '\n');
	return end != NULL && end[1] != '\0' ? end + 1 : NULL;
}

bool
words_is(const char *word, size_t length, const char *text)
{
	return strlen(text) == length && memcmp(word, text, length) == 0;
}

int64_t
words_number(const char *word, size_t length, unsigned base)
{
	uint64_t value = 0;
	for (size_t i = 0; i < length; i++) {
		char c = word[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
							: base;
		if (digit >= base || value > ((uint64_t)INT64_MAX - digit) / base)
			return WORDS_NO_NUMBER;
		value = value * base + digit;
	}
	return length != 0 ? (int64_t)value : WORDS_NO_NUMBER;
}

int64_t
words_named(const char *text, const char *line, const char *name)
{
	for (; text != NULL; text = words_line(text)) {
		const char *at = text;
		size_t length;
		const char *word = words_next(&at, &length);
		if (word == NULL || !words_is(word, length, line))
			continue;
		while ((word = words_next(&at, &length)) != NULL) {
			bool found = words_is(word, length, name);
			const char *value = words_next(&at, &length);
			if (found && value != NULL)
				return words_number(value, length, 10);
		}
	}
	return WORDS_NO_NUMBER;
}
