/* SPDX-License-Identifier: ISC */
#include "count/severity.h"

#define RAISE_DEFAULT                                                                              \
	{                                                                                          \
		.critical_percent = 95, .warning_percent = 80, .critical_remaining = 1,            \
		.warning_remaining = 100, .close_wait = 1000,                                      \
	}
#define ALL_OFF                                                                                    \
	{                                                                                          \
		.critical_percent = LEVEL_PERCENT_OFF, .warning_percent = LEVEL_PERCENT_OFF,       \
	}

const struct levels levels_default = RAISE_DEFAULT;

const struct level_band level_band_default = {
    .raise = RAISE_DEFAULT,
    .clear = {.critical_percent = 90,
	      .warning_percent = 75,
	      .critical_remaining = 2,
	      .warning_remaining = 120,
	      .close_wait = 900},
};

const struct level_band limit_band_default = {
    .raise = {.warning_percent = 90, .critical_percent = 100},
    .clear = {.warning_percent = 85, .critical_percent = 98},
};

const struct level_band udp_band_default = {
    .raise = {.critical_percent = 95,
	      .warning_percent = 80,
	      .critical_remaining = 1,
	      .warning_remaining = 100},
    .clear = {.critical_percent = 90,
	      .warning_percent = 75,
	      .critical_remaining = 2,
	      .warning_remaining = 120},
};

const struct level_band level_band_nat = {
    .raise = {.critical_percent = LEVEL_PERCENT_OFF,
	      .warning_percent = LEVEL_PERCENT_OFF,
	      .critical_loss = 10000,
	      .warning_loss = 1000},
    .clear = {.critical_percent = LEVEL_PERCENT_OFF,
	      .warning_percent = LEVEL_PERCENT_OFF,
	      .critical_loss = 9000,
	      .warning_loss = 900},
};

const struct level_band level_band_off = {.raise = ALL_OFF, .clear = ALL_OFF};

unsigned
severity_percent(uint32_t remaining, uint32_t capacity)
{
	if (remaining == 0 || capacity == 0)
		return 100;
	if (remaining >= capacity)
		return 0;
	return (unsigned)((uint64_t)(capacity - remaining) * 100 / capacity);
}

enum severity
severity_of(const struct levels *levels, uint32_t remaining, uint32_t capacity, uint32_t close_wait)
{
	unsigned percent = severity_percent(remaining, capacity);
	if (remaining < levels->critical_remaining || percent >= levels->critical_percent)
		return SEVERITY_CRITICAL;
	if (remaining < levels->warning_remaining || percent >= levels->warning_percent)
		return SEVERITY_WARNING;
	if (levels->close_wait != 0 && close_wait > levels->close_wait)
		return SEVERITY_WARNING;
	return SEVERITY_NORMAL;
}

/* What of the way up to `level`, in whole percent; 0 if the level is off. */
static unsigned
way(uint64_t value, uint64_t level, bool on)
{
	uint64_t percent = on && level != 0 ? value * 100 / level : 0;
	return percent < 99 ? (unsigned)percent : 99;
}

unsigned
severity_nearness(const struct levels *l, uint32_t remaining, uint32_t capacity,
		  uint32_t close_wait)
{
	if (severity_of(l, remaining, capacity, close_wait) != SEVERITY_NORMAL)
		return 100;
	uint32_t used = capacity > remaining ? capacity - remaining : 0;
	uint32_t room[] = {l->critical_remaining, l->warning_remaining};
	uint32_t percent[] = {l->critical_percent, l->warning_percent};
	unsigned most = way(close_wait, (uint64_t)l->close_wait + 1, l->close_wait != 0);
	for (unsigned i = 0; i < 2; i++) {
		/* Reached with so many ports in use. */
		uint64_t by_room = (uint64_t)capacity + 1 - room[i];
		uint64_t by_percent = ((uint64_t)capacity * percent[i] + 99) / 100;
		unsigned ways[] = {way(used, by_room, room[i] != 0),
				   way(used, by_percent, percent[i] < LEVEL_PERCENT_OFF)};
		for (unsigned j = 0; j < 2; j++)
			if (ways[j] > most)
				most = ways[j];
	}
	return most;
}

const char *
severity_name(enum severity severity)
{
	switch (severity) {
	case SEVERITY_NORMAL: return "normal";
	case SEVERITY_WARNING: return "warning";
	case SEVERITY_CRITICAL: return "critical";
	case SEVERITY_UNKNOWN: break;
	}
	return "unknown";
}

static const struct {
	const char *name, *words;
} causes[] = {
    [CAUSE_NONE] = {"none", "nothing holds the ports"},
    [CAUSE_ESTABLISHED] = {"established", "established load"},
    [CAUSE_TIME_WAIT] = {"timeWait", "TIME_WAIT churn"},
    [CAUSE_CLOSE_WAIT] = {"closeWait", "CLOSE_WAIT leak"},
    [CAUSE_SYN_SENT] = {"synSent", "SYN_SENT pile-up"},
    [CAUSE_SMALL_RANGE] = {"smallRange", "small range"},
    [CAUSE_BLOCKED] = {"blocked", "blocked ports"},
    [CAUSE_FAILURES] = {"failures", "failed connect() calls"},
    [CAUSE_LIMIT] = {"limit", "a host limit"},
    [CAUSE_HALF_CLOSED] = {"halfClosed", "half-closed (FIN_WAIT2)"},
    [CAUSE_UNACKNOWLEDGED] = {"unacknowledged", "closes without an acknowledgement"},
    [CAUSE_IN_DOUBT] = {"inDoubt", "in doubt"},
    [CAUSE_RESERVED] = {"reserved", "reserved ports"},
    [CAUSE_INBOUND_LEAK] = {"inboundLeak", "leak of accepted connections"},
    [CAUSE_NAT_LOSS] = {"natLoss", "loss in address translation"},
    [CAUSE_STALE] = {"stale", "old figures"},
};

const char *
cause_name(enum cause cause)
{
	return causes[cause].name;
}

const char *
cause_words(enum cause cause)
{
	return causes[cause].words;
}
