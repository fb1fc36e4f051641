/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_run.h"

#include "alarm/alarm_keep.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sentence.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often it is told what is owed while figures are too old. */
#define FIGURES_MS 1000

struct alarm_run {
	/* For the engine and all up to the next lock: two threads tell. Held for no call that may
	 * block, but for lines of the log. */
	pthread_mutex_t lock;
	struct alarms *alarms;
	struct notifications *notifications;
	struct hysteresis *hysteresis;
	struct alarm_rules rules;
	uint32_t masters;  /* of what was collected last */
	uint32_t sent;     /* same */
	uint32_t sequence; /* the last number, those included that what is posted will get */
	uint64_t told_ms;  /* when was posted last */
	bool planned;      /* what alarm_run_poll() planned is not posted yet */
	bool unposted;     /* there was no memory to post what was planned */
	bool starved;      /* the log says that memory is out */
	bool polled;       /* a good poll was taken in, */
	uint64_t good_ms;  /* the last one then; at first, when this was opened */

	pthread_mutex_t file_lock; /* for what keeps them: the outer one of the two */
	struct alarm_keep keep;
	bool omits; /* alarms are left out */
};

static struct alarm_clock
now(void)
{
	return (struct alarm_clock){.ms = clock_us() / 1000, .wall = time(NULL)};
}

/* When it was raised, on the clock of this life; the start of that clock if it was before. */
static uint64_t
since_ms(const struct alarm *alarm)
{
	struct alarm_clock clock = now();
	int64_t age_s = clock.wall - alarm->since;
	uint64_t age_ms = age_s > 0 ? (uint64_t)age_s * 1000 : 0;
	return age_ms < clock.ms ? clock.ms - age_ms : 0;
}

static void
restore(struct alarm_run *run, const struct alarm_file *file)
{
	uint32_t restored = 0;
	alarms_continue(run->alarms, file->last_id);
	notifications_continue(run->notifications, file->last_sequence);
	run->sequence = file->last_sequence;
	for (uint32_t i = 0; i < file->count; i++) {
		struct alarm alarm = file->alarms[i];
		alarm.since_ms = since_ms(&alarm);
		const struct verdict verdict = {alarm.severity, alarm.cause};
		if (!alarms_restore(run->alarms, &alarm))
			continue;
		if (!alarm_subject_is_figures(&alarm.subject))
			hysteresis_restore(run->hysteresis, &alarm.subject, verdict);
		restored++;
	}
	if (restored > 0)
		log_info("alarm", "still active from before the start: %u alarm%s", restored,
			 number_s(restored));
}

/* What an alarm has become is told to the log, whatever managers are told. */
static void
report_change(void *arg, const struct alarm *alarm)
{
	char key[ALARM_KEY_MAX];
	(void)arg;
	if (alarm->severity == SEVERITY_NORMAL)
		log_info("alarm", "%s: normal: %s", alarm_key(&alarm->subject, key),
			 alarm->message);
	else
		log_warn("alarm", "%s: %s: %s", alarm_key(&alarm->subject, key),
			 severity_name(alarm->severity), alarm->message);
}

static void
report_held(void *arg, const struct alarm *alarm)
{
	char key[ALARM_KEY_MAX];
	(void)arg;
	log_warn("alarm",
		 "%s: notificationsPerMinute holds back that it is %s: managers are told later",
		 alarm_key(&alarm->subject, key), severity_name(alarm->severity));
}

struct alarm_run *
alarm_run_open(const struct config *config, struct notifications *notifications,
	       struct hysteresis *hysteresis)
{
	static const struct alarm_listener listener = {.changed = report_change,
						       .held = report_held};
	struct alarm_file file;
	struct alarm_run *run = calloc(1, sizeof(*run));
	if (run == NULL)
		return NULL;
	run->notifications = notifications;
	run->hysteresis = hysteresis;
	run->alarms = alarms_new();
	if (run->alarms == NULL) {
		free(run);
		return NULL;
	}
	pthread_mutex_init(&run->lock, NULL);
	pthread_mutex_init(&run->file_lock, NULL);
	run->good_ms = now().ms;
	alarm_run_configure(run, config);
	alarms_listen(run->alarms, &listener);
	alarm_keep_open(&run->keep, config->state_file, &file);
	restore(run, &file);
	free(file.alarms);
	alarm_run_save(run);
	return run;
}

void
alarm_run_configure(struct alarm_run *run, const struct config *config)
{
	pthread_mutex_lock(&run->lock);
	run->rules = alarm_watch_rules(config);
	notifications_limit(run->notifications, config->notifications_per_minute);
	pthread_mutex_unlock(&run->lock);
}

