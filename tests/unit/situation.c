/* SPDX-License-Identifier: ISC */
#include "situation.h"

void
situation_range(struct situation *s, uint16_t low, uint16_t high, const char *reserved,
		const char *listening)
{
	struct settings settings = settings_of(low, high, reserved);
	struct portset listeners = ports_of(listening), none = ports_of("");
	uint32_t size = range_size(&settings.range);
	s->range = (struct range_tally){
	    .range = settings.range,
	    .size = size,
	    .capacity = size,
	    .wider = formula_widen(&settings, &listeners, &none, &none, false)};
	char *text = formula_reserve(&settings, &listeners, &none, &s->range.wider);
	assert_non_null(text);
	snprintf(s->reserve, sizeof(s->reserve), "%s", text);
	free(text);
}

struct situation
situation_ordinary(void)
{
	struct situation s = {
	    .peer = address("10.1.2.3"),
	    .toward = "10.1.2.3:443",
	    .usage = {.capacity = 28232, .tightest = 28232},
	    .finding = {.verdict = {SEVERITY_NORMAL, CAUSE_NONE},
			.outlook.time_left_s = TIME_LEFT_NONE},
	};
	situation_range(&s, 32768, 60999, "", "3306,5432,8080");
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
	situation_range(s, 1024, 65535, "", "");
	s->usage.capacity = 64512;
	s->usage.tightest = 64512 - s->usage.connections;
}
