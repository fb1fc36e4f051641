/* SPDX-License-Identifier: ISC */
#include "config/config_parse.h"

#include "base/array.h"
#include "base/clean.h"
#include "base/lookup.h"
#include "config/config_target.h"
#include "config/config_tokens.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Where something was said. */
struct place {
	const char *file;
	unsigned line; /* 0 = nowhere: it is the default */
};

struct target_line {
	struct place place;
	char *text;
	size_t length;
	char name[TARGET_NAME_MAX + 1]; /* once parsed */
};

struct reading {
	struct config *config;
	config_complain *complain;
	void *arg;
	unsigned errors;
	/* The last error, which is not told yet: equal ones that follow in its file are counted. */
	struct place equal_place;
	char equal[512];
	unsigned equals;
	char **files; /* names that places point to */
	unsigned file_count;
	struct place last[CONFIG_TOKENS_MAX]; /* of each token */
	struct target_line *targets;          /* not yet parsed */
	uint32_t target_count, target_room;
	unsigned targets_over; /* more than there may be */
	struct place first_over;
	struct lookup target_names;              /* of those that are parsed */
	struct place spaces[CONFIG_ALIASES_MAX]; /* of the lines `namespace` */
};

/* Tells the error that waits, if one does. */
static void
tell(struct reading *r)
{
	char line[CONFIG_FILE_MAX + sizeof(r->equal) + 64], more[48] = "", at[16] = "";
	if (r->equals == 0)
		return;
	if (r->equal_place.line != 0)
		snprintf(at, sizeof(at), ":%u", r->equal_place.line);
	if (r->equals > 1)
		snprintf(more, sizeof(more), " (and %u more like it)", r->equals - 1);
	snprintf(line, sizeof(line), "%s%s: %s%s", r->equal_place.file, at, r->equal, more);
	clean_text(line, sizeof(line), line, sizeof(line));
	r->equals = 0;
	r->complain(r->arg, line);
}

static void __attribute__((format(printf, 3, 4)))
complain(struct reading *r, const struct place *place, const char *format, ...)
{
	char text[sizeof(r->equal)];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	r->errors++;
	if (r->equals > 0 && r->equal_place.file == place->file && strcmp(r->equal, text) == 0) {
		r->equals++;
		return;
	}
	tell(r);
	r->equal_place = *place;
	strcpy(r->equal, text);
	r->equals = 1;
}

static void
complain_fault(struct reading *r, const struct place *place, const char *token,
	       const struct config_fault *fault)
{
	complain(r, place, "%s: found %s, expected %s", token, fault->found, fault->expected);
}

/* Nothing may be left of a line whose token is content. */
static bool
at_end(struct config_words *words, struct config_fault *fault)
{
	const char *word = config_next(words);
	return word == NULL || config_wrong(fault, word, "the end of the line");
}

/* Targets wait until all levels that they inherit are known. */
static void
keep_target(struct reading *r, const struct place *place, const char *line, size_t length)
{
	if (r->target_count == CONFIG_TARGETS_MAX) {
		/* One line, however many there are. */
		if (r->targets_over++ == 0)
			r->first_over = *place;
		return;
	}
	struct target_line *more =
	    array_grow(r->targets, r->target_count, &r->target_room, sizeof(*more));
	if (more == NULL) {
		complain(r, place, "out of memory");
		return;
	}
	r->targets = more;
	struct target_line *kept = &more[r->target_count];
	*kept = (struct target_line){.place = *place, .text = malloc(length + 1), .length = length};
	if (kept->text == NULL) {
		complain(r, place, "out of memory");
		return;
	}
	memcpy(kept->text, line, length);
	r->target_count++;
}

