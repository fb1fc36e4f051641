/* SPDX-License-Identifier: ISC */
/*
 * probe: asks the kernel itself which ports in use are blocked, without a packet: a connect() of a
 * socket in repair mode (TCP_REPAIR) between two loopback addresses that nobody uses, with just
 * that port to choose from (IP_LOCAL_PORT_RANGE). It fails with EADDRNOTAVAIL if and only if the
 * port is blocked for every pool (__inet_hash_connect()). It creates no TIME_WAIT and takes none
 * over; only the counter TcpEstabResets grows by one for each port that is not blocked.
 *
 * Needs CAP_NET_ADMIN over the network namespace, Linux 6.3 or 6.1.32, and a loopback device that
 * is up.
 */
#ifndef SRCPORTD_PROBE_H
#define SRCPORTD_PROBE_H

#include <stdint.h>

/* UNKNOWN: not asked, or the kernel gave another port, as the range has been changed meanwhile. */
enum probe_answer { PROBE_UNKNOWN, PROBE_FREE, PROBE_BLOCKED };

struct probe_question {
	uint16_t port;
	uint8_t answer; /* enum probe_answer */
};

/* Asks about one port. *step is NULL, or the step that failed (static), with errno. */
typedef enum probe_answer probe_one(uint16_t port, const char **step);

/* Asks the questions in their order by `one`, in the calling thread's network namespace, until
 * budget_us have passed, which is looked at before each, or a step fails. Returns how many it has
 * asked. *step is as `one` left it; NULL if none was asked. */
uint32_t probe_each(probe_one *one, struct probe_question *questions, uint32_t count,
		    uint64_t budget_us, const char **step);

/* The same by connect(). A question takes some ten microseconds. */
uint32_t probe_ask(struct probe_question *questions, uint32_t count, uint64_t budget_us,
		   const char **step);

#endif
