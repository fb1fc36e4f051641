/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_run.h"

#include "alarm/alarm_file.h"
#include "alarm/alarm_store.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sentence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct alarm_run {
	struct alarms *alarms;
	struct notifications *notifications;
	struct hysteresis *hysteresis;
	struct alarm_rules rules;
	uint32_t masters;  /* of what was collected last */
	uint32_t sent;     /* same */
	uint32_t sequence; /* the last number, those included that what is posted will get */
	char path[CONFIG_FILE_MAX]; /* empty = none */
	struct alarm_store store;
	char *saved; /* what is in the file; NULL = not known */
	size_t saved_length;
	bool begun;       /* polls may have been taken in */
	int error;        /* errno of the last attempt to write, 0 = it went well */
	bool omits;       /* alarms are left out */
	uint64_t told_ms; /* when alarm_run_tell() was called last */
	bool unposted;    /* there was no memory to post what was planned */
	bool starved;     /* the log says that memory is out */
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
		hysteresis_restore(run->hysteresis, &alarm.subject, verdict);
		restored++;
	}
	if (restored > 0)
		log_info("alarm", "still active from before the start: %u alarm%s", restored,
			 number_s(restored));
}

/* Whether what a file begins with is ours, of whatever version. */
static bool
is_ours(int fd)
{
	static const char name[] = "srcportd alarms ";
	char begins[sizeof(name) - 1];
	return pread(fd, begins, sizeof(begins), 0) == (ssize_t)sizeof(begins) &&
	       memcmp(begins, name, sizeof(begins)) == 0;
}

/* What is in the open file: NULL, or what was expected. An empty one is new. */
static const char *
read_file(struct alarm_run *run)
{
	struct alarm_file file = {.alarms = NULL};
	struct stat is;
	if (fstat(run->store.fd, &is) == 0 && is.st_size == 0)
		return NULL;
	int copy = fcntl(run->store.fd, F_DUPFD_CLOEXEC, 0);
	FILE *in = copy >= 0 ? fdopen(copy, "r") : NULL;
	if (in == NULL) {
		if (copy >= 0)
			close(copy);
		return "more memory";
	}
	const char *expected = alarm_file_parse(in, &file);
	fclose(in);
	/* Later on there is more to be said than it says. */
	if (expected == NULL && !run->begun)
		restore(run, &file);
	free(file.alarms);
	return expected;
}

/* Goes on without the file. */
static void
do_without(struct alarm_run *run, const char *why)
{
	log_warn("alarm",
		 "%s: %s: alarms from before the start are not known, and these will be told again "
		 "after a restart; put stateFile (srcportd.conf) where this user may write, or set "
		 "it to none",
		 run->path, why);
	alarm_store_close(&run->store);
	run->path[0] = '\0';
}

static void report_file(struct alarm_run *run, int error);

/* What is in the file, once it is open. */
static void
take(struct alarm_run *run)
{
	char why[128];
	const char *expected = read_file(run);
	if (expected == NULL)
		return;
	if (!is_ours(run->store.fd)) {
		snprintf(why, sizeof(why), "expected %s: it is not touched", expected);
		do_without(run, why);
	} else if (!alarm_store_keep_aside(&run->store, run->path)) {
		do_without(run, strerror(errno));
	} else {
		log_warn("alarm",
			 "%s: expected %s: it is kept as %s.bad; alarms from before the start are "
			 "not known and may be told again",
			 run->path, expected, run->path);
	}
}

