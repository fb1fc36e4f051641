/* SPDX-License-Identifier: ISC */
/*
 * clean: names and lines that others chose (processes, cgroups, configuration), made safe to show:
 * on a terminal, in a log, in a manager's web page. Pure.
 */
#ifndef SRCPORTD_CLEAN_H
#define SRCPORTD_CLEAN_H

#include <stddef.h>

/* Copies `length` octets, or what comes before a NUL among them, to out: valid UTF-8 passes; each
 * control character, each character that cannot be seen or turns the direction of what follows, and
 * each octet that is no part of valid UTF-8, becomes a question mark. At most room - 1 octets and a
 * NUL; a character that does not fit whole is left out. text and out may be the same. Returns the
 * length. */
size_t clean_text(const char *text, size_t length, char *out, size_t room);

#endif
