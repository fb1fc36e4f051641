/* SPDX-License-Identifier: ISC */
#include "daemon/namespace_watch.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/namespace_choice.h"
#include "daemon/namespace_look.h"
#include "daemon/namespace_pace.h"
#include "daemon/namespace_rows.h"
#include "kernel/capabilities.h"
#include "kernel/sockstat.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

static const char subsystem[] = "namespaces";

#define SYS_ADMIN       (UINT64_C(1) << CAP_SYS_ADMIN)
#define SYS_PTRACE      (UINT64_C(1) << CAP_SYS_PTRACE)
#define DAC_READ_SEARCH (UINT64_C(1) << CAP_DAC_READ_SEARCH)

/* CPU time that a visit takes of the process that goes in: there and back, sockets and files. */
#define VISIT_US 50

/* How long they are entered in one poll to be told apart or counted, where it takes so long. */
#define ENTER_US 1000000

static const char unwanted[] = "namespaces yes is not in the configuration";

struct namespace_watch {
	const struct options *options;
	bool wanted;
	struct visitor *visitor; /* NULL = there is none, and why: */
	char no_visitor[160];
	uint32_t restarts;       /* of it, that the log has */
	struct namespaces found; /* and in its order: */
	struct namespace_view *views;
	uint64_t *tried_ms; /* when a look was tried last; 0 = never */
	struct namespace_survey *surveys;
	unsigned surveyed; /* how many of them there are */
	bool named;        /* owners are looked for */
	bool lost;         /* one has gone */
	struct space_pools pools;
	struct namespace_list list;
	struct namespace_pace pace;
	uint64_t cpu_us; /* clock_cpu_us() at the end of the last poll */
	struct namespace_cost cost;
	char reason[192];
	bool told, counts, starved; /* what the log says */
};

/* What only the process needs that enters them. Who may look at other users' processes was given
 * that for owners. */
static void
give_up(void)
{
	uint64_t kept = ~SYS_ADMIN;
	if (!capabilities_has(SYS_PTRACE | DAC_READ_SEARCH))
		kept &= ~SYS_PTRACE;
	if (!capabilities_limit(kept))
		log_warn(subsystem, "capabilities cannot be given up: %s", strerror(errno));
}

static void
start(struct namespace_watch *w)
{
	if (!capabilities_has(SYS_ADMIN | SYS_PTRACE)) {
		snprintf(w->no_visitor, sizeof(w->no_visitor),
			 "CAP_SYS_ADMIN and CAP_SYS_PTRACE are needed: the drop-in namespaces.conf "
			 "gives them to the service");
		return;
	}
	w->visitor = visitor_start(w->options->proc_root, true);
	if (w->visitor == NULL)
		snprintf(w->no_visitor, sizeof(w->no_visitor), "no process to enter them: %s",
			 strerror(errno));
	give_up();
}

struct namespace_watch *
namespace_watch_open(const struct options *options, const struct config *config)
{
	struct namespace_watch *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->options = options;
	w->wanted = config->namespaces;
	w->list.reason = w->wanted ? w->reason : unwanted;
	if (w->wanted)
		start(w);
	return w;
}

static void
free_views(struct namespace_view *views, uint32_t count)
{
	for (uint32_t i = 0; views != NULL && i < count; i++)
		namespace_view_free(&views[i]);
	free(views);
}

static void
end_surveys(struct namespace_watch *w)
{
	for (uint32_t i = 0; i < w->found.count; i++)
		namespace_survey_end(&w->surveys[i], &w->surveyed);
}

/* All that there is, but for itself. */
static void
stop(struct namespace_watch *w)
{
	end_surveys(w);
	free_views(w->views, w->found.count);
	free(w->tried_ms);
	free(w->surveys);
	namespace_rows_free(&w->pools);
	namespaces_free(&w->found);
	visitor_end(w->visitor);
}

void
namespace_watch_close(struct namespace_watch *w)
{
	if (w == NULL)
		return;
	stop(w);
	free(w);
}

