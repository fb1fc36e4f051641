/* SPDX-License-Identifier: ISC */
/*
 * dump: one netlink datagram of a sock_diag dump, checked and taken into a census. Pure.
 */
#ifndef SRCPORTD_DUMP_H
#define SRCPORTD_DUMP_H

#include "count/census.h"

enum dump_result {
	DUMP_MORE,    /* the dump goes on in the next datagram */
	DUMP_DONE,    /* it ended as it should */
	DUMP_REFUSED, /* the datagram begins with the kernel's refusal: *error; nothing is taken */
	DUMP_BROKEN   /* no possible answer, or the kernel broke off: *error; part may be taken */
};

/* The errno that an NLMSG_ERROR, and an NLMSG_DONE that failed, carry first in their payload; 0 =
 * none. EBADMSG for an NLMSG_ERROR without one, and for what no errno is. */
int dump_error(const struct nlmsghdr *message);

/* True for an error by which a kernel says that it does not know the request; any other may pass.
 */
bool dump_is_unknown(int error);

/* Takes in a datagram of `length` octets (aligned for nlmsghdr). Every message must bear seq and
 * portid. *error is a positive errno for the last two results: of DUMP_BROKEN EBADMSG, ENOMEM,
 * EINTR when the kernel itself called the dump inconsistent (NLM_F_DUMP_INTR), or what it broke off
 * with.
 */
enum dump_result dump_take(const void *data, size_t length, uint32_t seq, uint32_t portid,
			   enum diag_dump dump, struct census *census, int *error);

#endif
