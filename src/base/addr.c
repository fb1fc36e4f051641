/* SPDX-License-Identifier: ISC */
#include "base/addr.h"

#include "base/words.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct addr
addr_from_v4(const void *octets)
{
	struct addr a = {.zone = 0};
	memcpy(a.octet, mapped, sizeof(mapped));
	memcpy(a.octet + 12, octets, 4);
	return a;
}

struct addr
addr_from_v6(const void *octets)
{
	struct addr a = {.zone = 0};
	memcpy(a.octet, octets, 16);
	return a;
}

bool
addr_is_v4(const struct addr *a)
{
	return memcmp(a->octet, mapped, sizeof(mapped)) == 0;
}

bool
addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];
	if (addr_is_v4(a))
		return memcmp(a->octet + 12, zero, 4) == 0;
	return memcmp(a->octet, zero, 16) == 0;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = {[15] = 1};
	if (addr_is_v4(a))
		return a->octet[12] == 127;
	return memcmp(a->octet, one, 16) == 0;
}

bool
addr_is_link_local(const struct addr *a)
{
	return a->octet[0] == 0xfe && (a->octet[1] & 0xc0) == 0x80;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->zone == b->zone && memcmp(a->octet, b->octet, 16) == 0;
}

int
addr_compare(const struct addr *a, const struct addr *b)
{
	int by_type = (int)addr_type(a) - (int)addr_type(b);
	if (by_type != 0)
		return by_type;
	int by_octets = memcmp(a->octet, b->octet, 16);
	if (by_octets != 0)
		return by_octets;
	return (a->zone > b->zone) - (a->zone < b->zone);
}

enum addr_type
addr_type(const struct addr *a)
{
	if (addr_is_v4(a))
		return a->zone != 0 ? ADDR_IPV4Z : ADDR_IPV4;
	return a->zone != 0 ? ADDR_IPV6Z : ADDR_IPV6;
}

size_t
addr_octets(const struct addr *a, uint8_t *out)
{
	size_t length = addr_is_v4(a) ? 4 : 16;
	memcpy(out, a->octet + 16 - length, length);
	if (a->zone != 0) {
		uint32_t zone = htonl(a->zone);
		memcpy(out + length, &zone, sizeof(zone));
		length += sizeof(zone);
	}
	return length;
}

const char *
addr_text(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
	bool v4 = addr_is_v4(a);
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->octet + 12 : a->octet, buf, ADDR_TEXT_MAX);
	if (a->zone != 0) {
		size_t length = strlen(buf);
		snprintf(buf + length, ADDR_TEXT_MAX - length, "%%%u", a->zone);
	}
	return buf;
}

const char *
addr_port_text(const struct addr *a, uint16_t port, char buf[static ADDR_PORT_TEXT_MAX])
{
	char text[ADDR_TEXT_MAX];
	addr_text(a, text);
	snprintf(buf, ADDR_PORT_TEXT_MAX, addr_is_v4(a) ? "%s:%u" : "[%s]:%u", text, port);
	return buf;
}

/* "N" or an interface's name; 0 if it is neither. */
static uint32_t
parse_zone(const char *text)
{
	int64_t number = words_number(text, strlen(text), 10);
	return number >= 0 && number <= UINT32_MAX ? (uint32_t)number : if_nametoindex(text);
}

bool
addr_parse(const char *text, struct addr *out)
{
	uint8_t octets[16];
	if (inet_pton(AF_INET, text, octets) == 1) {
		*out = addr_from_v4(octets);
		return true;
	}
	char plain[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "%");
	if (length >= sizeof(plain))
		return false;
	memcpy(plain, text, length);
	plain[length] = '\0';
	if (inet_pton(AF_INET6, plain, octets) != 1)
		return false;
	struct addr a = addr_from_v6(octets);
	if (text[length] == '%') {
		if (addr_is_v4(&a))
			return false;
		a.zone = parse_zone(text + length + 1);
		if (a.zone == 0)
			return false;
	}
	*out = a;
	return true;
}

bool
addr_in_prefix(const struct addr *a, const struct addr *net, unsigned bits)
{
	if (addr_is_v4(a) != addr_is_v4(net))
		return false;
	if (net->zone != 0 && net->zone != a->zone)
		return false;
	if (addr_is_v4(net))
		bits += 96;
	unsigned whole = bits / 8;
	if (memcmp(a->octet, net->octet, whole) != 0)
		return false;
	unsigned rest = bits % 8;
	return rest == 0 || ((a->octet[whole] ^ net->octet[whole]) >> (8 - rest)) == 0;
}