/* They are not wanted any more: who enters them ends, too. */
static void
turn_off(struct namespace_watch *w)
{
	stop(w);
	*w = (struct namespace_watch){.options = w->options, .list.reason = unwanted};
	log_info(subsystem, "other network namespaces are no longer looked at");
}

struct namespace_cost
namespace_watch_cost(const struct namespace_watch *w)
{
	return w->cost;
}

const struct space_pools *
namespace_watch_pools(const struct namespace_watch *w)
{
	return &w->pools;
}

const struct namespaces *
namespace_watch_found(const struct namespace_watch *w)
{
	return &w->found;
}

const struct namespace_list *
namespace_watch_list(const struct namespace_watch *w)
{
	return &w->list;
}

/* Those that were there go on with what is known of them. */
static void
move_views(struct namespace_watch *w, const struct namespaces *now, struct namespace_view *views,
	   uint64_t *tried_ms, struct namespace_survey *surveys)
{
	for (uint32_t i = 0; i < now->count; i++) {
		const struct namespace_row *row = &now->rows[i];
		if (row->before == LOOKUP_NONE) {
			namespace_view_bound(&views[i], row, w->no_visitor);
			continue;
		}
		views[i] = w->views[row->before];
		views[i].row = row;
		tried_ms[i] = w->tried_ms[row->before];
		surveys[i] = w->surveys[row->before];
		w->surveys[row->before].owners = NULL;
		w->views[row->before] = (struct namespace_view){.row = NULL};
	}
}

static struct namespace_door
door_of(const struct namespace_watch *w)
{
	return (struct namespace_door){w->visitor, w->options->proc_root, clock_us() + ENTER_US};
}

/* Where memory is out, what was known stays. */
static bool
scan(struct namespace_watch *w, const struct config *config)
{
	const struct procfile_source source = {.root = w->options->proc_root};
	struct namespace_door door = door_of(w);
	const struct namespace_entrance entrance = namespace_door_entrance(&door);
	struct namespaces now;
	if (!namespaces_find(&source, NAMESPACES_RUN, config, &w->found, &entrance, &now))
		return false;
	struct namespace_view *views = array_new(now.count, sizeof(*views));
	uint64_t *tried_ms = array_new(now.count, sizeof(*tried_ms));
	struct namespace_survey *surveys = array_new(now.count, sizeof(*surveys));
	if (views == NULL || tried_ms == NULL || surveys == NULL) {
		free(views);
		free(tried_ms);
		free(surveys);
		namespaces_free(&now);
		return false;
	}
	move_views(w, &now, views, tried_ms, surveys);
	end_surveys(w);
	free_views(w->views, w->found.count);
	free(w->tried_ms);
	free(w->surveys);
	namespaces_free(&w->found);
	w->found = now;
	w->views = views;
	w->tried_ms = tried_ms;
	w->surveys = surveys;
	w->lost = false;
	return true;
}

static struct namespace_stock
stock_of(const struct namespace_watch *w)
{
	return (struct namespace_stock){&w->found, w->views, w->tried_ms};
}

/* By new bounds. What was counted has its age. */
static void
renew(struct namespace_watch *w, const struct config *config, uint64_t now_ms)
{
	const struct namespace_stock stock = stock_of(w);
	for (uint32_t i = 0; i < w->found.count; i++) {
		struct namespace_view *view = &w->views[i];
		const struct namespace_row *row = &w->found.rows[i];
		const struct reach reach = namespace_choice_reach(&stock, i);
		const struct settings settings = {.range = view->range};
		char why[sizeof(view->why)];
		if (row->gone || view->knowledge == NAMESPACE_EXACT)
			continue;
		memcpy(why, view->why, sizeof(why));
		if (view->knowledge == NAMESPACE_BOUND)
			namespace_view_bound(view, row, why);
		else if (!namespace_choice_may_reach(&stock, config, i))
			namespace_view_normal(view, row, &settings, view->offered, reach.tcp,
					      &config->levels.raise);
		else
			continue;
		view->made_ms = now_ms;
	}
}

