/* SPDX-License-Identifier: ISC */
/* The kernel's answers. The first octet says which dump they are of, and whether to report. */
#include "count/census_take.h"
#include "fuzz.h"

#include "count/census.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings = {
	    .range = {40000, 40099}, .tw_reuse = 1, .timestamps = 1, .tw_reuse_delay_ms = 1000};
	if (size < 1)
		return 0;
	enum diag_dump dump = (enum diag_dump)(data[0] % DIAG_DUMPS);
	struct nlmsghdr first = {.nlmsg_seq = 0};
	size_t length = size - 1;
	void *exact = malloc(length + (length == 0));
	CLAIM(exact != NULL);
	memcpy(exact, data + 1, length);
	if (length >= sizeof(first))
		memcpy(&first, exact, sizeof(first));

	struct census census;
	int error = 0;
	census_init(&census, &settings, NULL);
	struct diag_taker taker = {.take = census_take, .arg = &census, .dump = dump};
	enum dump_result result = dump_check(exact, length, first.nlmsg_seq, first.nlmsg_pid,
					     diag_take_message, &taker, &error);
	CLAIM(result == DUMP_MORE || result == DUMP_DONE || error > 0);
	free(exact);
	if (data[0] / DIAG_DUMPS % 4 == 0)
		fuzz_report(&census);
	census_free(&census);
	return 0;
}
