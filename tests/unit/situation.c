/* SPDX-License-Identifier: ISC */
#include "situation.h"

struct situation
situation_ordinary(void)
{
	struct port_range range = {32768, 60999};
	struct portset none = ports_of(""), listening = ports_of("3306,5432,8080");
	struct situation s = {
	    .range = {.range = range, .size = 28232, .capacity = 28232},
	    .peer = address("10.1.2.3"),
	    .toward = "10.1.2.3:443",
	    .usage = {.capacity = 28232, .tightest = 28232},
	    .finding = {.verdict = {SEVERITY_NORMAL, CAUSE_NONE},
			.outlook.time_left_s = TIME_LEFT_NONE},
	};

	s.range.wider = formula_widen(&range, &none, &listening, &none);
	hostlimits_init(&s.host.limits);
	hostlimits_init(&s.host.earlier);
	s.host.limits.value[LIMIT_TW_REUSE] = 2;
	s.host.limits.value[LIMIT_TW_REUSE_DELAY] = 1000;
	s.host.limits.value[LIMIT_TIMESTAMPS] = 1;
	return s;
}

struct situation
situation_loaded(uint32_t used, enum tcp_state state, enum cause cause)
{
	struct situation s = situation_ordinary();

	s.usage.tightest = s.usage.capacity - used;
	s.usage.connections = used;
	s.usage.states.of[state] = used;
	s.finding.verdict.severity = SEVERITY_CRITICAL;
	s.finding.verdict.cause = cause;
	return s;
}

void
situation_whole_range(struct situation *s)
{
	struct port_range range = {1024, 65535};
	struct portset none = ports_of("");

	s->range.range = range;
	s->range.size = s->range.capacity = s->usage.capacity = 64512;
	s->range.wider = formula_widen(&range, &none, &none, &none);
	s->usage.tightest = 64512 - s->usage.connections;
}
