/* SPDX-License-Identifier: ISC */
#include "snmp/figures.h"

#include "base/clock.h"

/* Who looks so much later than it is time was stopped, and the collector with it, or waited for
 * snmpd: the collector has this time to end a poll. */
#define LATE_MS  3000
#define GRACE_MS 5000

/* A process that was stopped wakes up to old figures, and a poll that is due. */
#define DOUBT_MS 1000

/* How often the message says how old figures are. */
#define AGAIN_MS 10000

static bool
is_news(const struct figures *f, const struct snapshot *s, const struct alarm_figures *now,
	uint64_t now_ms)
{
	const struct alarm_summary *a = &s->alarm_summary, *b = &now->summary;
	return s->severity != SEVERITY_UNKNOWN || a->active != b->active ||
	       a->sequence != b->sequence || a->owed != b->owed || a->sent != b->sent ||
	       now_ms >= f->again_ms;
}

static void
publish(struct figures *f, struct snapshot *last, const struct alarm_figures *now)
{
	uint64_t now_ms = clock_us() / 1000;
	if (!is_news(f, last, now, now_ms))
		return;
	struct snapshot *s = snapshot_repeat(last, &last->poll, now);
	if (s == NULL)
		return;
	published_replace(f->published, last, s);
	f->again_ms = now_ms + AGAIN_MS;
}

static bool
is_first_doubt(struct figures *f, const struct snapshot *s, uint64_t now_ms)
{
	uint64_t made_ms = s->poll.made_ms;
	bool before = f->doubted;
	f->doubted = made_ms != 0 && now_ms >= made_ms + snapshot_patience_ms(&s->poll);
	return f->doubted && !before;
}

int
figures_look(struct figures *f)
{
	uint64_t now_ms = clock_us() / 1000;
	if (now_ms < f->next_ms)
		return clock_until(f->next_ms);
	if (f->next_ms != 0 && now_ms - f->next_ms >= LATE_MS) {
		f->next_ms = now_ms + GRACE_MS;
		return GRACE_MS;
	}
	struct snapshot *s = published_get(f->published);
	struct alarm_figures now;
	if (s == NULL)
		return -1;
	if (is_first_doubt(f, s, now_ms)) {
		snapshot_release(s);
		f->next_ms = now_ms + DOUBT_MS;
		return DOUBT_MS;
	}
	alarm_run_figures(f->alarms, snapshot_patience_ms(&s->poll), s->poll.error, &now);
	if (now.stale)
		publish(f, s, &now);
	snapshot_release(s);
	f->next_ms = now.next_ms;
	return clock_until(f->next_ms);
}
