/* SPDX-License-Identifier: ISC */
/*
 * specimen: a TCP socket of our own, bound and idle, by which is seen whether this kernel lists
 * such sockets at all (state bit 13, Linux 6.8) and what it says of one.
 *
 * It is bound to a loopback address that nobody else uses, and where nobody can want the port. One
 * of the range would cost the host a port below Linux 6.17.8: where connect() sockets are on it,
 * bind() makes their bucket one that is blocked for every pool until the last of them has gone
 * (inet_csk_update_fastreuse()), and bind(address, 0) chooses just such ports.
 */
#ifndef SRCPORTD_SPECIMEN_H
#define SRCPORTD_SPECIMEN_H

#include "kernel/diag.h"
#include "kernel/settings.h"

struct specimen {
	int fd; /* -1 = there is none */
	uint16_t port;
};

/* Binds one: to a port above the range; or, where that cannot be, below it; or to a reserved one of
 * the range, which connect() does not choose; or, if `taken` is not NULL, to one of the range that
 * is not in this set of the ports on which a full dump saw sockets. False if no port will do, or no
 * socket can be made: *out then has none. */
bool specimen_bind(struct specimen *out, const struct settings *settings,
		   const struct portset *taken);
void specimen_close(struct specimen *specimen); /* one that is not there is allowed */

/* True if the kernel's answer is about this one. */
bool specimen_is(const struct specimen *specimen, const struct diag_socket *socket);

/* True if it is about one, of whichever process, that is nobody's business: not on a port that
 * connect() could choose. Such a socket counts for nothing. */
bool specimen_is_any(const struct settings *settings, const struct diag_socket *socket);

#endif
