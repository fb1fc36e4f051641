/* SPDX-License-Identifier: ISC */
#include "config/config_tokens.h"

#include "config/config_target.h"

#include "base/words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The member of the configuration that a token is about. */
static void *
member(const struct config_token *token, struct config *config)
{
	return (char *)config + token->offset;
}

static const void *
const_member(const struct config_token *token, const struct config *config)
{
	return (const char *)config + token->offset;
}

static bool
set_number(const struct config_token *token, struct config *config, struct config_words *words,
	   struct config_fault *fault)
{
	const char *word = config_next(words);
	if (word == NULL || !config_number(word, token->min, token->max, member(token, config)))
		return config_wrong(fault, word, "a number from %u to %u", token->min, token->max);
	return true;
}

static void
dump_number(const struct config_token *token, const struct config *config, FILE *out)
{
	fprintf(out, "%u", *(const uint32_t *)const_member(token, config));
}

static bool
set_switch(const struct config_token *token, struct config *config, struct config_words *words,
	   struct config_fault *fault)
{
	bool *on = member(token, config);
	if (config_take(words, "yes"))
		*on = true;
	else if (config_take(words, "no"))
		*on = false;
	else
		return config_wrong(fault, config_next(words), "yes or no");
	return true;
}

static void
dump_switch(const struct config_token *token, const struct config *config, FILE *out)
{
	fputs(*(const bool *)const_member(token, config) ? "yes" : "no", out);
}

/* A second number behind a keyword; `otherwise` if it is not there. */
static bool
take_seconds(struct config_words *words, const char *keyword, uint32_t low, uint32_t high,
	     uint32_t otherwise, uint32_t *out, struct config_fault *fault)
{
	*out = otherwise;
	if (!config_take(words, keyword))
		return true;
	const char *word = config_next(words);
	if (word == NULL || !config_number(word, low, high, out))
		return config_wrong(fault, word, "%s with a number from %u to %u", keyword, low,
				    high);
	return true;
}

/* A number, or 0 for "auto". */
/* A number, or the word that its form names, which stands for 0. */
static const char *
zero_word(const struct config_token *token)
{
	return strncmp(token->form, "auto", 4) == 0 ? "auto" : "off";
}

static bool
set_auto(const struct config_token *token, struct config *config, struct config_words *words,
	 struct config_fault *fault)
{
	uint32_t *value = member(token, config);
	*value = 0;
	if (config_take(words, zero_word(token)))
		return true;
	const char *word = config_next(words);
	if (word == NULL || !config_number(word, token->min, token->max, value))
		return config_wrong(fault, word, "%s, or a number from %u to %u", zero_word(token),
				    token->min, token->max);
	return true;
}

static void
dump_auto(const struct config_token *token, const struct config *config, FILE *out)
{
	const uint32_t *value = const_member(token, config);
	if (*value == 0)
		fputs(zero_word(token), out);
	else
		fprintf(out, "%u", *value);
}

/* One number alone is a fixed interval. */
static bool
set_pace(const struct config_token *token, struct config *config, struct config_words *words,
	 struct config_fault *fault)
{
	struct pace_limits *pace = member(token, config);
	if (config_take(words, "auto")) {
		const unsigned cpu_percent = pace->cpu_percent;
		*pace = config_pace_auto;
		pace->cpu_percent = cpu_percent;
		return true;
	}
	const char *word = config_next(words);
	pace->by_cost = false;
	if (word == NULL || !config_number(word, token->min, token->max, &pace->usual_s))
		return config_wrong(fault, word, "auto, or a number from %u to %u", token->min,
				    token->max);
	uint32_t usual = pace->usual_s;
	return take_seconds(words, "min", token->min, usual, usual, &pace->least_s, fault) &&
	       take_seconds(words, "max", usual, token->max, usual, &pace->most_s, fault);
}

static void
dump_pace(const struct config_token *token, const struct config *config, FILE *out)
{
	const struct pace_limits *pace = const_member(token, config);
	if (pace->by_cost)
		fputs("auto", out);
	else
		fprintf(out, "%u min %u max %u", pace->usual_s, pace->least_s, pace->most_s);
}

/* A level and its clear level, at the same place of the two halves of a struct level_band. */
static bool
set_level(const struct config_token *token, struct config *config, struct config_words *words,
	  struct config_fault *fault)
{
	uint32_t *raise = member(token, config);
	uint32_t *clear = (uint32_t *)((char *)raise + offsetof(struct level_band, clear));
	return config_level_parse(token->form_of_level, words, raise, clear, fault);
}

static void
dump_level(const struct config_token *token, const struct config *config, FILE *out)
{
	const char *raise = const_member(token, config);
	uint32_t at, until;
	memcpy(&at, raise, sizeof(at));
	memcpy(&until, raise + offsetof(struct level_band, clear), sizeof(until));
	config_level_dump(token->form_of_level, at, until, out);
}

