/* SPDX-License-Identifier: ISC */
/*
 * owner_walk: a walk over the open files of processes, to see which of them hold the sockets of an
 * owner book. In small steps, so that other things can be done in between.
 *
 * Processes that held such sockets before come first, then those of the users that made the
 * sockets, then the rest; the walk ends as soon as every socket is claimed.
 */
#ifndef SRCPORTD_OWNER_WALK_H
#define SRCPORTD_OWNER_WALK_H

#include "owners/owner_book.h"

#include <sys/types.h>

struct owner_walk;

/* A walk below proc_root, which must outlive it. The processes of `before` (NULL = none) come
 * first; it is not referred to later. NULL with errno. */
struct owner_walk *owner_walk_open(const char *proc_root, const struct owner_list *before);
/* Only processes of the network namespace whose net/sockstat is that inode; 0 = of any. */
void owner_walk_within(struct owner_walk *walk, ino_t inode);
void owner_walk_close(struct owner_walk *walk); /* NULL is allowed */

/* Goes on by at most `work` directory entries. False when the walk is over. */
bool owner_walk_step(struct owner_walk *walk, struct owner_book *book, unsigned work);

/* Ends a walk that is not over: the process under way is described as far as is known, its open
 * files by the kernel's count (6.2), else 0: not known. */
void owner_walk_break_off(struct owner_walk *walk, struct owner_book *book);

#endif