static void
hear(void *arg, const struct notification *notification, enum notification_fate fate)
{
	struct alarm_run *run = arg;
	struct alarm_clock clock = now();
	alarms_fate(run->alarms, notification, fate, &clock);
	if (notification->kind == NOTIFICATION_SUPPRESSED && fate == FATE_ACCEPTED)
		log_warn("alarm", "%s", notification->alarm.message);
}

/* What has become of that which was posted, and what may leave now. */
static void
collect(struct alarm_run *run)
{
	struct notifications_state state;
	notifications_collect(run->notifications, hear, run, &state);
	if (state.masters != run->masters)
		alarms_repeat(run->alarms);
	run->masters = state.masters;
	run->sent = state.sent;
	run->sequence = state.sequence;
	run->rules.open = state.open;
	run->rules.sequence = state.sequence;
	run->rules.room = state.room;
	run->rules.budget = state.budget;
}

void
alarm_run_close(struct alarm_run *run)
{
	if (run == NULL)
		return;
	pthread_mutex_lock(&run->lock);
	collect(run);
	pthread_mutex_unlock(&run->lock);
	alarm_run_save(run);
	alarm_keep_close(&run->keep);
	alarms_free(run->alarms);
	pthread_mutex_destroy(&run->lock);
	pthread_mutex_destroy(&run->file_lock);
	free(run);
}

/* What nobody is told of by an alarm. */
static void
report_losses(struct alarm_run *run, const struct alarm_list *list)
{
	const struct alarm_summary *s = &list->summary;
	bool omits = s->omitted > 0 || list->alarms == NULL;
	if (omits && !run->omits)
		log_warn("alarm",
			 "alarms are left out: there are more than maxAlarms, or memory is short");
	if (!omits && run->omits)
		log_info("alarm", "no alarm is left out any more");
	run->omits = omits;
}

struct hysteresis_rules
alarm_run_rules(struct alarm_run *run, const struct config *config, uint32_t interval_s)
{
	/* Two at least: a service that is restarted lets go of its ports for a moment. */
	uint32_t clear_polls = (CONFIG_CLEAR_S + interval_s - 1) / interval_s;
	if (config->clear_polls != 0)
		clear_polls = config->clear_polls;
	else if (clear_polls < 2)
		clear_polls = 2;
	pthread_mutex_lock(&run->lock);
	uint32_t ended = alarms_ended(run->alarms);
	pthread_mutex_unlock(&run->lock);
	return (struct hysteresis_rules){
	    .raise_polls = config->raise_polls,
	    .clear_polls = clear_polls,
	    .room = ended < config->max_alarms ? config->max_alarms - ended : 0};
}

void
alarm_run_poll(struct alarm_run *run, const struct scene *scene, struct alarm_list *out)
{
	struct alarm_clock clock = now();
	pthread_mutex_lock(&run->lock);
	collect(run);
	alarm_watch(run->alarms, &run->rules, &clock, scene, out);
	run->planned = run->polled = true;
	run->good_ms = clock.ms;
	out->summary.sent = run->sent;
	pthread_mutex_unlock(&run->lock);
	report_losses(run, out);
}

/* Within the lock. */
static void
post(struct alarm_run *run)
{
	uint32_t count;
	struct alarm_clock clock = now();
	const struct notification *notifications = alarms_notifications(run->alarms, &count);
	run->sequence = alarms_summary(run->alarms)->sequence;
	run->planned = run->unposted = false;
	for (uint32_t i = 0; i < count; i++) {
		if (notifications_post(run->notifications, &notifications[i]))
			continue;
		alarms_fate(run->alarms, &notifications[i], FATE_WAITED, &clock);
		run->unposted = true;
	}
	run->told_ms = clock.ms;
	log_condition(&run->starved, run->unposted || alarms_starved(run->alarms), "alarm",
		      "out of memory: what has changed is told later",
		      "enough memory again: everything is told");
}

/* Once: the agent thread may have been faster. */
static void
post_planned(struct alarm_run *run)
{
	if (run->planned)
		post(run);
}

void
alarm_run_tell(struct alarm_run *run)
{
	pthread_mutex_lock(&run->lock);
	post_planned(run);
	pthread_mutex_unlock(&run->lock);
}

/* Within the lock. */
static void
tell_again(struct alarm_run *run)
{
	struct alarm_clock clock = now();
	collect(run);
	alarms_plan(run->alarms, &run->rules, &clock);
	post(run);
}

