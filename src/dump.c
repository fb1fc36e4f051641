/* SPDX-License-Identifier: ISC */
#include "dump.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

/* The errno that NLMSG_ERROR, and an NLMSG_DONE that failed, carry first in their payload; 0 = none. */
static int
carried_error(const struct nlmsghdr *message)
{
	int code = 0;
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(code))
		memcpy(&code, mnl_nlmsg_get_payload(message), sizeof(code));
	return code < 0 ? -code : code;
}

static enum dump_result
take_message(const struct nlmsghdr *message, enum diag_dump dump, struct census *census, int *error)
{
	if (message->nlmsg_flags & NLM_F_DUMP_INTR) {
		*error = EINTR;
		return DUMP_BROKEN;
	}
	if (message->nlmsg_type == NLMSG_ERROR) {
		*error = carried_error(message);
		return *error != 0 ? DUMP_REFUSED : DUMP_MORE;
	}
	if (message->nlmsg_type == NLMSG_DONE) {
		*error = carried_error(message);
		return *error != 0 ? DUMP_REFUSED : DUMP_DONE;
	}
	if (message->nlmsg_type == NLMSG_NOOP)
		return DUMP_MORE;
	struct diag_socket socket;
	if (!diag_decode(message, &socket)) {
		*error = EBADMSG;
		return DUMP_BROKEN;
	}
	if (!census_add(census, dump, &socket)) {
		*error = ENOMEM;
		return DUMP_BROKEN;
	}
	return DUMP_MORE;
}

enum dump_result
dump_take(const void *data, size_t length, uint32_t seq, uint32_t portid, enum diag_dump dump,
          struct census *census, int *error)
{
	const struct nlmsghdr *message = data;
	int left = length <= INT32_MAX ? (int)length : 0;
	enum dump_result result = DUMP_MORE;
	*error = EBADMSG;
	if (!mnl_nlmsg_ok(message, left))
		return DUMP_BROKEN;
	while (result == DUMP_MORE && mnl_nlmsg_ok(message, left)) {
		if (message->nlmsg_seq != seq || message->nlmsg_pid != portid)
			return DUMP_BROKEN;
		result = take_message(message, dump, census, error);
		message = mnl_nlmsg_next(message, &left);
	}
	if (result == DUMP_MORE && left > 0)
		return DUMP_BROKEN;
	return result;
}
