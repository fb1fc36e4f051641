/* SPDX-License-Identifier: ISC */
#include "kernel/probe.h"

#include "base/clock.h"
#include "base/sentence.h"
#include "count/probe_cache.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Ports asked about in one go, at most. */
#define PROBE_BATCH 65536

struct probe {
	struct probe_cache cache;
	bool works; /* the last time it did */
	char trouble[128];
	uint16_t ports[PROBE_BATCH];
};

enum answer { ANSWER_FREE, ANSWER_BLOCKED, ANSWER_NONE };

struct probe *
probe_new(void)
{
	return calloc(1, sizeof(struct probe));
}

void
probe_free(struct probe *probe)
{
	if (probe == NULL)
		return;
	probe_cache_free(&probe->cache);
	free(probe);
}

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
		return errno == ENOPROTOOPT ? "it needs Linux 6.3" : "IP_LOCAL_PORT_RANGE";
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
static enum answer
ask(uint16_t port, const char **step)
{
	const struct sockaddr_in peer = {.sin_family = AF_INET,
					 .sin_port = htons(PROBE_PORT),
					 .sin_addr.s_addr = htonl(PROBE_PEER)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*step = fd < 0 ? "socket" : prepare(fd, port);
	enum answer answer = ANSWER_NONE;
	if (*step == NULL) {
		if (connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) == 0)
			answer = has_port(fd, port) ? ANSWER_FREE : ANSWER_NONE;
		else if (errno == EADDRNOTAVAIL)
			answer = ANSWER_BLOCKED;
		else
			*step = "connect";
	}
	int error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return answer;
}

static const char *
complain(struct probe *probe, const char *step)
{
	snprintf(probe->trouble, sizeof(probe->trouble), "cannot probe ports: %s: %s", step,
		 strerror(errno));
	return probe->trouble;
}

/* Asks about the ports chosen, in their order, until the time is up or a step fails. Returns how
 * many it has asked about. */
static uint32_t
ask_all(struct probe *probe, struct census *census, uint32_t chosen, uint64_t budget_us,
	const char **step)
{
	uint64_t start = clock_us();
	uint32_t asked = 0;
	while (asked < chosen && clock_us() - start < budget_us) {
		uint16_t port = probe->ports[asked];
		enum answer answer = ask(port, step);
		if (*step != NULL)
			break;
		if (answer != ANSWER_NONE)
			probe_cache_answer(&probe->cache, census, port, answer == ANSWER_BLOCKED);
		asked++;
	}
	return asked;
}

static const char *
complain_of_time(struct probe *probe, uint32_t left)
{
	char number[NUMBER_TEXT_MAX];
	snprintf(probe->trouble, sizeof(probe->trouble),
		 "cannot probe ports: there was no time for %s of them", number_text(left, number));
	return probe->trouble;
}

const char *
probe_run(struct probe *probe, struct census *census, uint32_t most, uint64_t budget_us)
{
	if (!probe_cache_begin(&probe->cache, census))
		return complain(probe, "memory");
	if (most > PROBE_BATCH)
		most = PROBE_BATCH;
	uint32_t chosen = probe_cache_choose(&probe->cache, census, probe->ports, most);
	const char *step = NULL;
	/* With nothing to ask about, one question to see whether it could. */
	if (chosen == 0 && !probe->works)
		ask(census->settings.range.low, &step);
	uint32_t asked = step == NULL ? ask_all(probe, census, chosen, budget_us, &step) : 0;
	probe->works = step == NULL;
	if (step != NULL)
		return complain(probe, step);
	census->features |= UINT32_C(1) << FEATURE_PROBE;
	return asked < chosen ? complain_of_time(probe, chosen - asked) : NULL;
}
