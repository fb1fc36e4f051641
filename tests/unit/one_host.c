/* SPDX-License-Identifier: ISC */
#include "one_host.h"

struct host host;

void
host_with(const struct settings *settings)
{
	host_free(&host);
	host_begin(&host, settings, NULL);
}

void
host_with_range(uint16_t low, uint16_t high, const char *reserved)
{
	struct settings settings = settings_of(low, high, reserved);
	host_with(&settings);
}

void
connect_from(const char *local, uint16_t local_port, const char *peer, uint16_t port)
{
	host_add(&host, DIAG_SOCKETS,
		 with_no_port(socket_of(STATE_ESTABLISHED, local, local_port, peer, port), true));
}

int
host_setup(void **state)
{
	(void)state;
	host_with_range(40000, 40099, "");
	return 0;
}

int
host_teardown(void **state)
{
	(void)state;
	host_free(&host);
	return 0;
}
