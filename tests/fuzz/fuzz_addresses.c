/* SPDX-License-Identifier: ISC */
/* The kernel's list of addresses. */
#include "fuzz.h"

#include "kernel/dump.h"
#include "kernel/sources.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nlmsghdr first = {.nlmsg_seq = 0};
	struct sources sources = {.count = 0};
	void *exact = malloc(size + (size == 0));
	CLAIM(exact != NULL);
	memcpy(exact, data, size);
	if (size >= sizeof(first))
		memcpy(&first, exact, sizeof(first));
	int error = 0;
	enum dump_result result = dump_check(exact, size, first.nlmsg_seq, first.nlmsg_pid,
					     sources_take, &sources, &error);
	CLAIM(result == DUMP_MORE || result == DUMP_DONE || error > 0);
	CLAIM(sources.count <= SOURCES_MAX);
	for (uint32_t i = 0; i < sources.count; i++)
		CLAIM(sources.of[i].address.zone == 0);
	free(exact);
	return 0;
}
