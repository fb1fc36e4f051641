/* SPDX-License-Identifier: ISC */
#include "config/config_target.h"

#include "config/config_level.h"

#include <stdio.h>
#include <string.h>

static bool
parse_name(struct config_words *words, struct target *out, struct config_fault *fault)
{
	const char *word = config_next(words);
	if (word == NULL || !target_name_valid(word))
		return config_wrong(fault, word, "a name of 1 to %d printable characters of ASCII",
				    TARGET_NAME_MAX);
	snprintf(out->name, sizeof(out->name), "%s", word);
	return true;
}

static bool
parse_spec(struct config_words *words, struct target *out, struct config_fault *fault)
{
	const char *word = config_next(words);
	const char *expected = target_parse(word != NULL ? word : "", out);
	if (expected != NULL)
		return config_wrong(fault, word, "%s", expected);
	if (!config_take(words, "port"))
		return true;
	uint32_t port;
	word = config_next(words);
	if (out->port != 0)
		return config_wrong(fault, word, "one port, not a second one");
	if (word == NULL || !config_number(word, 1, 65535, &port))
		return config_wrong(fault, word, "a port from 1 to 65535");
	out->port = (uint16_t)port;
	return true;
}

/* One severity's levels in a band, and whether the line has named any of them. */
struct severity_levels {
	const char *token;
	size_t percent, remaining; /* offsets in struct levels */
	bool named;
};

static uint32_t *
level_at(struct levels *levels, size_t offset)
{
	return (uint32_t *)((char *)levels + offset);
}

static bool
parse_level(struct severity_levels *s, struct config_words *words, struct level_band *band,
	    struct config_fault *fault)
{
	if (!s->named) {
		s->named = true;
		*level_at(&band->raise, s->percent) = config_percent.off;
		*level_at(&band->clear, s->percent) = config_percent.off;
		*level_at(&band->raise, s->remaining) = config_remaining.off;
		*level_at(&band->clear, s->remaining) = config_remaining.off;
	}
	const char *word = words->at < words->count ? words->word[words->at] : "";
	bool percent = strchr(word, '%') != NULL;
	const struct config_level_form *form = percent ? &config_percent : &config_remaining;
	size_t offset = percent ? s->percent : s->remaining;
	return config_level_parse(form, words, level_at(&band->raise, offset),
				  level_at(&band->clear, offset), fault);
}

/* A warning that comes later than its critical. At least one of the two is the line's own: what it
 * inherits is in order. */
static bool
check_levels(const struct level_band *band, bool critical_named, bool warning_named,
	     struct config_fault *fault)
{
	const struct levels *raise = &band->raise;
	const enum config_contradiction wrong = config_level_contradiction(band);
	if (wrong == BAND_GOOD)
		return true;
	bool percent = wrong == BAND_PERCENT;
	const char *sign = percent ? "%" : "";
	unsigned critical = percent ? raise->critical_percent : raise->critical_remaining;
	unsigned warning = percent ? raise->warning_percent : raise->warning_remaining;
	char found[48];
	if (warning_named) {
		snprintf(found, sizeof(found), "warning %u%s", warning, sign);
		config_wrong(fault, found, "at %s %u%s, its critical level",
			     percent ? "most" : "least", critical, sign);
		if (!critical_named)
			fault->inherited = percent ? "criticalPercent" : "criticalRemaining";
	} else {
		snprintf(found, sizeof(found), "critical %u%s", critical, sign);
		config_wrong(fault, found, "at %s %u%s, its warning level",
			     percent ? "least" : "most", warning, sign);
		fault->inherited = percent ? "warningPercent" : "warningRemaining";
	}
	return false;
}

/* Which of them the line has named. */
struct named {
	bool critical, warning, close_wait;
};

