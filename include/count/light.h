/* SPDX-License-Identifier: ISC */
/*
 * light: what a full poll found and the light polls after it need not ask for again. Pure.
 *
 * On a host with very many sockets most of a poll goes into walks that rarely find anything new:
 * bound idle sockets, explicit binds, and the inbound connections of server ports outside the
 * range, of which only the number matters. A light poll leaves these out and takes over the last
 * full poll's answer, for LIGHT_POLLS polls and LIGHT_MS at most, and never while a pool is near
 * its level: then every poll is full. So is one that begins with many more sockets that are in no
 * table than there were: they may be bound and idle, and block as many ports.
 *
 * UDP sockets are taken over for themselves, where there are LIGHT_UDP_FROM: for as long, while
 * nothing is near its level, and until there are many more of them for what is left of their ports.
 *
 * On any host: where full polls have seen no connection whose port bind() may have been given, the
 * next one does not ask which those are. If it then meets one, it must be begun anew.
 */
#ifndef SRCPORTD_LIGHT_H
#define SRCPORTD_LIGHT_H

#include "count/census.h"

/* Light polls after a full one, and how old that may be. */
#define LIGHT_POLLS 5
#define LIGHT_MS    35000

/* Growth of the sockets outside of all tables that makes a poll full, as a part of the range; and
 * how long after the last full one at the earliest: other namespaces' sockets are among them. */
#define LIGHT_JUMP    20
#define LIGHT_JUMP_MS 10000

/* The same for UDP sockets, all by themselves: from how many on they are taken over, and with which
 * growth they are not, as a part of what was left for one without an address. */
#define LIGHT_UDP_FROM 10000
#define LIGHT_UDP_JUMP 20

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
	struct port_range range; /* of the full poll that was planned last, */
	uint64_t full_ms;        /* when that was, */
	int64_t outside;         /* and how many sockets were outside of all tables */
	struct portset given;    /* ports blocked by bound idle sockets and explicit binds */
	struct portset wild4, wild6;
	struct portset listening;  /* of the last poll */
	struct census_hold *holds; /* owned */
	uint32_t hold_count;
	struct inbound_server servers[DIAG_SKIP_MAX]; /* left out of light polls */
	unsigned server_count;
	struct low_ports low_idle;
	uint32_t idle;  /* bound idle sockets, on any port */
	unsigned alone; /* full polls in a row that saw no connection of census.full */

	/* Of the last poll that asked for UDP sockets. */
	struct udp_census udp;
	struct settings udp_settings;
	int64_t udp_sockets; /* sockstat.udp as that poll began, */
	uint64_t udp_ms;     /* when that was, */
	uint32_t udp_left;   /* what the tighter of both wildcards surely had left, */
	unsigned udp_age;    /* and in how many polls they were taken over since */
};

/* How things stand when a poll begins. */
struct light_moment {
	uint64_t now_ms;  /* CLOCK_MONOTONIC */
	uint64_t sockets; /* in the last good poll */
	int64_t outside;  /* sockstat_elsewhere() */
	int64_t udp;      /* sockstat.udp */
	bool urgent;      /* something is near its level, or fails, or somebody asks */
};

/* Decides what the next poll asks for: it is light only after a full one of at least LIGHT_FROM
 * sockets with the same range, at most LIGHT_POLLS times in a row, and not when `urgent` or after a
 * jump. A full one makes what was kept invalid. */
struct diag_plan light_plan(struct light *light, const struct settings *settings,
			    const struct light_moment *moment);

/* Light poll: enters what is kept into its census, at any time before the census is used. False
 * with errno ENOMEM. */
bool light_patch(const struct light *light, struct census *census);

/* Light poll, at its good end: if a port has lost its listener since the last poll, the next one is
 * full. */
void light_check(struct light *light, const struct census *census);

/* Full poll, at its good end: keeps what light ones need of its census, from which it takes the
 * list of holds; of server ports those with at least LIGHT_PORT_FROM inbound connections. */
void light_keep(struct light *light, struct census *census);

/* As a poll begins, light or not: whether the UDP sockets that are kept will do. If not, they are
 * freed. */
bool light_plan_udp(struct light *light, const struct settings *settings,
		    const struct light_moment *moment);

/* Gives them to the poll, which is to bring them back at its good end; or else they are lost. */
void light_lend_udp(struct light *light, struct udp_census *to);
void light_return_udp(struct light *light, struct udp_census *from);

/* At the good end of a poll that has asked for UDP sockets: takes them out of its census. tally is
 * what came of them, and udp and now_ms are of the moment in which it began. */
void light_keep_udp(struct light *light, struct census *census, const struct udp_tally *tally,
		    int64_t udp, uint64_t now_ms);

/* TCP sockets that a light poll takes over unseen. */
uint32_t light_sockets(const struct light *light);

void light_free(struct light *light); /* frees what it owns; it is then as at the start */

#endif
