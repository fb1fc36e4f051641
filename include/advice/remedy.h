/* SPDX-License-Identifier: ISC */
/*
 * remedy: who is behind a want of ports, and what to do about it, as far as it has an effect here.
 * Pure.
 */
#ifndef SRCPORTD_REMEDY_H
#define SRCPORTD_REMEDY_H

#include "base/sentence.h"
#include "owners/owner_list.h"
#include "verdict/findings.h"

#define ADVICE_MAX 256 /* with the NUL: an SnmpAdminString has 255 octets */

/* What there is to be said of a pool, peer or target. */
struct matter {
	const struct usage *usage;
	const struct finding *finding;
	const struct range_tally *range;
	const char *reserve; /* formula_reserve(), where range->wider needs it */
	const struct host_state *host;
	const struct addr *peer;   /* one that stands for all; NULL = none is known */
	const char *toward;        /* its name behind "to"; NULL = it has been said before */
	const struct addr *source; /* another local address to connect from; NULL = none */
	uint32_t source_left;      /* what it has left */
	/* NULL or empty if they are not known: who holds most of the connections, as in
	 * "payments.service" (pid 812 "java"); and who last saw connect() fail: "java" (pid 812).
	 */
	const char *holder, *failed;
};

struct namespace_list;

/* What is known beside the numbers. */
struct scene {
	const struct findings *findings;
	const struct owner_list *owners; /* NULL = nobody was looked for */
	bool surveyed;                   /* somebody is, wherever ports are short */
	/* Of other network namespaces; NULL = they are not looked for. */
	const struct namespace_list *namespaces;
};

/* What names are asked for: NULL and 0 = any. */
struct naming_subject {
	const struct addr *local, *peer;
	uint16_t port;
	const struct target *target;
};

/* The words; they must live as long as the matter. */
struct naming {
	char holder[OWNER_TEXT_MAX];
	char failed[FAILURE_PROCESS_MAX + 28];
};

/* Sets holder and failed of the matter from what is known. matter->finding must be set: for a leak,
 * the holder is who has most of those in CLOSE_WAIT. */
void remedy_name(const struct scene *scene, const struct naming_subject *subject,
		 struct matter *matter, struct naming *naming);

/* Adds what helps against the cause of the finding, the most useful first, as choices. */
void remedy_put(struct sentence *sentence, const struct matter *matter);

/* The one that helps wherever ports are short: a wider range, if there is anything to gain and it
 * fits whole. */
void remedy_put_range(struct sentence *sentence, const struct range_tally *range,
		      const char *reserve);

#endif