/* Copies a text that has no control characters; token->max is the room. */
static bool
copy_text(const struct config_token *token, struct config *config, const char *word)
{
	size_t length = strlen(word);
	if (length >= token->max)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)word[i] < ' ' || word[i] == 0x7f || word[i] == '"')
			return false;
	memcpy(member(token, config), word, length + 1);
	return true;
}

/* A path, or a transport of Net-SNMP and an address: "unix:PATH", "tcp:HOST:PORT". */
/* A port number, and nothing behind it. */
static bool
is_port(const char *text)
{
	int64_t port = words_number(text, strlen(text), 10);
	return port >= 1 && port <= 65535;
}

/* What Net-SNMP takes for one address, and for the one that is meant: a list of them, or brackets
 * behind tcp:, it would not. */
static bool
is_socket(const char *word)
{
	if (strncmp(word, "unix:", 5) == 0)
		word += 5;
	if (word[0] == '/')
		return strchr(word, ',') == NULL;
	if (strncmp(word, "tcp:", 4) == 0) {
		size_t host = strcspn(word + 4, ":,[]");
		return host > 0 && word[4 + host] == ':' && is_port(word + 4 + host + 1);
	}
	if (strncmp(word, "tcp6:[", 6) != 0)
		return false;
	size_t host = strcspn(word + 6, ",[]");
	return host > 0 && strncmp(word + 6 + host, "]:", 2) == 0 && is_port(word + 6 + host + 2);
}

static bool
set_socket(const struct config_token *token, struct config *config, struct config_words *words,
	   struct config_fault *fault)
{
	const char *word = config_next(words);
	/* sun_path of a unix socket has room for 107 octets. */
	if (word == NULL || strlen(word) > 107 || !is_socket(word) ||
	    !copy_text(token, config, word))
		return config_wrong(fault, word,
				    "a path that begins with / and has at most 107 characters, "
				    "tcp:HOST:PORT or tcp6:[ADDRESS]:PORT");
	return true;
}

static bool
set_file(const struct config_token *token, struct config *config, struct config_words *words,
	 struct config_fault *fault)
{
	if (config_take(words, "none")) {
		*(char *)member(token, config) = '\0';
		return true;
	}
	const char *word = config_next(words);
	if (word == NULL || word[0] != '/' || !copy_text(token, config, word))
		return config_wrong(
		    fault, word, "a path that begins with / and has at most %u characters, or none",
		    token->max - 1);
	return true;
}

static void
dump_text(const struct config_token *token, const struct config *config, FILE *out)
{
	const char *text = const_member(token, config);
	if (*text == '\0')
		fputs("none", out);
	else
		fprintf(out, strpbrk(text, " #") != NULL ? "\"%s\"" : "%s", text);
}

static bool
set_oid(const struct config_token *token, struct config *config, struct config_words *words,
	struct config_fault *fault)
{
	const char *word = config_next(words);
	uint32_t sub[CONFIG_OID_MAX];
	uint32_t count = 0;
	const char *at = word != NULL ? word + (word[0] == '.') : "";
	while (count < CONFIG_OID_MAX && *at >= '0' && *at <= '9') {
		char *end;
		unsigned long long value = strtoull(at, &end, 10);
		if (value > UINT32_MAX || end - at > 10)
			break;
		sub[count++] = (uint32_t)value;
		at = *end == '.' && end[1] != '\0' ? end + 1 : end;
	}
	static const uint32_t internet[] = {1, 3, 6, 1};
	if (*at != '\0' || count < 7 || memcmp(sub, internet, sizeof(internet)) != 0)
		return config_wrong(fault, word,
				    "7 to %u numbers with dots that begin with 1.3.6.1",
				    CONFIG_OID_MAX);
	memcpy(member(token, config), sub, count * sizeof(sub[0]));
	config->base_oid_length = count;
	return true;
}

static void
dump_oid(const struct config_token *token, const struct config *config, FILE *out)
{
	(void)token;
	for (uint32_t i = 0; i < config->base_oid_length; i++)
		fprintf(out, i == 0 ? "%u" : ".%u", config->base_oid[i]);
}

static const struct {
	const char *name;
	uint32_t bit;
} notify_names[] = {
    {"critical", NOTIFY_CRITICAL},     {"warning", NOTIFY_WARNING}, {"cleared", NOTIFY_CLEARED},
    {"suppressed", NOTIFY_SUPPRESSED}, {"unknown", NOTIFY_UNKNOWN},
};
#define NOTIFY_NAMES (sizeof(notify_names) / sizeof(notify_names[0]))

