/* SPDX-License-Identifier: ISC */
#include "owners/owners.h"

#include "base/clock.h"
#include "base/log.h"
#include "owners/cgroup.h"
#include "owners/owner_ask.h"
#include "owners/owner_walk.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char subsystem[] = "owners";

/* Between two steps of a survey: at most one part in five of a processor. */
#define REST_MS 8

/* What one survey may cost in all; then it ends with what is known. */
#define BUDGET_US 500000

/* The same in another place, where the poll waits for it. */
#define BUDGET_THERE_US 100000

/* The next survey is no sooner than that many times what the last one cost, and than a second. */
#define PAUSE_FACTOR   50
#define PAUSE_LEAST_MS 1000

/* Without an answer for so long, a dump is given up. */
#define ANSWER_MS 5000

/* Directory entries between two looks at the clock. */
#define WORK 32

/* Cgroups whose path is known from earlier surveys. */
#define PATHS_MAX 64

enum stage { IDLE, ASKING, NAMING, WALKING };

/* What is asked of the kernel, one after the other. */
enum question { OF_POOLS, OF_SERVER, OF_UDP, ALL_ASKED };

struct known_path {
	uint64_t id;
	char path[CGROUP_PATH_MAX];
};

struct owners {
	const char *proc_root;
	char cgroup_root[PATH_MAX]; /* "" = no hierarchy of version 2 */
	enum stage stage;
	struct owner_subjects subjects;
	struct owner_place *place; /* NULL = the own network namespace */
	enum question question;
	struct owner_book *book;
	struct owner_ask *ask;
	struct cgroup_walk *cgroups;
	struct owner_walk *processes;
	struct known_path paths[PATHS_MAX]; /* by number */
	uint64_t started_ms;
	bool urgent;          /* somebody waits for the survey under way */
	uint64_t cost_us;     /* of it */
	uint64_t earliest_ms; /* for the next one */
	struct owner_list *list;
};

struct owners *
owners_new(const char *proc_root, const char *sys_root)
{
	struct owners *o = calloc(1, sizeof(*o));
	if (o == NULL)
		return NULL;
	o->proc_root = proc_root;
	cgroup_mount(sys_root, o->cgroup_root);
	return o;
}

static void
stop(struct owners *o)
{
	owner_book_free(o->book);
	owner_ask_close(o->ask);
	cgroup_walk_close(o->cgroups);
	owner_walk_close(o->processes);
	o->book = NULL;
	o->ask = NULL;
	o->cgroups = NULL;
	o->processes = NULL;
	o->stage = IDLE;
}

void
owners_free(struct owners *o)
{
	if (o == NULL)
		return;
	stop(o);
	owner_list_free(o->list);
	free(o);
}

const struct owner_list *
owners_list(const struct owners *o)
{
	return o->list;
}

bool
owners_busy(const struct owners *o)
{
	return o->stage != IDLE;
}

int
owners_fd(const struct owners *o)
{
	return o->stage == ASKING ? owner_ask_fd(o->ask) : -1;
}

int
owners_wait_ms(const struct owners *o)
{
	if (o->stage == IDLE)
		return -1;
	if (o->stage == ASKING)
		return clock_until(o->started_ms + ANSWER_MS + 1);
	return o->urgent ? 0 : REST_MS;
}

static void
give_up(struct owners *o, const char *what)
{
	log_warn(subsystem, "%s: %s; nobody is named", what, strerror(errno));
	stop(o);
	o->earliest_ms = clock_us() / 1000 + ANSWER_MS;
}

/* True if the last list says nothing about one of the subjects. */
static bool
has_news(const struct owners *o, const struct owner_subjects *subjects)
{
	const struct owner_list *list = o->list;
	for (uint32_t i = 0; i < subjects->count; i++) {
		const struct owner_pool *pool = &subjects->pools[i];
		uint32_t p = 0, known = list != NULL ? list->pool_count : 0;
		while (p < known && (list->pools[p].port != pool->port ||
				     !addr_equal(&list->pools[p].peer, &pool->peer) ||
				     !addr_equal(&list->pools[p].local, &pool->local)))
			p++;
		if (p == known)
			return true;
	}
	return (subjects->server != 0 && (list == NULL || list->server.port != subjects->server)) ||
	       (subjects->udp && (list == NULL || !list->has_udp));
}

