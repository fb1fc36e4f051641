/* SPDX-License-Identifier: ISC */
/*
 * namespace_name: what a network namespace is called: as a person named it in /run/netns, by the
 * pod, container or unit of its oldest process, or else by the command of that process. Pure.
 */
#ifndef SRCPORTD_NAMESPACE_NAME_H
#define SRCPORTD_NAMESPACE_NAME_H

#include "config/config.h"

#define NAMESPACE_NAME_MAX 33 /* with the NUL */

enum namespace_kind {
	NAMESPACE_NAMED, /* in /run/netns */
	NAMESPACE_POD,
	NAMESPACE_CONTAINER,
	NAMESPACE_UNIT,
	NAMESPACE_PROCESS
};

/* "named", "pod", "container", "unit", "process". */
const char *namespace_kind_name(enum namespace_kind kind);

/* False for a name in /run/netns that a program made: "cni-" or "netns-" and a UUID. */
bool namespace_name_is_given(const char *name);

/* What is known of it. */
struct namespace_facts {
	const char *given;   /* its name in /run/netns, or "" */
	const char *cgroup;  /* the text of /proc/PID/cgroup, or "" */
	const char *command; /* of the oldest process, clean; "" = not known */
	uint32_t process;
};

/* The name, as clean text: "web", "pod 8f1c2d3e4b5a", "container 0123456789ab",
 * "payments.service", "python3 (pid 4711)". Of the long number of a pod or a container it has 12
 * hexadecimal digits. Sessions of users are no units here: they do not tell namespaces apart. */
enum namespace_kind namespace_name(const struct namespace_facts *facts,
				   char out[static NAMESPACE_NAME_MAX]);

/* Replaces the name by the first alias that the configuration has for it: whose pattern matches
 * the name, the command, or the path of its cgroup in any hierarchy. False if there is none. */
bool namespace_alias(const struct config *config, const struct namespace_facts *facts,
		     char name[static NAMESPACE_NAME_MAX]);

/* Makes it another one, "web~2" for 2; what does not fit before that is cut, and no character
 * apart. */
void namespace_name_number(char name[static NAMESPACE_NAME_MAX], uint32_t number);

#endif
