/* SPDX-License-Identifier: ISC */
#include "kernel/hostwatch.h"

#include "kernel/natenv.h"

void
hostwatch_start(struct host_state *host)
{
	*host = (struct host_state){.nat = 0};
	hostlimits_init(&host->limits);
	hostlimits_init(&host->earlier);
}

void
hostwatch_look(struct host_state *host, const struct procfile_source *proc,
	       const struct procfile_source *sys)
{
	host->nat = natenv_read(proc, sys);
}

void
hostwatch_poll(struct host_state *host, const struct procfile_source *proc,
	       const struct settings *settings)
{
	host->earlier = host->limits;
	hostlimits_read(proc, settings, &host->limits);
}
