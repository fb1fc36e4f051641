/* SPDX-License-Identifier: ISC */
#include "kernel/conntrack_text.h"

#include "base/clock.h"

#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>

/* A line has about 200 octets, 400 with addresses of IPv6 and counters; a security context may have
 * a page. */
#define LINE_MAX_OCTETS 8192

/* Of so many lines one looks at the clock. */
#define CLOCK_LINES 1024
#define MOST_US     1000000

/* What was read of a line so far. */
struct line {
	struct conntrack_entry *entry;
	unsigned sources; /* tuples that have begun */
	unsigned addresses, ports, ids;
	uint32_t type; /* of ICMP, in the original direction */
	bool unreplied;
};

static bool
parse_number(const char *text, uint32_t most, uint32_t *out)
{
	char *end;
	if (*text < '0' || *text > '9' || strlen(text) > 10)
		return false;
	unsigned long long value = strtoull(text, &end, 10);
	*out = (uint32_t)value;
	return *end == '\0' && value <= most;
}

static bool
parse_port(const char *text, uint16_t *out)
{
	uint32_t value;
	if (!parse_number(text, UINT16_MAX, &value))
		return false;
	*out = (uint16_t)value;
	return true;
}

static struct conntrack_tuple *
tuple_of(const struct line *line)
{
	return line->sources < 2 ? &line->entry->original : &line->entry->reply;
}

static bool
take_source(struct line *line, const char *value)
{
	line->sources++;
	line->addresses++;
	return line->sources <= 2 && addr_parse(value, &tuple_of(line)->source);
}

static bool
take_destination(struct line *line, const char *value)
{
	line->addresses++;
	return addr_parse(value, &tuple_of(line)->destination);
}

static bool
take_source_port(struct line *line, const char *value)
{
	line->ports++;
	return parse_port(value, &tuple_of(line)->source_port);
}

static bool
take_destination_port(struct line *line, const char *value)
{
	line->ports++;
	return parse_port(value, &tuple_of(line)->destination_port);
}

static bool
take_type(struct line *line, const char *value)
{
	uint32_t type;
	if (!parse_number(value, UINT8_MAX, &type))
		return false;
	if (line->sources < 2)
		line->type = type;
	return true;
}

static bool
take_id(struct line *line, const char *value)
{
	struct conntrack_tuple *tuple = tuple_of(line);
	line->ids++;
	return parse_port(value,
			  line->sources < 2 ? &tuple->source_port : &tuple->destination_port);
}

static bool
take_zone(struct line *line, const char *value)
{
	struct conntrack_entry *entry = line->entry;
	if (!parse_port(value, &entry->original.zone))
		return false;
	entry->reply.zone = entry->original.zone;
	return true;
}

static bool
take_original_zone(struct line *line, const char *value)
{
	return parse_port(value, &line->entry->original.zone);
}

static bool
take_reply_zone(struct line *line, const char *value)
{
	return parse_port(value, &line->entry->reply.zone);
}

static const struct member {
	const char *name;
	bool (*take)(struct line *line, const char *value);
} members[] = {{"src", take_source},
	       {"dst", take_destination},
	       {"sport", take_source_port},
	       {"dport", take_destination_port},
	       {"type", take_type},
	       {"id", take_id},
	       {"zone", take_zone},
	       {"zone-orig", take_original_zone},
	       {"zone-reply", take_reply_zone}};

/* Counters, mark and the like are passed over. */
static bool
take_member(struct line *line, char *word, char *equals)
{
	*equals = '\0';
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(word, members[i].name) == 0)
			return members[i].take(line, equals + 1);
	return true;
}

/* By the numbers of TCP_CONNTRACK_*. */
static void
take_state(struct conntrack_entry *entry, const char *word)
{
	static const char *const states[] = {"NONE",     "SYN_SENT",   "SYN_RECV", "ESTABLISHED",
					     "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT",
					     "CLOSE",    "SYN_SENT2"};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(word, states[i]) == 0)
			entry->state = (uint8_t)i;
}

static bool
take_word(struct line *line, char *word)
{
	char *equals = strchr(word, '=');
	struct conntrack_entry *entry = line->entry;
	if (equals != NULL)
		return take_member(line, word, equals);
	if (strcmp(word, "[UNREPLIED]") == 0)
		line->unreplied = true;
	else if (line->sources == 0 && entry->protocol == IPPROTO_TCP &&
		 !parse_number(word, UINT32_MAX, &entry->left_s))
		take_state(entry, word);
	return true;
}

