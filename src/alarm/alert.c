/* SPDX-License-Identifier: ISC */
#include "alarm/alert.h"

#include "alarm/alarm_file.h"
#include "alarm/alarm_watch.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sentence.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct alert {
	struct alarms *alarms;
	struct notifications *notifications;
	struct alarm_rules rules;
	char path[CONFIG_FILE_MAX]; /* empty = none */
	char *saved;                /* what is in the file; NULL = not known */
	size_t saved_length;
	int error;     /* errno of the last attempt to write, 0 = it went well */
	bool omits;    /* alarms are left out */
	uint32_t lost; /* notifications that found no room so far */
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
restore(struct alert *alert, const struct alarm_file *file)
{
	uint32_t restored = 0;
	alarms_continue(alert->alarms, file->last_id, file->last_sequence);
	for (uint32_t i = 0; i < file->count; i++) {
		struct alarm alarm = file->alarms[i];
		alarm.since_ms = since_ms(&alarm);
		restored += alarms_restore(alert->alarms, &alarm);
	}
	if (restored > 0)
		log_info("alarm", "still active from before the start: %u alarm%s", restored,
			 number_s(restored));
}

static void
load(struct alert *alert)
{
	struct alarm_file file = {.alarms = NULL};
	FILE *in = alert->path[0] != '\0' ? fopen(alert->path, "re") : NULL;
	if (in == NULL) {
		if (alert->path[0] != '\0' && errno != ENOENT)
			log_warn("alarm",
				 "%s: %s: alarms from before the start are not known and may be "
				 "told again",
				 alert->path, strerror(errno));
		return;
	}
	const char *expected = alarm_file_parse(in, &file);
	fclose(in);
	if (expected == NULL)
		restore(alert, &file);
	else
		log_warn("alarm",
			 "%s: expected %s: alarms from before the start are not known and may be "
			 "told again",
			 alert->path, expected);
	free(file.alarms);
}

struct alert *
alert_open(const struct config *config, struct notifications *notifications)
{
	struct alert *alert = calloc(1, sizeof(*alert));
	if (alert == NULL)
		return NULL;
	alert->notifications = notifications;
	alert->alarms = alarms_new();
	if (alert->alarms == NULL) {
		free(alert);
		return NULL;
	}
	memcpy(alert->path, config->state_file, sizeof(alert->path));
	load(alert);
	alert_save(alert);
	return alert;
}

void
alert_close(struct alert *alert)
{
	if (alert == NULL)
		return;
	alert_save(alert);
	alarms_free(alert->alarms);
	free(alert->saved);
	free(alert);
}

/* What is told to managers is told to the log. */
static void
report(const struct notification *notification)
{
	const struct alarm *alarm = &notification->alarm;
	char key[ALARM_KEY_MAX];
	if (notification->kind == NOTIFICATION_SUPPRESSED)
		log_warn("alarm", "%s", alarm->message);
	else if (notification->kind == NOTIFICATION_CLEARED)
		log_info("alarm", "%s: normal: %s", alarm_key(&alarm->subject, key),
			 alarm->message);
	else
		log_warn("alarm", "%s: %s: %s", alarm_key(&alarm->subject, key),
			 severity_name(alarm->severity), alarm->message);
}

/* What nobody is told of by an alarm or a notification. */
static void
report_losses(struct alert *alert, const struct tally *tally)
{
	const struct alarm_summary *s = &tally->alarm_summary;
	bool omits = s->omitted > 0 || tally->alarms == NULL;
	if (omits && !alert->omits)
		log_warn("alarm",
			 "alarms are left out: there are more than maxAlarms, or memory is short");
	if (!omits && alert->omits)
		log_info("alarm", "no alarm is left out any more");
	if (s->lost != alert->lost)
		log_warn("alarm", "notifications given up for want of room: %" PRIu32 " so far",
			 s->lost);
	alert->omits = omits;
	alert->lost = s->lost;
}

void
alert_poll(struct alert *alert, const struct config *config, struct tally *tally)
{
	struct alarm_clock clock = now();
	alert->rules = alarm_watch_rules(config);
	alert->rules.room = notifications_room(alert->notifications);
	alarm_watch(alert->alarms, &alert->rules, config, &clock, tally);
	notifications_count(alert->notifications, &tally->alarm_summary);
	report_losses(alert, tally);
}

uint32_t
alert_sequence(const struct alert *alert)
{
	return alarms_summary(alert->alarms)->sequence;
}

