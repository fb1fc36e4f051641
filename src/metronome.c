/* SPDX-License-Identifier: ISC */
#include "metronome.h"

#include "log.h"

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
metronome_set(struct metronome *m, long first_ns, uint32_t seconds)
{
	struct itimerspec spec = {.it_interval = {.tv_sec = seconds}};
	spec.it_value = spec.it_interval;
	if (first_ns != 0)
		spec.it_value = (struct timespec){.tv_nsec = first_ns};
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
metronome_follow(struct metronome *m, const struct pace *pace, const struct snapshot *snapshot)
{
	const struct pace_state state = {.severity = snapshot->severity,
					 .percent = snapshot->extremes.highest_percent,
					 .percent_before = m->percent,
					 .cpu_us = snapshot->poll.cpu_us};
	m->percent = state.percent;
	uint32_t seconds = pace_next(pace, &state);
	if (seconds != m->interval_s && metronome_set(m, 0, seconds))
		log_debug("poller", "the next polls are %u s apart", seconds);
}

void
metronome_note(struct metronome *m, uint64_t duration_us)
{
	bool late = duration_us >= (uint64_t)m->interval_s * 1000000;
	if (late && !m->late)
		log_warn("poller",
			 "a poll takes longer than the interval of %u s: polls are left out",
			 m->interval_s);
	if (!late && m->late)
		log_info("poller", "polls end within their interval again");
	m->late = late;
}
