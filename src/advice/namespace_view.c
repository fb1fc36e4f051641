/* SPDX-License-Identifier: ISC */
#include "advice/namespace_view.h"

#include "advice/advice_host.h"
#include "advice/advice_udp.h"
#include "base/array.h"
#include "base/pool_key.h"
#include "base/sentence.h"
#include "kernel/feature.h"
#include "kernel/sockstat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void
namespace_view_bound(struct namespace_view *view, const struct namespace_row *row, const char *why)
{
	struct sentence s = sentence_in(view->message, sizeof(view->message));
	view->row = row;
	view->knowledge = NAMESPACE_BOUND;
	snprintf(view->why, sizeof(view->why), "%s", why);
	view->cause = CAUSE_NONE;
	view->severity = SEVERITY_UNKNOWN;
	if (row->connections == SOCKSTAT_ABSENT)
		sentence_put(&s, "its net/sockstat cannot be read");
	else
		sentence_put(&s,
			     "no pool holds more than %" PRId64 " port%s; its range is not known",
			     row->connections, number_s((uint64_t)row->connections));
	if (why[0] != '\0')
		sentence_put(&s, ": %s", why);
}

void
namespace_view_normal(struct namespace_view *view, const struct namespace_row *row,
		      const struct settings *settings, uint32_t offered, int64_t sockets,
		      const struct levels *levels)
{
	uint32_t most = sockets < offered ? (uint32_t)sockets : offered;
	char at_most[NUMBER_TEXT_MAX], of[NUMBER_TEXT_MAX];
	view->row = row;
	view->knowledge = NAMESPACE_NORMAL;
	view->cause = CAUSE_NONE;
	view->severity = SEVERITY_NORMAL;
	view->range = settings->range;
	view->offered = offered;
	view->nearness = severity_nearness(levels, offered - most, offered, most);
	snprintf(view->message, sizeof(view->message),
		 "no pool holds more than %s of %s port%s, too few for any level: not counted",
		 number_text(most, at_most), number_text(offered, of), number_s(offered));
}

/* Critical, warning, normal. */
static int
by_severity(enum severity a, enum severity b)
{
	return (a < b) - (a > b);
}

struct ranked {
	const struct findings *findings;
	uint32_t pool;
};

static int
compare_pools(const void *left, const void *right)
{
	const struct ranked *x = left, *y = right;
	const struct pool_tally *a = &x->findings->tally->pools[x->pool];
	const struct pool_tally *b = &y->findings->tally->pools[y->pool];
	int order = by_severity(x->findings->pools[x->pool].verdict.severity,
				y->findings->pools[y->pool].verdict.severity);
	if (order == 0)
		order = (a->usage.remaining > b->usage.remaining) -
			(a->usage.remaining < b->usage.remaining);
	return order != 0 ? order : pool_key_compare(POOL_KEY(a), POOL_KEY(b));
}

static void
name_worst(struct namespace_view *view, const struct pool_tally *pool)
{
	char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	snprintf(view->worst, sizeof(view->worst), "%s -> %s", addr_text(&pool->local, local),
		 addr_port_text(&pool->peer, pool->port, peer));
}

static bool
is_shown(const struct findings *f, uint32_t pool, bool held)
{
	const struct finding *finding = &f->pools[pool];
	return finding->verdict.severity != SEVERITY_NORMAL || f->tally->pools[pool].target != 0 ||
	       (held && finding->hold.severity != SEVERITY_NORMAL);
}

/* The numbers of all pools, and which of them are shown, into `order`; returns how many are. */
static uint32_t
look_through(struct namespace_view *view, const struct findings *f, struct ranked *order, bool held)
{
	struct ranked worst = {f, 0};
	uint32_t shown = 0;
	view->all_pools = f->tally->pool_count;
	view->least_remaining = f->tally->range.capacity;
	view->uncertain = f->tally->range.uncertain;
	for (uint32_t i = 0; i < f->tally->pool_count; i++) {
		const struct usage *u = &f->tally->pools[i].usage;
		const struct ranked this = {f, i};
		if (u->remaining < view->least_remaining || i == 0) {
			view->least_remaining = u->remaining;
			view->uncertain = u->uncertain;
		}
		if (u->used > view->most_used)
			view->most_used = u->used;
		if (u->percent > view->percent)
			view->percent = u->percent;
		if (compare_pools(&this, &worst) < 0)
			worst = this;
		if (is_shown(f, i, held))
			order[shown++] = this;
	}
	if (f->tally->pool_count > 0)
		name_worst(view, &f->tally->pools[worst.pool]);
	return shown;
}

