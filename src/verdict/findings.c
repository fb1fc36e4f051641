/* SPDX-License-Identifier: ISC */
#include "verdict/findings.h"

#include "base/array.h"

#include <stdlib.h>

static const struct verdict normal = {SEVERITY_NORMAL, CAUSE_NONE};

static void
fill(struct finding *rows, uint32_t count, const struct outlook *outlook,
     const struct failure_mark *failed)
{
	static const struct failure_mark none = {0};
	for (uint32_t i = 0; i < count; i++)
		rows[i] = (struct finding){normal, outlook[i], failed != NULL ? failed[i] : none,
					   normal, normal};
}

/* The rows of targets with what other namespaces have. */
static bool
sum_targets(struct findings *f, const struct tally *tally)
{
	uint32_t count = tally->target_count;
	if (f->spaces.target_count == 0)
		return true;
	f->target_sums = array_new(count, sizeof(*f->target_sums));
	f->deciders = array_new(count, sizeof(const struct space_target *));
	if (f->target_sums == NULL || f->deciders == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
		f->target_sums[i] = tally->targets[i];
	target_spaces_sum(f->spaces.targets, f->spaces.target_count, f->target_sums, f->deciders);
	return true;
}

const struct target_tally *
findings_targets(const struct findings *f)
{
	return f->target_sums != NULL ? f->target_sums : f->tally->targets;
}

const struct space_target *
findings_decider(const struct findings *f, uint32_t target)
{
	return f->deciders != NULL ? f->deciders[target] : NULL;
}

struct findings *
findings_new(const struct evidence *e)
{
	const struct tally *tally = e->tally;
	struct findings *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->pools = array_new((size_t)tally->pool_count + tally->peer_count + tally->target_count,
			     sizeof(*f->pools));
	f->locals = array_new(tally->local_count, sizeof(*f->locals));
	f->udp = array_new(tally->udp.count, sizeof(*f->udp));
	f->nat = e->nat != NULL ? *e->nat : (struct nat_state){.reason = "not looked at"};
	f->nat_pools =
	    array_new(f->nat.census != NULL ? f->nat.census->count : 0, sizeof(*f->nat_pools));
	if (e->spaces != NULL)
		f->spaces = *e->spaces;
	f->space_found = array_new(f->spaces.count, sizeof(*f->space_found));
	f->ports_found = array_new(f->spaces.port_count, sizeof(*f->ports_found));
	f->local_read = array_new(tally->local_count, sizeof(*f->local_read));
	f->udp_read = array_new(tally->udp.count, sizeof(*f->udp_read));
	if (f->pools == NULL || f->locals == NULL || f->udp == NULL || f->nat_pools == NULL ||
	    f->space_found == NULL || f->ports_found == NULL || f->local_read == NULL ||
	    f->udp_read == NULL || !sum_targets(f, tally)) {
		findings_free(f);
		return NULL;
	}
	f->peers = f->pools + tally->pool_count;
	f->targets = f->peers + tally->peer_count;
	fill(f->pools, tally->pool_count, e->outlooks->pools, e->marks ? e->marks->pools : NULL);
	fill(f->peers, tally->peer_count, e->outlooks->peers, e->marks ? e->marks->peers : NULL);
	fill(f->targets, tally->target_count, e->outlooks->targets,
	     e->marks ? e->marks->targets : NULL);
	for (uint32_t i = 0; i < tally->local_count; i++)
		f->locals[i] = SEVERITY_NORMAL;
	f->tally = tally;
	f->host = *e->host;
	source_left_count(&f->host.sources, e->tally, &f->sources);
	f->limits.severity = SEVERITY_NORMAL;
	f->features = tally->features;
	f->growth = e->outlooks->growth;
	f->failure_log = e->failure_log;
	if (e->failures != NULL)
		f->failures = *e->failures;
	if (f->failures.available)
		f->features |= UINT32_C(1) << FEATURE_FAILURES;
	if (tally->udp.available)
		f->features |= UINT32_C(1) << FEATURE_UDP;
	return f;
}

uint32_t
findings_worst_udp(const struct findings *f)
{
	const struct udp_tally *udp = &f->tally->udp;
	if (!udp->available || udp->rows[0].capacity == 0)
		return LOOKUP_NONE;
	return f->udp[1].severity > f->udp[0].severity ? 1 : 0;
}

bool
findings_nat_alarmed(const struct findings *f)
{
	for (uint32_t i = 0; f->nat.census != NULL && i < f->nat.census->count; i++)
		if (f->nat_pools[i].severity != SEVERITY_NORMAL)
			return true;
	return false;
}

void
findings_free(struct findings *f)
{
	if (f == NULL)
		return;
	free(f->pools);
	free(f->locals);
	free(f->udp);
	free(f->nat_pools);
	free(f->space_found);
	free(f->ports_found);
	free(f->local_read);
	free(f->udp_read);
	free(f->target_sums);
	free(f->deciders);
	free(f->standings);
	free(f);
}
