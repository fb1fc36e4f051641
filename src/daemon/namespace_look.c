/* SPDX-License-Identifier: ISC */
#include "daemon/namespace_look.h"

#include "base/clock.h"
#include "count/formula.h"
#include "daemon/poll.h"
#include "kernel/sockstat.h"
#include "verdict/reach.h"

#include <errno.h>

#define WHY_MAX 192

int64_t
namespace_most_sockets(int64_t unplaced, const struct namespace_row *row)
{
	if (row->connections < 0 || unplaced < 0)
		return -1;
	return row->connections > INT64_MAX - unplaced ? INT64_MAX : row->connections + unplaced;
}

/* Where the kernel does not list bound idle sockets, any of those that are in no table may be one
 * of them, and on a port of this namespace. */
static struct unseen_count
unseen_by(const struct namespace_task *task)
{
	if (task->unplaced < 0)
		return (struct unseen_count){.known = false};
	return (struct unseen_count){true, task->placed || task->unplaced == 0,
				     task->unplaced < UINT32_MAX ? (uint32_t)task->unplaced
								 : UINT32_MAX};
}

static const struct owner_list *
survey(const struct namespace_task *task, const struct namespace_row *row,
       const struct findings *findings)
{
	const struct neighbour neighbour = namespaces_neighbour(row);
	if (task->survey == NULL || !task->config->owners)
		return NULL;
	return namespace_survey_run(task->survey, task->surveys, task->options, task->visitor,
				    &neighbour, findings, task->all && task->once);
}

/* Polls in there. False with errno ENOMEM; where it fails otherwise the view is a bound. */
static bool
count(const struct namespace_task *task, struct visit *visit, const struct namespace_row *row,
      struct namespace_view *view)
{
	char why[WHY_MAX];
	struct tally *tally = NULL;
	struct poll_stats stats;
	const struct poll_setup setup = {.options = task->options,
					 .config = task->config,
					 .visit = visit,
					 .features = task->features,
					 .unseen = unseen_by(task)};
	struct poll *poll = poll_open(&setup, why, sizeof(why));
	if (poll == NULL) {
		namespace_view_bound(view, row, why);
		return true;
	}
	bool good = true;
	if (poll_run(poll) != POLL_DONE) {
		namespace_view_bound(view, row, poll_error(poll));
	} else {
		struct findings *findings = poll_take(poll, NULL, NULL, &tally, &stats);
		good = findings != NULL &&
		       namespace_view_exact(view, row, findings, survey(task, row, findings),
					    task->held);
		findings_free(findings);
		tally_free(tally);
	}
	poll_close(poll);
	return good;
}

static bool
look_inside(const struct namespace_task *task, struct visit *visit, const struct namespace_row *row,
	    struct namespace_view *view)
{
	const struct procfile_source source = {.root = task->options->proc_root,
					       .inside = &visit->inside};
	struct settings settings;
	struct portset offered;
	char why[WHY_MAX];
	if (procfile_settings(&source, &settings, why, sizeof(why)) != NULL) {
		namespace_view_bound(view, row, why);
		return true;
	}
	formula_offered(&settings, &offered);
	const struct reach reach = {.offered = portset_count(&offered),
				    .connections = row->connections,
				    .tcp = namespace_most_sockets(task->unplaced, row),
				    .udp = row->udp};
	if (task->all || reach_any(task->config, &reach))
		return count(task, visit, row, view);
	namespace_view_normal(view, row, &settings, reach.offered, reach.tcp,
			      &task->config->levels.raise);
	return true;
}

bool
namespace_look(const struct namespace_task *all, const struct namespace_row *row,
	       struct namespace_view *view, uint64_t *cost_us)
{
	uint64_t begin_us = clock_us();
	struct config own;
	struct namespace_task this = *all, *task = &this;
	this.config = config_of_namespace(all->config, row->name, &own);
	const struct neighbour neighbour = namespaces_neighbour(row);
	char why[VISITOR_WHY_MAX];
	struct visit visit;
	bool good = true;
	if (task->visitor == NULL) {
		namespace_view_bound(view, row, task->no_visitor);
	} else if (!visitor_go(task->visitor, &neighbour, &visit, why)) {
		namespace_view_bound(view, row, why);
	} else {
		good = look_inside(task, &visit, row, view);
		visit_close(&visit);
	}
	if (!good) {
		namespace_view_free(view);
		errno = ENOMEM;
	}
	uint64_t end_us = clock_us();
	view->made_ms = end_us / 1000;
	*cost_us = end_us - begin_us;
	return good;
}

/* A visit, and a short one. */
static bool
visit_and_identify(struct visitor *visitor, const char *root, const struct neighbour *neighbour,
		   struct namespace_identity *out)
{
	char why[VISITOR_WHY_MAX];
	struct visit visit;
	if (!visitor_go(visitor, neighbour, &visit, why))
		return false;
	*out = (struct namespace_identity){.device = visit.device,
					   .inode = visit.inode,
					   .cookie = visit.cookie,
					   .files = visit.files};
	if (neighbour->process == 0) {
		const struct procfile_source source = {.root = root, .inside = &visit.inside};
		sockstat_read(&source, 0, &out->sockstat);
	}
	visit_close(&visit);
	return true;
}

static bool
identify(void *arg, const struct neighbour *neighbour, struct namespace_identity *out)
{
	const struct namespace_door *door = arg;
	return door->visitor != NULL && (door->until_us == 0 || clock_us() < door->until_us) &&
	       visit_and_identify(door->visitor, door->root, neighbour, out);
}

struct namespace_entrance
namespace_door_entrance(struct namespace_door *door)
{
	return (struct namespace_entrance){identify, door};
}
