/* SPDX-License-Identifier: ISC */
/*
 * situation: what advice is asked about, as a list of facts over an ordinary host: the default
 * range with three listeners above and below it, tcp_tw_reuse 2, timestamps, nothing full.
 */
#ifndef SRCPORTD_TEST_SITUATION_H
#define SRCPORTD_TEST_SITUATION_H

#include "advice/advice.h"
#include "support.h"

struct situation {
	struct usage usage;
	struct finding finding;
	struct range_tally range;
	char reserve[512];
	struct host_state host;
	struct addr peer;
	const char *toward, *holder, *failed;
};

struct situation situation_ordinary(void);

/* `used` ports, all in one state, with the cause that goes with it. */
struct situation situation_loaded(uint32_t used, enum tcp_state state, enum cause cause);

/* That range, with those reserved ports and listeners. */
void situation_range(struct situation *s, uint16_t low, uint16_t high, const char *reserved,
		     const char *listening);

/* A range without ports to gain. */
void situation_whole_range(struct situation *s);

#endif
