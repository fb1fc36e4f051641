/* SPDX-License-Identifier: ISC */
/*
 * config_words: a line of srcportd.conf as words, and words as numbers. Pure.
 */
#ifndef SRCPORTD_CONFIG_WORDS_H
#define SRCPORTD_CONFIG_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_LINE_MAX  1023 /* octets of a line, without its end */
#define CONFIG_WORDS_MAX 64

struct config_words {
	char *word[CONFIG_WORDS_MAX];
	unsigned count;
	unsigned at; /* the next one to be looked at */
	char room[CONFIG_LINE_MAX + 1];
};

/* What is wrong with a line. */
struct config_fault {
	char found[96];
	char expected[192];
	const char
	    *inherited; /* the token whose level the line inherits and contradicts, or NULL */
};

/* Notes what is wrong and returns false. word NULL: the line ended too early. expected is a format.
 */
bool config_wrong(struct config_fault *fault, const char *word, const char *expected, ...)
    __attribute__((format(printf, 3, 4)));

/* Splits a line of `length` octets, without its end, at white space. A word may stand in double
 * quotes and then hold white space and '#'; a '#' at the start of a word begins a comment. False
 * with a fault: a NUL octet, a line too long, too many words, a quote that does not end. */
bool config_split(const char *line, size_t length, struct config_words *out,
		  struct config_fault *fault);

/* The next word, or NULL at the end. */
const char *config_next(struct config_words *words);

/* Takes the next word if it is `word`, in any case. */
bool config_take(struct config_words *words, const char *word);

/* True if a whole word is a decimal number from min to max. */
bool config_number(const char *word, uint32_t min, uint32_t max, uint32_t *out);

#endif
