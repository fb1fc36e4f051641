/* SPDX-License-Identifier: ISC */
/*
 * process: what /proc tells of one process. The root may be a directory that stands for /proc.
 */
#ifndef SRCPORTD_PROCESS_H
#define SRCPORTD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESS_NAME_MAX  64
#define PROCESS_UNLIMITED UINT64_MAX

/* The name (comm) as clean text; "" if the process has gone. */
void process_name(const char *root, uint32_t pid, char out[static PROCESS_NAME_MAX]);

/* When it was started, in clock ticks since the host was: with its number it is like no other's. 0
 * if the process has gone. */
uint64_t process_started(const char *root, uint32_t pid);

/* RLIMIT_NOFILE: PROCESS_UNLIMITED for "unlimited". False if it cannot be told. */
struct file_limits {
	uint64_t soft, hard;
};
bool process_file_limits(const char *root, uint32_t pid, struct file_limits *out);

/* The rule behind it, from the text of the file (NUL-terminated). */
bool process_parse_limits(const char *text, struct file_limits *out);

#endif
