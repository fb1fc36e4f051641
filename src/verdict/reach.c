/* SPDX-License-Identifier: ISC */
#include "verdict/reach.h"

static uint32_t
left_of(uint32_t offered, int64_t sockets)
{
	return sockets < offered ? offered - (uint32_t)sockets : 0;
}

bool
reach_any(const struct config *config, const struct reach *r)
{
	const struct level_band *bands[] = {&config->levels, &config->local, &config->host,
					    &config->inbound};
	if (r->connections < 0 || r->tcp < 0 || r->udp < 0)
		return true;
	uint32_t left = left_of(r->offered, r->tcp);
	uint32_t leaked = r->connections < UINT32_MAX ? (uint32_t)r->connections : UINT32_MAX;
	for (unsigned i = 0; i < sizeof(bands) / sizeof(bands[0]); i++)
		if (severity_of(&bands[i]->raise, left, r->offered, leaked) != SEVERITY_NORMAL)
			return true;
	for (uint32_t t = 0; t < config->target_count; t++)
		if (severity_of(&config->targets[t].levels.raise, left, r->offered, leaked) !=
		    SEVERITY_NORMAL)
			return true;
	return severity_of(&config->udp.raise, left_of(r->offered, r->udp), r->offered, 0) !=
	       SEVERITY_NORMAL;
}
