/* SPDX-License-Identifier: ISC */
#include "daemon/shortage.h"

#include "base/log.h"

static const struct {
	const char *without, *again;
} words[SHORTAGES] = {
    [SHORTAGE_SNAPSHOT] = {"the last rows stay", "new rows are served again"},
    [SHORTAGE_TREND] = {"polls are missing from the trends", "trends are kept again"},
    [SHORTAGE_PROBE] = {"ports stay in doubt", "ports are probed again"},
};

void
shortage_note(struct shortage *shortage, enum shortage_of what, bool enough)
{
	const uint32_t bit = UINT32_C(1) << what;
	if (!enough && !(shortage->told & bit))
		log_error("memory", "out of memory: %s", words[what].without);
	if (enough && (shortage->told & bit))
		log_info("memory", "enough again: %s", words[what].again);
	shortage->told = enough ? shortage->told & ~bit : shortage->told | bit;
}
