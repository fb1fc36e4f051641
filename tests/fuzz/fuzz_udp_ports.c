/* SPDX-License-Identifier: ISC */
/* The text of /proc/net/udp. */
#include "fuzz.h"

#include "kernel/udp_ports.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct portset set;
	portset_clear(&set);
	udp_ports_parse(text, &set);
	CLAIM(portset_count(&set) <= size);
	CLAIM(!portset_has(&set, 0));
	free(text);
	return 0;
}
