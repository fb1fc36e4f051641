/* SPDX-License-Identifier: ISC */
#include "base/log.h"

#include "base/clean.h"
#include "base/clock.h"
#include "base/ratelimit.h"

#include <inttypes.h>
#include <paths.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_OCTETS 1024

/* Lines of one kind that a minute may have. */
#define BURST     20
#define WINDOW_MS 60000

static enum log_sink sink = LOG_TO_STDERR;
static bool debugging;

/* How long the first line waits that nobody takes, where readers may just be slow. */
#define PATIENCE_MS 100

static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
static uint32_t untaken; /* lines that were left out, as nobody took them */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ratelimit limit = {.burst = BURST, .window_ms = WINDOW_MS};

/* The variable is inherited by whatever a service starts: only the stream that it names counts. */
bool
log_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	char end;
	return stream != NULL && sscanf(stream, "%llu:%llu%c", &device, &inode, &end) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void
log_open(enum log_sink to, bool debug)
{
	sink = to;
	debugging = debug;
	/* Standard error too, for as long as there is one: whoever types -d sees why it failed. */
	if (to == LOG_TO_SYSLOG)
		openlog("srcportd", LOG_PID | LOG_PERROR, LOG_DAEMON);
}

/* A kind is what a subsystem says in one format, wherever that stands, or one condition: most lines
 * that others have made up come as "%s". FNV-1a of both, with the NUL of the first between. */
static uint64_t
kind_of(const char *subsystem, const char *format)
{
	uint64_t hash = 14695981039346656037u;
	for (unsigned part = 0; part < 2; part++)
		for (const char *at = part == 0 ? subsystem : format;; at++) {
			hash = (hash ^ (unsigned char)*at) * 1099511628211u;
			if (*at == '\0')
				break;
		}
	return hash != 0 ? hash : 1;
}

/* What is to be said about lines that were, or will be, left out; false if this line is one. */
static bool
pass(uint64_t kind, char *remark, size_t room)
{
	uint32_t held_back;
	pthread_mutex_lock(&lock);
	enum ratelimit_verdict verdict = ratelimit_ask(&limit, kind, clock_us() / 1000, &held_back);
	pthread_mutex_unlock(&lock);
	if (verdict == RATELIMIT_LAST)
		snprintf(remark, room, " (more lines like this are left out for a minute)");
	else if (held_back > 0)
		snprintf(remark, room, " (lines like this that were left out: %" PRIu32 ")",
			 held_back);
	else
		remark[0] = '\0';
	return verdict != RATELIMIT_HOLD;
}

/* Within the lock of writing. */
static bool
takes(int fd)
{
	struct pollfd out = {.fd = fd, .events = POLLOUT};
	return poll(&out, 1, untaken == 0 ? PATIENCE_MS : 0) != 0;
}

/* By a connection of its own: that of syslog(3) cannot be looked at. */
static bool
syslog_takes(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = _PATH_LOG};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool there =
	    fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	bool taken = !there || takes(fd);
	if (fd >= 0)
		close(fd);
	return taken;
}

/* Whether a line is taken without a wait: nobody may have to wait for a reader that hangs, as
 * others wait for who logs. Within the lock of writing. */
static bool
is_taken(void)
{
	return takes(STDERR_FILENO) && (sink != LOG_TO_SYSLOG || syslog_takes());
}

static void
write_line(int priority, const char *subsystem, const char *text, const char *remark,
	   const char *missing)
{
	if (sink == LOG_TO_SYSLOG)
		syslog(priority, "%s: %s%s%s", subsystem, text, remark, missing);
	else if (sink == LOG_TO_JOURNAL)
		fprintf(stderr, "<%d>%s: %s%s%s\n", priority, subsystem, text, remark, missing);
	else
		fprintf(stderr, "srcportd: %s: %s%s%s\n", subsystem, text, remark, missing);
}

/* One write per line, so that lines of two threads never mix. */
static void
put(int priority, const char *subsystem, const char *text, const char *remark)
{
	char missing[64] = "";
	pthread_mutex_lock(&writing);
	bool taken = is_taken();
	if (taken && untaken > 0)
		snprintf(missing, sizeof(missing),
			 " (lines before it that nobody took: %" PRIu32 ")", untaken);
	untaken = taken ? 0 : untaken + 1;
	if (taken)
		write_line(priority, subsystem, text, remark, missing);
	pthread_mutex_unlock(&writing);
}

static void __attribute__((format(printf, 4, 0)))
emit(int priority, uint64_t kind, const char *subsystem, const char *format, va_list args)
{
	char raw[LINE_MAX_OCTETS], text[LINE_MAX_OCTETS], remark[96] = "";
	if (priority != LOG_DEBUG && !pass(kind, remark, sizeof(remark)))
		return;
	if (vsnprintf(raw, sizeof(raw), format, args) < 0)
		return;
	clean_text(raw, sizeof(raw), text, sizeof(text));
	put(priority, subsystem, text, remark);
}

void
log_error(const char *subsystem, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	emit(LOG_ERR, kind_of(subsystem, format), subsystem, format, args);
	va_end(args);
}

void
log_warn(const char *subsystem, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	emit(LOG_WARNING, kind_of(subsystem, format), subsystem, format, args);
	va_end(args);
}

void
log_info(const char *subsystem, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	emit(LOG_INFO, kind_of(subsystem, format), subsystem, format, args);
	va_end(args);
}

void
log_debug(const char *subsystem, const char *format, ...)
{
	if (!debugging)
		return;
	va_list args;
	va_start(args, format);
	emit(LOG_DEBUG, 0, subsystem, format, args);
	va_end(args);
}

static void __attribute__((format(printf, 4, 5)))
say(int priority, uint64_t kind, const char *subsystem, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	emit(priority, kind, subsystem, format, args);
	va_end(args);
}

/* Its kind is the caller's flag: what it says may differ from time to time. */
void
log_condition(bool *told, bool on, const char *subsystem, const char *begins, const char *ends)
{
	uint64_t kind = (uint64_t)(uintptr_t)told;
	if (on && !*told)
		say(LOG_ERR, kind, subsystem, "%s", begins);
	if (!on && *told)
		say(LOG_INFO, kind, subsystem, "%s", ends);
	*told = on;
}
