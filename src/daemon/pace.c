/* SPDX-License-Identifier: ISC */
#include "daemon/pace.h"

#include "base/log.h"

#include <stdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* What the CPU share pays for in the longest time that it stretches an interval to. */
static uint64_t
most_us(const struct pace_limits *limits)
{
	return (uint64_t)limits->cpu_percent * 10000 * PACE_LATEST_S;
}

/* What neither cost nor share stretch the interval beyond. */
static uint32_t
latest_s(uint64_t duration_us)
{
	uint64_t seconds = (duration_us + 999999) / 1000000;
	if (seconds <= PACE_JUDGED_S - PACE_LATEST_S)
		return PACE_LATEST_S;
	if (seconds >= PACE_JUDGED_S - PACE_LATEST_S / 2)
		return PACE_LATEST_S / 2;
	return PACE_JUDGED_S - (uint32_t)seconds;
}

static uint32_t
by_cost(const struct pace_limits *limits, uint64_t cost_us, uint32_t latest)
{
	const uint64_t share_us = PACE_SHARE * 1000; /* a second's worth */
	uint64_t seconds = (cost_us + share_us - 1) / share_us;
	if (cost_us < PACE_CHEAP_US && seconds > PACE_CHEAP_S)
		seconds = PACE_CHEAP_S;
	if (seconds > latest)
		seconds = latest;
	if (seconds < limits->least_s)
		return limits->least_s;
	return seconds < limits->most_s ? (uint32_t)seconds : limits->most_s;
}

static uint32_t
wanted(const struct pace_limits *limits, const struct pace_state *state)
{
	if (state->severity != SEVERITY_NORMAL || state->nearness >= PACE_NEAR ||
	    state->growth >= PACE_FAST)
		return limits->least_s;
	if (limits->by_cost)
		return by_cost(limits, state->cost_us, latest_s(state->duration_us));
	return state->nearness < PACE_FAR ? limits->most_s : limits->usual_s;
}

uint32_t
pace_next(const struct pace_limits *limits, const struct pace_state *state)
{
	uint32_t seconds = wanted(limits, state);
	if (limits->cpu_percent == 0)
		return seconds;
	uint64_t share_us = (uint64_t)limits->cpu_percent * 10000; /* a second's worth */
	uint64_t affordable = (state->owed_us + share_us - 1) / share_us;
	uint32_t latest = latest_s(state->duration_us);
	if (affordable > latest)
		affordable = latest;
	return affordable > seconds ? (uint32_t)affordable : seconds;
}

uint64_t
pace_owed(const struct pace_debt *debt, const struct pace_limits *limits, uint64_t now_ms)
{
	/* A percent of a millisecond is 10 us. */
	uint64_t paid_us = (now_ms - debt->at_ms) * limits->cpu_percent * 10;
	return limits->cpu_percent == 0 || paid_us >= debt->owed_us ? 0 : debt->owed_us - paid_us;
}

bool
pace_charge(struct pace_debt *debt, const struct pace_limits *limits, uint64_t now_ms,
	    uint64_t cost_us)
{
	const uint64_t credit_us = PACE_CREDIT * most_us(limits) + cost_us;
	debt->owed_us = pace_owed(debt, limits, now_ms) + cost_us;
	debt->at_ms = now_ms;
	if (limits->cpu_percent == 0 || debt->owed_us <= credit_us)
		return true;
	debt->owed_us = credit_us;
	return false;
}

uint64_t
pace_wait_ms(const struct pace_debt *debt, const struct pace_limits *limits, uint64_t now_ms,
	     uint64_t cost_us)
{
	uint64_t owed_us = pace_owed(debt, limits, now_ms);
	if (owed_us <= cost_us)
		return 0;
	uint64_t rate = (uint64_t)limits->cpu_percent * 10;
	return (owed_us - cost_us + rate - 1) / rate;
}

bool
pace_open(struct pace *p)
{
	*p = (struct pace){.fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)};
	return p->fd >= 0;
}