void
alert_tell(struct alert *alert)
{
	uint32_t count;
	const struct notification *notifications = alarms_notifications(alert->alarms, &count);
	for (uint32_t i = 0; i < count; i++) {
		report(&notifications[i]);
		notifications_post(alert->notifications, &notifications[i]);
	}
}

/* What managers know of an alarm: what they knew before, if something about it still waits;
 * unknown, if something is on its way or nobody knows what became of it. */
static enum severity
surely_told(const struct alarm *alarm, const struct notification *pending, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (pending[i].kind == NOTIFICATION_SUPPRESSED ||
		    !alarm_subject_equal(&pending[i].alarm.subject, &alarm->subject))
			continue;
		return pending[i].before;
	}
	return alarm->told;
}

/* What an alarm that is over was, by what managers know of it. */
static enum severity
once(enum severity told)
{
	return told == SEVERITY_UNKNOWN ? SEVERITY_WARNING : told;
}

static bool
listed(const struct alarm_file *file, const struct alarm_subject *subject)
{
	for (uint32_t i = 0; i < file->count; i++)
		if (alarm_subject_equal(&file->alarms[i].subject, subject))
			return true;
	return false;
}

/* Alarms that are over, and whose end may not have been heard of: they go on, to end once more. */
static void
add_ended(struct alarm_file *file, const struct notification *pending, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (pending[i].kind != NOTIFICATION_CLEARED ||
		    listed(file, &pending[i].alarm.subject))
			continue;
		struct alarm *a = &file->alarms[file->count];
		*a = pending[i].alarm;
		a->told = surely_told(a, pending, count);
		a->severity = once(a->told);
		file->count += a->severity != SEVERITY_NORMAL;
	}
}

/* The content of the file, to be freed; NULL if memory is out. */
static char *
content(const struct alert *alert, size_t *length)
{
	struct notification *pending = calloc(NOTIFICATIONS_MAX, sizeof(*pending));
	uint32_t count = pending != NULL ? notifications_copy(alert->notifications, pending) : 0,
		 room = count;
	const struct alarm *alarm;
	for (uint32_t i = 0; alarms_at(alert->alarms, i) != NULL; i++)
		room++;
	struct alarm_file file = {.last_id = alarms_last_id(alert->alarms),
				  .last_sequence = alarms_summary(alert->alarms)->sequence,
				  .alarms = calloc(room + 1, sizeof(*file.alarms))};
	char *text = NULL;
	FILE *out = pending != NULL && file.alarms != NULL ? open_memstream(&text, length) : NULL;
	for (uint32_t i = 0; out != NULL && (alarm = alarms_at(alert->alarms, i)) != NULL; i++) {
		struct alarm *a = &file.alarms[file.count];
		*a = *alarm;
		a->told = surely_told(alarm, pending, count);
		/* Over, but not told yet. */
		if (a->severity == SEVERITY_NORMAL)
			a->severity = once(a->told);
		file.count += a->severity != SEVERITY_NORMAL;
	}
	if (out != NULL) {
		add_ended(&file, pending, count);
		alarm_file_print(&file, out);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	free(file.alarms);
	free(pending);
	return text;
}

/* Logs whether alarms are kept over a restart, when that has changed. */
static void
report_file(struct alert *alert, int error)
{
	if (error != alert->error && error == 0)
		log_info("alarm", "%s: alarms are kept over a restart again", alert->path);
	else if (error != alert->error)
		log_warn("alarm", "%s: %s: alarms will be told again after a restart%s",
			 alert->path, strerror(error),
			 error == ENOMEM ? ""
					 : "; put stateFile (srcportd.conf) where this user may "
					   "write, or set it to none");
	alert->error = error;
}

void
alert_save(struct alert *alert)
{
	size_t length;
	if (alert->path[0] == '\0')
		return;
	char *text = content(alert, &length);
	if (text == NULL) {
		report_file(alert, ENOMEM);
		return;
	}
	bool same = alert->saved != NULL && length == alert->saved_length &&
		    memcmp(text, alert->saved, length) == 0;
	if (same) {
		free(text);
		return;
	}
	if (!alarm_file_replace(alert->path, text, length)) {
		report_file(alert, errno);
		free(text);
		return;
	}
	report_file(alert, 0);
	free(alert->saved);
	alert->saved = text;
	alert->saved_length = length;
}
