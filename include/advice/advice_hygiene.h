/* SPDX-License-Identifier: ISC */
/*
 * advice_hygiene: what is unwise about the range in words, and the commands that mend it. Pure.
 */
#ifndef SRCPORTD_ADVICE_HYGIENE_H
#define SRCPORTD_ADVICE_HYGIENE_H

#include "advice/remedy.h"
#include "count/hygiene.h"

/* One finding that is there, in a line. Of many ports it names the first. Returns buf. */
const char *advice_hygiene_finding(const struct hygiene *hygiene, enum hygiene_finding finding,
				   char buf[static ADVICE_MAX]);

/* The command for the list of reserved ports, to be typed first, and the one for the range, each
 * whole however long it is; NULL if there is none, or errno ENOMEM. To be freed. */
char *advice_hygiene_reserve(const struct hygiene *hygiene);
char *advice_hygiene_range(const struct hygiene *hygiene);

/* All findings in one line, the settings that mend them behind it as far as they fit whole; "" if
 * there is none. Returns buf. */
const char *advice_hygiene(const struct hygiene *hygiene, char buf[static ADVICE_MAX]);

#endif
