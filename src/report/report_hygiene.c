/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "advice/advice_hygiene.h"

#include <stdlib.h>

void
report_hygiene(const struct hygiene *h, FILE *out)
{
	char text[ADVICE_MAX];
	if (h->findings == 0)
		return;
	fputs("HYGIENE  what is unwise about the range, before anything fails\n", out);
	for (unsigned i = 0; i < HYGIENE_FINDINGS; i++)
		if (h->findings >> i & 1)
			fprintf(out, "  %-15s %s\n", hygiene_name(i),
				advice_hygiene_finding(h, i, text));
	char *lines[] = {advice_hygiene_reserve(h), advice_hygiene_range(h)};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i] != NULL)
			fprintf(out, "  %-15s %s\n", "to mend", lines[i]);
		free(lines[i]);
	}
	fputc('\n', out);
}

void
report_hygiene_json(const struct hygiene *h, struct json *json)
{
	char text[ADVICE_MAX];
	json_object(json, "hygiene");
	json_array(json, "findings");
	for (unsigned i = 0; i < HYGIENE_FINDINGS; i++) {
		if (!(h->findings >> i & 1))
			continue;
		json_object(json, NULL);
		json_string(json, "finding", hygiene_name(i));
		json_string(json, "message", advice_hygiene_finding(h, i, text));
		json_close_object(json);
	}
	json_close_array(json);
	json_array(json, "mend");
	char *lines[] = {advice_hygiene_reserve(h), advice_hygiene_range(h)};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i] != NULL)
			json_string(json, NULL, lines[i]);
		free(lines[i]);
	}
	json_close_array(json);
	json_close_object(json);
}
