/* SPDX-License-Identifier: ISC */
#include "advice/naming.h"

#include "failures/failure_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool
same_octets(const struct addr *a, const struct addr *b)
{
	return a == NULL || memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}

/* The kernel's record of a failure knows no zones. */
static bool
is_about(const struct failed_pool *failed, const struct naming_subject *s)
{
	if (failed->place != FAILED_HERE)
		return false;
	if (s->target != NULL && !target_matches(s->target, &failed->peer, failed->port))
		return false;
	return (s->port == 0 || s->port == failed->port) && same_octets(s->peer, &failed->peer) &&
	       same_octets(s->local, &failed->local);
}

/* The last process that failed there: "java (pid 812)", "pid 812", "". */
static void
name_failed(const struct failure_log *log, const struct naming_subject *subject, char *out,
	    size_t room)
{
	const struct failed_pool *last = NULL;
	*out = '\0';
	for (uint32_t i = 0; log != NULL && i < log->pool_count; i++) {
		const struct failed_pool *failed = &log->pools[i];
		if (is_about(failed, subject) && (last == NULL || failed->last_ms > last->last_ms))
			last = failed;
	}
	if (last == NULL || last->pid == 0)
		return;
	if (last->process[0] != '\0')
		snprintf(out, room, "%s (pid %" PRIu32 ")", last->process, last->pid);
	else
		snprintf(out, room, "pid %" PRIu32, last->pid);
}

void
naming_put(const struct tally *tally, const struct naming_subject *subject, struct advice *advice,
	   struct naming *naming)
{
	const struct owner_question question = {.local = subject->local,
						.peer = subject->peer,
						.port = subject->port,
						.target = subject->target,
						.close_wait =
						    advice->usage->cause == CAUSE_CLOSE_WAIT};
	advice->holder = owner_holder(tally->owners, &question, naming->holder);
	name_failed(tally->failure_log, subject, naming->failed, sizeof(naming->failed));
	advice->failed = naming->failed;
}
