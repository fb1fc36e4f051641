/* SPDX-License-Identifier: ISC */
/* The text of sockstat, and of sockstat6 behind an empty line; and what a recording has of them. */
#include "fuzz.h"

#include "kernel/unseen.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *v6 = strstr(text, "\n\n");
	struct sockstat alone, both;
	if (v6 != NULL) {
		*v6 = '\0';
		v6 += 2;
	}
	sockstat_parse(text, NULL, &alone);
	sockstat_parse(text, v6, &both);
	CLAIM(both.in_use >= alone.in_use && both.allocated == alone.allocated);
	const int64_t value[] = {both.in_use,    both.time_wait, both.orphans,
				 both.allocated, both.memory,    sockstat_elsewhere(&both)};
	for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++)
		CLAIM(value[i] >= SOCKSTAT_ABSENT);
	CLAIM(sockstat_elsewhere(&both) <= sockstat_elsewhere(&alone));
	struct unseen_count unseen;
	CLAIM(unseen_parse(text, &unseen) == unseen.known);
	CLAIM(unseen.known || (unseen.sockets == 0 && !unseen.complete));
	free(text);
	return 0;
}
