/* SPDX-License-Identifier: ISC */
#include "owners/namespace_name.h"

#include "base/clean.h"
#include "base/words.h"
#include "owners/cgroup.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Digits that a pod's number has, and that its name has of it. */
#define POD_DIGITS   32
#define SHORT_DIGITS 12

const char *
namespace_kind_name(enum namespace_kind kind)
{
	static const char *const names[] = {"named", "pod", "container", "unit", "process"};
	return names[kind];
}

static bool
begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

bool
namespace_name_is_given(const char *name)
{
	static const char *const made[] = {"cni-", "netns-"};
	static const size_t uuid = 36;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		const char *rest = name + strlen(made[i]);
		if (begins_with(name, made[i]) && strlen(rest) == uuid &&
		    strspn(rest, "0123456789abcdef-") == uuid)
			return false;
	}
	return true;
}

/* The number of a pod, its first digits, without the marks between them; "" if that is none. */
static void
pod_number(const char *at, char out[static SHORT_DIGITS + 1])
{
	unsigned digits = 0;
	for (; strchr("0123456789abcdef-_", *at) != NULL && *at != '\0'; at++) {
		if (*at == '-' || *at == '_')
			continue;
		if (digits < SHORT_DIGITS)
			out[digits] = *at;
		digits++;
	}
	bool whole = digits == POD_DIGITS && (*at == '\0' || *at == '/' || *at == '.');
	out[whole ? SHORT_DIGITS : 0] = '\0';
}

/* "/kubepods/burstable/pod<UID>/...", "/kubepods.slice/kubepods-pod<UID>.slice/...". */
static bool
take_pod(const char *path, char out[static NAMESPACE_NAME_MAX])
{
	char number[SHORT_DIGITS + 1] = "";
	const char *at = strstr(path, "kubepods");
	while (at != NULL && number[0] == '\0' && (at = strstr(at, "pod")) != NULL) {
		if (at[-1] == '/' || at[-1] == '-')
			pod_number(at + 3, number);
		at += 3;
	}
	if (number[0] == '\0')
		return false;
	snprintf(out, NAMESPACE_NAME_MAX, "pod %s", number);
	return true;
}

static bool
take_container(const char *words, char out[static NAMESPACE_NAME_MAX])
{
	if (!begins_with(words, "container ") && !begins_with(words, "LXC container "))
		return false;
	/* The engine stands in parentheses behind the number. */
	clean_text(words, strcspn(words, "("), out, NAMESPACE_NAME_MAX);
	size_t length = strlen(out);
	if (length > 0 && out[length - 1] == ' ')
		out[length - 1] = '\0';
	return true;
}

static bool
take_unit(const char *words, char out[static NAMESPACE_NAME_MAX])
{
	const char *dot = strrchr(words, '.');
	if (dot == NULL || (strcmp(dot, ".service") != 0 && strcmp(dot, ".scope") != 0) ||
	    begins_with(words, "session-") || begins_with(words, "user@") ||
	    strcmp(words, "init.scope") == 0)
		return false;
	clean_text(words, strlen(words), out, NAMESPACE_NAME_MAX);
	return true;
}

/* A line is "NUMBER:CONTROLLERS:PATH", one a hierarchy. */
static bool
path_of(const char *line, char path[static CGROUP_PATH_MAX])
{
	size_t length = strcspn(line, "\n");
	const char *colon = memchr(line, ':', length);
	if (colon != NULL)
		colon = memchr(colon + 1, ':', length - (size_t)(colon + 1 - line));
	if (colon == NULL)
		return false;
	length -= (size_t)(colon + 1 - line);
	if (length >= CGROUP_PATH_MAX)
		return false;
	memcpy(path, colon + 1, length);
	path[length] = '\0';
	return true;
}

/* The best that any line has. */
static enum namespace_kind
by_cgroup(const char *text, char out[static NAMESPACE_NAME_MAX])
{
	enum namespace_kind best = NAMESPACE_PROCESS;
	for (const char *line = *text != '\0' ? text : NULL; line != NULL;
	     line = words_line(line)) {
		char path[CGROUP_PATH_MAX], words[CGROUP_WORDS_MAX], name[NAMESPACE_NAME_MAX];
		if (!path_of(line, path))
			continue;
		cgroup_words(path, words);
		enum namespace_kind kind = take_pod(path, name)          ? NAMESPACE_POD
					   : take_container(words, name) ? NAMESPACE_CONTAINER
					   : take_unit(words, name)      ? NAMESPACE_UNIT
									 : NAMESPACE_PROCESS;
		if (kind >= best)
			continue;
		best = kind;
		strcpy(out, name);
	}
	return best;
}

enum namespace_kind
namespace_name(const struct namespace_facts *facts, char out[static NAMESPACE_NAME_MAX])
{
	if (clean_text(facts->given, strlen(facts->given), out, NAMESPACE_NAME_MAX) > 0)
		return NAMESPACE_NAMED;
	enum namespace_kind kind = by_cgroup(facts->cgroup, out);
	if (kind == NAMESPACE_PROCESS)
		snprintf(out, NAMESPACE_NAME_MAX, "%.15s (pid %" PRIu32 ")",
			 facts->command[0] != '\0' ? facts->command : "?", facts->process);
	return kind;
}

static bool
matches_cgroup(const char *match, const char *text)
{
	char path[CGROUP_PATH_MAX];
	for (const char *line = *text != '\0' ? text : NULL; line != NULL; line = words_line(line))
		if (path_of(line, path) && fnmatch(match, path, 0) == 0)
			return true;
	return false;
}

bool
namespace_alias(const struct config *config, const struct namespace_facts *facts,
		char name[static NAMESPACE_NAME_MAX])
{
	_Static_assert(CONFIG_ALIAS_NAME_MAX <= NAMESPACE_NAME_MAX, "an alias is a name");
	for (uint32_t i = 0; i < config->alias_count; i++) {
		const struct namespace_alias *alias = &config->aliases[i];
		if (fnmatch(alias->match, name, 0) != 0 &&
		    fnmatch(alias->match, facts->command, 0) != 0 &&
		    !matches_cgroup(alias->match, facts->cgroup))
			continue;
		strcpy(name, alias->name);
		return true;
	}
	return false;
}

void
namespace_name_number(char name[static NAMESPACE_NAME_MAX], uint32_t number)
{
	char mark[16];
	int octets = snprintf(mark, sizeof(mark), "~%" PRIu32, number);
	clean_text(name, strlen(name), name, NAMESPACE_NAME_MAX - (size_t)octets);
	strcat(name, mark);
}
