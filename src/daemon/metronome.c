/* SPDX-License-Identifier: ISC */
#include "daemon/metronome.h"

#include "base/log.h"

#include <sys/timerfd.h>
#include <unistd.h>

bool
metronome_open(struct metronome *m)
{
	*m = (struct metronome){.fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)};
	return m->fd >= 0;
}

void
metronome_close(struct metronome *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

bool
metronome_set(struct metronome *m, uint64_t first_ms, uint32_t seconds)
{
	/* A time of 0 would disarm it. */
	const struct itimerspec spec = {
	    .it_interval = {.tv_sec = seconds},
	    .it_value = {.tv_sec = (time_t)(first_ms / 1000),
			 .tv_nsec = (long)(first_ms % 1000) * 1000000 + 1},
	};
	m->interval_s = seconds;
	return timerfd_settime(m->fd, 0, &spec, NULL) == 0;
}

bool
metronome_due(struct metronome *m)
{
	uint64_t expirations;
	return read(m->fd, &expirations, sizeof(expirations)) == sizeof(expirations);
}

void
metronome_follow(struct metronome *m, const struct pace *pace, const struct snapshot *snapshot,
		 uint64_t now_ms)
{
	pace_charge(&m->debt, pace, now_ms, snapshot->poll.cpu_us);
	const struct pace_state state = {.severity = snapshot->severity,
					 .nearness = snapshot->extremes.nearness,
					 .growth = snapshot->extremes.growth,
					 .owed_us = m->debt.owed_us};
	uint32_t seconds = pace_next(pace, &state);
	if (seconds != m->interval_s && metronome_set(m, (uint64_t)seconds * 1000, seconds))
		log_debug("poller", "the next polls are %u s apart", seconds);
}

bool
metronome_hurry(struct metronome *m, const struct pace *pace, uint64_t now_ms, uint64_t last_ms,
		uint64_t cost_us)
{
	uint64_t since_ms = now_ms - last_ms;
	uint64_t wait_ms = since_ms < 1000 ? 1000 - since_ms : 0;
	uint64_t credit_ms = pace_wait_ms(&m->debt, pace, now_ms, cost_us);
	return metronome_set(m, wait_ms > credit_ms ? wait_ms : credit_ms, m->interval_s);
}

void
metronome_note(struct metronome *m, uint64_t duration_us)
{
	/* Well within it again before that is news: durations about the interval are one state. */
	uint64_t most_us = (uint64_t)m->interval_s * (m->late ? 500000 : 1000000);
	bool late = duration_us >= most_us;
	if (late && !m->late)
		log_warn("poller",
			 "a poll takes longer than the interval of %u s: polls are left out; set a "
			 "longer interval (srcportd.conf)",
			 m->interval_s);
	if (!late && m->late)
		log_info("poller", "polls end within their interval again");
	m->late = late;
}