/* What the process that goes in takes for those that are only to be counted from inside. */
static uint64_t
visits_us(const struct namespace_watch *w)
{
	uint64_t us = 0;
	for (uint32_t i = 0; i < w->found.count; i++)
		us += w->found.rows[i].process == 0 ? VISIT_US : 0;
	return us;
}

/* That it is started again, or is not there any more, is news. */
static void
watch_visitor(struct namespace_watch *w)
{
	uint32_t restarts = visitor_restarts(w->visitor);
	if (restarts != w->restarts)
		log_warn(subsystem, "the process that enters them was killed: another is started");
	w->restarts = restarts;
	if (visitor_is_there(w->visitor))
		return;
	visitor_end(w->visitor);
	w->visitor = NULL;
	snprintf(w->no_visitor, sizeof(w->no_visitor),
		 "the process that enters them has gone: restart srcportd");
}

static void
count(struct namespace_watch *w, const struct config *config)
{
	const struct procfile_source source = {.root = w->options->proc_root};
	struct namespace_door door = door_of(w);
	const struct namespace_entrance entrance = namespace_door_entrance(&door);
	uint64_t now_ms = clock_us() / 1000, begin_us = clock_cpu_us();
	bool found = false;
	if (namespace_pace_scan(&w->pace, now_ms, w->lost)) {
		found = scan(w, config);
		log_condition(&w->starved, !found, subsystem, "out of memory: none are looked for",
			      "enough memory again: they are looked for");
		w->pace.scanned_ms = now_ms;
		w->pace.scan_us = clock_cpu_us() - begin_us + visits_us(w);
	} else if (namespace_pace_count(&w->pace, now_ms)) {
		found = true;
		w->lost |= !namespaces_count(&source, &entrance, &w->found);
		w->pace.count_us = clock_cpu_us() - begin_us + visits_us(w);
	}
	if (w->visitor != NULL)
		watch_visitor(w);
	if (!found)
		return;
	w->pace.counted_ms = now_ms;
	renew(w, config, now_ms);
}

static bool
is_kept(const struct namespace_view *before, const struct namespace_view *now)
{
	return before->knowledge == NAMESPACE_EXACT && now->knowledge == NAMESPACE_BOUND &&
	       now->made_ms - before->made_ms < NAMESPACE_WATCH_KEPT_MS;
}

/* Returns what it cost. */
static uint64_t
look(struct namespace_watch *w, const struct namespace_task *task, uint32_t i, bool all)
{
	const struct procfile_source source = {.root = w->options->proc_root};
	struct namespace_row *row = &w->found.rows[i];
	struct namespace_view view = {.row = NULL};
	struct namespace_task this = *task;
	uint64_t begin_us = clock_cpu_us(), time_us;
	this.all = all || namespace_choice_held(&w->views[i]);
	this.survey = &w->surveys[i];
	this.surveys = &w->surveyed;
	bool good = namespace_look(&this, row, &view, &time_us);
	uint64_t cost_us = clock_cpu_us() - begin_us + VISIT_US;
	w->tried_ms[i] = clock_us() / 1000;
	if (good && view.knowledge == NAMESPACE_BOUND && !namespaces_is_there(&source, row))
		w->lost = row->gone = true;
	if (good && !is_kept(&w->views[i], &view)) {
		struct config own;
		namespace_view_remember(&view, &w->views[i],
					&config_of_namespace(task->config, row->name, &own)->local);
		namespace_view_free(&w->views[i]);
		w->views[i] = view;
	}
	namespace_pace_charge(&w->pace, w->tried_ms[i], cost_us);
	watch_visitor(w);
	return cost_us;
}

static void
look_in_turn(struct namespace_watch *w, const struct namespace_task *task)
{
	const struct namespace_stock stock = stock_of(w);
	uint64_t now_ms = clock_us() / 1000;
	uint32_t turn = namespace_choice_turn(&stock);
	if (w->visitor == NULL || turn == LOOKUP_NONE || !namespace_pace_turn(&w->pace, now_ms) ||
	    !namespace_pace_pays(&w->pace, now_ms))
		return;
	w->pace.turned_ms = now_ms;
	w->pace.turn_us = look(w, task, turn, true);
}

