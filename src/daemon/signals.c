/* SPDX-License-Identifier: ISC */
#include "daemon/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const struct {
	int number;
	enum order order;
} meanings[] = {
    {SIGTERM, ORDER_STOP},
    {SIGINT, ORDER_STOP},
    {SIGHUP, ORDER_RELOAD},
    {SIGUSR1, ORDER_POLL},
};
#define MEANINGS (sizeof(meanings) / sizeof(meanings[0]))

static sigset_t
held(void)
{
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < MEANINGS; i++)
		sigaddset(&set, meanings[i].number);
	return set;
}

bool
signals_hold(void)
{
	const sigset_t set = held();
	signal(SIGPIPE, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &set, NULL) == 0;
}

int
signals_open(void)
{
	const sigset_t set = held();
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

enum order
signals_next(int fd)
{
	struct signalfd_siginfo info;
	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return ORDER_NONE;
	for (size_t i = 0; i < MEANINGS; i++)
		if (info.ssi_signo == (unsigned)meanings[i].number)
			return meanings[i].order;
	return ORDER_NONE;
}
