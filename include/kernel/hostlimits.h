/* SPDX-License-Identifier: ISC */
/*
 * hostlimits: what else a host can run out of, and the settings that decide how long a port is
 * held: read at each poll. A limit is one line in the table of readers
 * (hostlimits.c), one in the table of columns (mib_columns.c), and, if it can raise an alarm, one
 * rule.
 */
#ifndef SRCPORTD_HOSTLIMITS_H
#define SRCPORTD_HOSTLIMITS_H

#include "kernel/procfile.h"
#include "kernel/sockstat.h"
#include "kernel/sources.h"

#define LIMIT_ABSENT (-1) /* the kernel or the namespace does not have it, or hides it */

/* In the order of the report. */
enum limit {
	LIMIT_TW_REUSE,       /* net.ipv4.tcp_tw_reuse: 0 off, 1 on, 2 loopback only */
	LIMIT_TW_REUSE_DELAY, /* net.ipv4.tcp_tw_reuse_delay, ms (6.14) */
	LIMIT_TIMESTAMPS,     /* net.ipv4.tcp_timestamps: 0 off, 1 on, 2 on without random offset */
	LIMIT_FIN_TIMEOUT,    /* net.ipv4.tcp_fin_timeout, seconds */
	LIMIT_TW,             /* TIME_WAIT sockets (sockstat) */
	LIMIT_TW_MAX,         /* net.ipv4.tcp_max_tw_buckets */
	LIMIT_IN_USE,         /* TCP sockets in use, both families, TIME_WAIT left out (sockstat) */
	LIMIT_ORPHANS,        /* TCP sockets that no process holds any more (sockstat) */
	LIMIT_ORPHANS_MAX,    /* net.ipv4.tcp_max_orphans */
	LIMIT_MEMORY,         /* pages that TCP buffers take (sockstat) */
	LIMIT_MEMORY_MAX,     /* net.ipv4.tcp_mem, the third number */
	LIMIT_FILES,          /* open files of the host, allocated (fs.file-nr) */
	LIMIT_FILES_MAX,      /* fs.file-max */
	LIMIT_CONNTRACK,      /* entries of connection tracking in this namespace */
	LIMIT_CONNTRACK_MAX,  /* net.netfilter.nf_conntrack_max; 0 = without limit */
	LIMIT_DROP,          /* packets dropped for want of an entry or of a NAT port, since boot */
	LIMIT_INSERT_FAILED, /* entries that could not be inserted: NAT found no free port */
	LIMIT_EARLY_DROP,    /* entries thrown out early to make room */
	LIMIT_ESTABLISHED,   /* seconds that an idle established connection keeps its entry */
	LIMITS
};

struct limits {
	int64_t value[LIMITS]; /* LIMIT_ABSENT or >= 0 */
};

/* How a limit is shown. */
struct limit_words {
	const char *name;    /* in JSON: "tcpTwReuse" */
	const char *label;   /* in the text: "tw_reuse" */
	const char *meaning; /* in the text, behind the value */
};

/* Every value LIMIT_ABSENT. */
void hostlimits_init(struct limits *out);

/* Reads all of them. The three that decide about TIME_WAIT come from `settings`, which the poll
 * uses, the rest from files; a file that is absent, unreadable or not of its form leaves
 * LIMIT_ABSENT. Some are of `sockstat`, which is then what was read. */
void hostlimits_read(const struct procfile_source *source, const struct settings *settings,
		     struct limits *out, struct sockstat *sockstat);

/* How it is shown: static. */
const struct limit_words *hostlimits_words(enum limit limit);

/* The rules: limits whose end is an alarm of the host. */
enum limit_rule { RULE_CONNTRACK, RULE_FILES, LIMIT_RULES };

/* What a rule compares: numbers of enum limit. */
enum limit hostlimits_rule_used(enum limit_rule rule);
enum limit hostlimits_rule_max(enum limit_rule rule);
const char *hostlimits_rule_name(enum limit_rule rule); /* "conntrack", "files" */

/* Whole percent in use, rounded down, 100 only at or beyond the limit. -1 where there is none. */
int hostlimits_percent(const struct limits *limits, enum limit_rule rule);

/* What surrounds the sockets of one poll: the limits of the host, anew each time, and the NAT
 * around it, from time to time. */
struct host_state {
	struct limits limits;
	/* Of the poll before, so that counters can be compared; or all absent. */
	struct limits earlier;
	struct sockstat sockstat; /* at the beginning of the poll */
	uint64_t counters_ms;   /* CLOCK_MONOTONIC when the counters of connection tracking came, or
				   one of them last went back; 0 = there are none */
	uint32_t nat;           /* natenv_read() */
	struct sources sources; /* sources_read(), from time to time too */
};

/* Nothing is known yet. */
void hostlimits_start(struct host_state *host);

/* Looks at the NAT around the host: at the start, when the configuration is read again, and now and
 * then. sys stands for /sys. */
void hostlimits_look(struct host_state *host, const struct procfile_source *proc,
		     const struct procfile_source *sys);

/* Reads the limits for a poll with these settings; those of the poll before become `earlier`. */
void hostlimits_poll(struct host_state *host, const struct procfile_source *proc,
		     const struct settings *settings);

#endif
