/* SPDX-License-Identifier: ISC */
#include "count/target.h"

#include "base/words.h"

#include <stdio.h>
#include <string.h>

static const char expected[] = "ADDR, ADDR:PORT, [V6]:PORT or ADDR/BITS";

bool
target_name_valid(const char *name)
{
	size_t length = strlen(name);
	bool good = length >= 1 && length <= TARGET_NAME_MAX;
	for (size_t i = 0; good && i < length; i++)
		good = name[i] >= ' ' && name[i] <= '~' && name[i] != '"';
	return good;
}

/* A decimal number min..max that fills the text. */
static bool
parse_number(const char *text, unsigned min, unsigned max, unsigned *out)
{
	int64_t value = words_number(text, strlen(text), 10);
	if (value < min || value > max)
		return false;
	*out = (unsigned)value;
	return true;
}

/* Cuts "...SEPARATOR NUMBER" off the end of text; *number is left alone if it is not there. */
static bool
cut_number(char *text, char separator, unsigned min, unsigned max, unsigned *number)
{
	char *at = strrchr(text, separator);
	if (at == NULL)
		return true;
	if (!parse_number(at + 1, min, max, number))
		return false;
	*at = '\0';
	return true;
}

/* "[ADDR]" with /BITS inside or behind, and :PORT behind that: cuts brackets and port away. */
static bool
cut_brackets(char **text, unsigned *port)
{
	char *close = strchr(*text, ']');
	if (close == NULL)
		return false;
	char *colon = strchr(close, ':');
	if (colon != NULL && !parse_number(colon + 1, 1, 65535, port))
		return false;
	if (colon != NULL)
		*colon = '\0';
	if (close[1] != '/' && close[1] != '\0')
		return false;
	if (close[1] == '/' && strchr(*text, '/') < close)
		return false;
	memmove(close, close + 1, strlen(close + 1) + 1);
	(*text)++;
	return true;
}

/* Why an address that is none looks like one. */
static const char *
explain(const char *plain)
{
	char copy[TARGET_SPEC_MAX];
	struct addr net;
	size_t length = strcspn(plain, "%");
	if (plain[length] == '\0')
		return expected;
	memcpy(copy, plain, length);
	copy[length] = '\0';
	if (!addr_parse(copy, &net))
		return expected;
	return addr_is_v4(&net) ? "an IPv4 address without %DEVICE"
				: "a device that this host has behind \"%\"";
}

/* Multicast of either family, or 255.255.255.255. */
static bool
is_for_many(const struct addr *net)
{
	return addr_is_v4(net) ? net->octet[12] >> 4 == 0xe || net->octet[12] == 255
			       : net->octet[0] == 255;
}

/* A net that is not its own first address was meant as another. */
static bool
has_host_bits(const struct addr *net, unsigned bits)
{
	unsigned at = addr_is_v4(net) ? bits + 96 : bits;
	for (; at < 128; at++)
		if (net->octet[at / 8] >> (7 - at % 8) & 1)
			return true;
	return false;
}

const char *
target_parse(const char *text, struct target *out)
{
	char copy[TARGET_SPEC_MAX], *plain = copy;
	size_t length = strlen(text);
	if (length >= sizeof(copy))
		return expected;
	memcpy(copy, text, length + 1);

	unsigned port = 0, bits = 255;
	if (*plain == '[') {
		if (!cut_brackets(&plain, &port))
			return expected;
	} else {
		char *colon = strchr(plain, ':');
		bool v4_port = colon != NULL && strchr(colon + 1, ':') == NULL;
		if (v4_port && !cut_number(plain, ':', 1, 65535, &port))
			return expected;
	}
	if (!cut_number(plain, '/', 0, 128, &bits))
		return expected;
	struct addr net;
	if (!addr_parse(plain, &net))
		return explain(plain);
	/* An IPv4 prefix length written behind the mapped form counts from the whole address. */
	bool mapped = addr_is_v4(&net) && strchr(plain, ':') != NULL;
	if (mapped && bits != 255)
		return expected;
	unsigned most = addr_is_v4(&net) ? 32 : 128;
	if (bits == 255)
		bits = most;
	if (bits > most)
		return expected;
	if (bits == most && addr_is_any(&net))
		return "a peer: this is the wildcard, any address of one's own; for all peers "
		       "write "
		       "0.0.0.0/0 or ::/0";
	if (is_for_many(&net))
		return "a peer that TCP can connect to: this is multicast or broadcast";
	if (has_host_bits(&net, bits))
		return "the first address of the net, all bits behind its prefix 0: as 10.0.0.0/8, "
		       "not 10.0.0.5/8";
	out->net = net;
	out->bits = (uint8_t)bits;
	out->port = (uint16_t)port;
	return NULL;
}

bool
target_matches(const struct target *target, const struct addr *peer, uint16_t port)
{
	return (target->port == 0 || target->port == port) &&
	       addr_in_prefix(peer, &target->net, target->bits);
}

const char *
target_text(const struct target *target, char buf[static TARGET_SPEC_MAX])
{
	char text[ADDR_TEXT_MAX], bits[8] = "", port[8] = "";
	bool v4 = addr_is_v4(&target->net);
	if (target->bits != (v4 ? 32 : 128))
		snprintf(bits, sizeof(bits), "/%u", target->bits);
	if (target->port != 0)
		snprintf(port, sizeof(port), ":%u", target->port);
	snprintf(buf, TARGET_SPEC_MAX, target->port != 0 && !v4 ? "[%s%s]%s" : "%s%s%s",
		 addr_text(&target->net, text), bits, port);
	return buf;
}
