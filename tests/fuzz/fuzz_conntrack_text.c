/* SPDX-License-Identifier: ISC */
/* Lines of /proc/net/nf_conntrack, each as both of those that are translated and those that hold
 * ports.
 */
#include "fuzz.h"

#include "count/nat_census.h"
#include "kernel/conntrack_text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nat_census census;
	nat_census_init(&census, true);
	for (int dump = CONNTRACK_TRANSLATED; dump <= CONNTRACK_HOLDERS; dump++) {
		char *text = fuzz_text(data, size), *rest = text, *line;
		while ((line = strsep(&rest, "\n")) != NULL) {
			struct conntrack_entry entry;
			if (conntrack_line(line, &entry) != CONNTRACK_LINE_ENTRY)
				continue;
			CLAIM(entry.state <= CONNTRACK_SYN_SENT2);
			CLAIM(addr_is_v4(&entry.original.source) ==
			      addr_is_v4(&entry.reply.destination));
			CLAIM(nat_census_take(&census, (enum conntrack_dump)dump, &entry));
		}
		free(text);
	}
	nat_census_end(&census);
	for (uint32_t i = 0; i < census.count; i++) {
		const struct nat_usage *u = &census.pools[i].usage;
		CLAIM(u->used + u->remaining == u->capacity && u->evictable <= u->remaining);
	}
	nat_census_free(&census);
	return 0;
}