/* Goes on to the next one from there that is worth asking. False if none is. */
static bool
choose(struct owners *o, enum question from)
{
	const struct owner_subjects *s = &o->subjects;
	const bool wanted[ALL_ASKED] = {s->count > 0, s->server != 0, s->udp};
	o->question = from;
	while (o->question < ALL_ASKED && !wanted[o->question])
		o->question++;
	return o->question < ALL_ASKED;
}

/* A question in another place has sockets of its own: the kernel may refuse the first form of the
 * one that is put most often. */
static struct owner_ask *
ask_there(const struct owners *o, const struct owner_pool *pools, uint32_t count, uint16_t server)
{
	static const struct {
		unsigned first, count;
	} share[ALL_ASKED] = {{0, 2}, {2, 1}, {3, 1}};
	_Static_assert(OWNER_PLACE_SOCKETS == 4, "as many as are shared out");
	int *sockets = o->place->sockets + share[o->question].first, taken[2];
	for (unsigned i = 0; i < share[o->question].count; i++) {
		taken[i] = sockets[i];
		sockets[i] = -1;
	}
	return owner_ask_adopt(taken, share[o->question].count, pools, count, server);
}

static bool
ask(struct owners *o)
{
	const struct owner_subjects *s = &o->subjects;
	if (o->place != NULL) {
		o->ask = ask_there(o, s->pools, o->question == OF_POOLS ? s->count : 0,
				   o->question == OF_SERVER ? s->server : 0);
		return o->ask != NULL;
	}
	o->ask = owner_ask_open(s->pools, o->question == OF_POOLS ? s->count : 0,
				o->question == OF_SERVER ? s->server : 0);
	return o->ask != NULL;
}

bool
owners_start(struct owners *o, const struct owner_subjects *subjects)
{
	if (o->stage != IDLE)
		return false;
	o->subjects = *subjects;
	if (!choose(o, OF_POOLS)) {
		owner_list_free(o->list);
		o->list = NULL;
		return false;
	}
	if (clock_us() / 1000 < o->earliest_ms)
		return false;
	o->urgent = has_news(o, subjects);
	o->cost_us = 0;
	o->started_ms = clock_us() / 1000;
	o->book = owner_book_new();
	if (o->book == NULL) {
		give_up(o, "book");
		return false;
	}
	for (uint32_t i = 0; i < subjects->count; i++)
		owner_book_pool(o->book, &subjects->pools[i].local, &subjects->pools[i].peer,
				subjects->pools[i].port);
	owner_book_server(o->book, subjects->server);
	if (subjects->udp)
		owner_book_udp(o->book, &subjects->udp_ports);
	if (!ask(o))
		give_up(o, "sock_diag");
	else
		o->stage = ASKING;
	return o->stage == ASKING && o->urgent;
}

static void
keep_path(struct owners *o, uint64_t id, const char *path)
{
	struct known_path *known = &o->paths[id % PATHS_MAX];
	known->id = id;
	snprintf(known->path, sizeof(known->path), "%s", path);
}

/* Names the cgroups whose path is known and still holds. */
static void
name_known(struct owners *o)
{
	for (uint32_t i = 0; i < PATHS_MAX; i++)
		if (o->paths[i].id != 0 &&
		    cgroup_id(o->cgroup_root, o->paths[i].path) == o->paths[i].id)
			owner_book_name(o->book, o->paths[i].id, o->paths[i].path);
}

/* After an answer: the next question, or on to the names. */
static void
answered(struct owners *o)
{
	owner_ask_close(o->ask);
	o->ask = NULL;
	if (choose(o, o->question + 1)) {
		if (!ask(o))
			give_up(o, "sock_diag");
		return;
	}
	o->stage = NAMING;
	if (o->cgroup_root[0] == '\0' || owner_book_cgroup(o->book) == 0)
		return;
	name_known(o);
	if (owner_book_cgroup(o->book) != 0)
		o->cgroups = cgroup_walk_open(o->cgroup_root);
}

