/* SPDX-License-Identifier: ISC */
/*
 * reading: what one poll says of one subject by its levels, before what the polls of the past have
 * to say (hysteresis): once by the levels that raise an alarm, once by those that clear it. Pure.
 */
#ifndef SRCPORTD_READING_H
#define SRCPORTD_READING_H

#include "config/config.h"
#include "count/tally.h"
#include "verdict/hysteresis.h"

/* What of a usage is compared. */
enum measure { MEASURE_PORTS = 1, MEASURE_LEAK = 2 };

/* What is compared. What explains a want of ports is in `tightest`. Nothing is owned. */
struct subject {
	const struct range_tally *range;
	const struct level_band *band;
	unsigned measures;
	const struct usage *usage, *tightest;
	uint32_t failed; /* recent connect() calls */
	bool binders;    /* somebody was seen to bind first */
};

/* By the raise or by the clear levels of the band. Failed calls that are possible outweigh them. */
struct verdict reading_verdict(const struct subject *subject, bool clear);

/* Fills in raise, hold and at_once of a reading. */
void reading_of_usage(struct hysteresis_reading *reading, const struct subject *subject);

/* Fills in raise and hold from what remains of a capacity, both in ports, by the levels of a kind
 * that has only those. */
void reading_of_remaining(struct hysteresis_reading *reading, const struct level_band *band,
			  uint32_t remaining, uint32_t capacity);

#endif
