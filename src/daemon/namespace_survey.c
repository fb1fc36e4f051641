/* SPDX-License-Identifier: ISC */
#include "daemon/namespace_survey.h"

#include "verdict/survey.h"

#include <stdlib.h>

void
namespace_survey_end(struct namespace_survey *survey, unsigned *used)
{
	if (survey->owners == NULL)
		return;
	owners_free(survey->owners);
	survey->owners = NULL;
	--*used;
}

static bool
begin(struct namespace_survey *survey, unsigned *used, const struct options *options)
{
	if (survey->owners == NULL && *used < NAMESPACE_SURVEYS_MAX &&
	    (survey->owners = owners_new(options->proc_root, options->sys_root)) != NULL)
		++*used;
	return survey->owners != NULL;
}

static void
go(struct owners *owners, const struct owner_subjects *subjects, struct visitor *visitor,
   const struct neighbour *neighbour)
{
	char why[VISITOR_WHY_MAX];
	struct visit visit;
	if (!visitor_go(visitor, neighbour, &visit, why))
		return;
	/* Where no process is, whoever made sockets there is elsewhere. */
	struct owner_place place = {visit.sockets, neighbour->process != 0 ? neighbour->inode : 0};
	owners_survey_in(owners, subjects, &place);
	visit_close(&visit);
}

const struct owner_list *
namespace_survey_run(struct namespace_survey *survey, unsigned *used, const struct options *options,
		     struct visitor *visitor, const struct neighbour *neighbour,
		     const struct findings *findings, bool asked)
{
	struct owner_subjects *subjects = malloc(sizeof(*subjects));
	if (subjects == NULL)
		return NULL;
	survey_choose(findings, asked, subjects);
	bool any = subjects->count > 0 || subjects->server != 0 || subjects->udp;
	if (!any)
		namespace_survey_end(survey, used);
	else if (begin(survey, used, options) && owners_wants(survey->owners, subjects))
		go(survey->owners, subjects, visitor, neighbour);
	free(subjects);
	return survey->owners != NULL ? owners_list(survey->owners) : NULL;
}
