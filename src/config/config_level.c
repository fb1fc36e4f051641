/* SPDX-License-Identifier: ISC */
#include "config/config_level.h"

#include <string.h>

const struct config_level_form config_percent = {
    .what = "a percentage", .max = 100, .off = LEVEL_PERCENT_OFF, .sign = "%"};
const struct config_level_form config_remaining = {
    .what = "a number of ports", .max = 65535, .below = true, .sign = ""};
const struct config_level_form config_close_wait = {
    .what = "a number of connections", .max = 1000000, .sign = ""};
const struct config_level_form config_loss = {
    .what = "lost connections of a million", .max = 1000000, .sign = ""};

static bool
parse_number(const struct config_level_form *form, const char *word, uint32_t min, uint32_t max,
	     uint32_t *out)
{
	char plain[16];
	size_t length = strlen(word);
	if (form->sign[0] == '%' && length > 1 && word[length - 1] == '%')
		length--;
	if (length >= sizeof(plain))
		return false;
	memcpy(plain, word, length);
	plain[length] = '\0';
	return config_number(plain, min, max, out);
}

static uint32_t
default_clear(const struct config_level_form *form, uint32_t raise)
{
	if (form->below) {
		uint32_t clear = raise + (raise >= 5 ? raise / 5 : 1);
		return clear < form->max ? clear : form->max;
	}
	if (form == &config_percent)
		return raise > 5 ? raise - 5 : 1;
	return raise - (raise >= 10 ? raise / 10 : 1);
}

bool
config_level_parse(const struct config_level_form *form, struct config_words *words,
		   uint32_t *raise, uint32_t *clear, struct config_fault *fault)
{
	if (config_take(words, "off")) {
		*raise = *clear = form->off;
		return true;
	}
	const char *word = config_next(words);
	if (word == NULL || !parse_number(form, word, 1, form->max, raise))
		return config_wrong(fault, word, "%s from 1 to %u, or off", form->what, form->max);
	*clear = default_clear(form, *raise);
	if (!config_take(words, "clear"))
		return true;
	/* A CLOSE_WAIT alarm may wait until there is none left; others of 0 would never clear. */
	uint32_t min = form->below ? *raise : form == &config_close_wait ? 0 : 1;
	uint32_t max = form->below ? form->max : *raise;
	word = config_next(words);
	if (word == NULL || !parse_number(form, word, min, max, clear))
		return config_wrong(fault, word, "%s from %u to %u to clear what %u raises",
				    form->what, min, max, *raise);
	return true;
}

void
config_level_dump(const struct config_level_form *form, uint32_t raise, uint32_t clear, FILE *out)
{
	if (raise == form->off)
		fputs("off", out);
	else
		fprintf(out, "%u%s clear %u%s", raise, form->sign, clear, form->sign);
}

enum config_contradiction
config_level_contradiction(const struct level_band *band)
{
	const struct levels *at = &band->raise;
	if (at->warning_percent <= 100 && at->critical_percent <= 100 &&
	    at->warning_percent > at->critical_percent)
		return BAND_PERCENT;
	if (at->warning_remaining != 0 && at->critical_remaining != 0 &&
	    at->warning_remaining < at->critical_remaining)
		return BAND_REMAINING;
	if (at->warning_loss != 0 && at->critical_loss != 0 && at->warning_loss > at->critical_loss)
		return BAND_LOSS;
	return BAND_GOOD;
}
