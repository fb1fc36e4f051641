/* SPDX-License-Identifier: ISC */
#include "kernel/visit.h"

#include <unistd.h>

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
visit_close(struct visit *visit)
{
	for (unsigned i = 0; i < VISIT_SOCKETS; i++)
		close_one(&visit->sockets[i]);
	close_one(&visit->inside.sockstat[0]);
	close_one(&visit->inside.sockstat[1]);
	close_one(&visit->inside.ipv4);
	close_one(&visit->inside.netfilter);
}
