/* SPDX-License-Identifier: ISC */
/*
 * kept: files of /proc that stay open from poll to poll. To find and open a file there costs
 * several times what reading it does; an open one says each time what is so then, when it is read
 * again from its beginning (proc_sys_call_handler(), seq_read_iter()), and fails once the kernel
 * has taken it away with a module, or another has come to its name.
 *
 * Only what lies below a real /proc is kept: a file elsewhere may be replaced under its name.
 */
#ifndef SRCPORTD_KEPT_H
#define SRCPORTD_KEPT_H

#include <stdbool.h>

/* Files that are kept; others are opened each time. */
#define KEPT_MAX 24

struct kept;

struct kept *kept_new(void);       /* NULL with errno ENOMEM */
void kept_free(struct kept *kept); /* closes them; NULL is allowed */

/* The open file of that path, at its beginning; or -1. */
int kept_fd(const struct kept *kept, const char *path);

/* Keeps a file that has just been read, if it is one to keep. True if the descriptor is no longer
 * the caller's. */
bool kept_take(struct kept *kept, const char *path, int fd);

/* Closes what could not be read any more. */
void kept_drop(struct kept *kept, int fd);

#endif
