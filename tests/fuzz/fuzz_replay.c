/* SPDX-License-Identifier: ISC */
/* Recordings. */
#include "count/census_take.h"
#include "fuzz.h"

#include "count/census.h"
#include "count/nat_census.h"
#include "kernel/replay.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct procfile_source source;
	struct settings settings;
	struct census census = {.pools = NULL};
	struct nat_census nat = {.pools = NULL};
	char error[300] = "";
	const char *path = fuzz_file(data, size);
	struct replay *replay = replay_open(path, &source, &settings, error, sizeof(error));
	if (replay != NULL) {
		census_init(&census, &settings, NULL);
		nat_census_init(&nat, true);
		replay_conntrack(replay, nat_census_take, &nat);
		replay_rules(replay, &nat.rules);
		if (replay_read(replay, census_take, &census, &census.features, error,
				sizeof(error)) == NULL) {
			CLAIM(error[0] == '\0');
			fuzz_report(&census);
			nat_census_end(&nat);
			CLAIM(replay_has_conntrack(replay) || nat.count == 0);
		}
	}
	CLAIM(error[0] == '\0' ||
	      (strncmp(error, path, strlen(path)) == 0 && strchr(error, '\n') == NULL));
	replay_close(replay);
	census_free(&census);
	nat_census_free(&nat);
	procfile_free_copies(&source);
	return 0;
}
