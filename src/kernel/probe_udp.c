/* SPDX-License-Identifier: ISC */
#include "kernel/probe_udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

/* Asks about one port. A failure leaves its step in *step, and errno. */
static enum probe_answer
ask(uint16_t port, const char **step)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	*step = fd < 0 ? "socket" : NULL;
	if (fd < 0)
		return PROBE_UNKNOWN;
	enum probe_answer answer = PROBE_FREE;
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0)
		answer = errno == EADDRINUSE ? PROBE_BLOCKED : PROBE_UNKNOWN;
	close(fd);
	return answer;
}

uint32_t
probe_udp_ask(struct probe_question *questions, uint32_t count, uint64_t budget_us,
	      const char **step)
{
	return probe_each(ask, questions, count, budget_us, step);
}
