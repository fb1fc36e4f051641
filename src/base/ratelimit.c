/* SPDX-License-Identifier: ISC */
#include "base/ratelimit.h"

#include <stddef.h>

static struct ratelimit_kind *
find_kind(struct ratelimit *limit, uint64_t key)
{
	struct ratelimit_kind *oldest = &limit->kinds[0];
	for (size_t i = 0; i < RATELIMIT_KINDS; i++) {
		struct ratelimit_kind *kind = &limit->kinds[i];
		if (kind->key == key)
			return kind;
		if (kind->key == 0) {
			oldest = kind;
			break;
		}
		if (kind->since_ms < oldest->since_ms)
			oldest = kind;
	}
	*oldest = (struct ratelimit_kind){.key = key};
	return oldest;
}

enum ratelimit_verdict
ratelimit_ask(struct ratelimit *limit, uint64_t key, uint64_t now_ms, uint32_t *held_back)
{
	struct ratelimit_kind *kind = find_kind(limit, key);
	*held_back = 0;
	if (kind->passed == 0 || now_ms - kind->since_ms >= limit->window_ms) {
		*held_back = kind->held_back;
		kind->since_ms = now_ms;
		kind->passed = 0;
		kind->held_back = 0;
	}
	if (kind->passed >= limit->burst) {
		kind->held_back++;
		return RATELIMIT_HOLD;
	}
	kind->passed++;
	return kind->passed == limit->burst ? RATELIMIT_LAST : RATELIMIT_PASS;
}