void
pace_close(struct pace *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

bool
pace_set(struct pace *p, uint64_t first_ms, uint32_t seconds)
{
	/* A time of 0 would disarm it. */
	const struct itimerspec spec = {
	    .it_interval = {.tv_sec = (time_t)seconds},
	    .it_value = {.tv_sec = (time_t)(first_ms / 1000),
			 .tv_nsec = (long)(first_ms % 1000) * 1000000 + 1},
	};
	p->interval_s = seconds;
	return timerfd_settime(p->fd, 0, &spec, NULL) == 0;
}

bool
pace_due(struct pace *p)
{
	uint64_t expirations;
	return read(p->fd, &expirations, sizeof(expirations)) == sizeof(expirations);
}

/* Logged when polls cost more than the share pays for and are made all the same, and when all that
 * they have cost is paid for again. */
static void
pace_excess(struct pace *p, const struct pace_limits *limits, bool paid, uint32_t seconds)
{
	char begins[96];
	bool excess = !paid || (p->excess && p->debt.owed_us > most_us(limits));
	snprintf(begins, sizeof(begins),
		 "polls take more than cpuPercent of a CPU: they are made each %u s all the same",
		 seconds);
	log_condition(&p->excess, excess, "poller", begins,
		      "polls take no more than cpuPercent again");
}

/* Until the next poll begins: the interval is from one beginning to the next, as far as a poll does
 * not take most of it. */
static uint64_t
first_ms(uint32_t seconds, uint64_t duration_us)
{
	uint64_t interval_ms = (uint64_t)seconds * 1000, taken_ms = duration_us / 1000;
	return interval_ms - (taken_ms < interval_ms / 2 ? taken_ms : interval_ms / 2);
}

void
pace_follow(struct pace *p, const struct pace_limits *limits, const struct snapshot *snapshot,
	    uint64_t now_ms)
{
	/* What goes on beside the polls must not put them off. */
	uint64_t cost_us = snapshot->poll.cpu_us - snapshot->poll.beside_us;
	bool paid = pace_charge(&p->debt, limits, now_ms, cost_us);
	const struct pace_state state = {.severity = snapshot->severity,
					 .nearness = snapshot->extremes.nearness,
					 .growth = snapshot->extremes.growth,
					 .owed_us = p->debt.owed_us,
					 .cost_us = cost_us,
					 .duration_us = snapshot->poll.duration_us};
	uint32_t seconds = pace_next(limits, &state);
	pace_excess(p, limits, paid, seconds);
	if (seconds != p->interval_s &&
	    pace_set(p, first_ms(seconds, snapshot->poll.duration_us), seconds))
		log_debug("poller", "the next polls are %u s apart", seconds);
}

bool
pace_hurry(struct pace *p, const struct pace_limits *limits, uint64_t now_ms, uint64_t last_ms,
	   uint64_t cost_us)
{
	uint64_t since_ms = now_ms - last_ms;
	uint64_t wait_ms = since_ms < 1000 ? 1000 - since_ms : 0;
	uint64_t credit_ms = pace_wait_ms(&p->debt, limits, now_ms, cost_us);
	if (credit_ms > wait_ms)
		wait_ms = credit_ms;
	/* What is due before that stays so. */
	struct itimerspec due;
	if (timerfd_gettime(p->fd, &due) != 0)
		return false;
	uint64_t due_ms =
	    (uint64_t)due.it_value.tv_sec * 1000 + (uint64_t)due.it_value.tv_nsec / 1000000;
	return due_ms <= wait_ms || pace_set(p, wait_ms, p->interval_s);
}

void
pace_note(struct pace *p, uint64_t duration_us)
{
	/* Well within it again before that is news: durations about the interval are one state. */
	uint64_t most_us = (uint64_t)p->interval_s * (p->late ? 500000 : 1000000);
	bool late = duration_us >= most_us;
	if (late && !p->late)
		log_warn("poller",
			 "a poll takes longer than the interval of %u s: polls are left out; set a "
			 "longer interval (srcportd.conf)",
			 p->interval_s);
	if (!late && p->late)
		log_info("poller", "polls end within their interval again");
	p->late = late;
}
