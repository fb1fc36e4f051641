/* SPDX-License-Identifier: ISC */
/*
 * namespace_survey: who holds the sockets of pools of another network namespace that are short. The
 * kernel is asked there, by sockets that a visitor opens; processes are those of the host's /proc
 * that are in it.
 */
#ifndef SRCPORTD_NAMESPACE_SURVEY_H
#define SRCPORTD_NAMESPACE_SURVEY_H

#include "config/options.h"
#include "kernel/visitor.h"
#include "owners/owners.h"
#include "verdict/findings.h"

/* Namespaces of which one program keeps what was found at the same time. */
#define NAMESPACE_SURVEYS_MAX 32

/* Surveys of one namespace, which go on from look to look; all zero is the start. */
struct namespace_survey {
	struct owners *owners;
};

/* A survey for what a look has found there, if it is worth one, and not too soon after the last.
 * asked: pools of targets are worth one however well they are. `used` counts the namespaces that
 * have one. Returns the last list, which is the survey's; NULL = nobody was looked for. */
const struct owner_list *namespace_survey_run(struct namespace_survey *survey, unsigned *used,
					      const struct options *options,
					      struct visitor *visitor,
					      const struct neighbour *neighbour,
					      const struct findings *findings, bool asked);

void namespace_survey_end(struct namespace_survey *survey, unsigned *used);

#endif
