/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_keep.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
read_file(struct alarm_keep *keep, struct alarm_file *out)
{
	struct stat is;
	if (fstat(keep->store.fd, &is) == 0 && is.st_size == 0)
		return NULL;
	int copy = fcntl(keep->store.fd, F_DUPFD_CLOEXEC, 0);
	FILE *in = copy >= 0 ? fdopen(copy, "r") : NULL;
	if (in == NULL) {
		if (copy >= 0)
			close(copy);
		return "more memory";
	}
	const char *expected = alarm_file_parse(in, out);
	fclose(in);
	if (expected == NULL)
		return NULL;
	free(out->alarms);
	*out = (struct alarm_file){.alarms = NULL};
	return expected;
}

/* Goes on without the file. */
static void
do_without(struct alarm_keep *keep, const char *why)
{
	log_warn("alarm",
		 "%s: %s: alarms from before the start are not known, and these will be told again "
		 "after a restart; put stateFile (srcportd.conf) where this user may write, or set "
		 "it to none",
		 keep->path, why);
	alarm_store_close(&keep->store);
	keep->path[0] = '\0';
}

/* What is in the file, once it is open. */
static void
take(struct alarm_keep *keep, struct alarm_file *out)
{
	char why[128];
	const char *expected = read_file(keep, out);
	if (expected == NULL)
		return;
	if (!is_ours(keep->store.fd)) {
		snprintf(why, sizeof(why), "expected %s: it is not touched", expected);
		do_without(keep, why);
	} else if (!alarm_store_keep_aside(&keep->store, keep->path)) {
		do_without(keep, strerror(errno));
	} else {
		log_warn("alarm",
			 "%s: expected %s: it is kept as %s.bad; alarms from before the start are "
			 "not known and may be told again",
			 keep->path, expected, keep->path);
	}
}

/* Logs whether alarms are kept over a restart, when that has changed. */
static void
report_file(struct alarm_keep *keep, int error)
{
	if (error != keep->error && error == 0)
		log_info("alarm", "%s: alarms are kept over a restart again", keep->path);
	else if (error != keep->error)
		log_warn("alarm", "%s: %s: alarms will be told again after a restart%s", keep->path,
			 strerror(error),
			 error == ENOMEM ? ""
					 : "; put stateFile (srcportd.conf) where this user may "
					   "write, or set it to none");
	keep->error = error;
}

/* True if the file is open, now or already. A reason that may pass is tried again. */
static bool
has_file(struct alarm_keep *keep, struct alarm_file *out)
{
	if (keep->store.fd >= 0)
		return true;
	if (alarm_store_open(&keep->store, keep->path)) {
		take(keep, out);
		return keep->store.fd >= 0;
	}
	if (errno == EBUSY)
		do_without(keep, "another srcportd uses it");
	else if (errno == ENODEV)
		do_without(keep, "it is not a regular file");
	else
		report_file(keep, errno);
	return false;
}

void
alarm_keep_open(struct alarm_keep *keep, const char *path, struct alarm_file *out)
{
	*keep = (struct alarm_keep){.store = {.fd = -1}};
	*out = (struct alarm_file){.alarms = NULL};
	snprintf(keep->path, sizeof(keep->path), "%s", path);
	if (keep->path[0] != '\0')
		has_file(keep, out);
}

/* The text of the file, to be freed; NULL if memory is out. */
static char *
text_of(const struct alarm_file *file, size_t *length)
{
	char *text = NULL;
	FILE *out = file->alarms != NULL ? open_memstream(&text, length) : NULL;
	if (out == NULL)
		return NULL;
	alarm_file_print(file, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Later on there is more to be said than it says. */
static bool
is_open(struct alarm_keep *keep)
{
	struct alarm_file unused = {.alarms = NULL};
	bool open = keep->path[0] != '\0' && has_file(keep, &unused);
	free(unused.alarms);
	return open;
}

void
alarm_keep_write(struct alarm_keep *keep, const struct alarm_file *file)
{
	size_t length;
	if (!is_open(keep))
		return;
	char *text = text_of(file, &length);
	if (text == NULL) {
		report_file(keep, ENOMEM);
		return;
	}
	bool same = keep->saved != NULL && length == keep->saved_length &&
		    memcmp(text, keep->saved, length) == 0;
	if (same) {
		free(text);
		return;
	}
	if (!alarm_store_replace(&keep->store, keep->path, text, length)) {
		report_file(keep, errno);
		free(text);
		return;
	}
	report_file(keep, 0);
	free(keep->saved);
	keep->saved = text;
	keep->saved_length = length;
}

void
alarm_keep_close(struct alarm_keep *keep)
{
	alarm_store_close(&keep->store);
	free(keep->saved);
}
