/* SPDX-License-Identifier: ISC */
/*
 * datagrams: makes many UDP sockets, as a bench wants them, and holds them.
 *
 *     datagrams SOCKETS ADDRESSES
 *
 * Each has a port of the range that the kernel chose, on one of ADDRESSES addresses 127.2.x.y, in
 * turn. Each process may have 20,000 descriptors, so each child makes at most PER_CHILD. Prints
 * "ready" when all are there, then waits for the end of standard input.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PER_CHILD 18000

static void
die(const char *what)
{
	fprintf(stderr, "datagrams: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
run_child(unsigned first, unsigned last, unsigned addresses, int ready)
{
	for (unsigned i = first; i < last; i++) {
		struct sockaddr_in sin = {.sin_family = AF_INET};
		sin.sin_addr.s_addr = htonl(0x7f020000U + i % addresses);
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0)
			die("bind");
	}
	if (write(ready, "x", 1) != 1)
		die("write");
	pause();
}

int
main(int argc, char **argv)
{
	int ready[2];
	char c;
	struct rlimit limit;
	if (argc != 3)
		return 2;
	unsigned sockets = (unsigned)atoi(argv[1]), addresses = (unsigned)atoi(argv[2]);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	setpgid(0, 0);
	if (pipe(ready) != 0)
		die("pipe");
	for (unsigned first = 0; first < sockets; first += PER_CHILD) {
		unsigned last = first + PER_CHILD < sockets ? first + PER_CHILD : sockets;
		pid_t pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0)
			run_child(first, last, addresses, ready[1]);
		if (read(ready[0], &c, 1) != 1)
			die("read");
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	return 0;
}