/* Owners are not to be named any more: no word of them stays, whatever it costs. */
static void
hide_names(struct namespace_watch *w, const struct namespace_task *task)
{
	end_surveys(w);
	for (uint32_t i = 0; i < w->found.count; i++) {
		if (w->views[i].named && w->visitor != NULL)
			look(w, task, i, true);
		if (w->views[i].named)
			namespace_view_hide(&w->views[i]);
	}
}

static void
look_at_all(struct namespace_watch *w, const struct config *config, uint32_t features)
{
	const struct namespace_stock stock = stock_of(w);
	struct namespace_candidate *candidates;
	uint64_t begin_us = clock_us();
	const struct namespace_task task = {.visitor = w->visitor,
					    .no_visitor = w->no_visitor,
					    .options = w->options,
					    .config = config,
					    .features = features,
					    .unplaced = w->found.unplaced,
					    .placed = w->found.complete,
					    .held = true};
	if (w->named && !config->owners)
		hide_names(w, &task);
	w->named = config->owners;
	uint32_t chosen = namespace_choice_make(&stock, config, begin_us / 1000, &candidates);
	for (uint32_t i = 0; i < chosen && w->visitor != NULL; i++) {
		uint64_t now_us = clock_us();
		if (now_us - begin_us >= NAMESPACE_WATCH_SLICE_US ||
		    !namespace_pace_pays(&w->pace, now_us / 1000))
			break;
		look(w, &task, candidates[i].row, false);
	}
	free(candidates);
	look_in_turn(w, &task);
}

static void
list(struct namespace_watch *w, const struct config *config)
{
	namespace_rows_free(&w->pools);
	namespace_rows_pools(w->views, w->found.count, config, &w->pools);
	namespace_rows_ports(w->views, w->found.count, &w->pools);
	namespace_rows_targets(w->views, w->found.count, config, &w->pools);
}

/* Why not all are counted: nobody may enter them, one of them cannot be, or some may be hidden. */
static void
find_reason(struct namespace_watch *w)
{
	const char *why = w->visitor == NULL ? w->no_visitor : "";
	for (uint32_t i = 0; why[0] == '\0' && i < w->found.count; i++)
		if (w->views[i].knowledge == NAMESPACE_BOUND && w->tried_ms[i] != 0 &&
		    !w->found.rows[i].gone)
			why = w->views[i].why;
	if (why[0] == '\0' && !w->found.complete)
		why = "processes of the host are hidden from here (ProtectProc=: drop-in "
		      "namespaces.conf; hidepid: drop-in owners.conf, too; a pid namespace), or "
		      "there are too many namespaces";
	snprintf(w->reason, sizeof(w->reason), "%s", why);
}

static void
tell(struct namespace_watch *w)
{
	bool counts = w->visitor != NULL;
	if (w->told && w->counts == counts)
		return;
	if (counts)
		log_info(subsystem, "other network namespaces are looked at: %u of them",
			 w->found.count);
	else
		log_warn(subsystem, "other network namespaces are not counted: %s", w->no_visitor);
	w->told = true;
	w->counts = counts;
}

void
namespace_watch_poll(struct namespace_watch *w, const struct config *config, uint32_t features)
{
	uint64_t begin_us = clock_us(), begin_cpu_us = clock_cpu_us();
	w->cost = (struct namespace_cost){.cpu_us = 0};
	if (w->wanted && !config->namespaces)
		turn_off(w);
	if (!w->wanted)
		return;
	namespace_pace_begin(&w->pace, begin_us / 1000, config->pace.cpu_percent,
			     w->cpu_us != 0 ? begin_cpu_us - w->cpu_us : 0);
	count(w, config);
	look_at_all(w, config, features);
	list(w, config);
	find_reason(w);
	w->list = (struct namespace_list){w->views, w->found.count, w->reason};
	tell(w);
	w->cpu_us = clock_cpu_us();
	w->cost = (struct namespace_cost){(uint32_t)(w->cpu_us - begin_cpu_us),
					  (uint32_t)(clock_us() - begin_us)};
	log_debug(subsystem, "%u, in %u us", w->found.count, w->cost.duration_us);
}
