/* SPDX-License-Identifier: ISC */
#include "daemon/once_targets.h"

#include "base/array.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list {
	const struct config *config;
	struct target *targets;
	uint32_t count, room;
};

static bool
add(struct list *list, const struct target *target)
{
	struct target *more = array_grow(list->targets, list->count, &list->room, sizeof(*more));
	if (more == NULL)
		return false;
	list->targets = more;
	more[list->count++] = *target;
	return true;
}

static const struct target *
named(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->target_count; i++)
		if (strcmp(config->targets[i].name, name) == 0)
			return &config->targets[i];
	return NULL;
}

/* "HOST" or "HOST:PORT" in two; false if what is behind the colon is no port. */
static bool
cut_port(const char *text, char host[static NI_MAXHOST], uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
	*port = 0;
	if (length == 0 || length >= NI_MAXHOST)
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (colon == NULL)
		return true;
	char *end;
	unsigned long number = strtoul(colon + 1, &end, 10);
	if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || number < 1 || number > 65535)
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool
is_in(const struct list *list, uint32_t first, const struct addr *address)
{
	for (uint32_t i = first; i < list->count; i++)
		if (addr_equal(&list->targets[i].net, address))
			return true;
	return false;
}

/* One answer of the resolver. */
static bool
take(struct list *list, uint32_t first, const struct addrinfo *info, const struct target *like)
{
	struct target target = *like;
	if (info->ai_family == AF_INET) {
		target.net = addr_from_v4(
		    &((const struct sockaddr_in *)(const void *)info->ai_addr)->sin_addr);
	} else if (info->ai_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)info->ai_addr;
		target.net = addr_from_v6(&in6->sin6_addr);
		target.net.zone = in6->sin6_scope_id;
	} else {
		return true;
	}
	target.bits = addr_is_v4(&target.net) ? 32 : 128;
	/* A name that is led astray on purpose has no peer. */
	if (addr_is_any(&target.net))
		return true;
	return is_in(list, first, &target.net) || list->count - first == ONCE_ADDRESSES_MAX ||
	       add(list, &target);
}

/* Every address of a host. EXIT_OK, or the exit status with a line in error. */
static int
resolve(struct list *list, const char *text, char *error, size_t room)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct target like = {.levels = list->config->levels};
	struct addrinfo *found = NULL;
	char host[NI_MAXHOST];
	uint32_t first = list->count;
	if (!cut_port(text, host, &like.port)) {
		snprintf(error, room, "TARGET: found \"%s\", expected HOST or HOST:PORT", text);
		return EXIT_USAGE;
	}
	snprintf(like.name, sizeof(like.name), "%.*s", TARGET_NAME_MAX, host);
	if (!target_name_valid(like.name))
		like.name[0] = '\0';
	int wrong = getaddrinfo(host, NULL, &hints, &found);
	if (wrong != 0) {
		snprintf(error, room, "TARGET: \"%s\" has no address: %s", host,
			 wrong == EAI_SYSTEM ? strerror(errno) : gai_strerror(wrong));
		return EXIT_FAILED;
	}
	bool good = true;
	for (const struct addrinfo *i = found; i != NULL && good; i = i->ai_next)
		good = take(list, first, i, &like);
	freeaddrinfo(found);
	if (!good)
		snprintf(error, room, "targets: %s", strerror(errno));
	else if (list->count == first)
		snprintf(error, room, "TARGET: \"%s\" has no address but the wildcard", host);
	return good && list->count > first ? EXIT_OK : EXIT_FAILED;
}

/* It may be a host's name: no address, net or port has been written. */
static bool
may_be_host(const char *text)
{
	return *text != '\0' && strpbrk(text, "/[]%") == NULL &&
	       strspn(text, "0123456789.:") < strlen(text) &&
	       (strchr(text, ':') == NULL || strchr(text, ':') == strrchr(text, ':'));
}

/* One TARGET of the command line. */
static int
choose(struct list *list, const char *text, bool resolving, char *error, size_t room)
{
	struct target target = {.levels = list->config->levels};
	const char *expected = target_parse(text, &target);
	const struct target *configured = expected != NULL ? named(list->config, text) : NULL;
	if (expected != NULL && configured == NULL && resolving && may_be_host(text))
		return resolve(list, text, error, room);
	if (expected != NULL && configured == NULL) {
		snprintf(error, room, "TARGET: found \"%s\", expected %s%s", text, expected,
			 !resolving && may_be_host(text)
			     ? ", the name of a configured target, or --resolve for a host's name"
			     : "");
		return EXIT_USAGE;
	}
	if (add(list, configured != NULL ? configured : &target))
		return EXIT_OK;
	snprintf(error, room, "targets: %s", strerror(errno));
	return EXIT_FAILED;
}

int
once_targets(const struct options *options, const struct config *config, struct config *out,
	     char *error, size_t room)
{
	struct list list = {.config = config};
	bool given = options->target_count > 0;
	int status = EXIT_OK;
	for (int i = 0; i < options->target_count && status == EXIT_OK; i++)
		status = choose(&list, options->targets[i], options->resolve, error, room);
	for (uint32_t i = 0; !given && status == EXIT_OK && i < config->target_count; i++) {
		if (!add(&list, &config->targets[i])) {
			snprintf(error, room, "targets: %s", strerror(errno));
			status = EXIT_FAILED;
		}
	}
	*out = *config;
	out->targets = list.targets;
	out->target_count = list.count;
	return status;
}