void
alarm_run_again(struct alarm_run *run)
{
	pthread_mutex_lock(&run->lock);
	tell_again(run);
	pthread_mutex_unlock(&run->lock);
	alarm_run_save(run);
}

/* Within the lock. */
static uint64_t
next_to_tell(const struct alarm_run *run)
{
	uint64_t next_ms = alarms_next_ms(run->alarms);
	uint64_t again_ms = run->told_ms + ALARM_STARVED_MS;
	return run->unposted && (next_ms == 0 || again_ms < next_ms) ? again_ms : next_ms;
}

uint64_t
alarm_run_next_ms(struct alarm_run *run)
{
	pthread_mutex_lock(&run->lock);
	uint64_t next_ms = next_to_tell(run);
	pthread_mutex_unlock(&run->lock);
	return next_ms;
}

/* What an alarm that is over was, by what managers know of it. */
static enum severity
once(const struct alarm *alarm)
{
	if (alarm->told != ALARM_UNSURE)
		return alarm->told;
	return alarm_subject_is_figures(&alarm->subject) ? SEVERITY_UNKNOWN : SEVERITY_WARNING;
}

/* What the file is to have; its alarms are to be freed, and NULL if memory is out. */
static struct alarm_file
content(struct alarm_run *run)
{
	uint32_t room = 0;
	pthread_mutex_lock(&run->lock);
	while (alarms_at(run->alarms, room) != NULL)
		room++;
	struct alarm_file file = {.last_id = alarms_last_id(run->alarms),
				  .last_sequence = run->sequence,
				  .alarms = array_new(room, sizeof(*file.alarms))};
	for (uint32_t i = 0; file.alarms != NULL && i < room; i++) {
		struct alarm *a = &file.alarms[file.count];
		*a = *alarms_at(run->alarms, i);
		a->told = alarms_known_at(run->alarms, i);
		/* Over, but not told yet: it goes on, to end once more. */
		if (a->severity == SEVERITY_NORMAL)
			a->severity = once(a);
		file.count += a->severity != SEVERITY_NORMAL;
	}
	pthread_mutex_unlock(&run->lock);
	return file;
}

/* Within the lock of the file. */
static void
save(struct alarm_run *run)
{
	struct alarm_file file = content(run);
	alarm_keep_write(&run->keep, &file);
	free(file.alarms);
}

void
alarm_run_save(struct alarm_run *run)
{
	pthread_mutex_lock(&run->file_lock);
	save(run);
	pthread_mutex_unlock(&run->file_lock);
}

/* Within the lock. The alarm of figures of that age begins or goes on. */
static void
judge(struct alarm_run *run, uint64_t age_ms, const char *why, char message[ALARM_MESSAGE_MAX])
{
	struct alarm_clock clock = now();
	snprintf(message, ALARM_MESSAGE_MAX, "no poll has succeeded for %" PRIu64 " s, %s: %s",
		 (age_ms + 500) / 1000,
		 run->polled ? "the figures are that old" : "and none before",
		 why[0] != '\0' ? why : "the poll under way does not end");
	if (!alarms_stale(run->alarms, &clock, message))
		log_error("alarm", "out of memory: %s", message);
	post_planned(run);
	tell_again(run);
}

/* Within the lock. */
static void
list_figures(struct alarm_run *run, struct alarm_figures *out)
{
	const struct alarm *alarm = alarms_stale_one(run->alarms);
	out->active = alarm != NULL;
	if (alarm != NULL)
		out->alarm = *alarm;
	out->summary = *alarms_summary(run->alarms);
	out->summary.sent = run->sent;
	out->summary.sequence = run->sequence;
}

void
alarm_run_figures(struct alarm_run *run, uint64_t patience_ms, const char *why,
		  struct alarm_figures *out)
{
	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&run->lock);
	uint64_t now_ms = now().ms, age_ms = now_ms > run->good_ms ? now_ms - run->good_ms : 0;
	bool known = alarms_stale_one(run->alarms) != NULL;
	out->stale = age_ms >= patience_ms;
	out->next_ms = now_ms + FIGURES_MS;
	if (out->stale)
		judge(run, age_ms, why, out->alarm.message);
	else
		out->next_ms = run->good_ms + patience_ms;
	list_figures(run, out);
	pthread_mutex_unlock(&run->lock);
	/* Who is writing it writes what is, or hangs. And so may we: what begins now is kept the
	 * next time, when it has been told. */
	if (out->stale && known && pthread_mutex_trylock(&run->file_lock) == 0) {
		save(run);
		pthread_mutex_unlock(&run->file_lock);
	}
}
