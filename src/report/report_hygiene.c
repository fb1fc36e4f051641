/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "advice/advice_hygiene.h"
#include "advice/other_ranges.h"

#include <stdlib.h>

/* Commands for other namespaces that the text has. */
#define TEXT_OTHERS 10

/* What is told, and how. */
struct telling {
	void (*finding)(const char *name, const char *message, void *to);
	void (*mend)(const char *command, void *to);
	void *to;
};

static const struct hygiene *
hygiene_of(const struct report *report)
{
	return &report->scene->findings->tally->hygiene;
}

/* Those of other network namespaces, as far as they were asked for, are the last. */
static void
tell_findings(const struct report *report, const struct telling *t)
{
	const struct hygiene *h = hygiene_of(report);
	const struct namespace_report *others = report->namespaces;
	char text[ADVICE_MAX];
	for (unsigned i = 0; i < HYGIENE_FINDINGS; i++)
		if (h->findings >> i & 1)
			t->finding(hygiene_name(i), advice_hygiene_finding(h, i, text), t->to);
	if (others != NULL && *other_ranges(&h->range, others->views, others->count, text) != '\0')
		t->finding(hygiene_name(HYGIENE_OTHER_RANGES), text, t->to);
}

/* At most `most` of them for other namespaces. */
static void
tell_mends(const struct report *report, uint32_t most, const struct telling *t)
{
	const struct hygiene *h = hygiene_of(report);
	const struct namespace_report *others = report->namespaces;
	const struct port_range *range = h->mend_range ? &h->better : &h->range;
	char *lines[] = {advice_hygiene_reserve(h), advice_hygiene_range(h)};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i] != NULL)
			t->mend(lines[i], t->to);
		free(lines[i]);
	}
	for (uint32_t i = 0; others != NULL && i < others->count && most > 0; i++) {
		char command[OTHER_RANGES_COMMAND_MAX];
		if (!other_ranges_differ(&h->range, &others->views[i]))
			continue;
		t->mend(other_ranges_mend(range, &others->views[i], command), t->to);
		most--;
	}
}

struct text {
	FILE *out;
	bool begun;
};

static void
put_line(struct text *text, const char *label, const char *line)
{
	if (!text->begun)
		fputs("HYGIENE  what is unwise about the range, before anything fails\n",
		      text->out);
	text->begun = true;
	fprintf(text->out, "  %-15s %s\n", label, line);
}

static void
put_finding(const char *name, const char *message, void *to)
{
	put_line(to, name, message);
}

static void
put_mend(const char *command, void *to)
{
	put_line(to, "to mend", command);
}

void
report_hygiene(const struct report *report, FILE *out)
{
	struct text text = {.out = out};
	const struct telling t = {put_finding, put_mend, &text};
	tell_findings(report, &t);
	if (!text.begun)
		return;
	tell_mends(report, TEXT_OTHERS, &t);
	fputc('\n', out);
}

static void
put_finding_json(const char *name, const char *message, void *json)
{
	json_object(json, NULL);
	json_string(json, "finding", name);
	json_string(json, "message", message);
	json_close_object(json);
}

static void
put_mend_json(const char *command, void *json)
{
	json_string(json, NULL, command);
}

void
report_hygiene_json(const struct report *report, struct json *json)
{
	const struct telling t = {put_finding_json, put_mend_json, json};
	json_object(json, "hygiene");
	json_array(json, "findings");
	tell_findings(report, &t);
	json_close_array(json);
	json_array(json, "mend");
	tell_mends(report, UINT32_MAX, &t);
	json_close_array(json);
	json_close_object(json);
}
