/* SPDX-License-Identifier: ISC */
/*
 * namespace_given: the names that people gave to network namespaces (ip-netns(8)): files in a
 * directory, each with the namespace mounted on it. Names that programs made are none of them.
 */
#ifndef SRCPORTD_NAMESPACE_GIVEN_H
#define SRCPORTD_NAMESPACE_GIVEN_H

#include "kernel/neighbours.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A name, and the file that is mounted there. */
struct namespace_given {
	dev_t device;
	ino_t inode;
	char name[NAME_MAX + 1];
};

struct namespace_given_list {
	struct namespace_given *of; /* in the order of names */
	uint32_t count, room;
};

/* Reads them; a directory that is missing has none. *out is all zero. False with errno ENOMEM. To
 * be freed either way. */
bool namespace_given_read(const char *directory, struct namespace_given_list *out);
void namespace_given_free(struct namespace_given_list *list);

/* The first name of that file; "" where there is none. */
const char *namespace_given_find(const struct namespace_given_list *list, dev_t device,
				 ino_t inode);

/* Its path. False if that is too long. */
bool namespace_given_path(const char *directory, const struct namespace_given *given,
			  char path[static NEIGHBOUR_MOUNT_MAX]);

#endif