/* A setting of the kernel is one of that namespace: typed here it would do nothing there. That
 * stands before it, so that neither is shown without the other however short the text becomes; what
 * does not fit beside it is left out. */
static void
say_where(const struct namespace_view *view, char message[static ADVICE_MAX])
{
	char way[NAMESPACES_WAY_MAX], where[NAMESPACES_WAY_MAX + 32];
	size_t length = strlen(message);
	if (strstr(message, " net.ipv4.") == NULL)
		return;
	size_t room = (size_t)snprintf(where, sizeof(where), "in there (nsenter %s) ",
				       namespaces_way(view->row, way));
	length = sentence_shorten(message, length, message, ADVICE_MAX - 1 - room);
	message[length] = '\0';
	char *at = strstr(message, " net.ipv4.");
	if (at == NULL)
		return;
	while (at > message && at[-1] != ' ') /* what to do with it */
		at--;
	memmove(at + room, at, strlen(at) + 1);
	memcpy(at, where, room);
}

/* Between its levels an alarm may go on: then too it is said what to do. */
static void
put_pool(const struct scene *scene, uint32_t i, char message[static ADVICE_MAX])
{
	const struct finding *f = &scene->findings->pools[i];
	const struct standing s = {.subject.kind = ALARM_POOL, .row = i, .measured = f->hold};
	if (f->verdict.severity == SEVERITY_NORMAL && f->hold.severity != SEVERITY_NORMAL)
		advice_alarm(scene, &s, message);
	else
		advice_pool(scene, i, message);
}

static bool
take_pools(struct namespace_view *view, const struct scene *scene, bool held)
{
	const struct findings *f = scene->findings;
	struct ranked *order = array_new(f->tally->pool_count, sizeof(*order));
	if (order == NULL)
		return false;
	uint32_t shown = look_through(view, f, order, held);
	qsort(order, shown, sizeof(*order), compare_pools);
	uint32_t count = shown < NAMESPACE_POOLS_MAX ? shown : NAMESPACE_POOLS_MAX;
	view->pools = array_new(count, sizeof(*view->pools));
	for (uint32_t i = 0; view->pools != NULL && i < count; i++) {
		struct namespace_pool *pool = &view->pools[i];
		pool->tally = f->tally->pools[order[i].pool];
		pool->finding = f->pools[order[i].pool];
		put_pool(scene, order[i].pool, pool->message);
		say_where(view, pool->message);
	}
	view->pool_count = count;
	view->pools_omitted = shown - count;
	free(order);
	return view->pools != NULL;
}

static bool
is_above(enum severity severity, const struct readings *read, bool held)
{
	return severity != SEVERITY_NORMAL || (held && read->hold.severity != SEVERITY_NORMAL);
}

static bool
has_binders(const struct namespace_view *view, const struct addr *address)
{
	for (uint32_t i = 0; i < view->binder_count; i++)
		if (addr_equal(&view->binders[i], address))
			return true;
	return false;
}

static void
add_binders(struct namespace_view *view, const struct addr *address)
{
	if (view->binder_count < NAMESPACE_BINDERS_MAX && !has_binders(view, address))
		view->binders[view->binder_count++] = *address;
}

void
namespace_view_remember(struct namespace_view *view, const struct namespace_view *before,
			const struct level_band *local)
{
	for (uint32_t i = 0; i < before->binder_count; i++)
		add_binders(view, &before->binders[i]);
	for (uint32_t i = 0; i < view->local_count; i++) {
		struct namespace_local *of = &view->locals[i];
		const struct local_tally *row = &of->row;
		if (of->read.raise.severity != SEVERITY_NORMAL || !has_binders(view, &row->address))
			continue;
		of->read.raise.severity =
		    severity_of(&local->raise, row->remaining, row->used + row->remaining, 0);
		if (of->read.raise.severity != SEVERITY_NORMAL)
			of->read.raise.cause = CAUSE_SMALL_RANGE;
	}
}

