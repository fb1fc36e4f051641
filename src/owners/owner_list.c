/* SPDX-License-Identifier: ISC */
#include "owners/owner_list.h"

#include "base/sentence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
owner_list_free(struct owner_list *list)
{
	if (list == NULL)
		return;
	free(list->owners);
	free(list);
}

#define QUOTED_MAX(name) (sizeof(name) + 2)

/* pid 812 "java", pid 812 */
static void
put_process(const struct owner *owner, char *out, size_t room)
{
	char name[QUOTED_MAX(owner->process)] = "";
	bool named = owner->process[0] != '\0';
	snprintf(out, room, "pid %" PRIu32 "%s%s", owner->pid, named ? " " : "",
		 named ? quoted_text(owner->process, name, sizeof(name)) : "");
}

static void
put_words(const struct owner *owner, uint32_t processes, char *out, size_t room)
{
	char process[PROCESS_NAME_MAX + 20], unit[QUOTED_MAX(owner->unit)],
	    name[QUOTED_MAX(owner->process)];
	put_process(owner, process, sizeof(process));
	quoted_text(owner->unit, unit, sizeof(unit));
	bool has_unit = owner->unit[0] != '\0';
	if (owner->kind == OWNER_NOBODY)
		snprintf(out, room, "the kernel");
	else if (owner->kind == OWNER_GROUP && has_unit)
		snprintf(out, room, "%s (uid %" PRIu32 ")", unit, owner->uid);
	else if (owner->kind == OWNER_GROUP)
		snprintf(out, room, "uid %" PRIu32, owner->uid);
	else if (processes > 1)
		snprintf(out, room, "%s (%" PRIu32 " processes, the first is %s)",
			 has_unit ? unit : "one cgroup", processes, process);
	else if (has_unit)
		snprintf(out, room, "%s (%s)", unit, process);
	else if (owner->process[0] != '\0')
		snprintf(out, room, "%s (pid %" PRIu32 ")",
			 quoted_text(owner->process, name, sizeof(name)), owner->pid);
	else
		snprintf(out, room, "%s", process);
}

const char *
owner_text(const struct owner *owner, char buf[static OWNER_TEXT_MAX])
{
	put_words(owner, 1, buf, OWNER_TEXT_MAX);
	return buf;
}

static bool
is_asked_for(const struct owner_pool *pool, const struct owner_question *q)
{
	if (q->port != 0 && q->port != pool->port)
		return false;
	if (q->local != NULL && !addr_equal(q->local, &pool->local))
		return false;
	if (q->target != NULL && !target_matches(q->target, &pool->peer, pool->port))
		return false;
	return q->peer == NULL || addr_equal(q->peer, &pool->peer);
}

/* What is to be gone through, by position, as far as it is asked for; NULL = not that one. */
static uint32_t
pools_of(const struct owner_list *list, const struct owner_question *q)
{
	if (list == NULL)
		return 0;
	return q->server ? 1 : q->udp > 0 ? q->udp : list->pool_count;
}

static const struct owner_pool *
asked_pool(const struct owner_list *list, const struct owner_question *q, uint32_t p)
{
	if (q->server)
		return list->server.port == q->port ? &list->server : NULL;
	if (q->udp > 0)
		return &list->udp[p];
	return is_asked_for(&list->pools[p], q) ? &list->pools[p] : NULL;
}

static uint32_t
weight_of(const struct owner *owner, const struct owner_question *q)
{
	return q->close_wait ? owner->close_wait : owner->connections;
}

/* One owner over all pools that were asked for. */
struct holder {
	const struct owner *first; /* the one with the most of them */
	uint32_t first_weight, weight;
};

#define HOLDERS_MAX 64

/* Processes of one cgroup belong together, but for the root, where everything may be. */
static bool
is_same(const struct owner *a, const struct owner *b)
{
	if (a->kind == OWNER_PROCESS && b->kind == OWNER_PROCESS && a->pid == b->pid)
		return true;
	return a->cgroup != 0 && a->cgroup == b->cgroup && a->unit[0] != '\0';
}

static void
count(struct holder *holders, uint32_t *holder_count, const struct owner *owner, uint32_t weight)
{
	uint32_t i = 0;
	while (i < *holder_count && !is_same(holders[i].first, owner))
		i++;
	if (i == HOLDERS_MAX || weight == 0)
		return;
	if (i == *holder_count) {
		holders[i] = (struct holder){.first = owner};
		(*holder_count)++;
	}
	struct holder *holder = &holders[i];
	holder->weight += weight;
	if (weight > holder->first_weight) {
		holder->first = owner;
		holder->first_weight = weight;
	}
}

/* Different processes that are the same owner as `first`. */
static uint32_t
count_processes(const struct owner_list *list, const struct owner_question *question,
		const struct owner *first)
{
	uint32_t seen[OWNER_POOLS_MAX * OWNER_ROWS_MAX], count = 0;
	for (uint32_t p = 0; p < pools_of(list, question); p++) {
		const struct owner_pool *pool = asked_pool(list, question, p);
		for (uint32_t i = 0; pool != NULL && i < pool->count; i++) {
			const struct owner *owner = &list->owners[pool->first + i];
			if (owner->kind != OWNER_PROCESS || !is_same(first, owner) ||
			    weight_of(owner, question) == 0)
				continue;
			uint32_t k = 0;
			while (k < count && seen[k] != owner->pid)
				k++;
			if (k == count)
				seen[count++] = owner->pid;
		}
	}
	return count;
}

const char *
owner_holder(const struct owner_list *list, const struct owner_question *question,
	     char buf[static OWNER_TEXT_MAX])
{
	struct holder holders[HOLDERS_MAX];
	uint32_t holder_count = 0, nobody = 0, all = 0;
	buf[0] = '\0';
	for (uint32_t p = 0; p < pools_of(list, question); p++) {
		const struct owner_pool *pool = asked_pool(list, question, p);
		for (uint32_t i = 0; pool != NULL && i < pool->count; i++) {
			const struct owner *owner = &list->owners[pool->first + i];
			uint32_t weight = weight_of(owner, question);
			if (owner->kind == OWNER_NOBODY) {
				nobody += weight;
			} else {
				all += weight;
				count(holders, &holder_count, owner, weight);
			}
		}
	}
	const struct holder *most = NULL;
	for (uint32_t i = 0; i < holder_count; i++)
		if (most == NULL || holders[i].weight > most->weight)
			most = &holders[i];
	if (most == NULL || nobody > all)
		return buf;
	/* A user is nobody to restart. */
	size_t at = 0;
	if (most->first->kind == OWNER_GROUP && most->first->unit[0] == '\0')
		at = (size_t)snprintf(buf, OWNER_TEXT_MAX, "a process of ");
	put_words(most->first, count_processes(list, question, most->first), buf + at,
		  OWNER_TEXT_MAX - at);
	return buf;
}
