/* SPDX-License-Identifier: ISC */
#include "kernel/hostlimits.h"

#include "base/clock.h"
#include "base/words.h"
#include "kernel/natenv.h"

#include <stdlib.h>
#include <string.h>

/* /proc/net/stat/nf_conntrack has a line of 160 octets for each possible CPU. */
#define FILE_ROOM ((size_t)512 * 1024)

/* Largest value taken; fs.file-max is LONG_MAX where systemd lifted it. */
#define VALUE_MAX INT64_MAX

enum form {
	FORM_FIELD, /* the field-th number of a line of numbers, from 0 */
	FORM_HEX    /* a table of hexadecimal numbers under a line of names: the sum of a column */
};

/* One line a value. Lines of one file stand together: it is read once. A limit that has more than
 * one line is the sum of those that are there. */
/* clang-format off */
static const struct reader {
	enum limit limit;
	const char *file;
	enum form form;
	unsigned field;
	const char *word;
} readers[] = {
    {LIMIT_FIN_TIMEOUT, "sys/net/ipv4/tcp_fin_timeout", FORM_FIELD, 0, NULL},
    {LIMIT_TW_MAX, "sys/net/ipv4/tcp_max_tw_buckets", FORM_FIELD, 0, NULL},
    {LIMIT_ORPHANS_MAX, "sys/net/ipv4/tcp_max_orphans", FORM_FIELD, 0, NULL},
    {LIMIT_MEMORY_MAX, "sys/net/ipv4/tcp_mem", FORM_FIELD, 2, NULL},
    {LIMIT_FILES, "sys/fs/file-nr", FORM_FIELD, 0, NULL},
    {LIMIT_FILES_MAX, "sys/fs/file-nr", FORM_FIELD, 2, NULL},
    {LIMIT_CONNTRACK, "sys/net/netfilter/nf_conntrack_count", FORM_FIELD, 0, NULL},
    {LIMIT_CONNTRACK_MAX, "sys/net/netfilter/nf_conntrack_max", FORM_FIELD, 0, NULL},
    {LIMIT_ESTABLISHED, "sys/net/netfilter/nf_conntrack_tcp_timeout_established", FORM_FIELD, 0,
     NULL},
    {LIMIT_DROP, "net/stat/nf_conntrack", FORM_HEX, 0, "drop"},
    {LIMIT_INSERT_FAILED, "net/stat/nf_conntrack", FORM_HEX, 0, "insert_failed"},
    {LIMIT_EARLY_DROP, "net/stat/nf_conntrack", FORM_HEX, 0, "early_drop"},
};
/* clang-format on */
#define READERS (sizeof(readers) / sizeof(readers[0]))

/* clang-format off */
static const struct limit_words words[LIMITS] = {
    [LIMIT_TW_REUSE] = {"tcpTwReuse", "tw_reuse",
                        "net.ipv4.tcp_tw_reuse: 0 off, 1 on, 2 loopback only"},
    [LIMIT_TW_REUSE_DELAY] = {"tcpTwReuseDelay", "reuse delay",
                              "ms before a TIME_WAIT may be reused (tcp_tw_reuse_delay)"},
    [LIMIT_TIMESTAMPS] = {"tcpTimestamps", "timestamps",
                          "net.ipv4.tcp_timestamps: without them no TIME_WAIT is reused"},
    [LIMIT_FIN_TIMEOUT] = {"tcpFinTimeout", "fin_timeout",
                           "s an orphan stays in FIN_WAIT2 (net.ipv4.tcp_fin_timeout)"},
    [LIMIT_TW] = {"timeWait", "TIME_WAIT", "sockets"},
    [LIMIT_TW_MAX] = {"tcpMaxTwBuckets", "at most",
                      "beyond it none is kept (net.ipv4.tcp_max_tw_buckets)"},
    [LIMIT_IN_USE] = {"tcpInUse", "TCP in use", "sockets, TIME_WAIT left out"},
    [LIMIT_ORPHANS] = {"tcpOrphans", "orphans", "closed by their process, not yet by TCP"},
    [LIMIT_ORPHANS_MAX] = {"tcpMaxOrphans", "at most",
                           "beyond it they are reset (net.ipv4.tcp_max_orphans)"},
    [LIMIT_MEMORY] = {"tcpMemory", "TCP memory", "pages"},
    [LIMIT_MEMORY_MAX] = {"tcpMemoryMax", "at most", "pages (net.ipv4.tcp_mem)"},
    [LIMIT_FILES] = {"files", "open files", "of the whole host (fs.file-nr)"},
    [LIMIT_FILES_MAX] = {"filesMax", "at most", "then socket() fails with ENFILE (fs.file-max)"},
    [LIMIT_CONNTRACK] = {"conntrackEntries", "conntrack", "entries"},
    [LIMIT_CONNTRACK_MAX] = {"conntrackMax", "at most",
                             "then connect() hangs (net.netfilter.nf_conntrack_max)"},
    [LIMIT_ESTABLISHED] = {"conntrackEstablished", "idle entry",
                           "s it is kept (net.netfilter.nf_conntrack_tcp_timeout_established)"},
    [LIMIT_DROP] = {"conntrackDrop", "  dropped", "packets since boot: no entry or no NAT port"},
    [LIMIT_INSERT_FAILED] = {"conntrackInsertFailed", "  not added",
                             "since boot: rising with the drops, NAT is out of ports"},
    [LIMIT_EARLY_DROP] = {"conntrackEarlyDrop", "  thrown out",
                          "entries since boot, to make room in a full table"},
};
/* clang-format on */

