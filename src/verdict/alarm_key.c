/* SPDX-License-Identifier: ISC */
#include "verdict/alarm_key.h"

#include "base/lookup.h"
#include "config/config_words.h"

#include <stdio.h>
#include <string.h>

static const char arrow[] = " -> ";

static const char *const words[] = {
    [ALARM_POOL] = "pool",   [ALARM_PEER] = "peer", [ALARM_TARGET] = "target",
    [ALARM_LOCAL] = "local", [ALARM_HOST] = "host", [ALARM_LIMIT] = "limit",
};
#define KINDS (sizeof(words) / sizeof(words[0]))

const char *
alarm_key(const struct alarm_subject *s, char buf[static ALARM_KEY_MAX])
{
	char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	const char *word = words[s->kind];
	struct addr plain = s->peer;
	plain.zone = 0;
	switch (s->kind) {
	case ALARM_POOL:
		snprintf(buf, ALARM_KEY_MAX, "%s %s%s%s", word, addr_text(&s->local, local), arrow,
			 addr_port_text(&plain, s->port, peer));
		break;
	case ALARM_PEER:
		snprintf(buf, ALARM_KEY_MAX, "%s %s", word, addr_text(&s->peer, local));
		break;
	case ALARM_LOCAL:
		snprintf(buf, ALARM_KEY_MAX, "%s %s", word, addr_text(&s->local, local));
		break;
	case ALARM_HOST: snprintf(buf, ALARM_KEY_MAX, "%s", word); break;
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
parse_pool(const char *rest, struct alarm_subject *out)
{
	char local[ADDR_TEXT_MAX];
	struct target peer = {.port = 0};
	const char *at = strstr(rest, arrow);
	if (at == NULL || (size_t)(at - rest) >= sizeof(local))
		return false;
	memcpy(local, rest, (size_t)(at - rest));
	local[at - rest] = '\0';
	if (target_parse(at + strlen(arrow), &peer) != NULL || peer.port == 0)
		return false;
	if (!parse_address(local, &out->local))
		return false;
	out->peer = peer.net;
	out->port = peer.port;
	out->peer.zone = addr_is_link_local(&out->peer) ? out->local.zone : 0;
	return true;
}

bool
alarm_key_parse(const char *key, struct alarm_subject *out)
{
	size_t length = strcspn(key, " ");
	unsigned kind = ALARM_POOL;
	while (kind < KINDS &&
	       (strlen(words[kind]) != length || memcmp(words[kind], key, length) != 0))
		kind++;
	if (kind == KINDS)
		return false;
	memset(out, 0, sizeof(*out));
	out->kind = (enum alarm_kind)kind;
	const char *rest = key[length] == ' ' ? key + length + 1 : "";
	switch (out->kind) {
	case ALARM_POOL: return parse_pool(rest, out);
	case ALARM_PEER: return parse_address(rest, &out->peer);
	case ALARM_LOCAL: return parse_address(rest, &out->local);
	case ALARM_HOST: return key[length] == '\0';
	case ALARM_TARGET:
	case ALARM_LIMIT: break;
	}
	/* The state file may be anybody's: what it calls a target must be able to be one. */
	if (!target_name_valid(rest))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", rest);
	return true;
}

bool
alarm_subject_equal(const struct alarm_subject *a, const struct alarm_subject *b)
{
	return a->kind == b->kind && a->port == b->port && addr_equal(&a->local, &b->local) &&
	       addr_equal(&a->peer, &b->peer) && strcmp(a->name, b->name) == 0;
}

uint32_t
alarm_subject_hash(const struct alarm_subject *s)
{
	enum { NAME_AT = 1 + 2 * ADDR_WORDS };
	uint32_t word[NAME_AT + (TARGET_NAME_MAX + 3) / 4] = {(uint32_t)s->kind << 16 | s->port};
	addr_words(&s->local, word + 1);
	addr_words(&s->peer, word + 1 + ADDR_WORDS);
	memcpy(word + NAME_AT, s->name, strnlen(s->name, TARGET_NAME_MAX));
	return lookup_hash(word, sizeof(word) / sizeof(word[0]));
}
