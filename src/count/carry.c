/* SPDX-License-Identifier: ISC */
#include "count/carry.h"

#include "base/array.h"
#include "count/census.h"

#include <stdlib.h>
#include <string.h>

void
carry_plan(struct carry *carry, const struct settings *settings, uint64_t sockets, bool urgent)
{
	bool same_range =
	    carry->range.low == settings->range.low && carry->range.high == settings->range.high;
	carry->light = carry->valid && same_range && !urgent && sockets >= CARRY_FROM &&
		       carry->age < CARRY_POLLS;
	if (carry->light) {
		carry->age++;
		return;
	}
	carry->valid = false;
	carry->age = 0;
	carry->range = settings->range;
	carry->hold_count = 0;
	carry->port_count = 0;
}

bool
carry_apply(const struct carry *carry, struct census *census)
{
	census->bound = carry->bound;
	census->wild4 = carry->wild4;
	census->wild6 = carry->wild6;
	portset_or(&census->any, &carry->bound);
	for (uint32_t i = 0; i < carry->hold_count; i++)
		if (!census_hold(census, &carry->holds[i].local, carry->holds[i].port))
			return false;
	for (unsigned i = 0; i < carry->port_count; i++) {
		for (unsigned state = 1; state < STATE_MAX; state++)
			census->totals.of[state] += carry->ports[i].states.of[state];
		portset_add(&census->any, carry->ports[i].port);
	}
	census->totals.of[STATE_CLOSE] += carry->idle;
	census->inbound += carry_sockets(carry) - carry->idle;
	census->sockets += carry_sockets(carry);
	return true;
}

bool
carry_hold(struct carry *carry, const struct addr *local, uint16_t port)
{
	struct carry_hold *holds =
	    array_grow(carry->holds, carry->hold_count, &carry->hold_room, sizeof(*holds));
	if (holds == NULL)
		return false;
	carry->holds = holds;
	carry->holds[carry->hold_count++] = (struct carry_hold){*local, port};
	return true;
}

void
carry_keep_blocked(struct carry *carry, const struct census *census)
{
	carry->bound = census->bound;
	carry->wild4 = census->wild4;
	carry->wild6 = census->wild6;
}

void
carry_keep_inbound(struct carry *carry, const struct census *census)
{
	for (unsigned i = 0; i < census->server_count; i++)
		if (tcp_state_sum(&census->servers[i].states) >= CARRY_PORT_FROM)
			carry->ports[carry->port_count++] = census->servers[i];
	carry->idle = census->totals.of[STATE_CLOSE];
	carry->valid = true;
}

uint32_t
carry_sockets(const struct carry *carry)
{
	uint32_t sum = carry->light ? carry->idle : 0;
	for (unsigned i = 0; carry->light && i < carry->port_count; i++)
		sum += tcp_state_sum(&carry->ports[i].states);
	return sum;
}

void
carry_free(struct carry *carry)
{
	free(carry->holds);
	memset(carry, 0, sizeof(*carry));
}