static void
read_line(struct reading *r, const struct place *place, const char *line, size_t length)
{
	struct config_words words;
	struct config_fault fault;
	if (!config_split(line, length, &words, &fault)) {
		complain(r, place, "found %s, expected %s", fault.found, fault.expected);
		return;
	}
	const char *name = config_next(&words);
	if (name == NULL)
		return;
	const struct config_token *token = config_token_find(name);
	if (token == NULL) {
		complain(r, place, "found \"%.64s\", expected a token of srcportd.conf(5)", name);
		return;
	}
	if (token->set == NULL) {
		keep_target(r, place, line, length);
		return;
	}
	struct place *last = &r->last[token - config_tokens];
	if (!config_token_repeats(token) && last->line != 0 && last->file == place->file)
		complain(r, place,
			 "%s: found it again, expected it once in a file: it is in line %u",
			 token->name, last->line);
	*last = *place;
	uint32_t spaces = r->config->namespace_level_count;
	if (!token->set(token, r->config, &words, &fault) || !at_end(&words, &fault))
		complain_fault(r, place, token->name, &fault);
	if (spaces < CONFIG_ALIASES_MAX)
		r->spaces[spaces] = *place; /* if it was one of them */
}

/* Keeps a name for the places that point to it; NULL when out of memory. */
static const char *
keep_file_name(struct reading *r, const char *name)
{
	char **more = realloc(r->files, (r->file_count + 1) * sizeof(*r->files));
	if (more == NULL)
		return NULL;
	r->files = more;
	return r->files[r->file_count++] = strdup(name);
}

/* What the first octets of a file say of it. False if it is no text that can be read. */
static bool
check_encoding(struct reading *r, const struct place *place, const char *line, size_t length)
{
	if (length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		complain(r, place, "found a byte order mark, expected UTF-8 without one");
	else if (length >= 2 &&
		 (memcmp(line, "\xff\xfe", 2) == 0 || memcmp(line, "\xfe\xff", 2) == 0))
		complain(r, place, "found UTF-16, expected UTF-8");
	else
		return true;
	return false;
}

static void
read_file(struct reading *r, const char *path, bool optional)
{
	struct place place = {.file = keep_file_name(r, path)};
	if (place.file == NULL) {
		place.file = path;
		complain(r, &place, "out of memory");
		tell(r); /* the name of the place may end with the caller */
		return;
	}
	FILE *file = fopen(path, "re");
	struct stat status;
	if (file == NULL) {
		if (!optional || errno != ENOENT)
			complain(r, &place, "cannot be read: %s", strerror(errno));
		return;
	}
	if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode))
		errno = EISDIR;
	else
		errno = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	while (errno == 0 && (length = getline(&line, &room, file)) >= 0) {
		if (length > 0 && line[length - 1] == '\n')
			length--;
		place.line++;
		if (place.line == 1 && !check_encoding(r, &place, line, (size_t)length)) {
			errno = 0;
			break;
		}
		read_line(r, &place, line, (size_t)length);
		errno = 0;
	}
	place.line = 0;
	if (errno != 0)
		complain(r, &place, "cannot be read: %s", strerror(errno));
	free(line);
	fclose(file);
}

static int
is_drop_in(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static int
compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
read_drop_ins(struct reading *r, const char *path)
{
	char directory[CONFIG_FILE_MAX + 4], name[2 * CONFIG_FILE_MAX + 8];
	snprintf(directory, sizeof(directory), "%s.d", path);
	struct dirent **entries;
	int count = scandir(directory, &entries, is_drop_in, compare_names);
	if (count < 0) {
		struct place place = {.file = directory};
		if (errno != ENOENT)
			complain(r, &place, "cannot be read: %s", strerror(errno));
		tell(r); /* the name of the place ends here */
		return;
	}
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%s", directory, entries[i]->d_name);
		read_file(r, name, false);
		free(entries[i]);
	}
	free(entries);
}

static uint32_t
hash_name(const char *name)
{
	uint32_t word[(TARGET_NAME_MAX + 4) / 4] = {0};
	memcpy(word, name, strlen(name));
	return lookup_hash(word, sizeof(word) / sizeof(word[0]));
}

/* The line of a target of that name, or NULL. */
static const struct target_line *
find_name(const struct reading *r, const char *name)
{
	uint32_t hash = hash_name(name), cursor = hash, at;
	while ((at = lookup_next(&r->target_names, hash, &cursor)) != LOOKUP_NONE)
		if (strcmp(r->targets[at].name, name) == 0)
			return &r->targets[at];
	return NULL;
}

