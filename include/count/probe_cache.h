/* SPDX-License-Identifier: ISC */
/*
 * probe_cache: which ports are worth a probe, in which order, and what earlier probes found. Pure.
 *
 * Whether a port is blocked depends on the sockets that hold it, and on nothing else
 * (inet_bind_bucket). So an answer is kept with the key of these sockets (census.keys) and dropped
 * when the key changes.
 */
#ifndef SRCPORTD_PROBE_CACHE_H
#define SRCPORTD_PROBE_CACHE_H

#include "count/census.h"
#include "kernel/probe.h"

/* Polls after which an answer is asked for again: soon after the first time, as the sockets may
 * have changed between the dump and the probe, and then rarely. */
#define PROBE_CONFIRM 1
#define PROBE_REST    60

struct probe_entry {
	uint64_t key;   /* of the sockets that the answer is about */
	uint8_t answer; /* enum probe_answer */
	uint8_t rest;   /* polls until it is asked again */
};

struct probe_cache {
	struct port_range range;
	struct probe_entry *ports; /* by port - range.low; NULL = none yet */
	struct portset found;      /* blocked the last time, and no socket was seen on them */
	uint16_t turn;             /* where those that nothing else is asked about begin */
};

/* Drops the answers whose sockets have changed and settles the others in the census, which must
 * have kept its keys. False with errno ENOMEM. */
bool probe_cache_begin(struct probe_cache *cache, struct census *census);

/* Chooses at most `most` ports to ask about: ambiguous ones first, then those that are in use and
 * only taken as chosen by connect(), then answers that are due again. Of each kind, first the ports
 * that the fullest pools do not hold: these decide what the tightest have left. Behind them,
 * where there may be bound idle sockets that the kernel does not list (census.idle, elsewhere), all
 * other ports that may have one, by turns. Returns their number. */
uint32_t probe_cache_choose(const struct probe_cache *cache, const struct census *census,
			    struct probe_question *questions, uint32_t most);

/* Keeps the answers and settles their ports in the census: of bound idle sockets that the kernel
 * does not list those are left that were not found, or none if every port was asked about. */
void probe_cache_answer(struct probe_cache *cache, struct census *census,
			const struct probe_question *questions, uint32_t count);

/* Frees what it owns. */
void probe_cache_free(struct probe_cache *cache);

#endif
