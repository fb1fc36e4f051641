/* SPDX-License-Identifier: ISC */
/*
 * config_level: a level with its clear level, as srcportd.conf writes it: "95 clear 90" or "off".
 * Pure.
 */
#ifndef SRCPORTD_CONFIG_LEVEL_H
#define SRCPORTD_CONFIG_LEVEL_H

#include "config/config_words.h"
#include "count/severity.h"

#include <stdio.h>

/* How a level is written and which way it goes. */
struct config_level_form {
	const char *what; /* "a percentage", "a number of ports" ... */
	uint32_t max;     /* 1..max, */
	uint32_t off;     /* or this for "off" */
	bool below;       /* raised when the value falls below it, else when it grows to it */
	const char *sign; /* behind the number when it is written: "%" or "" */
};

extern const struct config_level_form config_percent;    /* percent in use */
extern const struct config_level_form config_remaining;  /* ports that remain */
extern const struct config_level_form config_close_wait; /* connections in CLOSE_WAIT */
extern const struct config_level_form config_loss;       /* lost connections of a million */

/* Takes "N [clear N]" or "off" from words. Without "clear" the clear level is 5 points below a
 * percentage, a fifth above a number of ports, a tenth below a number of connections, but at least
 * 1 off where that is possible. False with a fault, also when the clear level is on the wrong side.
 */
bool config_level_parse(const struct config_level_form *form, struct config_words *words,
			uint32_t *raise, uint32_t *clear, struct config_fault *fault);

/* Writes what config_level_parse() reads. */
void config_level_dump(const struct config_level_form *form, uint32_t raise, uint32_t clear,
		       FILE *out);

/* The kind of level whose warning would come later than its critical, if there is one. */
enum config_contradiction { BAND_GOOD, BAND_PERCENT, BAND_REMAINING, BAND_LOSS };
enum config_contradiction config_level_contradiction(const struct level_band *band);

#endif
