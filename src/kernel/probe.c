/* SPDX-License-Identifier: ISC */
#include "kernel/probe.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* Linux 6.3 */
#endif

/* Addresses that nothing else uses: never the real tuple, whose TIME_WAIT a connect() would take
 * over. By port 0, to which nobody connects, the count of failed connect() calls knows these as
 * ours. */
#define PROBE_LOCAL UINT32_C(0x7f7f7f7f) /* 127.127.127.127 */
#define PROBE_PEER  UINT32_C(0x7f7f7f7e) /* 127.127.127.126 */
#define PROBE_PORT  0

/* Makes the socket one that connects silently, from PROBE_LOCAL and from that port only. Returns
 * the step that failed, with errno, or NULL. */
static const char *
prepare(int fd, uint16_t port)
{
	const int on = 1;
	const uint32_t range = (uint32_t)port << 16 | port;
	const struct sockaddr_in local = {.sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(PROBE_LOCAL)};
	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) != 0)
		return errno == EPERM ? "it needs CAP_NET_ADMIN" : "TCP_REPAIR";
	if (setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)) != 0)
		return errno == ENOPROTOOPT ? "it needs Linux 6.3 or 6.1.32"
					    : "IP_LOCAL_PORT_RANGE";
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return "SO_REUSEADDR";
	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) != 0)
		return "IP_BIND_ADDRESS_NO_PORT";
	if (bind(fd, (const struct sockaddr *)&local, sizeof(local)) != 0)
		return "bind";
	return NULL;
}

/* Whether the kernel gave the socket that port, and no other one: it would if the range has been
 * changed and the port lies outside of it now. */
static bool
has_port(int fd, uint16_t port)
{
	struct sockaddr_in name = {.sin_port = 0};
	socklen_t length = sizeof(name);
	return getsockname(fd, (struct sockaddr *)&name, &length) == 0 &&
	       ntohs(name.sin_port) == port;
}

/* Asks about one port. A failure leaves its step in *step, and errno. */
static enum probe_answer
ask(uint16_t port, const char **step)
{
	const struct sockaddr_in peer = {.sin_family = AF_INET,
					 .sin_port = htons(PROBE_PORT),
					 .sin_addr.s_addr = htonl(PROBE_PEER)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*step = fd < 0 ? "socket" : prepare(fd, port);
	enum probe_answer answer = PROBE_UNKNOWN;
	if (*step == NULL) {
		if (connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) == 0)
			answer = has_port(fd, port) ? PROBE_FREE : PROBE_UNKNOWN;
		else if (errno == EADDRNOTAVAIL)
			answer = PROBE_BLOCKED;
		else
			*step = "connect";
	}
	int error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return answer;
}

uint32_t
probe_each(probe_one *one, struct probe_question *questions, uint32_t count, uint64_t budget_us,
	   const char **step)
{
	uint64_t start = clock_us();
	uint32_t asked = 0;
	*step = NULL;
	while (asked < count && clock_us() - start < budget_us) {
		questions[asked].answer = (uint8_t)one(questions[asked].port, step);
		if (*step != NULL)
			break;
		asked++;
	}
	return asked;
}

uint32_t
probe_ask(struct probe_question *questions, uint32_t count, uint64_t budget_us, const char **step)
{
	return probe_each(ask, questions, count, budget_us, step);
}
