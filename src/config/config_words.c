/* SPDX-License-Identifier: ISC */
#include "config/config_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool
config_wrong(struct config_fault *fault, const char *word, const char *expected, ...)
{
	if (word == NULL)
		snprintf(fault->found, sizeof(fault->found), "nothing");
	else
		snprintf(fault->found, sizeof(fault->found), "\"%s\"", word);
	va_list arguments;
	va_start(arguments, expected);
	vsnprintf(fault->expected, sizeof(fault->expected), expected, arguments);
	va_end(arguments);
	fault->inherited = NULL;
	return false;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* The end of the word at `at`, which becomes a NUL; NULL if its quote does not end. */
static char *
end_word(char *at)
{
	if (*at != '"') {
		while (*at != '\0' && !is_blank(*at))
			at++;
		return at;
	}
	at = strchr(at + 1, '"');
	return at != NULL && (at[1] == '\0' || is_blank(at[1])) ? at : NULL;
}

/* What a word processor makes of quotes and spaces, in UTF-8. */
static const struct {
	const char *octets, *what, *instead;
} typography[] = {
    {"\xe2\x80\x98", "a typographic quote (U+2018)", "\""},
    {"\xe2\x80\x99", "a typographic quote (U+2019)", "\""},
    {"\xe2\x80\x9c", "a typographic quote (U+201C)", "\""},
    {"\xe2\x80\x9d", "a typographic quote (U+201D)", "\""},
    {"\xe2\x80\x9e", "a typographic quote (U+201E)", "\""},
    {"\xc2\xab", "a typographic quote (U+00AB)", "\""},
    {"\xc2\xbb", "a typographic quote (U+00BB)", "\""},
    {"\xc2\xa0", "a no-break space (U+00A0)", "a space"},
};

/* False if one of these is in the text before its comment. */
static bool
is_plain(const char *text, struct config_fault *fault)
{
	for (size_t i = 0; i < sizeof(typography) / sizeof(typography[0]); i++) {
		const char *at = strstr(text, typography[i].octets);
		if (at == NULL || at > strchrnul(text, '#'))
			continue;
		config_wrong(fault, NULL, "%s", typography[i].instead);
		snprintf(fault->found, sizeof(fault->found), "%s", typography[i].what);
		return false;
	}
	return true;
}

bool
config_split(const char *line, size_t length, struct config_words *out, struct config_fault *fault)
{
	out->count = out->at = 0;
	if (memchr(line, '\0', length) != NULL) {
		config_wrong(fault, NULL, "a text file");
		snprintf(fault->found, sizeof(fault->found), "a NUL");
		return false;
	}
	if (length > CONFIG_LINE_MAX) {
		config_wrong(fault, NULL, "at most %d characters", CONFIG_LINE_MAX);
		snprintf(fault->found, sizeof(fault->found), "a line of %zu characters", length);
		return false;
	}
	memcpy(out->room, line, length);
	out->room[length] = '\0';
	char *at = out->room;
	if (!is_plain(at, fault))
		return false;
	for (;;) {
		while (is_blank(*at))
			at++;
		if (*at == '\0' || *at == '#')
			return true;
		if (out->count == CONFIG_WORDS_MAX)
			return config_wrong(fault, at, "at most %d words", CONFIG_WORDS_MAX);
		char *end = end_word(at);
		if (end == NULL)
			return config_wrong(fault, at, "a word between two quotes");
		out->word[out->count++] = *at == '"' ? at + 1 : at;
		at = *end == '\0' ? end : end + 1;
		*end = '\0';
	}
}

const char *
config_next(struct config_words *words)
{
	return words->at < words->count ? words->word[words->at++] : NULL;
}

bool
config_take(struct config_words *words, const char *word)
{
	if (words->at == words->count || strcasecmp(words->word[words->at], word) != 0)
		return false;
	words->at++;
	return true;
}

bool
config_number(const char *word, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;
	size_t length = strlen(word);
	if (length == 0 || length > 10)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(word[i] - '0');
	}
	if (value < min || value > max)
		return false;
	*out = (uint32_t)value;
	return true;
}