static const struct place *
place_of(const struct reading *r, const char *token)
{
	return &r->last[config_token_find(token) - config_tokens];
}

/* A level that is not the line's own is named with where it comes from. */
static void
complain_levels(struct reading *r, const struct place *place, const char *token,
		const struct config_fault *fault)
{
	if (fault->inherited == NULL) {
		complain_fault(r, place, token, fault);
		return;
	}
	const struct place *there = place_of(r, fault->inherited);
	if (there->line != 0)
		complain(r, place, "%s: found %s, expected %s, inherited from %s in %s:%u", token,
			 fault->found, fault->expected, fault->inherited, there->file, there->line);
	else
		complain(r, place, "%s: found %s, expected %s, the default of %s", token,
			 fault->found, fault->expected, fault->inherited);
}

static void
read_target(struct reading *r, uint32_t t, const struct level_band *inherited)
{
	const struct place *place = &r->targets[t].place;
	struct config_words words;
	struct config_fault fault;
	struct target target;
	config_split(r->targets[t].text, r->targets[t].length, &words, &fault);
	config_next(&words);
	if (!config_target_parse(&words, inherited, &target, &fault)) {
		complain_levels(r, place, "target", &fault);
		return;
	}
	const struct target_line *other = find_name(r, target.name);
	if (other != NULL) {
		complain(r, place, "target: found \"%s\", expected a name that %s:%u has not",
			 target.name, other->place.file, other->place.line);
		return;
	}
	strcpy(r->targets[t].name, target.name);
	if (!lookup_enter(&r->target_names, hash_name(target.name), t) ||
	    !config_add_target(r->config, &target))
		complain(r, place, "out of memory");
}

static void
read_targets(struct reading *r, const struct level_band *inherited)
{
	for (uint32_t t = 0; t < r->target_count; t++)
		read_target(r, t, inherited);
	if (r->targets_over > 0)
		complain(r, &r->first_over, "target: found %u, expected at most %d",
			 CONFIG_TARGETS_MAX + r->targets_over, CONFIG_TARGETS_MAX);
	for (uint32_t t = 0; t < r->target_count; t++)
		free(r->targets[t].text);
	free(r->targets);
	lookup_free(&r->target_names);
}

static const char *const pool_tokens[] = {"warningPercent", "criticalPercent", "warningRemaining",
					  "criticalRemaining"};
static const char *const udp_tokens[] = {"udpWarningPercent", "udpCriticalPercent",
					 "udpWarningRemaining", "udpCriticalRemaining"};

/* The token of UDP that stands beside one of TCP. */
static const char *
udp_token(const char *token)
{
	for (size_t i = 0; token != NULL && i < sizeof(pool_tokens) / sizeof(pool_tokens[0]); i++)
		if (strcmp(pool_tokens[i], token) == 0)
			return udp_tokens[i];
	return token;
}

/* What lines with levels of their own inherit: nothing that is wrong, or they would only repeat it.
 */
struct inherited {
	const struct level_band *levels, *udp;
};

/* Lines for other network namespaces, by the levels that hold where they do not say otherwise:
 * those of TCP, and of UDP. */
static void
check_spaces(struct reading *r, const struct inherited *inherited)
{
	struct config_fault fault;
	for (uint32_t i = 0; i < r->config->namespace_level_count; i++) {
		const struct namespace_levels *own = &r->config->namespace_levels[i];
		bool good = config_levels_check(own, inherited->levels, &fault);
		if (good && !config_levels_check(own, inherited->udp, &fault)) {
			fault.inherited = udp_token(fault.inherited);
			good = false;
		}
		if (!good)
			complain_levels(r, &r->spaces[i], "namespace", &fault);
	}
}

/* A warning that comes later than its critical. */
static bool
check_band(struct reading *r, const struct level_band *band, const char *const names[4])
{
	enum config_contradiction wrong = config_level_contradiction(band);
	if (wrong == BAND_GOOD)
		return true;
	const struct levels *at = &band->raise;
	const uint32_t levels[][2] = {
	    [BAND_PERCENT] = {at->warning_percent, at->critical_percent},
	    [BAND_REMAINING] = {at->warning_remaining, at->critical_remaining},
	    [BAND_LOSS] = {at->warning_loss, at->critical_loss}};
	bool below = wrong == BAND_REMAINING;
	const char *warning = names[below ? 2 : 0], *critical = names[below ? 3 : 1];
	const struct place *here = place_of(r, warning), *there = place_of(r, critical);
	complain(r, here->line != 0 ? here : there, "%s: found %u, expected at %s %u, which is %s",
		 warning, levels[wrong][0], below ? "least" : "most", levels[wrong][1], critical);
	return false;
}

