/* SPDX-License-Identifier: ISC */
/* Recordings. */
#include "fuzz.h"

#include "kernel/replay.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct procfile_source source;
	struct census census;
	char error[300] = "";
	const char *path = fuzz_file(data, size);
	if (replay_read(path, &source, &census, error, sizeof(error)) == NULL) {
		CLAIM(error[0] == '\0');
		fuzz_report(&census);
	} else {
		CLAIM(strncmp(error, path, strlen(path)) == 0 && strchr(error, '\n') == NULL);
	}
	census_free(&census);
	procfile_free_copies(&source);
	return 0;
}
