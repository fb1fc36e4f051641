/* SPDX-License-Identifier: ISC */
#include "daemon/nat_holder.h"

#include "base/array.h"
#include "base/ranking.h"
#include "kernel/local_addresses.h"
#include "owners/namespaces.h"

#include <stdio.h>
#include <stdlib.h>

_Static_assert(NAT_BEHIND_MAX >= NAMESPACE_NAME_MAX, "names of namespaces have room");

/* An address that is asked about. */
struct asked {
	struct addr address;
	uint32_t row; /* of the namespace that has it; LOOKUP_NONE = none has */
	bool several;
};

struct asking {
	struct asked of[NAT_HOLDER_MAX];
	unsigned count;
	uint32_t row; /* that is looked at */
};

static struct asked *
find(struct asking *a, const struct addr *address)
{
	for (unsigned i = 0; i < a->count; i++)
		if (addr_equal(&a->of[i].address, address))
			return &a->of[i];
	return NULL;
}

/* The smaller, the sooner it is asked about. */
static uint64_t
rank_of(const struct nat_pool *pool)
{
	return (uint64_t)(UINT32_MAX - pool->lost_ppm) << 8 | (255 - (uint8_t)pool->usage.percent);
}

/* False if there was no memory for it. */
static bool
choose(const struct nat_census *census, struct asking *a)
{
	struct candidate *candidates = array_new(census->count, sizeof(*candidates));
	uint32_t count = 0;
	if (candidates == NULL)
		return false;
	for (uint32_t i = 0; i < census->count; i++)
		if (census->pools[i].holder_entries > 0)
			candidates[count++] = (struct candidate){rank_of(&census->pools[i]), i};
	count = ranking_first(candidates, count, NAT_HOLDER_MAX);
	for (uint32_t i = 0; i < count; i++) {
		const struct addr *holder = &census->pools[candidates[i].position].holder;
		if (find(a, holder) == NULL)
			a->of[a->count++] = (struct asked){.address = *holder, .row = LOOKUP_NONE};
	}
	free(candidates);
	return true;
}

/* A local_addresses_take. */
static void
note(void *arg, const struct addr *address)
{
	struct asking *a = arg;
	struct asked *asked = find(a, address);
	if (asked == NULL || asked->row == a->row)
		return;
	asked->several = asked->row != LOOKUP_NONE;
	asked->row = a->row;
}

/* The names that were found go to every pool of that holder. */
static void
tell(struct nat_census *census, const struct asking *a, const struct namespaces *found)
{
	census->behind = calloc(NAT_HOLDER_MAX, sizeof(*census->behind));
	for (unsigned i = 0; census->behind != NULL && i < a->count; i++)
		if (a->of[i].row != LOOKUP_NONE && !a->of[i].several)
			snprintf(census->behind[i], sizeof(census->behind[i]), "%s",
				 found->rows[a->of[i].row].name);
	for (uint32_t p = 0; census->behind != NULL && p < census->count; p++)
		for (unsigned i = 0; i < a->count; i++)
			if (census->behind[i][0] != '\0' &&
			    addr_equal(&a->of[i].address, &census->pools[p].holder))
				census->pools[p].behind = census->behind[i];
}

void
nat_holder_name(struct nat_census *census, const struct procfile_source *source,
		const struct config *config)
{
	struct asking asking = {.count = 0};
	struct namespaces found;
	struct procfile_source quiet = *source;
	quiet.record = NULL;
	quiet.kept = NULL;
	nat_holder_hide(census);
	if (!choose(census, &asking) || asking.count == 0 ||
	    !namespaces_find(&quiet, NAMESPACES_RUN, config, NULL, NULL, &found))
		return;
	for (uint32_t i = 0; i < found.count; i++) {
		asking.row = i;
		local_addresses_read(&quiet, found.rows[i].process, note, &asking);
	}
	tell(census, &asking, &found);
	namespaces_free(&found);
}

void
nat_holder_hide(struct nat_census *census)
{
	for (uint32_t i = 0; census->behind != NULL && i < census->count; i++)
		census->pools[i].behind = NULL;
	free(census->behind);
	census->behind = NULL;
}