static struct inherited
check_bands(struct reading *r)
{
	static const char *const local[] = {NULL, NULL, "localWarningRemaining",
					    "localCriticalRemaining"};
	static const char *const host[] = {NULL, NULL, "hostWarningRemaining",
					   "hostCriticalRemaining"};
	static const char *const nat[] = {"natWarningLoss", "natCriticalLoss", NULL, NULL};
	check_band(r, &r->config->nat, nat);
	check_band(r, &r->config->local, local);
	check_band(r, &r->config->host, host);
	const struct config *c = r->config;
	return (struct inherited){check_band(r, &c->levels, pool_tokens) ? &c->levels
									 : &level_band_off,
				  check_band(r, &c->udp, udp_tokens) ? &c->udp : &level_band_off};
}

unsigned
config_read(struct config *config, const char *path, bool optional, config_complain *say, void *arg)
{
	struct reading r = {.config = config, .complain = say, .arg = arg};
	if (strlen(path) >= CONFIG_FILE_MAX) {
		struct place place = {.file = path};
		complain(&r, &place, "found a path of %zu characters, expected at most %d",
			 strlen(path), CONFIG_FILE_MAX - 1);
		tell(&r);
		return r.errors;
	}
	read_file(&r, path, optional);
	read_drop_ins(&r, path);
	const struct inherited inherited = check_bands(&r);
	check_spaces(&r, &inherited);
	read_targets(&r, inherited.levels);
	tell(&r);
	for (unsigned f = 0; f < r.file_count; f++)
		free(r.files[f]);
	free(r.files);
	return r.errors;
}

bool
config_set(struct config *config, const char *name, const char *value, char *error, size_t room)
{
	struct config_words words = {.word = {words.room}, .count = 1};
	struct config_fault fault;
	const struct config_token *token = config_token_find(name);
	snprintf(words.room, sizeof(words.room), "%s", value);
	if (token->set(token, config, &words, &fault) && at_end(&words, &fault))
		return true;
	snprintf(error, room, "found %s, expected %s", fault.found, fault.expected);
	return false;
}

void
config_dump(const struct config *config, FILE *out)
{
	for (unsigned i = 0; i < config_token_count; i++) {
		const struct config_token *token = &config_tokens[i];
		if (token->set == NULL) {
			for (uint32_t t = 0; t < config->target_count; t++)
				config_target_dump(&config->targets[t], out);
			continue;
		}
		if (config_token_repeats(token)) {
			token->dump(token, config, out);
			continue;
		}
		fprintf(out, "%s ", token->name);
		token->dump(token, config, out);
		fputc('\n', out);
	}
}

const char *
config_keep_start(struct config *now, const struct config *before)
{
	const char *changed = NULL;
	if (strcmp(now->state_file, before->state_file) != 0)
		changed = "stateFile";
	if (now->base_oid_length != before->base_oid_length ||
	    memcmp(now->base_oid, before->base_oid,
		   now->base_oid_length * sizeof(now->base_oid[0])) != 0)
		changed = "baseOID";
	if (strcmp(now->agentx_socket, before->agentx_socket) != 0)
		changed = "agentXSocket";
	/* Who enters them is there from the start, or never; that it goes is for any time. */
	if (now->namespaces && !before->namespaces) {
		changed = "namespaces";
		now->namespaces = false;
	}
	memcpy(now->agentx_socket, before->agentx_socket, sizeof(now->agentx_socket));
	memcpy(now->base_oid, before->base_oid, sizeof(now->base_oid));
	now->base_oid_length = before->base_oid_length;
	memcpy(now->state_file, before->state_file, sizeof(now->state_file));
	return changed;
}
