/* SPDX-License-Identifier: ISC */
/*
 * advice_host: the sentences about what the whole host shares: its limits, what bind() can get, and
 * the connections that it has accepted. Each returns buf. Pure, as advice.h is.
 */
#ifndef SRCPORTD_ADVICE_HOST_H
#define SRCPORTD_ADVICE_HOST_H

#include "advice/remedy.h"

/* The sentence for a limit of the host that has a rule. */
const char *advice_limit(const struct limits *limits, enum limit_rule rule,
			 char buf[static ADVICE_MAX]);

/* reserve is the tally's (formula_reserve()). The sentence for a local address of which bind() with
 * port 0 can get only `remaining` more ports; for the host, of whose ports no socket holds only
 * `free`. Above normal, with what to do. */
const char *advice_local(const struct range_tally *range, const char *reserve, uint32_t remaining,
			 enum severity severity, char buf[static ADVICE_MAX]);
const char *advice_free(const struct range_tally *range, const char *reserve, uint32_t free,
			enum severity severity, char buf[static ADVICE_MAX]);

/* The sentence for accepted connections that are not closed, with whose they are if that is known.
 */
const char *advice_inbound(const struct scene *scene, char buf[static ADVICE_MAX]);

#endif