static const struct {
	const char *name;
	enum limit used, max;
} rules[LIMIT_RULES] = {
    [RULE_CONNTRACK] = {"conntrack", LIMIT_CONNTRACK, LIMIT_CONNTRACK_MAX},
    [RULE_FILES] = {"files", LIMIT_FILES, LIMIT_FILES_MAX},
};

/* Stops at the largest number: a recording may hold anything. */
static int64_t
add(int64_t a, int64_t b)
{
	return a > VALUE_MAX - b ? VALUE_MAX : a + b;
}

static int64_t
read_field(const char *text, const struct reader *r)
{
	size_t length;
	const char *word = words_field(text, r->field, &length);
	return word != NULL ? words_number(word, length, 10) : LIMIT_ABSENT;
}

/* The kernel's counters are 32 bits wide on each CPU and wrap there; their sum does what it can. */
static int64_t
read_hex(const char *text, const struct reader *r)
{
	const char *at = text, *word;
	size_t length;
	unsigned column = 0;
	while ((word = words_next(&at, &length)) != NULL && !words_is(word, length, r->word))
		column++;
	const char *line = word != NULL ? words_line(text) : NULL;
	int64_t sum = line != NULL ? 0 : LIMIT_ABSENT;
	for (; line != NULL; line = words_line(line)) {
		word = words_field(line, column, &length);
		int64_t value =
		    word != NULL && length <= 8 ? words_number(word, length, 16) : LIMIT_ABSENT;
		if (value == LIMIT_ABSENT)
			return LIMIT_ABSENT;
		sum = add(sum, value);
	}
	return sum;
}

static int64_t
read_value(const char *text, const struct reader *r)
{
	return r->form == FORM_FIELD ? read_field(text, r) : read_hex(text, r);
}

void
hostlimits_init(struct limits *out)
{
	for (unsigned i = 0; i < LIMITS; i++)
		out->value[i] = LIMIT_ABSENT;
}

static int64_t
of_setting(int32_t value)
{
	return value >= 0 ? value : LIMIT_ABSENT;
}

void
hostlimits_read(const struct procfile_source *source, const struct settings *settings,
		struct limits *out, struct sockstat *sockstat)
{
	hostlimits_init(out);
	sockstat_read(source, 0, sockstat);
	out->value[LIMIT_TW] = sockstat->time_wait;
	out->value[LIMIT_IN_USE] = sockstat->in_use;
	out->value[LIMIT_ORPHANS] = sockstat->orphans;
	out->value[LIMIT_MEMORY] = sockstat->memory;
	out->value[LIMIT_TW_REUSE] = of_setting(settings->tw_reuse);
	out->value[LIMIT_TW_REUSE_DELAY] = of_setting(settings->tw_reuse_delay_ms);
	out->value[LIMIT_TIMESTAMPS] = of_setting(settings->timestamps);

	char *text = malloc(FILE_ROOM);
	long got = -1;
	for (size_t i = 0; text != NULL && i < READERS; i++) {
		const struct reader *r = &readers[i];
		if (i == 0 || strcmp(r->file, r[-1].file) != 0)
			got = procfile_read(source, r->file, text, FILE_ROOM);
		int64_t value = got >= 0 ? read_value(text, r) : LIMIT_ABSENT;
		int64_t *sum = &out->value[r->limit];
		if (value != LIMIT_ABSENT)
			*sum = *sum == LIMIT_ABSENT ? value : add(*sum, value);
	}
	free(text);
}

const struct limit_words *
hostlimits_words(enum limit limit)
{
	return &words[limit];
}

enum limit
hostlimits_rule_used(enum limit_rule rule)
{
	return rules[rule].used;
}

enum limit
hostlimits_rule_max(enum limit_rule rule)
{
	return rules[rule].max;
}

const char *
hostlimits_rule_name(enum limit_rule rule)
{
	return rules[rule].name;
}

int
hostlimits_percent(const struct limits *limits, enum limit_rule rule)
{
	int64_t used = limits->value[rules[rule].used], max = limits->value[rules[rule].max];
	if (used == LIMIT_ABSENT || max == LIMIT_ABSENT || max == 0)
		return -1;
	if (used >= max)
		return 100;
	/* used < max: the quotient stays below 100, also where the product would not fit. */
	return (int)(max <= VALUE_MAX / 100 ? used * 100 / max : used / (max / 100 + 1));
}

void
hostlimits_start(struct host_state *host)
{
	*host = (struct host_state){.nat = 0};
	sockstat_parse(NULL, NULL, &host->sockstat);
	hostlimits_init(&host->limits);
	hostlimits_init(&host->earlier);
}

void
hostlimits_look(struct host_state *host, const struct procfile_source *proc,
		const struct procfile_source *sys)
{
	host->nat = natenv_read(proc, sys);
}

/* A counter that was not there before, or goes back, has begun anew: no difference to what it was
 * means anything. */
static bool
begins_anew(const struct host_state *host, enum limit counter)
{
	int64_t now = host->limits.value[counter], before = host->earlier.value[counter];
	return now != LIMIT_ABSENT && (before == LIMIT_ABSENT || now < before);
}

void
hostlimits_poll(struct host_state *host, const struct procfile_source *proc,
		const struct settings *settings)
{
	host->earlier = host->limits;
	hostlimits_read(proc, settings, &host->limits, &host->sockstat);
	if (begins_anew(host, LIMIT_DROP) || begins_anew(host, LIMIT_INSERT_FAILED) ||
	    begins_anew(host, LIMIT_EARLY_DROP))
		host->counters_ms = clock_us() / 1000;
}
