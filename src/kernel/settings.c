/* SPDX-License-Identifier: ISC */
#include "kernel/settings.h"

#include <string.h>

/* Where a parser stands in its text. */
struct cursor {
	const char *at;
	const char *end;
};

static bool
is_digit(const struct cursor *c)
{
	return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

/* A decimal number of at most max; false if there is none or it is larger. */
static bool
take_number(struct cursor *c, uint64_t max, uint64_t *out)
{
	if (!is_digit(c))
		return false;
	uint64_t value = 0;
	for (; is_digit(c); c->at++) {
		uint64_t digit = (uint64_t)(*c->at - '0');
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value) || value > max)
			return false;
	}
	*out = value;
	return true;
}

static bool
take_char(struct cursor *c, char wanted)
{
	if (c->at >= c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

/* Nothing is left but one newline, which may be missing. */
static bool
at_end(const struct cursor *c)
{
	return c->at == c->end || (c->at + 1 == c->end && *c->at == '\n');
}

const char *
settings_parse_range(const char *text, size_t length, struct port_range *out)
{
	static const char expected[] = "expected two ports LOW HIGH with 1 <= LOW <= HIGH <= 65535";
	struct cursor c = {text, text + length};
	uint64_t low, high;
	if (!take_number(&c, 65535, &low))
		return expected;
	bool space = false;
	while (take_char(&c, ' ') || take_char(&c, '\t'))
		space = true;
	if (!space || !take_number(&c, 65535, &high) || !at_end(&c))
		return expected;
	if (low < 1 || low > high)
		return expected;
	out->low = (uint16_t)low;
	out->high = (uint16_t)high;
	return NULL;
}

const char *
settings_parse_ports(const char *text, size_t length, struct portset *out)
{
	static const char expected[] = "expected ports 0..65535 as in 1,5-9,65535";
	struct cursor c = {text, text + length};
	struct portset set;
	portset_clear(&set);
	bool first_item = true;
	while (!at_end(&c)) {
		uint64_t first, last;
		if (!first_item && !take_char(&c, ','))
			return expected;
		if (!take_number(&c, 65535, &first))
			return expected;
		last = first;
		if (take_char(&c, '-') && !take_number(&c, 65535, &last))
			return expected;
		if (last < first)
			return expected;
		portset_add_range(&set, (uint16_t)first, (uint16_t)last);
		first_item = false;
	}
	*out = set;
	return NULL;
}

const char *
settings_parse_number(const char *text, size_t length, uint64_t min, uint64_t max, uint64_t *out)
{
	static const char expected[] = "expected one decimal number in its bounds";
	struct cursor c = {text, text + length};
	uint64_t value;
	if (!take_number(&c, max, &value) || value < min || !at_end(&c))
		return expected;
	*out = value;
	return NULL;
}
