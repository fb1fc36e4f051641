/* SPDX-License-Identifier: ISC */
/*
 * log: one line per change of state, to where the daemon was started from.
 *
 * Every call names its subsystem ("poller", "agent", "config" ...). May be called from any thread.
 */
#ifndef SRCPORTD_LOG_H
#define SRCPORTD_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_sink {
	LOG_TO_STDERR,  /* "subsystem: text" */
	LOG_TO_JOURNAL, /* the same with a "<N>" priority prefix, for systemd */
	LOG_TO_SYSLOG   /* syslog(3), facility daemon, and standard error */
};

/* True if standard error is a stream of the journal's (JOURNAL_STREAM of systemd.exec(5)). */
bool log_is_journal(void);

/* Chooses the sink; `debug` lets log_debug() through. Call before any thread is started. */
void log_open(enum log_sink sink, bool debug);

/* Each writes one line, cleaned by clean_text() and cut at 1023 octets. Of one
 * format in one subsystem, at most 20 lines go out in a minute; the last of them says so, and the
 * first one after it how many are missing. log_debug() is not limited. A
 * line that standard error, or syslog, does not take is left out, but for the first tenth of a
 * second nobody waits: the next line that it takes says how many. */
void log_error(const char *subsystem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_warn(const char *subsystem, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *subsystem, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *subsystem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A state that may begin and end: one line when it does, as an error, and as news. *told is the
 * caller's, false at the start, and says whether the state is on; each has its own 20 lines. */
void log_condition(bool *told, bool on, const char *subsystem, const char *begins,
		   const char *ends);

#endif
