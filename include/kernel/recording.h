/* SPDX-License-Identifier: ISC */
/*
 * recording: the raw kernel answers of one poll in a file, for tests and support cases.
 *
 * A recording is a line "srcportd-recording 1" and then records:
 *     file NAME LENGTH     LENGTH octets and a newline follow: what NAME (under /proc) held
 *     absent NAME          NAME could not be read
 *     features MASK        what the kernel was seen to show (decimal bit mask)
 *     clock FROM TO        CLOCK_MONOTONIC, ms, between which the kernel looked at what the
 *                          datagrams from here on show
 *     dump N LENGTH        LENGTH octets and a newline follow: one netlink datagram of dump N, by
 *                          enum diag_dump, enum conntrack_dump or NAT_RULES_DUMP, in the order of
 *                          the numbers; or rules of iptables-legacy (nat_legacy.h)
 *     end                  nothing follows
 * A file that is cut short or otherwise not of this form is refused: it is never trusted.
 */
#ifndef SRCPORTD_RECORDING_H
#define SRCPORTD_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define RECORDING_NAME_MAX 128
#define RECORDING_DATA_MAX (1024 * 1024) /* octets of one record */

/* Each returns false with errno set if the file cannot be written. */
bool recording_begin(FILE *file);
bool recording_file(FILE *file, const char *name, const void *data, size_t length);
bool recording_absent(FILE *file, const char *name);
bool recording_features(FILE *file, uint32_t features);
bool recording_clock(FILE *file, uint64_t from_ms, uint64_t to_ms);
bool recording_dump(FILE *file, unsigned dump, const void *data, size_t length);
bool recording_end(FILE *file);

enum record_kind {
	RECORD_FILE,
	RECORD_ABSENT,
	RECORD_FEATURES,
	RECORD_CLOCK,
	RECORD_DUMP,
	RECORD_END,
	RECORD_BROKEN
};

struct record {
	enum record_kind kind;
	char name[RECORDING_NAME_MAX]; /* FILE, ABSENT */
	uint32_t number;               /* DUMP: which; FEATURES: the mask */
	uint64_t from_ms, to_ms;       /* CLOCK */
	void *data;                    /* FILE, DUMP: the octets, aligned for netlink */
	size_t length, room;
};

/* Reads the first line. False if the file is no recording. */
bool recording_open(FILE *file);

/* Reads the next record; record->data is reused from call to call and freed by recording_free().
 * Returns its kind; RECORD_BROKEN for anything that is not of the form above. */
enum record_kind recording_next(FILE *file, struct record *record);

/* Frees record->data. */
void recording_free(struct record *record);

#endif
