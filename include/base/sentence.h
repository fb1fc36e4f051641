/* SPDX-License-Identifier: ISC */
/*
 * sentence: text that grows by parts, each of which either fits whole or is left out. Pure.
 */
#ifndef SRCPORTD_SENTENCE_H
#define SRCPORTD_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sentence {
	char *buf; /* the caller's */
	size_t room;
	size_t at;    /* octets written */
	bool choices; /* sentence_choice() has written one */
};

/* An empty sentence in buf. */
struct sentence sentence_in(char *buf, size_t room);

/* Adds a part. False if it did not fit: the sentence is then as it was. */
bool sentence_put(struct sentence *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds "; text" for the first of several things to choose from, ", or text" for the rest. */
void sentence_choice(struct sentence *s, const char *text);

/* A sentence of `length` octets in at most `room` of them, without a NUL, into out, which may be
 * the text itself: of its parts, which commas and semicolons outside of quotes and parentheses
 * divide, and behind the first semicolon only semicolons and ", or ", each that still fits, whole.
 * Returns the length; 0 if not even the first part fits. */
size_t sentence_shorten(const char *text, size_t length, char *out, size_t room);

/* A name that others chose, in quotes, within out: so it cannot pass for a part of the sentence.
 * Its own quotes become apostrophes. Returns out, which needs two octets more than the name; what
 * does not fit is left out. */
const char *quoted_text(const char *name, char *out, size_t room);

/* 1234567 as "1,234,567", within buf. */
#define NUMBER_TEXT_MAX 28
const char *number_text(uint64_t value, char buf[static NUMBER_TEXT_MAX]);

/* The end of a noun behind that number: "s", or "" for one. */
const char *number_s(uint64_t value);

#endif
