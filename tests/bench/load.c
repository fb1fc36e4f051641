/* SPDX-License-Identifier: ISC */
/*
 * load: makes many real TCP connections on loopback, as a bench wants them, and holds them.
 *
 *     load CONNECTIONS PEERS PORTS [close]
 *
 * Connections go from 127.0.0.1 to PEERS addresses 127.1.x.y and PORTS ports from 1024 - PORTS on
 * each, in turn. Each process may have 20,000 descriptors, so each child makes at most PER_CHILD
 * connections, both ends of them. With "close", each connection is closed at once by the connecting side: a
 * TIME_WAIT remains. Prints "ready" when all are there, then waits for the end of standard input.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
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
	unsigned connections, peers, ports;
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
	    address(0x7f010000U + peer, (uint16_t)(1024 - plan->ports + port));
	struct sockaddr_in source = address(INADDR_LOOPBACK, 0);
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

int
main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	struct plan plan = {.connections = (unsigned)atoi(argv[1]),
	                    .peers = (unsigned)atoi(argv[2]),
	                    .ports = (unsigned)atoi(argv[3]),
	                    .close = argc > 4};
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	setpgid(0, 0);
	int *listeners = calloc(plan.ports, sizeof(*listeners));
	for (unsigned i = 0; i < plan.ports; i++)
		listeners[i] = listen_on((uint16_t)(1024 - plan.ports + i));
	fork_children(&plan, listeners);
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
