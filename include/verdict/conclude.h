/* SPDX-License-Identifier: ISC */
/*
 * conclude: from numbers, failures, levels and what was before to the severity and the cause of
 * every row. Pure.
 */
#ifndef SRCPORTD_CONCLUDE_H
#define SRCPORTD_CONCLUDE_H

#include "verdict/findings.h"

/* Concludes from a poll, with the levels of the configuration, whose targets must be those of the
 * tally or none; and with what the polls before it were (hysteresis), for which it is one poll more
 * with these rules. NULL with errno ENOMEM. */
struct findings *conclude_poll(const struct evidence *evidence, const struct config *config,
			       struct hysteresis *hysteresis, const struct hysteresis_rules *rules);

/* The same for a poll that has no past and no future: what is at its raise level is in alarm. */
struct findings *conclude_once(const struct evidence *evidence, const struct config *config);

/* By the percentages of levels: normal below the warning level, also where the limit is not
 * available, critical from the critical one on. */
enum severity conclude_limit(const struct limits *limits, enum limit_rule rule,
			     const struct levels *levels);

#endif
