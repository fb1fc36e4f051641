/* SPDX-License-Identifier: ISC */
#include "kernel/nat_legacy.h"

#include "kernel/modules.h"
#include "kernel/recording.h"

#include <errno.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Many thousands of rules; whoever makes more waits for them, too. */
#define MOST_OCTETS (16U * 1024 * 1024)

/* So often they may change between the two questions. */
#define TRIES 3

static const char table[] = "nat";

/* What differs between the families; the structures of the questions are the same. */
struct kind {
	const char *names, *module, *nat;
	int level, get_info, get_entries;
	unsigned dump;
	size_t entry; /* octets of an entry without matches and target */
	uint8_t family;
};

_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo) &&
		   offsetof(struct ipt_get_entries, entrytable) ==
		       offsetof(struct ip6t_get_entries, entrytable),
	       "the questions are the same for both families");

static const struct kind kinds[] = {
    {"net/ip_tables_names", "ip_tables", "iptable_nat", IPPROTO_IP, IPT_SO_GET_INFO,
     IPT_SO_GET_ENTRIES, NAT_LEGACY_V4, sizeof(struct ipt_entry), AF_INET},
    {"net/ip6_tables_names", "ip6_tables", "ip6table_nat", IPPROTO_IPV6, IP6T_SO_GET_INFO,
     IP6T_SO_GET_ENTRIES, NAT_LEGACY_V6, sizeof(struct ip6t_entry), AF_INET6},
};

/* One rule. */
struct entry {
	size_t target, next; /* from its beginning on */
	uint8_t protocol;    /* 0 = any */
};

static void
read_v4(const uint8_t *octets, struct entry *out)
{
	struct ipt_entry entry;
	memcpy(&entry, octets, sizeof(entry));
	bool other = (entry.ip.invflags & IPT_INV_PROTO) != 0;
	*out = (struct entry){entry.target_offset, entry.next_offset,
			      other ? 0 : (uint8_t)entry.ip.proto};
}

static void
read_v6(const uint8_t *octets, struct entry *out)
{
	struct ip6t_entry entry;
	memcpy(&entry, octets, sizeof(entry));
	bool one =
	    (entry.ipv6.flags & IP6T_F_PROTO) != 0 && (entry.ipv6.invflags & IP6T_INV_PROTO) == 0;
	*out = (struct entry){entry.target_offset, entry.next_offset,
			      one ? (uint8_t)entry.ipv6.proto : 0};
}

/* False if it does not fit. */
static bool
read_entry(const struct kind *kind, const uint8_t *octets, size_t size, struct entry *out)
{
	if (size < kind->entry)
		return false;
	if (kind->family == AF_INET)
		read_v4(octets, out);
	else
		read_v6(octets, out);
	return out->target >= kind->entry && out->next <= size &&
	       out->next >= out->target + sizeof(struct xt_entry_target);
}

static bool
take_target(struct nat_rules *rules, const struct kind *kind, const struct entry *entry,
	    const uint8_t *octets)
{
	struct xt_entry_target target;
	char name[sizeof(target.u.user.name) + 1] = "";
	memcpy(&target, octets + entry->target, sizeof(target));
	size_t size = target.u.user.target_size;
	if (size < sizeof(target) || size > entry->next - entry->target)
		return false;
	memcpy(name, target.u.user.name, sizeof(target.u.user.name));
	const struct nat_target found = {.name = name,
					 .revision = target.u.user.revision,
					 .info = octets + entry->target + sizeof(target),
					 .size = size - sizeof(target),
					 .family = kind->family,
					 .protocol = entry->protocol};
	nat_rules_target(rules, &found);
	return true;
}

static const struct kind *
kind_of(uint8_t family)
{
	return &kinds[family == AF_INET ? 0 : 1];
}

int
nat_legacy_take(struct nat_rules *rules, uint8_t family, const void *octets, size_t size)
{
	const struct kind *kind = kind_of(family);
	struct entry entry;
	for (const uint8_t *at = octets; size > 0; at += entry.next, size -= entry.next)
		if (!read_entry(kind, at, size, &entry) || !take_target(rules, kind, &entry, at))
			return EBADMSG;
	return 0;
}

/* What is known of a table before it is asked for. */
enum presence { ABSENT, PRESENT, HIDDEN };

/* The list is there where iptables is loaded; which tables it has, root alone may see. */
static enum presence
look_for(const struct procfile_source *proc, const struct kind *kind)
{
	char line[XT_TABLE_MAXNAMELEN + 2];
	bool found = false;
	FILE *file = procfile_stream(proc, kind->names);
	if (file == NULL && errno == ENOENT)
		return ABSENT;
	if (file == NULL)
		return modules_lack(proc, kind->module, kind->nat) ? ABSENT : HIDDEN;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		found |= strcmp(line, table) == 0;
	}
	fclose(file);
	return found ? PRESENT : ABSENT;
}

/* All of its rules, to be freed; EAGAIN if they changed between the questions. */
static int
ask_once(int fd, const struct kind *kind, struct ipt_get_entries **out)
{
	struct ipt_getinfo info;
	socklen_t length = sizeof(info);
	memset(&info, 0, sizeof(info));
	memcpy(info.name, table, sizeof(table));
	*out = NULL;
	if (getsockopt(fd, kind->level, kind->get_info, &info, &length) != 0)
		return errno;
	if (info.size > MOST_OCTETS)
		return EFBIG;
	length = (socklen_t)(sizeof(**out) + info.size);
	struct ipt_get_entries *entries = calloc(1, length);
	if (entries == NULL)
		return ENOMEM;
	memcpy(entries->name, table, sizeof(table));
	entries->size = info.size;
	if (getsockopt(fd, kind->level, kind->get_entries, entries, &length) != 0) {
		int error = errno;
		free(entries);
		return error;
	}
	*out = entries;
	return 0;
}

static int
ask(const struct kind *kind, struct ipt_get_entries **out)
{
	int error = EAGAIN;
	int fd = socket(kind->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	for (int i = 0; error == EAGAIN && i < TRIES; i++)
		error = ask_once(fd, kind, out);
	close(fd);
	return error;
}

/* In pieces of whole rules, for a record holds no more. */
static void
keep(const struct kind *kind, const uint8_t *octets, size_t size, FILE *record)
{
	struct entry entry;
	size_t length = 0;
	while (length < size && read_entry(kind, octets + length, size - length, &entry)) {
		if (length > 0 && length + entry.next > RECORDING_DATA_MAX) {
			recording_dump(record, kind->dump, octets, length);
			octets += length;
			size -= length;
			length = 0;
			continue;
		}
		length += entry.next;
	}
	recording_dump(record, kind->dump, octets, length);
}

/* False if there may be rules that could not be read. */
static bool
read_table(const struct procfile_source *proc, const struct kind *kind, struct nat_rules *rules,
	   FILE *record)
{
	struct ipt_get_entries *entries = NULL;
	enum presence presence = look_for(proc, kind);
	if (presence == ABSENT)
		return true;
	bool good = presence == PRESENT && ask(kind, &entries) == 0 && entries != NULL &&
		    nat_legacy_take(rules, kind->family, entries->entrytable, entries->size) == 0;
	if (record != NULL && good)
		keep(kind, (const uint8_t *)entries->entrytable, entries->size, record);
	else if (record != NULL)
		recording_dump(record, kind->dump, "", 0);
	free(entries);
	return good;
}

void
nat_legacy_read(const struct procfile_source *proc, struct nat_rules *rules, FILE *record)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!read_table(proc, &kinds[i], rules, record))
			rules->unread = true;
}
