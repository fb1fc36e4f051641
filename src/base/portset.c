/* SPDX-License-Identifier: ISC */
#include "base/portset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
portset_clear(struct portset *s)
{
	memset(s, 0, sizeof(*s));
}

void
portset_add_range(struct portset *s, uint16_t first, uint16_t last)
{
	if (first > last)
		return;
	uint64_t head = ~UINT64_C(0) << (first % 64), tail = ~UINT64_C(0) >> (63 - last % 64);
	if (first / 64 == last / 64) {
		s->word[first / 64] |= head & tail;
		return;
	}
	s->word[first / 64] |= head;
	for (unsigned i = first / 64 + 1U; i < last / 64U; i++)
		s->word[i] = ~UINT64_C(0);
	s->word[last / 64] |= tail;
}

void
portset_or(struct portset *s, const struct portset *other)
{
	for (unsigned i = 0; i < PORTSET_WORDS; i++)
		s->word[i] |= other->word[i];
}

void
portset_andnot(struct portset *s, const struct portset *other)
{
	for (unsigned i = 0; i < PORTSET_WORDS; i++)
		s->word[i] &= ~other->word[i];
}

void
portset_and(struct portset *s, const struct portset *other)
{
	for (unsigned i = 0; i < PORTSET_WORDS; i++)
		s->word[i] &= other->word[i];
}

void
portset_complement(const struct portset *s, struct portset *out)
{
	for (unsigned i = 0; i < PORTSET_WORDS; i++)
		out->word[i] = ~s->word[i];
}

uint32_t
portset_count(const struct portset *s)
{
	uint32_t count = 0;
	for (unsigned i = 0; i < PORTSET_WORDS; i++)
		count += portset_ones(s->word[i]);
	return count;
}

uint32_t
portset_count_andnot(const struct portset *s, const struct portset *other)
{
	uint32_t count = 0;
	for (unsigned i = 0; i < PORTSET_WORDS; i++)
		count += portset_ones(s->word[i] & ~other->word[i]);
	return count;
}

int
portset_next(const struct portset *s, uint32_t from)
{
	for (uint32_t i = from / 64; i < PORTSET_WORDS; i++) {
		uint64_t word = s->word[i];
		if (i == from / 64)
			word &= ~UINT64_C(0) << (from % 64);
		if (word != 0)
			return (int)(i * 64 + (uint32_t)__builtin_ctzll(word));
	}
	return -1;
}

uint16_t
portset_run(const struct portset *s, uint16_t first)
{
	while (first < UINT16_MAX && portset_has(s, (uint16_t)(first + 1)))
		first++;
	return first;
}

char *
portset_text(const struct portset *s)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	if (out == NULL)
		return NULL;
	const char *comma = "";
	for (int first = portset_next(s, 0), last; first >= 0;
	     first = portset_next(s, (uint32_t)last + 1)) {
		last = portset_run(s, (uint16_t)first);
		fprintf(out, last > first ? "%s%d-%d" : "%s%d", comma, first, last);
		comma = ",";
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
