/* SPDX-License-Identifier: ISC */
/*
 * dump: one netlink datagram of a sock_diag dump, checked and taken into a census. Pure.
 */
#ifndef SRCPORTD_DUMP_H
#define SRCPORTD_DUMP_H

#include "census.h"

enum dump_result {
	DUMP_MORE,    /* the dump goes on in the next datagram */
	DUMP_DONE,    /* it ended as it should */
	DUMP_REFUSED, /* the kernel answered the request with an error: *error */
	DUMP_BROKEN   /* not a possible answer to the request; *error: EBADMSG, ENOMEM, EINTR */
};

/* Takes in a datagram of `length` octets (aligned for nlmsghdr). Every message must bear seq and
 * portid. *error is a positive errno for the last two results: EINTR says that the kernel itself
 * called the dump inconsistent (NLM_F_DUMP_INTR). */
enum dump_result dump_take(const void *data, size_t length, uint32_t seq, uint32_t portid,
			   enum diag_dump dump, struct census *census, int *error);

#endif