static bool
set_notify(const struct config_token *token, struct config *config, struct config_words *words,
	   struct config_fault *fault)
{
	uint32_t chosen = 0;
	if (config_take(words, "none")) {
		*(uint32_t *)member(token, config) = 0;
		return true;
	}
	while (words->at < words->count) {
		unsigned i = 0;
		while (i < NOTIFY_NAMES && !config_take(words, notify_names[i].name))
			i++;
		if (i == NOTIFY_NAMES)
			break;
		chosen |= notify_names[i].bit;
	}
	if (chosen == 0 || words->at < words->count)
		return config_wrong(fault, config_next(words),
				    "some of critical, warning, cleared, suppressed, "
				    "unknown; or none");
	*(uint32_t *)member(token, config) = chosen;
	return true;
}

static void
dump_notify(const struct config_token *token, const struct config *config, FILE *out)
{
	uint32_t chosen = *(const uint32_t *)const_member(token, config);
	const char *space = "";
	if (chosen == 0)
		fputs("none", out);
	for (unsigned i = 0; i < NOTIFY_NAMES; i++) {
		if ((chosen & notify_names[i].bit) == 0)
			continue;
		fprintf(out, "%s%s", space, notify_names[i].name);
		space = " ";
	}
}

/* A pattern may be any text that can be seen, without quotes. */
static bool
is_pattern(const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)word[i] < ' ' || word[i] == 0x7f || word[i] == '"')
			return false;
	return length > 0 && length < CONFIG_ALIAS_MATCH_MAX;
}

static bool
set_alias(const struct config_token *token, struct config *config, struct config_words *words,
	  struct config_fault *fault)
{
	(void)token;
	struct namespace_alias alias;
	const char *name = config_next(words);
	if (name == NULL || !target_name_valid(name) || strlen(name) >= sizeof(alias.name))
		return config_wrong(fault, name, "a name of 1 to %d printable characters of ASCII",
				    CONFIG_ALIAS_NAME_MAX - 1);
	const char *match = config_next(words);
	if (match == NULL || !is_pattern(match))
		return config_wrong(fault, match, "a pattern of 1 to %d characters",
				    CONFIG_ALIAS_MATCH_MAX - 1);
	if (config->alias_count == CONFIG_ALIASES_MAX)
		return config_wrong(fault, name, "at most %d of them", CONFIG_ALIASES_MAX);
	snprintf(alias.name, sizeof(alias.name), "%s", name);
	snprintf(alias.match, sizeof(alias.match), "%s", match);
	return config_add_alias(config, &alias) || config_wrong(fault, name, "more memory");
}

static void
dump_aliases(const struct config_token *token, const struct config *config, FILE *out)
{
	for (uint32_t i = 0; i < config->alias_count; i++)
		fprintf(out, "%s \"%s\" \"%s\"\n", token->name, config->aliases[i].name,
			config->aliases[i].match);
}

static bool
set_namespace(const struct config_token *token, struct config *config, struct config_words *words,
	      struct config_fault *fault)
{
	struct namespace_levels levels;
	const char *match = config_next(words);
	(void)token;
	if (match == NULL || !is_pattern(match))
		return config_wrong(fault, match, "a pattern of 1 to %d characters",
				    CONFIG_ALIAS_MATCH_MAX - 1);
	if (config->namespace_level_count == CONFIG_ALIASES_MAX)
		return config_wrong(fault, match, "at most %d of them", CONFIG_ALIASES_MAX);
	memset(&levels, 0, sizeof(levels));
	snprintf(levels.match, sizeof(levels.match), "%s", match);
	if (!config_levels_parse(words, &levels, fault))
		return false;
	return config_add_namespace_levels(config, &levels) ||
	       config_wrong(fault, match, "more memory");
}

static void
dump_namespaces(const struct config_token *token, const struct config *config, FILE *out)
{
	for (uint32_t i = 0; i < config->namespace_level_count; i++) {
		fprintf(out, "%s \"%s\"", token->name, config->namespace_levels[i].match);
		config_levels_dump(&config->namespace_levels[i], out);
		fputc('\n', out);
	}
}

/* One line a token. */
/* clang-format off */

#define AT(field) offsetof(struct config, field)
#define NUMBER(name, form, field, low, high) \
    {name, form, set_number, dump_number, AT(field), low, high, NULL}
#define SWITCH(name, field) \
    {name, "yes | no", set_switch, dump_switch, AT(field), 0, 0, NULL}
#define TEXT(name, form, set, field, room) \
    {name, form, set, dump_text, AT(field), 0, room, NULL}
#define LEVEL(name, form, field, kind) \
    {name, form " [clear N] | off", set_level, dump_level, AT(field), 0, 0, &(kind)}