static bool
read_levels(struct config_words *words, struct level_band *band, struct named *named,
	    struct config_fault *fault)
{
	struct severity_levels severities[] = {
	    {"critical", offsetof(struct levels, critical_percent),
	     offsetof(struct levels, critical_remaining), false},
	    {"warning", offsetof(struct levels, warning_percent),
	     offsetof(struct levels, warning_remaining), false},
	};
	*named = (struct named){.critical = false};
	while (words->at < words->count) {
		bool good;
		if (config_take(words, severities[0].token))
			good = parse_level(&severities[0], words, band, fault);
		else if (config_take(words, severities[1].token))
			good = parse_level(&severities[1], words, band, fault);
		else if (config_take(words, "closeWait"))
			good = named->close_wait =
			    config_level_parse(&config_close_wait, words, &band->raise.close_wait,
					       &band->clear.close_wait, fault);
		else
			return config_wrong(fault, config_next(words),
					    "critical, warning, closeWait or the end of the line");
		if (!good)
			return false;
	}
	named->critical = severities[0].named;
	named->warning = severities[1].named;
	return true;
}

static bool
parse_levels(struct config_words *words, struct level_band *band, struct config_fault *fault)
{
	struct named named;
	return read_levels(words, band, &named, fault) &&
	       check_levels(band, named.critical, named.warning, fault);
}

bool
config_levels_parse(struct config_words *words, struct namespace_levels *out,
		    struct config_fault *fault)
{
	struct named named;
	out->levels = level_band_default;
	if (words->at == words->count)
		return config_wrong(fault, NULL, "critical, warning or closeWait");
	if (!read_levels(words, &out->levels, &named, fault))
		return false;
	out->critical = named.critical;
	out->warning = named.warning;
	out->close_wait = named.close_wait;
	/* What it inherits is not known yet. */
	return !named.critical || !named.warning || check_levels(&out->levels, true, true, fault);
}

bool
config_levels_check(const struct namespace_levels *own, const struct level_band *inherited,
		    struct config_fault *fault)
{
	struct level_band band = *inherited;
	config_put_levels(&band, own);
	return check_levels(&band, own->critical, own->warning, fault);
}

bool
config_target_parse(struct config_words *words, const struct level_band *inherited,
		    struct target *out, struct config_fault *fault)
{
	memset(out, 0, sizeof(*out));
	out->levels = *inherited;
	return parse_name(words, out, fault) && parse_spec(words, out, fault) &&
	       parse_levels(words, &out->levels, fault);
}

static void
dump_severity(const char *token, const struct level_band *band, size_t percent, size_t remaining,
	      FILE *out)
{
	const char *raise = (const char *)&band->raise, *clear = (const char *)&band->clear;
	const struct {
		const struct config_level_form *form;
		size_t offset;
	} levels[] = {{&config_percent, percent}, {&config_remaining, remaining}};
	bool any = false;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t at, until;
		memcpy(&at, raise + levels[i].offset, sizeof(at));
		memcpy(&until, clear + levels[i].offset, sizeof(until));
		if (at == levels[i].form->off)
			continue;
		fprintf(out, " %s ", token);
		config_level_dump(levels[i].form, at, until, out);
		any = true;
	}
	if (!any)
		fprintf(out, " %s off", token);
}

void
config_levels_dump(const struct namespace_levels *l, FILE *out)
{
	if (l->critical)
		dump_severity("critical", &l->levels, offsetof(struct levels, critical_percent),
			      offsetof(struct levels, critical_remaining), out);
	if (l->warning)
		dump_severity("warning", &l->levels, offsetof(struct levels, warning_percent),
			      offsetof(struct levels, warning_remaining), out);
	if (l->close_wait) {
		fputs(" closeWait ", out);
		config_level_dump(&config_close_wait, l->levels.raise.close_wait,
				  l->levels.clear.close_wait, out);
	}
}

void
config_target_dump(const struct target *target, FILE *out)
{
	char spec[TARGET_SPEC_MAX];
	fprintf(out, "target \"%s\" %s", target->name, target_text(target, spec));
	dump_severity("critical", &target->levels, offsetof(struct levels, critical_percent),
		      offsetof(struct levels, critical_remaining), out);
	dump_severity("warning", &target->levels, offsetof(struct levels, warning_percent),
		      offsetof(struct levels, warning_remaining), out);
	fputs(" closeWait ", out);
	config_level_dump(&config_close_wait, target->levels.raise.close_wait,
			  target->levels.clear.close_wait, out);
	fputc('\n', out);
}
