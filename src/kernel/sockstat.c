/* SPDX-License-Identifier: ISC */
#include "kernel/sockstat.h"

#include "base/words.h"

/* Both files are a few short lines. */
#define FILE_ROOM 1024

static int64_t
named(const char *text, const char *line, const char *name)
{
	int64_t value = text != NULL ? words_named(text, line, name) : WORDS_NO_NUMBER;
	return value != WORDS_NO_NUMBER ? value : SOCKSTAT_ABSENT;
}

/* Of both families. Stops at the largest number: a recording may hold anything. */
static int64_t
add_v6(int64_t v4, int64_t v6)
{
	if (v4 == SOCKSTAT_ABSENT || v6 == SOCKSTAT_ABSENT)
		return v4;
	return v6 > INT64_MAX - v4 ? INT64_MAX : v4 + v6;
}

void
sockstat_parse(const char *sockstat, const char *sockstat6, struct sockstat *out)
{
	*out = (struct sockstat){.in_use = named(sockstat, "TCP:", "inuse"),
				 .time_wait = named(sockstat, "TCP:", "tw"),
				 .orphans = named(sockstat, "TCP:", "orphan"),
				 .allocated = named(sockstat, "TCP:", "alloc"),
				 .memory = named(sockstat, "TCP:", "mem"),
				 .udp = named(sockstat, "UDP:", "inuse")};
	out->in_use = add_v6(out->in_use, named(sockstat6, "TCP6:", "inuse"));
	out->udp = add_v6(out->udp, named(sockstat6, "UDP6:", "inuse"));
}

void
sockstat_read(const struct procfile_source *source, uint32_t process, struct sockstat *out)
{
	char name[32], v4[FILE_ROOM], v6[FILE_ROOM];
	const char *where = name;
	snprintf(name, sizeof(name), "%u/net/sockstat", process);
	if (process == 0)
		where = "net/sockstat";
	bool has_v4 = procfile_read(source, where, v4, sizeof(v4)) >= 0;
	snprintf(name, sizeof(name), "%u/net/sockstat6", process);
	if (process == 0)
		where = "net/sockstat6";
	bool has_v6 = procfile_read(source, where, v6, sizeof(v6)) >= 0;
	sockstat_parse(has_v4 ? v4 : NULL, has_v6 ? v6 : NULL, out);
}

int64_t
sockstat_elsewhere(const struct sockstat *stat)
{
	if (stat->allocated == SOCKSTAT_ABSENT || stat->in_use == SOCKSTAT_ABSENT)
		return SOCKSTAT_ABSENT;
	return stat->allocated > stat->in_use ? stat->allocated - stat->in_use : 0;
}
