/* SPDX-License-Identifier: ISC */
#include "verdict/alarm_key.h"

#include "base/lookup.h"
#include "config/config_words.h"

#include <stdio.h>
#include <string.h>

static const char arrow[] = " -> ";

static const char within[] = " in ";

static const char *const words[ALARM_KINDS] = {
    [ALARM_POOL] = "pool",       [ALARM_PEER] = "peer", [ALARM_TARGET] = "target",
    [ALARM_LOCAL] = "local",     [ALARM_HOST] = "host", [ALARM_LIMIT] = "limit",
    [ALARM_UDP] = "udp",         [ALARM_NAT] = "nat",   [ALARM_NAMESPACE_POOL] = "pool",
    [ALARM_INBOUND] = "inbound",
};

/* LOCAL -> PEER:PORT, or PEER alone where there are no ports. */
static const char *
ends(const struct alarm_subject *s, char buf[static ALARM_KEY_MAX])
{
	char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	struct addr plain = s->peer;
	plain.zone = 0;
	snprintf(buf, ALARM_KEY_MAX, "%s%s%s", addr_text(&s->local, local), arrow,
		 s->kind == ALARM_NAT && s->port == 0 ? addr_text(&plain, peer)
						      : addr_port_text(&plain, s->port, peer));
	return buf;
}

const char *
alarm_key(const struct alarm_subject *s, char buf[static ALARM_KEY_MAX])
{
	char text[ALARM_KEY_MAX], address[ADDR_TEXT_MAX];
	const char *word = words[s->kind];
	switch (s->kind) {
	case ALARM_POOL:
		snprintf(buf, ALARM_KEY_MAX, "%s %.*s", word, 2 * ADDR_PORT_TEXT_MAX,
			 ends(s, text));
		break;
	case ALARM_NAMESPACE_POOL:
		if (s->name[0] != '\0') {
			snprintf(buf, ALARM_KEY_MAX, "%s %s%s%s", s->name,
				 addr_text(&s->local, address), within, s->space);
			break;
		}
		snprintf(buf, ALARM_KEY_MAX, "%s %.*s%s%s", word, 2 * ADDR_PORT_TEXT_MAX,
			 ends(s, text), within, s->space);
		break;
	case ALARM_NAT:
		snprintf(buf, ALARM_KEY_MAX, "%s %s %.*s", word, s->name, 2 * ADDR_PORT_TEXT_MAX,
			 ends(s, text));
		break;
	case ALARM_PEER:
		snprintf(buf, ALARM_KEY_MAX, "%s %s", word, addr_text(&s->peer, address));
		break;
	case ALARM_LOCAL:
	case ALARM_UDP:
		snprintf(buf, ALARM_KEY_MAX, "%s %s", word, addr_text(&s->local, address));
		break;
	case ALARM_HOST:
		snprintf(buf, ALARM_KEY_MAX, "%s%s%s", word, s->name[0] != '\0' ? " " : "",
			 s->name);
		break;
	case ALARM_INBOUND: snprintf(buf, ALARM_KEY_MAX, "%s", word); break;
	case ALARM_TARGET:
	case ALARM_LIMIT: snprintf(buf, ALARM_KEY_MAX, "%s %s", word, s->name); break;
	}
	return buf;
}

/* As addr_text() writes it; addr_parse() knows no IPv4 address on a device. */
static bool
parse_address(const char *text, struct addr *out)
{
	char plain[ADDR_TEXT_MAX];
	size_t length = strcspn(text, "%");
	uint32_t zone = 0;
	if (length >= sizeof(plain))
		return false;
	memcpy(plain, text, length);
	plain[length] = '\0';
	if (!addr_parse(plain, out))
		return false;
	if (text[length] == '%' && !config_number(text + length + 1, 1, UINT32_MAX, &zone))
		return false;
	out->zone = zone;
	return true;
}

static bool
parse_peer(const char *text, struct alarm_subject *out)
{
	struct target peer = {.port = 0};
	/* A pool of pings has no port. */
	if (out->kind == ALARM_NAT && parse_address(text, &out->peer))
		return out->peer.zone == 0;
	if (target_parse(text, &peer) != NULL || peer.port == 0)
		return false;
	out->peer = peer.net;
	out->port = peer.port;
	return true;
}

static bool
parse_pool(const char *rest, struct alarm_subject *out)
{
	char local[ADDR_TEXT_MAX];
	const char *at = strstr(rest, arrow);
	if (at == NULL || (size_t)(at - rest) >= sizeof(local))
		return false;
	memcpy(local, rest, (size_t)(at - rest));
	local[at - rest] = '\0';
	if (!parse_peer(at + strlen(arrow), out) || !parse_address(local, &out->local))
		return false;
	out->peer.zone = addr_is_link_local(&out->peer) ? out->local.zone : 0;
	return true;
}

