/* SPDX-License-Identifier: ISC */
/*
 * light: what a full poll found and the light polls after it need not ask for again. Pure.
 *
 * On a host with very many sockets most of a poll goes into walks that rarely find anything new:
 * bound idle sockets, explicit binds, and the inbound connections of server ports outside the
 * range, of which only the number matters. A light poll leaves these out and takes over the last
 * full poll's answer, for LIGHT_POLLS polls at most, and never while a pool is near its level: then
 * every poll is full.
 *
 * On any host: where full polls have seen no connection whose port bind() may have been given, the
 * next one does not ask which those are. If it then meets one, it must be begun anew.
 */
#ifndef SRCPORTD_LIGHT_H
#define SRCPORTD_LIGHT_H

#include "count/census.h"

/* Light polls after a full one. */
#define LIGHT_POLLS 5

/* Sockets from which light polls are made at all: below, a full poll costs some milliseconds. */
#define LIGHT_FROM 50000

/* Inbound connections from which a server port is left out of light polls. */
#define LIGHT_PORT_FROM 5000

/* Full polls without such a connection, one after the other, from which on it is not asked. */
#define LIGHT_ALONE_FROM 5

/* Of the last full poll. Zero at the start: nothing is kept. */
struct light {
	bool valid;              /* a full poll was kept, and none has been planned since */
	unsigned age;            /* light polls planned since */
	struct port_range range; /* of the full poll that was planned last */
	struct portset given;    /* ports blocked by bound idle sockets and explicit binds */
	struct portset wild4, wild6;
	struct census_hold *holds; /* owned */
	uint32_t hold_count;
	struct census_server servers[DIAG_SKIP_MAX]; /* left out of light polls */
	unsigned server_count;
	uint32_t idle;  /* bound idle sockets, on any port */
	unsigned alone; /* full polls in a row that saw no connection of census.full */
};

/* Decides what the next poll asks for: it is light only after a full one of at least LIGHT_FROM
 * sockets with the same range, at most LIGHT_POLLS times in a row, and not when `urgent`. A full
 * one makes what was kept invalid. */
struct diag_plan light_plan(struct light *light, const struct settings *settings, uint64_t sockets,
			    bool urgent);

/* Light poll: enters what is kept into its census, at any time before the census is used. False
 * with errno ENOMEM. */
bool light_patch(const struct light *light, struct census *census);

/* Full poll, at its good end: keeps what light ones need of its census, from which it takes the
 * list of holds; of server ports those with at least LIGHT_PORT_FROM inbound connections. */
void light_keep(struct light *light, struct census *census);

/* Sockets that a light poll takes over unseen. */
uint32_t light_sockets(const struct light *light);

void light_free(struct light *light); /* frees what it owns; it is then as at the start */

#endif
