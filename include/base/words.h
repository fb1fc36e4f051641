/* SPDX-License-Identifier: ISC */
/*
 * words: lines of words and numbers, as the files of /proc are made of them. Pure.
 */
#ifndef SRCPORTD_WORDS_H
#define SRCPORTD_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_NO_NUMBER (-1)

/* The next word of a line, *length octets of it, or NULL at the end of the line; *at moves behind
 * it. */
const char *words_next(const char **at, size_t *length);

/* The field-th word of a line, from 0, or NULL. */
const char *words_field(const char *line, unsigned field, size_t *length);

/* The next line, or NULL behind the last one. */
const char *words_line(const char *line);

/* True if a word is that text. */
bool words_is(const char *word, size_t length, const char *text);

/* A whole word as a number without a sign, in base 10 or 16 with small letters: 0 to INT64_MAX;
 * WORDS_NO_NUMBER if it is none. */
int64_t words_number(const char *word, size_t length, unsigned base);

/* In the line that begins with the word `line`, of words in pairs behind it, the decimal number
 * that follows the word `name`; WORDS_NO_NUMBER if there is none. */
int64_t words_named(const char *text, const char *line, const char *name);

#endif
