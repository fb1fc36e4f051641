/* SPDX-License-Identifier: ISC */
#include "count/inbound.h"

static uint32_t
sum(const struct leaked *leaked)
{
	return leaked->close_wait + leaked->fin_wait2;
}

static void
add(struct leaked *to, const struct leaked *leaked)
{
	to->close_wait += leaked->close_wait;
	to->fin_wait2 += leaked->fin_wait2;
}

static void
add_leaked(struct inbound *inbound, uint16_t port, const struct leaked *leaked)
{
	unsigned i = 0;
	if (sum(leaked) == 0)
		return;
	add(&inbound->leaked, leaked);
	while (i < inbound->leak_count && inbound->leaks[i].port != port)
		i++;
	if (i == INBOUND_LEAKS_MAX)
		return;
	if (i == inbound->leak_count)
		inbound->leaks[inbound->leak_count++] = (struct inbound_leak){.port = port};
	add(&inbound->leaks[i].leaked, leaked);
}

/* NULL: there are DIAG_SKIP_MAX others. */
static struct inbound_server *
server_at(struct inbound *inbound, uint16_t port)
{
	unsigned i = 0;
	while (i < inbound->server_count && inbound->servers[i].port != port)
		i++;
	if (i == DIAG_SKIP_MAX)
		return NULL;
	if (i == inbound->server_count)
		inbound->servers[inbound->server_count++] = (struct inbound_server){.port = port};
	return &inbound->servers[i];
}

void
inbound_add(struct inbound *inbound, const struct diag_socket *s, bool served)
{
	const struct leaked leaked = {.close_wait = s->state == STATE_CLOSE_WAIT,
				      .fin_wait2 = s->state == STATE_FIN_WAIT2 && !s->mini};
	struct inbound_server *server = served ? server_at(inbound, s->local_port) : NULL;
	inbound->count++;
	add_leaked(inbound, s->local_port, &leaked);
	if (server == NULL)
		return;
	server->states.of[s->state]++;
	add(&server->leaked, &leaked);
}

void
inbound_take(struct inbound *inbound, const struct inbound_server *server)
{
	inbound->count += tcp_state_sum(&server->states);
	add_leaked(inbound, server->port, &server->leaked);
}

struct inbound_leak
inbound_worst(const struct inbound *inbound)
{
	struct inbound_leak worst = {.port = 0};
	for (unsigned i = 0; i < inbound->leak_count; i++) {
		const struct inbound_leak *one = &inbound->leaks[i];
		uint32_t count = sum(&one->leaked), most = sum(&worst.leaked);
		if (count > most || (count == most && one->port < worst.port))
			worst = *one;
	}
	return worst;
}