static bool
take_locals(struct namespace_view *view, const struct scene *scene, bool held)
{
	const struct findings *f = scene->findings;
	const struct tally *tally = f->tally;
	uint32_t room =
	    tally->local_count < NAMESPACE_POOLS_MAX ? tally->local_count : NAMESPACE_POOLS_MAX;
	view->locals = array_new(room, sizeof(*view->locals));
	for (uint32_t i = 0; view->locals != NULL && i < tally->local_count; i++) {
		const struct readings *read = &f->local_read[i];
		if (tally->locals[i].binders)
			add_binders(view, &tally->locals[i].address);
		if (view->local_count == room || !is_above(f->locals[i], read, held))
			continue;
		struct namespace_local *of = &view->locals[view->local_count++];
		of->row = tally->locals[i];
		of->severity = f->locals[i];
		of->read = *read;
		advice_local(&tally->range, tally->reserve, of->row.remaining,
			     severity_worse(of->severity, read->hold.severity), of->message);
		say_where(view, of->message);
	}
	return view->locals != NULL;
}

static bool
take_udp(struct namespace_view *view, const struct scene *scene, bool held)
{
	const struct findings *f = scene->findings;
	const struct udp_tally *udp = &f->tally->udp;
	view->udp_available = udp->available;
	view->udp = array_new(udp->count, sizeof(*view->udp));
	for (uint32_t i = 0; view->udp != NULL && i < udp->count; i++) {
		struct namespace_udp *of = &view->udp[view->udp_count];
		if (!is_above(f->udp[i].severity, &f->udp_read[i], held))
			continue;
		of->row = udp->rows[i];
		of->verdict = f->udp[i];
		of->read = f->udp_read[i];
		of->alarmed = i < UDP_WILDCARDS && of->row.capacity > 0;
		advice_udp(scene, i, of->message);
		say_where(view, of->message);
		view->udp_count++;
	}
	return view->udp != NULL;
}

static void
take_target(struct namespace_view *view, const struct scene *scene, uint32_t i)
{
	const struct findings *f = scene->findings;
	const struct finding *found = &f->targets[i];
	struct namespace_target *t = &view->targets[view->target_count++];
	struct standing s = {.subject.kind = ALARM_TARGET, .row = i, .measured = found->raise};
	if (found->raise.severity == SEVERITY_NORMAL)
		s.measured = found->hold;
	t->tally = f->tally->targets[i];
	t->target = *t->tally.target;
	t->tally.target = NULL;
	t->position = i;
	t->raise = found->raise;
	t->hold = found->hold;
	advice_alarm(scene, &s, t->message);
	say_where(view, t->message);
}

/* Those that are not well come first, should there be very many. */
static bool
take_targets(struct namespace_view *view, const struct scene *scene)
{
	const struct findings *f = scene->findings;
	uint32_t count = 0;
	for (uint32_t i = 0; i < f->tally->target_count; i++)
		count += f->tally->targets[i].pools > 0;
	uint32_t room = count < NAMESPACE_POOLS_MAX ? count : NAMESPACE_POOLS_MAX;
	view->targets = array_new(room, sizeof(*view->targets));
	view->targets_omitted = count - room;
	for (unsigned well = 0; view->targets != NULL && well < 2; well++)
		for (uint32_t i = 0; i < f->tally->target_count && view->target_count < room; i++)
			if (f->tally->targets[i].pools > 0 &&
			    (f->targets[i].hold.severity == SEVERITY_NORMAL) == (well == 1))
				take_target(view, scene, i);
	return view->targets != NULL;
}

