/* SPDX-License-Identifier: ISC */
#include "host.h"
#include "count/census_take.h"

#include "count/evidence.h"
#include "support.h"
#include "verdict/conclude.h"

void
host_begin(struct host *host, const struct settings *settings, struct origins *origins)
{
	memset(host, 0, sizeof(*host));
	census_init(&host->census, settings, origins);
	config_init(&host->config);
	hostlimits_init(&host->state.limits);
	hostlimits_init(&host->state.earlier);
}

void
host_add(struct host *host, enum diag_dump dump, struct diag_socket s)
{
	assert_true(census_add(&host->census, dump, &s));
}

void
host_connect(struct host *host, enum tcp_state state, const char *local, const char *peer,
	     uint16_t peer_port, uint16_t first, unsigned count, unsigned step)
{
	for (unsigned i = 0; i < count; i++)
		host_add(host, DIAG_SOCKETS,
			 socket_of(state, local, (uint16_t)(first + i * step), peer, peer_port));
}

static struct evidence
evidence_of(const struct host *host)
{
	return (struct evidence){.tally = host->tally,
				 .outlooks = host->outlooks,
				 .marks = host->marks,
				 .failure_log = host->failure_log,
				 .host = &host->state};
}

static void
forget(struct host *host)
{
	findings_free(host->findings);
	failure_marks_free(host->marks);
	outlooks_free(host->outlooks);
	tally_free(host->tally);
	host->findings = NULL;
	host->marks = NULL;
	host->outlooks = NULL;
	host->tally = NULL;
}

void
host_count(struct host *host, const struct target *targets, uint32_t count)
{
	forget(host);
	assert_true(evidence_weigh(&host->census));
	host->tally = tally_make(&host->census, targets, count);
	assert_non_null(host->tally);
	host->outlooks = outlooks_new(host->tally);
	host->marks = failure_marks_new(host->tally);
	assert_non_null(host->outlooks);
	assert_non_null(host->marks);
}

void
host_find(struct host *host)
{
	const struct evidence evidence = evidence_of(host);
	findings_free(host->findings);
	host->findings = conclude_once(&evidence, &host->config);
	assert_non_null(host->findings);
}

void
host_find_next(struct host *host, struct hysteresis *hysteresis,
	       const struct hysteresis_rules *rules)
{
	const struct evidence evidence = evidence_of(host);
	findings_free(host->findings);
	host->findings = conclude_poll(&evidence, &host->config, hysteresis, rules);
	assert_non_null(host->findings);
}

void
host_tally(struct host *host, const struct target *targets, uint32_t count)
{
	host_count(host, targets, count);
	host_find(host);
}

void
host_free(struct host *host)
{
	forget(host);
	census_free(&host->census);
}

/* Position of the pool in the tally; UINT32_MAX if there is none. */
static uint32_t
find_pool(const struct host *host, const char *local, const char *peer, uint16_t port)
{
	struct addr l = address(local), p = address(peer);
	for (uint32_t i = 0; i < host->tally->pool_count; i++) {
		const struct pool_tally *pool = &host->tally->pools[i];
		if (pool->port == port && addr_equal(&pool->local, &l) &&
		    addr_equal(&pool->peer, &p))
			return i;
	}
	return UINT32_MAX;
}

static uint32_t
find_peer(const struct host *host, const char *peer)
{
	struct addr p = address(peer);
	for (uint32_t i = 0; i < host->tally->peer_count; i++)
		if (addr_equal(&host->tally->peers[i].peer, &p))
			return i;
	return UINT32_MAX;
}

const struct usage *
host_pool(const struct host *host, const char *local, const char *peer, uint16_t port)
{
	uint32_t i = find_pool(host, local, peer, port);
	return i == UINT32_MAX ? NULL : &host->tally->pools[i].usage;
}

const struct finding *
host_pool_found(const struct host *host, const char *local, const char *peer, uint16_t port)
{
	uint32_t i = find_pool(host, local, peer, port);
	return i == UINT32_MAX ? NULL : &host->findings->pools[i];
}

const struct peer_tally *
host_peer(const struct host *host, const char *peer)
{
	uint32_t i = find_peer(host, peer);
	return i == UINT32_MAX ? NULL : &host->tally->peers[i];
}

const struct finding *
host_peer_found(const struct host *host, const char *peer)
{
	uint32_t i = find_peer(host, peer);
	return i == UINT32_MAX ? NULL : &host->findings->peers[i];
}

struct findings *
findings_of(const struct tally *tally)
{
	static const struct finding normal = {.verdict = {SEVERITY_NORMAL, CAUSE_NONE},
					      .outlook.time_left_s = TIME_LEFT_NONE};
	size_t rows = (size_t)tally->pool_count + tally->peer_count + tally->target_count;
	struct findings *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->pools = calloc(rows + 1, sizeof(*f->pools));
	f->locals = calloc(tally->local_count + 1, sizeof(*f->locals));
	f->local_read = calloc(tally->local_count + 1, sizeof(*f->local_read));
	f->udp_read = calloc(tally->udp.count + 1, sizeof(*f->udp_read));
	assert_non_null(f->pools);
	assert_non_null(f->locals);
	assert_non_null(f->local_read);
	assert_non_null(f->udp_read);
	for (size_t i = 0; i < rows; i++)
		f->pools[i] = normal;
	for (uint32_t i = 0; i < tally->local_count; i++)
		f->locals[i] = SEVERITY_NORMAL;
	f->peers = f->pools + tally->pool_count;
	f->targets = f->peers + tally->peer_count;
	f->tally = tally;
	f->limits.severity = SEVERITY_NORMAL;
	f->features = tally->features;
	hostlimits_init(&f->host.limits);
	hostlimits_init(&f->host.earlier);
	return f;
}

const struct local_tally *
host_local(const struct host *host, const char *text)
{
	struct addr a = address(text);
	for (uint32_t i = 0; i < host->tally->local_count; i++)
		if (addr_equal(&host->tally->locals[i].address, &a))
			return &host->tally->locals[i];
	return NULL;
}

struct limits
limits_of_conntrack(int64_t used, int64_t max)
{
	struct limits l;
	hostlimits_init(&l);
	l.value[LIMIT_CONNTRACK] = used;
	l.value[LIMIT_CONNTRACK_MAX] = max;
	return l;
}
