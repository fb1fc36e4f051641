/* SPDX-License-Identifier: ISC */
#include "kernel/dump.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#define MAX_ERRNO 4096

int
dump_error(const struct nlmsghdr *message)
{
	int code;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(code))
		return message->nlmsg_type == NLMSG_DONE ? 0 : EBADMSG;
	memcpy(&code, mnl_nlmsg_get_payload(message), sizeof(code));
	return code <= 0 && code > -MAX_ERRNO ? -code : EBADMSG;
}

bool
dump_is_unknown(int error)
{
	return error == EOPNOTSUPP || error == EINVAL || error == ENOENT;
}

/* A whole message is within `left` octets; mnl_nlmsg_ok() takes a length over INT_MAX for less. */
static bool
is_whole(const struct nlmsghdr *message, int left)
{
	return mnl_nlmsg_ok(message, left) && message->nlmsg_len <= (uint32_t)left;
}

static enum dump_result
answer(int carried, enum dump_result good, int *error)
{
	*error = carried;
	return carried == 0 ? good : carried == EBADMSG ? DUMP_BROKEN : DUMP_REFUSED;
}

static enum dump_result
take_message(const struct nlmsghdr *message, enum diag_dump dump, struct census *census, int *error)
{
	if (message->nlmsg_flags & NLM_F_DUMP_INTR) {
		*error = EINTR;
		return DUMP_BROKEN;
	}
	if (message->nlmsg_type == NLMSG_ERROR)
		return answer(dump_error(message), DUMP_MORE, error);
	if (message->nlmsg_type == NLMSG_DONE)
		return answer(dump_error(message), DUMP_DONE, error);
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
	bool ours = is_whole(message, left);
	while (ours && result == DUMP_MORE && is_whole(message, left)) {
		ours = message->nlmsg_seq == seq && message->nlmsg_pid == portid;
		if (ours)
			result = take_message(message, dump, census, error);
		/* Behind sockets it is the end of an answer, not a refusal to give one. */
		if (result == DUMP_REFUSED && message != data)
			result = DUMP_BROKEN;
		message = mnl_nlmsg_next(message, &left);
	}
	if (result == DUMP_REFUSED || result == DUMP_BROKEN)
		return result;
	if (ours && left <= 0)
		return result;
	*error = EBADMSG;
	return DUMP_BROKEN;
}
