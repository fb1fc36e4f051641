/* SPDX-License-Identifier: ISC */
/* The kernel's table of connections: the first octet says whether the kernel gives entries up; the
 * same entries are those that are translated, and those that hold ports. */
#include "fuzz.h"

#include "count/nat_census.h"

static void
take(struct nat_census *census, enum conntrack_dump dump, const void *data, size_t size)
{
	struct nlmsghdr first = {.nlmsg_seq = 0};
	struct conntrack_taker taker = {nat_census_take, census, dump};
	int error = 0;
	if (size >= sizeof(first))
		memcpy(&first, data, sizeof(first));
	enum dump_result result = dump_check(data, size, first.nlmsg_seq, first.nlmsg_pid,
					     conntrack_take_message, &taker, &error);
	CLAIM(result == DUMP_MORE || result == DUMP_DONE || error > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nat_census census;
	if (size < 1)
		return 0;
	void *exact = malloc(size - 1 + (size == 1));
	CLAIM(exact != NULL);
	memcpy(exact, data + 1, size - 1);
	nat_census_init(&census, data[0] % 2 == 1);
	take(&census, CONNTRACK_TRANSLATED, exact, size - 1);
	take(&census, CONNTRACK_HOLDERS, exact, size - 1);
	free(exact);
	nat_census_end(&census);
	for (uint32_t i = 0; i < census.count; i++) {
		const struct nat_pool *pool = &census.pools[i];
		const struct nat_usage *u = &pool->usage;
		CLAIM(u->used + u->remaining == u->capacity && u->evictable <= u->remaining);
		CLAIM(u->used + u->evictable <= pool->entries && u->loss_ppm <= NAT_PPM);
		CLAIM(census.evicts || u->evictable == 0);
		CLAIM(pool->moved <= pool->translated);
		CLAIM(u->remaining > 0 || u->loss_ppm == NAT_PPM);
		CLAIM(i == 0 || pool[-1].usage.loss_ppm >= u->loss_ppm);
	}
	nat_census_free(&census);
	return 0;
}
