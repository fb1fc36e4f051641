/* SPDX-License-Identifier: ISC */
/* Rules of iptables-legacy: the first octet says of which family, as a number. */
#include "fuzz.h"

#include "kernel/nat_legacy.h"

#include <sys/socket.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nat_rules rules;
	if (size < 1)
		return 0;
	void *exact = malloc(size - 1 + (size == 1));
	CLAIM(exact != NULL);
	memcpy(exact, data + 1, size - 1);
	memset(&rules, 0, sizeof(rules));
	nat_legacy_take(&rules, data[0] == 6 ? AF_INET6 : AF_INET, exact, size - 1);
	free(exact);
	CLAIM(rules.count <= NAT_RULES_MAX);
	for (uint32_t i = 0; i < rules.count; i++) {
		const struct nat_rule *rule = &rules.of[i];
		CLAIM(rule->family == (data[0] == 6 ? AF_INET6 : AF_INET));
		CLAIM(!rule->named || !rule->clear || rule->ports.low <= rule->ports.high);
	}
	return 0;
}
