/* SPDX-License-Identifier: ISC */
/* Rules of nftables that translate sources, and the range that they give to connections of an
 * address. */
#include "fuzz.h"

#include "count/nat_range.h"

#include <netinet/in.h>

static void
claim_range(const struct nat_rules *rules)
{
	struct nat_seen seen = {.seen = 0};
	struct addr outside;
	struct port_range range;
	CLAIM(addr_parse("192.0.2.1", &outside));
	const struct nat_range_question question = {
	    .protocol = IPPROTO_TCP, .outside = &outside, .own = &seen, .seen = &seen};
	enum nat_range_source from = nat_range_of(rules, &question, &range);
	CLAIM(from == NAT_RANGE_RULE || from == NAT_RANGE_DEFAULT);
	CLAIM(range.low <= range.high);
	CLAIM(from == NAT_RANGE_RULE || (range.low == NAT_LOWEST && range.high == NAT_HIGHEST));
	CLAIM(from == NAT_RANGE_DEFAULT || (rules->known && rules->count > 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nat_rules rules;
	struct nlmsghdr first = {.nlmsg_seq = 0};
	int error = 0;
	void *exact = malloc(size + (size == 0));
	CLAIM(exact != NULL);
	if (size > 0)
		memcpy(exact, data, size);
	if (size >= sizeof(first))
		memcpy(&first, data, sizeof(first));
	memset(&rules, 0, sizeof(rules));
	enum dump_result result = dump_check(exact, size, first.nlmsg_seq, first.nlmsg_pid,
					     nat_rules_take, &rules, &error);
	free(exact);
	CLAIM(result == DUMP_MORE || result == DUMP_DONE || error > 0);
	CLAIM(rules.count <= NAT_RULES_MAX);
	for (uint32_t i = 0; i < rules.count; i++)
		CLAIM(!rules.of[i].named || !rules.of[i].clear ||
		      rules.of[i].ports.low <= rules.of[i].ports.high);
	claim_range(&rules);
	rules.known = true;
	claim_range(&rules);
	return 0;
}
