/* SPDX-License-Identifier: ISC */
#include "base/clean.h"

#include <stdbool.h>
#include <stdint.h>

/* The octets of the well-formed UTF-8 character (RFC 3629) at text, or 0 if there is none. */
static size_t
character(const uint8_t *text, size_t left)
{
	static const struct {
		uint8_t lead_low, lead_high, second_low, second_high, octets;
	} forms[] = {
	    {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t octets = forms[i].octets;
		if (text[0] < forms[i].lead_low || text[0] > forms[i].lead_high)
			continue;
		if (octets == 1)
			return 1;
		if (left < octets || text[1] < forms[i].second_low ||
		    text[1] > forms[i].second_high)
			return 0;
		for (size_t k = 2; k < octets; k++)
			if (text[k] < 0x80 || text[k] > 0xbf)
				return 0;
		return octets;
	}
	return 0;
}

/* The number of a well-formed character of so many octets. */
static uint32_t
number_of(const uint8_t *text, size_t octets)
{
	static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t number = text[0] & lead_bits[octets];
	for (size_t k = 1; k < octets; k++)
		number = number << 6 | (text[k] & 0x3f);
	return number;
}

/* Characters that do something to the text around them, or hide in it. */
static bool
is_harmful(uint32_t number)
{
	static const struct {
		uint32_t first, last;
	} harmful[] = {
	    {0x00, 0x1f},       /* C0 */
	    {0x7f, 0x9f},       /* DEL and C1 */
	    {0xad, 0xad},       /* soft hyphen */
	    {0x61c, 0x61c},     /* Arabic letter mark */
	    {0x180e, 0x180e},   /* Mongolian vowel separator */
	    {0x200b, 0x200f},   /* of no width; marks of direction */
	    {0x2028, 0x202e},   /* separators of lines and paragraphs; overrides of direction */
	    {0x2060, 0x206f},   /* joiners and operators that are not seen; isolates */
	    {0xfeff, 0xfeff},   /* byte order mark */
	    {0xfff9, 0xfffb},   /* interlinear annotation */
	    {0xfffe, 0xffff},   /* no characters */
	    {0xe0000, 0xe0fff}, /* tags, selectors of variants */
	};
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++)
		if (number >= harmful[i].first && number <= harmful[i].last)
			return true;
	return false;
}

size_t
clean_text(const char *text, size_t length, char *out, size_t room)
{
	const uint8_t *in = (const uint8_t *)text;
	size_t written = 0;
	for (size_t at = 0; at < length && in[at] != '\0';) {
		size_t octets = character(in + at, length - at);
		bool pass = octets > 0 && !is_harmful(number_of(in + at, octets));
		size_t needed = pass ? octets : 1;
		if (written + needed >= room)
			break;
		if (!pass)
			out[written] = '?';
		for (size_t k = 0; pass && k < octets; k++)
			out[written + k] = text[at + k];
		written += needed;
		at += octets > 0 ? octets : 1;
	}
	out[written] = '\0';
	return written;
}