/* Of whatever it is that is worst: the sentence of the system does not speak of all. */
static void
judge(struct namespace_view *view, const struct scene *scene)
{
	const struct findings *f = scene->findings;
	const struct standing *worst = NULL;
	uint32_t udp = 0;
	for (uint32_t i = 0; i < f->standing_count; i++)
		if (worst == NULL || f->standings[i].verdict.severity > worst->verdict.severity)
			worst = &f->standings[i];
	for (uint32_t i = 1; i < view->udp_count; i++)
		if (view->udp[i].verdict.severity > view->udp[udp].verdict.severity)
			udp = i;
	view->severity = worst != NULL ? worst->verdict.severity : SEVERITY_NORMAL;
	view->cause = worst != NULL ? worst->verdict.cause : CAUSE_NONE;
	bool by_udp = view->udp_count > 0 && view->udp[udp].verdict.severity > view->severity;
	if (by_udp) {
		view->severity = view->udp[udp].verdict.severity;
		view->cause = view->udp[udp].verdict.cause;
		memcpy(view->message, view->udp[udp].message, sizeof(view->message));
		return;
	}
	bool by_row = worst == NULL || worst->subject.kind == ALARM_POOL ||
		      worst->subject.kind == ALARM_PEER || worst->subject.kind == ALARM_TARGET;
	if (by_row)
		advice_system(scene, view->message);
	else
		advice_alarm(scene, worst, view->message);
}

/* As far as it is known how many they are, they are in `uncertain`. What is to be done counts more
 * than why the row is not exact. */
static void
find_unlisted(struct namespace_view *view, const struct findings *findings)
{
	static const char whole[] =
	    "; not exact: bound idle sockets are not listed, and may hold some";
	static const char part[] = "; not exact";
	const struct range_tally *range = &findings->tally->range;
	size_t length = strlen(view->message);
	view->unlisted = (findings->features >> FEATURE_BOUND_IDLE & 1) == 0 &&
			 (!range->idle_counted || range->elsewhere > 0);
	if (!view->unlisted)
		return;
	bool fits = length + sizeof(whole) <= sizeof(view->message);
	if (!fits)
		length = sentence_shorten(view->message, length, view->message,
					  sizeof(view->message) - sizeof(part));
	strcpy(view->message + length, fits ? whole : part);
}

bool
namespace_view_exact(struct namespace_view *view, const struct namespace_row *row,
		     const struct findings *findings, const struct owner_list *owners, bool held)
{
	const struct range_tally *range = &findings->tally->range;
	const struct scene scene = {
	    .findings = findings, .owners = owners, .surveyed = owners != NULL};
	view->row = row;
	view->named = owners != NULL;
	view->knowledge = NAMESPACE_EXACT;
	view->range = range->range;
	view->offered = range->size - range->reserved - range->skipped;
	view->reserved = range->reserved;
	view->capacity = range->capacity;
	view->nearness = findings->nearness;
	if (!take_pools(view, &scene, held) || !take_udp(view, &scene, held) ||
	    !take_locals(view, &scene, held) || !take_targets(view, &scene))
		return false;
	judge(view, &scene);
	say_where(view, view->message);
	find_unlisted(view, findings);
	return true;
}

void
namespace_view_hide(struct namespace_view *view)
{
	static const char words[] = "as it was when it was counted last";
	memcpy(view->message, words, sizeof(words));
	for (uint32_t i = 0; i < view->pool_count; i++)
		memcpy(view->pools[i].message, words, sizeof(words));
	for (uint32_t i = 0; i < view->udp_count; i++)
		memcpy(view->udp[i].message, words, sizeof(words));
	for (uint32_t i = 0; i < view->target_count; i++)
		memcpy(view->targets[i].message, words, sizeof(words));
	view->named = false;
}

static unsigned
rank(enum severity severity)
{
	static const unsigned of[] = {[SEVERITY_NORMAL] = 0,
				      [SEVERITY_UNKNOWN] = 1,
				      [SEVERITY_WARNING] = 2,
				      [SEVERITY_CRITICAL] = 3};
	return of[severity];
}

int
namespace_view_compare(const void *left, const void *right)
{
	const struct namespace_view *a = left, *b = right;
	unsigned x = rank(a->severity), y = rank(b->severity);
	if (x != y)
		return x < y ? 1 : -1;
	if (a->nearness != b->nearness)
		return a->nearness < b->nearness ? 1 : -1;
	return (a->row > b->row) - (a->row < b->row);
}

void
namespace_view_free(struct namespace_view *view)
{
	free(view->pools);
	free(view->udp);
	free(view->locals);
	free(view->targets);
	*view = (struct namespace_view){.row = NULL};
}