/* True if the file is open, now or already. A reason that may pass is tried again. */
static bool
has_file(struct alarm_run *run)
{
	if (run->store.fd >= 0)
		return true;
	if (alarm_store_open(&run->store, run->path)) {
		take(run);
		return run->store.fd >= 0;
	}
	if (errno == EBUSY)
		do_without(run, "another srcportd uses it");
	else if (errno == ENODEV)
		do_without(run, "it is not a regular file");
	else
		report_file(run, errno);
	return false;
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
	alarms_listen(run->alarms, &listener);
	memcpy(run->path, config->state_file, sizeof(run->path));
	run->store.fd = -1;
	alarm_run_save(run);
	run->begun = true;
	return run;
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
	collect(run);
	alarm_run_save(run);
	alarm_store_close(&run->store);
	alarms_free(run->alarms);
	free(run->saved);
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
alarm_run_rules(const struct alarm_run *run, const struct config *config, uint32_t interval_s)
{
	/* Two at least: a service that is restarted lets go of its ports for a moment. */
	uint32_t clear_polls = (CONFIG_CLEAR_S + interval_s - 1) / interval_s;
	if (config->clear_polls != 0)
		clear_polls = config->clear_polls;
	else if (clear_polls < 2)
		clear_polls = 2;
	uint32_t ended = alarms_ended(run->alarms);
	return (struct hysteresis_rules){
	    .raise_polls = config->raise_polls,
	    .clear_polls = clear_polls,
	    .room = ended < config->max_alarms ? config->max_alarms - ended : 0};
}

void
alarm_run_poll(struct alarm_run *run, const struct config *config, const struct scene *scene,
	       struct alarm_list *out)
{
	struct alarm_clock clock = now();
	run->rules = alarm_watch_rules(config);
	notifications_limit(run->notifications, config->notifications_per_minute);
	collect(run);
	alarm_watch(run->alarms, &run->rules, &clock, scene, out);
	out->summary.sent = run->sent;
	report_losses(run, out);
}

uint32_t
alarm_run_sequence(const struct alarm_run *run)
{
	return run->sequence;
}

void
alarm_run_tell(struct alarm_run *run)
{
	uint32_t count;
	struct alarm_clock clock = now();
	const struct notification *notifications = alarms_notifications(run->alarms, &count);
	run->sequence = alarms_summary(run->alarms)->sequence;
	run->unposted = false;
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

void
alarm_run_again(struct alarm_run *run)
{
	struct alarm_clock clock = now();
	collect(run);
	alarms_plan(run->alarms, &run->rules, &clock);
	alarm_run_tell(run);
	alarm_run_save(run);
}

uint64_t
alarm_run_next_ms(const struct alarm_run *run)
{
	uint64_t next_ms = alarms_next_ms(run->alarms);
	uint64_t again_ms = run->told_ms + ALARM_STARVED_MS;
	return run->unposted && (next_ms == 0 || again_ms < next_ms) ? again_ms : next_ms;
}

/* What an alarm that is over was, by what managers know of it. */
static enum severity
once(enum severity told)
{
	return told == SEVERITY_UNKNOWN ? SEVERITY_WARNING : told;
}

/* The content of the file, to be freed; NULL if memory is out. */
static char *
content(const struct alarm_run *run, size_t *length)
{
	const struct alarm *alarm;
	uint32_t room = 0;
	while (alarms_at(run->alarms, room) != NULL)
		room++;
	struct alarm_file file = {.last_id = alarms_last_id(run->alarms),
				  .last_sequence = run->sequence,
				  .alarms = calloc((size_t)room + 1, sizeof(*file.alarms))};
	char *text = NULL;
	FILE *out = file.alarms != NULL ? open_memstream(&text, length) : NULL;
	for (uint32_t i = 0; out != NULL && (alarm = alarms_at(run->alarms, i)) != NULL; i++) {
		struct alarm *a = &file.alarms[file.count];
		*a = *alarm;
		a->told = alarms_known_at(run->alarms, i);
		/* Over, but not told yet: it goes on, to end once more. */
		if (a->severity == SEVERITY_NORMAL)
			a->severity = once(a->told);
		file.count += a->severity != SEVERITY_NORMAL;
	}
	if (out != NULL) {
		alarm_file_print(&file, out);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	free(file.alarms);
	return text;
}

/* Logs whether alarms are kept over a restart, when that has changed. */
static void
report_file(struct alarm_run *run, int error)
{
	if (error != run->error && error == 0)
		log_info("alarm", "%s: alarms are kept over a restart again", run->path);
	else if (error != run->error)
		log_warn("alarm", "%s: %s: alarms will be told again after a restart%s", run->path,
			 strerror(error),
			 error == ENOMEM ? ""
					 : "; put stateFile (srcportd.conf) where this user may "
					   "write, or set it to none");
	run->error = error;
}

void
alarm_run_save(struct alarm_run *run)
{
	size_t length;
	if (run->path[0] == '\0' || !has_file(run))
		return;
	char *text = content(run, &length);
	if (text == NULL) {
		report_file(run, ENOMEM);
		return;
	}
	bool same = run->saved != NULL && length == run->saved_length &&
		    memcmp(text, run->saved, length) == 0;
	if (same) {
		free(text);
		return;
	}
	if (!alarm_store_replace(&run->store, run->path, text, length)) {
		report_file(run, errno);
		free(text);
		return;
	}
	report_file(run, 0);
	free(run->saved);
	run->saved = text;
	run->saved_length = length;
}
