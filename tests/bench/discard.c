/* SPDX-License-Identifier: ISC */
/*
 * discard: the bare cost of what a poll asks the kernel for: the same requests, received into the
 * same buffer size, looked at for their end only. Prints user and system CPU microseconds, wall
 * microseconds and octets of the cheapest of ROUNDS.
 */
#include "base/clock.h"
#include "kernel/diag.h"

#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t
dump(struct mnl_socket *nl, enum diag_dump which, enum dump_form form, unsigned seq,
     const struct diag_plan *plan)
{
	static char buffer[65536] __attribute__((aligned(8)));
	char request[DIAG_REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *message = diag_request(request, plan, which, form, seq);
	if (mnl_socket_sendto(nl, message, message->nlmsg_len) < 0)
		exit(1);
	uint64_t octets = 0;
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
		if (got <= 0)
			exit(1);
		octets += (uint64_t)got;
		/* A dump's end is a message alone or the last one of a datagram; its first header
		 * tells enough for the first case, and the kernel sends DONE alone when the last
		 * chunk is full. */
		const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)buffer;
		int left = (int)got;
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			if (h->nlmsg_type == NLMSG_DONE)
				return octets;
	}
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 5;
	struct diag_plan plan = {.range = {32768, 60999}};
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	if (file == NULL || fscanf(file, "%hu %hu", &plan.range.low, &plan.range.high) != 2)
		return 1;
	struct mnl_socket *nl = mnl_socket_open(NETLINK_SOCK_DIAG);
	if (nl == NULL || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) != 0)
		return 1;
	unsigned seq = 0;
	for (int i = 0; i < rounds; i++) {
		uint64_t cpu = clock_cpu_us(), wall = clock_us(), octets = 0;
		/* Those of every poll. */
		for (enum diag_dump d = DIAG_HOLDERS; d <= DIAG_LATE; d++)
			octets += dump(nl, d, DUMP_ALL, ++seq, &plan);
		octets += dump(nl, DIAG_UDP, DUMP_V4, ++seq, &plan);
		octets += dump(nl, DIAG_UDP, DUMP_V6, ++seq, &plan);
		printf("%llu %llu %llu\n", (unsigned long long)(clock_cpu_us() - cpu),
		       (unsigned long long)(clock_us() - wall), (unsigned long long)octets);
	}
	mnl_socket_close(nl);
	return 0;
}
