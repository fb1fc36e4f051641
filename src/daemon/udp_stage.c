/* SPDX-License-Identifier: ISC */
#include "daemon/udp_stage.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* So long it stands which UDP sockets are services. */
#define GIVEN_MS 60000

void
udp_stage_begin(struct udp_stage *s, bool kept)
{
	s->asked = s->asked_given = false;
	s->kept = kept;
}

/* Which UDP sockets of the range are services is asked now and then, and only if any could be one:
 * what comes of it is for information. */
static bool
asks_given(struct udp_stage *s, struct poller *poller, const struct census *census, bool recorded)
{
	const struct settings *settings = &census->settings;
	uint64_t now_ms = clock_us() / 1000;
	struct portset here;
	if (s->asked_given || s->kept || poller_no_udp(poller) != 0)
		return false;
	s->asked_given = true;
	if (s->given_ms != 0 && now_ms - s->given_ms < GIVEN_MS && !recorded)
		return false;
	portset_clear(&here);
	portset_add_range(&here, settings->range.low, settings->range.high);
	portset_andnot(&here, &settings->reserved);
	portset_and(&here, &census->udp);
	portset_clear(&s->given);
	s->given_ms = now_ms;
	return portset_count(&here) > 0;
}

enum poller_step
udp_stage_ask(struct udp_stage *s, struct poller *poller, const struct census *census,
	      bool recorded)
{
	enum poller_step result = POLLER_DONE;
	if (!s->asked) {
		s->asked = true;
		s->cpu_us = clock_cpu_us();
		if (!s->kept)
			result = poller_ask_udp(poller);
	}
	if (result == POLLER_DONE && asks_given(s, poller, census, recorded))
		result = poller_ask_udp_given(poller);
	return result;
}

bool
udp_stage_is_slow(const struct udp_stage *s, uint64_t udp_us)
{
	return s->asked && udp_us > 0 && clock_cpu_us() - s->cpu_us >= udp_us;
}

void
udp_stage_take(struct udp_stage *s, struct poller *poller, struct light *light,
	       struct census *census)
{
	char why[128];
	if (s->kept) {
		census->udp = s->services;
		census->udp_given = s->given;
		light_lend_udp(light, &census->udp_held);
		return;
	}
	int error = poller_no_udp(poller);
	s->services = census->udp;
	/* What this poll was told, or an earlier one: a service of that time may have gone. */
	portset_or(&s->given, &census->udp_given);
	portset_and(&s->given, &census->udp);
	census->udp_given = s->given;
	census->udp_held.available = error == 0;
	if (error == 0)
		return;
	snprintf(why, sizeof(why), "the kernel does not list UDP sockets: %s",
		 error == ENOENT ? "modprobe udp_diag" : strerror(error));
	udp_none(&census->udp_held, why);
}

void
udp_stage_none(const struct udp_stage *s, struct census *census, const char *why)
{
	census->udp = s->services;
	census->udp_given = s->given;
	udp_none(&census->udp_held, why);
}

unsigned
udp_stage_keep(struct udp_stage *s, struct light *light, struct census *census,
	       const struct udp_tally *udp, int64_t sockets, uint64_t started_ms)
{
	if (s->kept)
		light_return_udp(light, &census->udp_held);
	else
		light_keep_udp(light, census, udp, sockets, started_ms);
	return udp_growth(&s->before, udp);
}
