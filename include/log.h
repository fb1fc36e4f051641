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
	LOG_TO_SYSLOG   /* syslog(3), facility daemon */
};

/* Chooses the sink; `verbose` lets log_debug() through. Call before any thread is started. */
void log_open(enum log_sink sink, bool verbose);

/* Each writes one line. Control characters in the result are replaced by '?'. */
void log_error(const char *subsystem, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *subsystem, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *subsystem, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *subsystem, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