const struct config_token config_tokens[] = {
    TEXT("agentXSocket", "ADDRESS", set_socket, agentx_socket, CONFIG_SOCKET_MAX),
    {"baseOID", "OID", set_oid, dump_oid, AT(base_oid), 0, 0, NULL},
    TEXT("stateFile", "PATH | none", set_file, state_file, CONFIG_FILE_MAX),
    {"interval", "auto | SECONDS [min SECONDS] [max SECONDS]", set_pace, dump_pace, AT(pace), 1, 86400,
     NULL},
    NUMBER("cpuPercent", "PERCENT", pace.cpu_percent, 0, 100),
    LEVEL("criticalPercent", "PERCENT", levels.raise.critical_percent, config_percent),
    LEVEL("warningPercent", "PERCENT", levels.raise.warning_percent, config_percent),
    LEVEL("criticalRemaining", "PORTS", levels.raise.critical_remaining, config_remaining),
    LEVEL("warningRemaining", "PORTS", levels.raise.warning_remaining, config_remaining),
    LEVEL("closeWait", "CONNECTIONS", levels.raise.close_wait, config_close_wait),
    LEVEL("inboundLeak", "CONNECTIONS", inbound.raise.close_wait, config_close_wait),
    LEVEL("localCriticalRemaining", "PORTS", local.raise.critical_remaining, config_remaining),
    LEVEL("localWarningRemaining", "PORTS", local.raise.warning_remaining, config_remaining),
    LEVEL("hostCriticalRemaining", "PORTS", host.raise.critical_remaining, config_remaining),
    LEVEL("hostWarningRemaining", "PORTS", host.raise.warning_remaining, config_remaining),
    {"lowWarningRemaining", "off | PORTS", set_auto, dump_auto, AT(low_warning), 1, 512, NULL},
    LEVEL("udpCriticalPercent", "PERCENT", udp.raise.critical_percent, config_percent),
    LEVEL("udpWarningPercent", "PERCENT", udp.raise.warning_percent, config_percent),
    LEVEL("udpCriticalRemaining", "PORTS", udp.raise.critical_remaining, config_remaining),
    LEVEL("udpWarningRemaining", "PORTS", udp.raise.warning_remaining, config_remaining),
    LEVEL("natCriticalLoss", "PPM", nat.raise.critical_loss, config_loss),
    LEVEL("natWarningLoss", "PPM", nat.raise.warning_loss, config_loss),
    LEVEL("conntrackPercent", "PERCENT", limits[RULE_CONNTRACK].raise.warning_percent, config_percent),
    LEVEL("filesPercent", "PERCENT", limits[RULE_FILES].raise.warning_percent, config_percent),
    NUMBER("raisePolls", "POLLS", raise_polls, 1, 1000),
    {"clearPolls", "auto | POLLS", set_auto, dump_auto, AT(clear_polls), 1, 1000, NULL},
    {"target", "NAME SPEC [port N] [critical LEVEL] [warning LEVEL] [closeWait LEVEL]", NULL, NULL,
     0, 0, 0, NULL},
    NUMBER("maxPools", "ROWS", rows.pools, 1, 100000),
    NUMBER("maxPeers", "ROWS", rows.peers, 1, 100000),
    NUMBER("maxLocals", "ROWS", rows.locals, 1, 100000),
    NUMBER("maxNatPools", "ROWS", rows.nat, 1, 100000),
    NUMBER("maxNamespaces", "ROWS", rows.namespaces, 1, 1024),
    NUMBER("maxAlarms", "ALARMS", max_alarms, 1, 100000),
    {"notifications", "KIND... | none", set_notify, dump_notify, AT(notify), 0, 0, NULL},
    NUMBER("notificationsPerMinute", "N", notifications_per_minute, 0, 100000),
    SWITCH("probe", probe),
    NUMBER("probeMax", "PORTS", probe_max, 1, 65535),
    SWITCH("failures", failures),
    SWITCH("owners", owners),
    SWITCH("namespaces", namespaces),
    {"namespaceAlias", "NAME MATCH", set_alias, dump_aliases, 0, 0, 0, NULL},
    {"namespace", "MATCH [critical LEVEL] [warning LEVEL] [closeWait LEVEL]", set_namespace,
     dump_namespaces, 0, 0, 0, NULL},
};

/* clang-format on */

_Static_assert(sizeof(config_tokens) / sizeof(config_tokens[0]) <= CONFIG_TOKENS_MAX,
	       "CONFIG_TOKENS_MAX is too small");

bool
config_token_repeats(const struct config_token *token)
{
	return token->set == set_alias || token->set == set_namespace;
}

const unsigned config_token_count = sizeof(config_tokens) / sizeof(config_tokens[0]);

const struct config_token *
config_token_find(const char *name)
{
	for (unsigned i = 0; i < config_token_count; i++)
		if (strcasecmp(config_tokens[i].name, name) == 0)
			return &config_tokens[i];
	return NULL;
}
