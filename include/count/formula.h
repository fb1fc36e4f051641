/* SPDX-License-Identifier: ISC */
/*
 * formula: how many ports a set of held ones leaves. Pure.
 *
 *     R         = the range, without the port that an odd-sized range of three never offers
 *     capacity  = |R - reserved - blocked|
 *     used      = distinct ports of that set that are held
 *     remaining = capacity - used
 */
#ifndef SRCPORTD_FORMULA_H
#define SRCPORTD_FORMULA_H

#include "count/census.h"

/* A wider range that brings something. */
struct widening {
	struct port_range range; /* what to set; the present one if there is nothing to gain */
	uint32_t gain;           /* further ports that connect() could then take */
	uint32_t reserved;       /* of the new part: reserved ports, which bring nothing */
	uint32_t listening;  /* of the rest: ports with a listener. It keeps its port; but a service
				that is restarted may then find it taken by a connection */
	uint32_t bound;      /* of the rest: blocked otherwise */
	uint32_t udp;        /* of the rest: ports of UDP services, which share the range */
	uint32_t node_ports; /* of the rest: 30000-32767, which Kubernetes gives to services */
};

/* The smallest step that adds half of the present capacity: first up to the highest port, then down
 * in stages, 1024 the last; or the one that adds most. Never below ip_unprivileged_port_start
 * (EINVAL in ipv4_local_port_range()), and with ends of different parity, as the kernel's
 * documentation wants it. node_ports: 30000-32767 are spoken for. */
struct widening formula_widen(const struct settings *settings, const struct portset *listening,
			      const struct portset *bound, const struct portset *udp,
			      bool node_ports);

/* The whole value that ip_local_reserved_ports should have before that: what is reserved now, and
 * what of the new part listens, is of a UDP service or is a node port. To be freed; NULL with errno
 * ENOMEM. */
char *formula_reserve(const struct settings *settings, const struct portset *listening,
		      const struct portset *udp, const struct widening *widening);

/* What a census comes to for the whole host. */
struct range_tally {
	struct port_range range;
	uint32_t size;
	uint32_t reserved;  /* reserved ports in the range */
	uint32_t skipped;   /* of the rest: the last one of a range of three */
	uint32_t listening; /* of the rest: ports that have a listener */
	uint32_t bound;     /* of the rest: ports blocked otherwise */
	uint32_t capacity;
	uint32_t uncertain; /* how many of capacity may be blocked unseen */
	/* The census's: bound idle sockets that the kernel does not list were counted; how many may
	 * be here, each on a port of its own; and of how many sockets it cannot be told whether
	 * they are here: these are not in `uncertain`. */
	bool idle_counted;
	uint32_t idle, elsewhere;
	uint32_t in_use; /* ports of the range, not reserved, that any socket holds */
	uint32_t free;   /* ports of the range, not reserved, that no socket holds */
	struct widening wider;
};

/* Numbers that pools, peers and targets share; all about one poll. */
struct usage {
	struct state_counts states;
	uint32_t connections; /* sum of states */
	uint32_t used;
	uint32_t remaining;
	uint32_t uncertain; /* how many of tightest may be blocked unseen */
	uint32_t capacity;
	/* The least remaining of the pools taken together; == remaining for a pool. */
	uint32_t tightest;
	uint32_t recyclable; /* TIME_WAIT not counted as used */
	uint32_t percent;    /* severity_percent(tightest, capacity) */
};

/* What it works with, for one census. */
struct formula {
	const struct port_range *range; /* the census's */
	struct portset usable;          /* R - reserved - blocked: what an empty pool offers */
	struct portset unusable;        /* everything else */
	struct portset ambiguous;       /* usable ports that may be blocked unseen */
	struct portset settled;         /* everything else */
	uint32_t capacity;
	uint32_t ambiguous_count;
	uint32_t idle; /* further ones, on any port, that may be blocked unseen */
};

/* R - reserved: the ports that the kernel would offer on an idle host. */
void formula_offered(const struct settings *settings, struct portset *out);

/* Works out the sets for a census, which must live as long, and what they come to. */
void formula_begin(struct formula *formula, const struct census *census, struct range_tally *out);

/* Sets used, remaining, uncertain and capacity for the ports of a set; of those that remain, the
 * ones in `unsure` (NULL = none) may not. */
void formula_set(const struct formula *formula, const struct portset *held,
		 const struct portset *unsure, struct usage *out);

/* The same for those of a bag, without building a set where they are few. */
void formula_bag(const struct formula *formula, const struct portbag *held, struct usage *out);

#endif
