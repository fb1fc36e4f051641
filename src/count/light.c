/* SPDX-License-Identifier: ISC */
#include "count/light.h"

#include <stdlib.h>
#include <string.h>

/* Many sockets have come that may be bound and idle. */
static bool
has_jumped(const struct light *light, const struct settings *settings,
	   const struct light_moment *moment)
{
	uint32_t size = range_size(&settings->range);
	return light->outside >= 0 && moment->outside > light->outside &&
	       (moment->outside - light->outside) * LIGHT_JUMP >= size &&
	       moment->now_ms - light->full_ms >= LIGHT_JUMP_MS;
}

static void
plan_full(struct light *light, const struct settings *settings, const struct light_moment *moment)
{
	light->valid = false;
	light->age = 0;
	light->range = settings->range;
	light->full_ms = moment->now_ms;
	light->outside = moment->outside;
}

struct diag_plan
light_plan(struct light *light, const struct settings *settings, const struct light_moment *moment)
{
	struct diag_plan plan = {.range = settings->range};
	bool same_range =
	    light->range.low == settings->range.low && light->range.high == settings->range.high;
	bool fresh = light->valid && same_range && light->age < LIGHT_POLLS &&
		     moment->now_ms - light->full_ms < LIGHT_MS;
	plan.light = fresh && !moment->urgent && moment->sockets >= LIGHT_FROM &&
		     !has_jumped(light, settings, moment);
	if (!same_range)
		light->alone = 0;
	if (!plan.light) {
		plan.alone = light->alone >= LIGHT_ALONE_FROM;
		plan_full(light, settings, moment);
		return plan;
	}
	light->age++;
	plan.without_count = light->server_count;
	for (unsigned i = 0; i < light->server_count; i++)
		plan.without[i] = light->servers[i].port;
	return plan;
}

void
light_check(struct light *light, const struct census *census)
{
	if (portset_count_andnot(&light->listening, &census->listening) > 0)
		light->valid = false;
	light->listening = census->listening;
}

bool
light_patch(const struct light *light, struct census *census)
{
	census->carried = true;
	portset_or(&census->given, &light->given);
	portset_or(&census->bound, &light->given);
	portset_or(&census->any, &light->given);
	portset_or(&census->wild4, &light->wild4);
	portset_or(&census->wild6, &light->wild6);
	for (uint32_t i = 0; i < light->hold_count; i++)
		if (!census_hold(census, &light->holds[i].local, light->holds[i].port))
			return false;
	for (unsigned i = 0; i < light->server_count; i++) {
		for (unsigned state = 1; state < STATE_MAX; state++)
			census->totals.of[state] += light->servers[i].states.of[state];
		portset_add(&census->any, light->servers[i].port);
		inbound_take(&census->inbound, &light->servers[i]);
	}
	low_ports_merge(&census->low, &light->low_idle);
	census->totals.of[STATE_CLOSE] += light->idle;
	census->sockets += light_sockets(light);
	return true;
}

void
light_keep(struct light *light, struct census *census)
{
	light->given = census->given;
	light->wild4 = census->wild4;
	light->wild6 = census->wild6;
	light->listening = census->listening;
	free(light->holds);
	light->holds = census->holds;
	light->hold_count = census->hold_count;
	census->holds = NULL;
	census->hold_count = census->hold_room = 0;
	light->server_count = 0;
	for (unsigned i = 0; i < census->inbound.server_count; i++)
		if (tcp_state_sum(&census->inbound.servers[i].states) >= LIGHT_PORT_FROM)
			light->servers[light->server_count++] = census->inbound.servers[i];
	light->low_idle = census->low_idle;
	light->idle = census->totals.of[STATE_CLOSE];
	light->alone = census->full ? 0 : light->alone + (light->alone < LIGHT_ALONE_FROM);
	light->valid = true;
}

/* Of the last answer not much can have changed. */
static bool
is_udp_fresh(const struct light *light, const struct settings *settings,
	     const struct light_moment *moment)
{
	const struct port_range *then = &light->udp_settings.range, *now = &settings->range;
	if (!light->udp.available || light->udp.sockets < LIGHT_UDP_FROM || moment->urgent ||
	    light->udp_age >= LIGHT_POLLS || moment->now_ms - light->udp_ms >= LIGHT_MS)
		return false;
	if (then->low != now->low || then->high != now->high ||
	    memcmp(&light->udp_settings.reserved, &settings->reserved,
		   sizeof(settings->reserved)) != 0)
		return false;
	if (light->udp_sockets < 0 || moment->udp < 0)
		return false;
	int64_t grown = moment->udp - light->udp_sockets;
	return grown <= 0 || grown * LIGHT_UDP_JUMP < light->udp_left;
}

bool
light_plan_udp(struct light *light, const struct settings *settings,
	       const struct light_moment *moment)
{
	bool fresh = is_udp_fresh(light, settings, moment);
	if (fresh)
		light->udp_age++;
	else
		udp_none(&light->udp, "");
	return fresh;
}

void
light_lend_udp(struct light *light, struct udp_census *to)
{
	udp_none(to, "");
	*to = light->udp;
	memset(&light->udp, 0, sizeof(light->udp));
}

void
light_return_udp(struct light *light, struct udp_census *from)
{
	udp_none(&light->udp, "");
	light->udp = *from;
	memset(from, 0, sizeof(*from));
}

void
light_keep_udp(struct light *light, struct census *census, const struct udp_tally *tally,
	       int64_t udp, uint64_t now_ms)
{
	light_return_udp(light, &census->udp_held);
	light->udp_settings = census->settings;
	light->udp_sockets = udp;
	light->udp_ms = now_ms;
	light->udp_age = 0;
	light->udp_left = UINT32_MAX;
	for (uint32_t i = 0; i < UDP_WILDCARDS && i < tally->count; i++) {
		uint32_t left = tally->rows[i].remaining - tally->rows[i].uncertain;
		if (left < light->udp_left)
			light->udp_left = left;
	}
}

uint32_t
light_sockets(const struct light *light)
{
	uint32_t sum = light->idle;
	for (unsigned i = 0; i < light->server_count; i++)
		sum += tcp_state_sum(&light->servers[i].states);
	return sum;
}

void
light_free(struct light *light)
{
	free(light->holds);
	udp_none(&light->udp, "");
	memset(light, 0, sizeof(*light));
}
