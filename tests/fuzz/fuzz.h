/* SPDX-License-Identifier: ISC */
/*
 * fuzz: what the fuzzers share. Each fuzz_NAME.c has one LLVMFuzzerTestOneInput(); its seeds are in
 * corpus/NAME. Crashes, sanitizer reports and claims that do not hold are findings.
 */
#ifndef SRCPORTD_FUZZ_H
#define SRCPORTD_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Must hold whatever the input is. */
#define CLAIM(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The input as a string; to be freed. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	CLAIM(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

struct census;
struct config;
struct findings;
struct tally;

/* The input as a file: a path to read it from, until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* Works out and reports everything that can be said of a census. */
void fuzz_report(struct census *census);

/* What a poll alone concludes from a tally; to be freed by findings_free(). */
struct findings *fuzz_findings(const struct tally *tally, const struct config *config);

#endif
