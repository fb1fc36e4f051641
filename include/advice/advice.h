/* SPDX-License-Identifier: ISC */
/*
 * advice: from the numbers and what is concluded from them to one sentence: how things stand, why,
 * and what to do. Pure; the same for the report, the message columns and the notifications. It
 * never recommends what has no effect.
 */
#ifndef SRCPORTD_ADVICE_H
#define SRCPORTD_ADVICE_H

#include "advice/remedy.h"

/* Writes the sentence for it, such as "TIME_WAIT churn: 27,000 of 28,232 ports in use, 1,232 left;
 * keep connections alive, or set net.ipv4.tcp_tw_reuse=1". What does not fit whole is left out, the
 * least important first. Returns buf. */
const char *advice_text(const struct matter *matter, char buf[static ADVICE_MAX]);

/* The sentence for one of the tally's pools or targets, by its position, with what is known of who
 * holds the ports and who saw connect() fail. Each returns buf. */
const char *advice_pool(const struct scene *scene, uint32_t pool, char buf[static ADVICE_MAX]);
const char *advice_target(const struct scene *scene, uint32_t target, char buf[static ADVICE_MAX]);

/* The sentence for an alarm, by what was measured in this poll: between the levels an alarm may go
 * on, and then too it is said what to do. A manager may show it alone: one about a leak names the
 * peer. */
const char *advice_alarm(const struct scene *scene, const struct standing *standing,
			 char buf[static ADVICE_MAX]);

/* reserve is the tally's (formula_reserve()). The sentence for a range of which no port can be
 * used: its capacity is 0. */
const char *advice_nothing_offered(const struct range_tally *range, const char *reserve,
				   char buf[static ADVICE_MAX]);

/* What is told of the host alone: connect() calls that failed lately in other network namespaces,
 * or with ports left. Empty if there are none. */
const char *advice_failures(const struct findings *findings, char buf[static ADVICE_MAX]);

/* The sentence for the whole host: the most severe of its limits, targets, peers and pools, with
 * its name before it; of equals, the one with the fewest ports remaining. Behind it
 * advice_failures(), if it fits. */
const char *advice_system(const struct scene *scene, char buf[static ADVICE_MAX]);

#endif
