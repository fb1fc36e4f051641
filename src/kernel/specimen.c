/* SPDX-License-Identifier: ISC */
#include "kernel/specimen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* 127.83.82.80 */
#define LONELY_LOOPBACK UINT32_C(0x7f535250)

/* Ports of one kind that are tried. */
#define TRIES 8

/* Ports below 512 need privilege, as all below 1024 do, but are not those that programs with
 * privilege take to call from (rresvport(3)). */
#define PRIVILEGED 1023
#define HIGHEST    511

static struct addr
own_address(void)
{
	const uint32_t octets = htonl(LONELY_LOOPBACK);
	return addr_from_v4(&octets);
}

/* A socket that stands in nobody's way: whoever binds with SO_REUSEADDR, as servers do, does not
 * even notice it. The address is there also where the loopback device is down. */
static int
make_socket(void)
{
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Tries ports of the set from the highest down. */
static bool
bind_in(struct specimen *out, const struct portset *set)
{
	unsigned tries = 0;
	for (uint32_t port = 65535; port > 0 && tries < TRIES; port--) {
		const struct sockaddr_in sin = {.sin_family = AF_INET,
						.sin_port = htons((uint16_t)port),
						.sin_addr.s_addr = htonl(LONELY_LOOPBACK)};
		if (!portset_has(set, (uint16_t)port))
			continue;
		out->port = (uint16_t)port;
		if (bind(out->fd, (const struct sockaddr *)&sin, sizeof(sin)) == 0)
			return true;
		if (errno != EADDRINUSE)
			return false;
		tries++;
	}
	return false;
}

/* Tries ports from low to high, but no reserved ones: somebody wants these. */
static bool
bind_between(struct specimen *out, const struct settings *settings, uint32_t low, uint32_t high)
{
	struct portset set;
	if (low > high)
		return false;
	portset_clear(&set);
	portset_add_range(&set, (uint16_t)low, (uint16_t)high);
	portset_andnot(&set, &settings->reserved);
	return bind_in(out, &set);
}

static bool
bind_outside(struct specimen *out, const struct settings *settings)
{
	uint32_t low = settings->range.low, high = settings->range.high;
	return bind_between(out, settings, high + 1, 65535) ||
	       bind_between(out, settings, PRIVILEGED + 1, low - 1) ||
	       bind_between(out, settings, 1, low - 1 < HIGHEST ? low - 1 : HIGHEST);
}

static bool
bind_within(struct specimen *out, const struct settings *settings, const struct portset *taken)
{
	struct portset set;
	portset_clear(&set);
	portset_add_range(&set, settings->range.low, settings->range.high);
	struct portset reserved = set;
	portset_and(&reserved, &settings->reserved);
	if (bind_in(out, &reserved))
		return true;
	if (taken == NULL)
		return false;
	portset_andnot(&set, taken);
	return bind_in(out, &set);
}

bool
specimen_bind(struct specimen *out, const struct settings *settings, const struct portset *taken)
{
	out->fd = make_socket();
	if (out->fd < 0)
		return false;
	if (bind_outside(out, settings) || bind_within(out, settings, taken))
		return true;
	specimen_close(out);
	return false;
}

void
specimen_close(struct specimen *specimen)
{
	if (specimen->fd >= 0)
		close(specimen->fd);
	specimen->fd = -1;
}

static bool
looks_like_one(const struct diag_socket *socket)
{
	const struct addr own = own_address();
	return socket->state == STATE_CLOSE && addr_equal(&socket->local, &own);
}

bool
specimen_is(const struct specimen *specimen, const struct diag_socket *socket)
{
	return specimen->fd >= 0 && socket->local_port == specimen->port && looks_like_one(socket);
}

bool
specimen_is_any(const struct settings *settings, const struct diag_socket *socket)
{
	return looks_like_one(socket) && (!range_has(&settings->range, socket->local_port) ||
					  portset_has(&settings->reserved, socket->local_port));
}
