/* SPDX-License-Identifier: ISC */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#define LINE_MAX_OCTETS 1024

static enum log_sink sink = LOG_TO_STDERR;
static bool verbose;

void
log_open(enum log_sink to, bool debug)
{
	sink = to;
	verbose = debug;
	if (to == LOG_TO_SYSLOG)
		openlog("srcportd", LOG_PID, LOG_DAEMON);
}

/* One write per line, so that lines of two threads never mix. */
static void
emit(int priority, const char *subsystem, const char *format, va_list args)
{
	char text[LINE_MAX_OCTETS];
	int length = vsnprintf(text, sizeof(text), format, args);
	if (length < 0)
		return;
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	if (sink == LOG_TO_SYSLOG)
		syslog(priority, "%s: %s", subsystem, text);
	else if (sink == LOG_TO_JOURNAL)
		fprintf(stderr, "<%d>%s: %s\n", priority, subsystem, text);
	else
		fprintf(stderr, "srcportd: %s: %s\n", subsystem, text);
}

void
log_error(const char *subsystem, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	emit(LOG_ERR, subsystem, format, args);
	va_end(args);
}

void
log_warn(const char *subsystem, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	emit(LOG_WARNING, subsystem, format, args);
	va_end(args);
}

void
log_info(const char *subsystem, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	emit(LOG_INFO, subsystem, format, args);
	va_end(args);
}

void
log_debug(const char *subsystem, const char *format, ...)
{
	if (!verbose)
		return;
	va_list args;
	va_start(args, format);
	emit(LOG_DEBUG, subsystem, format, args);
	va_end(args);
}
