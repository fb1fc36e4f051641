/* SPDX-License-Identifier: ISC */
/*
 * load: makes many real TCP connections on loopback, as a bench wants them, and holds them.
 *
 *     load CONNECTIONS PEERS PORTS [close | SOURCES | NETNS-FILE]
 *
 * Connections go from 127.0.0.1 to PEERS addresses 127.1.x.y and PORTS ports from 1024 - PORTS on
 * each, in turn; with a number of sources, from as many addresses 127.64.x.y. Each process may have
 * 20,000 descriptors, so each child makes at most PER_CHILD connections, both ends of them. With
 * "close", each connection is closed at once by the connecting side: a TIME_WAIT remains. With a
 * network namespace the listeners are there, and connections go from 10.0.0.1 to
 * addresses 10.1.x.y: one namespace has the outbound ends only, the other the inbound ones. Prints
 * "ready" when all are there, then waits for the end of standard input.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PER_CHILD 9000

struct plan {
	unsigned connections, peers, ports, sources;
	uint32_t source, first_peer;
	bool close;
};

static void
die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in
address(uint32_t host, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};
	sin.sin_addr.s_addr = htonl(host);
	return sin;
}

/* One listener on the wildcard address serves every peer address of its port. */
static int
listen_on(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct sockaddr_in sin = address(INADDR_ANY, port);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0 || listen(fd, 4096) != 0)
		die("listen");
	return fd;
}

static void
connect_one(const struct plan *plan, unsigned i, const int *listeners)
{
	unsigned pool = i % (plan->peers * plan->ports);
	unsigned peer = pool / plan->ports, port = pool % plan->ports;
	struct sockaddr_in sin =
	    address(plan->first_peer + peer, (uint16_t)(1024 - plan->ports + port));
	struct sockaddr_in source = address(plan->source + i % plan->sources, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&source, sizeof(source)) != 0 ||
	    connect(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0)
		die("connect");
	int accepted = accept(listeners[port], NULL, NULL);
	if (accepted < 0)
		die("accept");
	if (plan->close) {
		close(fd);
		close(accepted);
	}
}

static void
run_child(const struct plan *plan, unsigned first, unsigned last, const int *listeners, int ready)
{
	for (unsigned i = first; i < last; i++)
		connect_one(plan, i, listeners);
	if (write(ready, "x", 1) != 1)
		die("write");
	pause();
}

/* Children work one after the other: they share the listeners and must accept their own. */
static void
fork_children(const struct plan *plan, const int *listeners)
{
	int ready[2];
	char octet;
	if (pipe(ready) != 0)
		die("pipe");
	unsigned step = plan->close ? plan->connections : PER_CHILD;
	for (unsigned first = 0; first < plan->connections; first += step) {
		unsigned last = first + step < plan->connections ? first + step : plan->connections;
		pid_t pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0)
			run_child(plan, first, last, listeners, ready[1]);
		if (read(ready[0], &octet, 1) != 1)
			die("read");
	}
}

static void
enter(const char *netns)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		die(netns);
	close(fd);
}

/* The listeners, and with them all that they accept, are in the namespace `far` unless it is NULL.
 */
static int *
open_listeners(const struct plan *plan, const char *far)
{
	char here[64];
	snprintf(here, sizeof(here), "/proc/%d/fd/%d", (int)getpid(),
		 open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
	int *listeners = calloc(plan->ports, sizeof(*listeners));
	if (listeners == NULL)
		die("calloc");
	if (far != NULL)
		enter(far);
	for (unsigned i = 0; i < plan->ports; i++)
		listeners[i] = listen_on((uint16_t)(1024 - plan->ports + i));
	if (far != NULL)
		enter(here);
	return listeners;
}

static void
raise_file_limit(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int
main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	bool close = argc > 4 && strcmp(argv[4], "close") == 0;
	unsigned sources = argc > 4 ? (unsigned)atoi(argv[4]) : 0;
	const char *far = argc > 4 && !close && sources == 0 ? argv[4] : NULL;
	struct plan plan = {
	    .connections = (unsigned)atoi(argv[1]),
	    .peers = (unsigned)atoi(argv[2]),
	    .ports = (unsigned)atoi(argv[3]),
	    .sources = sources > 0 ? sources : 1,
	    .source = far != NULL   ? 0x0a000001U
		      : sources > 0 ? 0x7f400001U
				    : INADDR_LOOPBACK,
	    .first_peer = far == NULL ? 0x7f010000U : 0x0a010000U,
	    .close = close,
	};
	raise_file_limit();
	setpgid(0, 0);
	fork_children(&plan, open_listeners(&plan, far));
	puts("ready");
	fflush(stdout);
	char c;
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	return 0;
}