/* One cgroup of the hierarchy. False when every cgroup has its name, or none is left. */
static bool
name_next(struct owners *o)
{
	uint64_t id;
	const char *path;
	if (o->cgroups == NULL || owner_book_cgroup(o->book) == 0 ||
	    !cgroup_walk_next(o->cgroups, &id, &path))
		return false;
	if (owner_book_name(o->book, id, path))
		keep_path(o, id, path);
	return true;
}

static bool
finish(struct owners *o, bool complete)
{
	uint64_t now_ms = clock_us() / 1000, pause_ms = o->cost_us * PAUSE_FACTOR / 1000;
	if (!complete && o->processes != NULL)
		owner_walk_break_off(o->processes, o->book);
	struct owner_list *list = owner_book_list(o->book, now_ms);
	log_debug(subsystem, "a survey of %u pools took %u ms, %u us of CPU%s", o->subjects.count,
		  (unsigned)(now_ms - o->started_ms), (unsigned)o->cost_us,
		  complete ? "" : ": it was cut short");
	stop(o);
	o->earliest_ms = now_ms + (pause_ms > PAUSE_LEAST_MS ? pause_ms : PAUSE_LEAST_MS);
	if (list == NULL)
		return false;
	list->complete = complete;
	owner_list_free(o->list);
	o->list = list;
	return true;
}

/* A small part of the survey. True if there is more to do at once. */
static bool
advance(struct owners *o)
{
	if (o->stage == ASKING) {
		enum owner_ask_step step = owner_ask_read(o->ask, o->book);
		if (step == OWNER_ASK_MORE && clock_us() / 1000 > o->started_ms + ANSWER_MS) {
			errno = ETIMEDOUT;
			step = OWNER_ASK_FAILED;
		}
		if (step == OWNER_ASK_FAILED)
			give_up(o, "sock_diag");
		else if (step == OWNER_ASK_DONE)
			answered(o);
		return step == OWNER_ASK_DONE && o->stage == NAMING;
	}
	if (o->stage == NAMING) {
		if (name_next(o))
			return true;
		cgroup_walk_close(o->cgroups);
		o->cgroups = NULL;
		o->processes = owner_walk_open(o->proc_root, o->list);
		if (o->processes != NULL && o->place != NULL)
			owner_walk_within(o->processes, o->place->inode);
		o->stage = WALKING;
		return true;
	}
	return o->processes != NULL && owner_walk_step(o->processes, o->book, WORK);
}

bool
owners_step(struct owners *o)
{
	uint64_t start_us = clock_cpu_us(), spent_us = 0;
	bool more = true;
	while (o->stage != IDLE && more && spent_us < OWNERS_STEP_US) {
		more = advance(o);
		spent_us = clock_cpu_us() - start_us;
	}
	o->cost_us += spent_us;
	if (o->stage == IDLE)
		return false;
	if (o->stage == WALKING && !more)
		return finish(o, true);
	return o->cost_us > (o->place != NULL ? BUDGET_THERE_US : BUDGET_US) &&
	       o->stage != ASKING && finish(o, false);
}

void
owners_survey(struct owners *o, const struct owner_subjects *subjects)
{
	owners_start(o, subjects);
	while (o->stage != IDLE) {
		struct pollfd fd = {.fd = owners_fd(o), .events = POLLIN};
		if (o->stage == ASKING)
			poll(&fd, 1, ANSWER_MS + 1);
		owners_step(o);
	}
}

void
owners_survey_in(struct owners *o, const struct owner_subjects *subjects, struct owner_place *place)
{
	o->place = place;
	owners_survey(o, subjects);
	o->place = NULL;
}

bool
owners_wants(const struct owners *o, const struct owner_subjects *subjects)
{
	uint64_t now_ms = clock_us() / 1000;
	if (now_ms < o->earliest_ms)
		return false;
	return has_news(o, subjects) || now_ms - o->started_ms >= OWNERS_AGAIN_MS;
}