/* "ipv4 2 tcp 6": names and numbers of the families of addresses and of the protocol. */
static bool
take_head(char **save, char *line, uint32_t *family, uint32_t *protocol)
{
	const char *number[4] = {strtok_r(line, " ", save)};
	for (int i = 1; i < 4; i++)
		number[i] = strtok_r(NULL, " ", save);
	return number[1] != NULL && number[3] != NULL &&
	       parse_number(number[1], UINT8_MAX, family) &&
	       parse_number(number[3], UINT8_MAX, protocol);
}

static bool
is_counted(uint32_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       conntrack_has_ids((uint8_t)protocol);
}

static bool
is_whole(const struct line *line, bool v4)
{
	const struct conntrack_entry *e = line->entry;
	if (line->sources != 2 || line->addresses != 4)
		return false;
	if (addr_is_v4(&e->original.source) != v4 || addr_is_v4(&e->original.destination) != v4 ||
	    addr_is_v4(&e->reply.source) != v4 || addr_is_v4(&e->reply.destination) != v4)
		return false;
	return conntrack_has_ids(e->protocol) ? line->ids == 2 && line->ports == 0
					      : line->ports == 4 && line->ids == 0;
}

static void
set_status(struct line *line)
{
	struct conntrack_entry *e = line->entry;
	if (!line->unreplied)
		e->status |= IPS_SEEN_REPLY;
	if (!addr_equal(&e->original.source, &e->reply.destination) ||
	    e->original.source_port != e->reply.destination_port)
		e->status |= IPS_SRC_NAT;
}

enum conntrack_line
conntrack_line(char *text, struct conntrack_entry *out)
{
	struct line line = {.entry = out};
	uint32_t family, protocol;
	char *save = NULL, *word;
	memset(out, 0, sizeof(*out));
	if (!take_head(&save, text, &family, &protocol))
		return CONNTRACK_LINE_BROKEN;
	if (!is_counted(protocol) || (family != AF_INET && family != AF_INET6))
		return CONNTRACK_LINE_OTHER;
	out->protocol = (uint8_t)protocol;
	while ((word = strtok_r(NULL, " \n", &save)) != NULL)
		if (!take_word(&line, word))
			return CONNTRACK_LINE_BROKEN;
	if (!is_whole(&line, family == AF_INET))
		return CONNTRACK_LINE_BROKEN;
	if (conntrack_has_ids(out->protocol) &&
	    line.type != (protocol == IPPROTO_ICMP ? ICMP_ECHO : ICMP6_ECHO_REQUEST))
		return CONNTRACK_LINE_OTHER;
	set_status(&line);
	return CONNTRACK_LINE_ENTRY;
}

static const char *
read_lines(FILE *file, const struct conntrack_taker *taker)
{
	char text[LINE_MAX_OCTETS];
	struct conntrack_entry entry;
	uint64_t begun_us = clock_us();
	for (uint32_t i = 1; fgets(text, sizeof(text), file) != NULL; i++) {
		enum conntrack_line line = strchr(text, '\n') == NULL
					       ? CONNTRACK_LINE_BROKEN
					       : conntrack_line(text, &entry);
		if (line == CONNTRACK_LINE_BROKEN)
			return "net/nf_conntrack has a line that is not understood";
		if (line == CONNTRACK_LINE_ENTRY && !taker->take(taker->arg, taker->dump, &entry))
			return "out of memory";
		if (i % CLOCK_LINES == 0 && clock_us() - begun_us > MOST_US)
			return "net/nf_conntrack takes too long to read";
	}
	return ferror(file) ? CONNTRACK_TEXT_DENIED : NULL;
}

const char *
conntrack_text_read(const struct procfile_source *proc, enum conntrack_dump dump,
		    conntrack_take *take, void *arg)
{
	const struct conntrack_taker taker = {take, arg, dump};
	FILE *file = procfile_stream(proc, "net/nf_conntrack");
	if (file == NULL)
		return CONNTRACK_TEXT_DENIED;
	const char *error = read_lines(file, &taker);
	fclose(file);
	return error;
}