/* The state file may be anybody's: what it calls a name must be able to be one. */
static bool
parse_name(const char *text, char name[static TARGET_NAME_MAX + 1])
{
	_Static_assert(ALARM_SPACE_MAX == TARGET_NAME_MAX, "names of namespaces are as long");
	if (!target_name_valid(text))
		return false;
	snprintf(name, TARGET_NAME_MAX + 1, "%s", text);
	return true;
}

/* A pool, of our own namespace or, with its name behind it, of another one. */
static bool
parse_any_pool(const char *rest, struct alarm_subject *out)
{
	char plain[ALARM_KEY_MAX];
	const char *at = strstr(rest, within);
	if (at == NULL)
		return parse_pool(rest, out);
	if ((size_t)(at - rest) >= sizeof(plain))
		return false;
	memcpy(plain, rest, (size_t)(at - rest));
	plain[at - rest] = '\0';
	out->kind = ALARM_NAMESPACE_POOL;
	return parse_name(at + strlen(within), out->space) && parse_pool(plain, out);
}

/* A local address, the same way. */
static bool
parse_local(const char *rest, struct alarm_subject *out)
{
	char plain[ADDR_TEXT_MAX];
	const char *at = strstr(rest, within);
	if (at == NULL)
		return parse_address(rest, &out->local);
	if ((size_t)(at - rest) >= sizeof(plain))
		return false;
	memcpy(plain, rest, (size_t)(at - rest));
	plain[at - rest] = '\0';
	snprintf(out->name, sizeof(out->name), "%s",
		 out->kind == ALARM_UDP ? ALARM_SPACE_UDP : ALARM_SPACE_LOCAL);
	out->kind = ALARM_NAMESPACE_POOL;
	return parse_name(at + strlen(within), out->space) && parse_address(plain, &out->local);
}

static bool
parse_nat(const char *rest, struct alarm_subject *out)
{
	size_t length = strcspn(rest, " ");
	if (rest[length] == '\0' || length > TARGET_NAME_MAX)
		return false;
	memcpy(out->name, rest, length);
	return target_name_valid(out->name) && parse_pool(rest + length + 1, out);
}

/* The first kind with that word: a pool is ALARM_POOL until its namespace is found. */
static bool
parse_kind(const char *word, size_t length, enum alarm_kind *out)
{
	for (unsigned kind = ALARM_POOL; kind < ALARM_KINDS; kind++) {
		if (strlen(words[kind]) == length && memcmp(words[kind], word, length) == 0) {
			*out = (enum alarm_kind)kind;
			return true;
		}
	}
	return false;
}

bool
alarm_key_parse(const char *key, struct alarm_subject *out)
{
	size_t length = strcspn(key, " ");
	memset(out, 0, sizeof(*out));
	if (!parse_kind(key, length, &out->kind))
		return false;
	bool alone = key[length] == '\0';
	const char *rest = alone ? "" : key + length + 1;
	switch (out->kind) {
	case ALARM_POOL:
	case ALARM_NAMESPACE_POOL: return parse_any_pool(rest, out);
	case ALARM_NAT: return parse_nat(rest, out);
	case ALARM_PEER: return parse_address(rest, &out->peer);
	case ALARM_LOCAL:
	case ALARM_UDP: return parse_local(rest, out);
	case ALARM_INBOUND: return alone;
	case ALARM_HOST:
		snprintf(out->name, sizeof(out->name), "%s", alone ? "" : ALARM_FIGURES);
		return alone || strcmp(rest, ALARM_FIGURES) == 0;
	case ALARM_TARGET:
	case ALARM_LIMIT: break;
	}
	return parse_name(rest, out->name);
}

bool
alarm_kind_is_many(enum alarm_kind kind)
{
	return kind == ALARM_POOL || kind == ALARM_PEER || kind == ALARM_LOCAL ||
	       kind == ALARM_NAT || kind == ALARM_NAMESPACE_POOL;
}

bool
alarm_subject_is_figures(const struct alarm_subject *s)
{
	return s->kind == ALARM_HOST && s->name[0] != '\0';
}

bool
alarm_subject_equal(const struct alarm_subject *a, const struct alarm_subject *b)
{
	return a->kind == b->kind && a->port == b->port && addr_equal(&a->local, &b->local) &&
	       addr_equal(&a->peer, &b->peer) && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->space, b->space) == 0;
}

uint32_t
alarm_subject_hash(const struct alarm_subject *s)
{
	enum { NAME_AT = 1 + 2 * ADDR_WORDS, SPACE_AT = NAME_AT + (TARGET_NAME_MAX + 3) / 4 };
	uint32_t word[SPACE_AT + (ALARM_SPACE_MAX + 3) / 4] = {(uint32_t)s->kind << 16 | s->port};
	addr_words(&s->local, word + 1);
	addr_words(&s->peer, word + 1 + ADDR_WORDS);
	memcpy(word + NAME_AT, s->name, strnlen(s->name, TARGET_NAME_MAX));
	memcpy(word + SPACE_AT, s->space, strnlen(s->space, ALARM_SPACE_MAX));
	return lookup_hash(word, sizeof(word) / sizeof(word[0]));
}
