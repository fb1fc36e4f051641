/* SPDX-License-Identifier: ISC */
/* What is said of the host: its limits, its bind pools, and its worst part. */
#include "advice/advice_host.h"

#include "situation.h"

static void
limits_of_the_host_have_a_sentence(void **state)
{
	struct limits l;
	char text[ADVICE_MAX];
	(void)state;
	hostlimits_init(&l);
	assert_string_equal(advice_limit(&l, RULE_CONNTRACK, text),
			    "connection tracking: not available here");
	l.value[LIMIT_CONNTRACK] = 10;
	l.value[LIMIT_CONNTRACK_MAX] = 262144;
	assert_string_equal(advice_limit(&l, RULE_CONNTRACK, text),
			    "connection tracking: 0 % full, 10 of 262,144");
	l.value[LIMIT_CONNTRACK] = 243000;
	assert_string_equal(
	    advice_limit(&l, RULE_CONNTRACK, text),
	    "connection tracking: 92 % full, 243,000 of 262,144; new connections will hang: raise "
	    "net.netfilter.nf_conntrack_max, or shorten "
	    "net.netfilter.nf_conntrack_tcp_timeout_established");
	l.value[LIMIT_FILES] = 1000;
	l.value[LIMIT_FILES_MAX] = 1000;
	assert_string_equal(advice_limit(&l, RULE_FILES, text),
			    "open files of the host: 100 % full, 1,000 of 1,000; then socket() "
			    "fails with ENFILE: raise fs.file-max, or find who keeps them open");
}

static void
bind_has_sentences_of_its_own(void **state)
{
	struct situation s = situation_ordinary();
	char text[ADVICE_MAX];
	(void)state;
	assert_string_equal(
	    advice_local(&s.range, s.reserve, 1234, SEVERITY_WARNING, text),
	    "bind() to this address with port 0 can get 1,234 more ports; let programs set "
	    "IP_BIND_ADDRESS_NO_PORT before they bind and connect, or set "
	    "net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 ports)");
	s.range.free = 5;
	s.range.in_use = 28227;
	assert_string_equal(
	    advice_free(&s.range, s.reserve, 5, SEVERITY_CRITICAL, text),
	    "no socket holds 5 of 28,232 ports: that is all that bind() with port 0 to any "
	    "address can get; set net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 ports)");
	situation_whole_range(&s);
	s.range.free = 5;
	s.range.in_use = 28227;
	assert_string_equal(advice_free(&s.range, s.reserve, 5, SEVERITY_CRITICAL, text),
			    "no socket holds 5 of 28,232 ports: that is all that bind() with "
			    "port 0 to any address can get");
	/* What is over needs no advice. */
	assert_string_equal(advice_local(&s.range, s.reserve, 20000, SEVERITY_NORMAL, text),
			    "bind() to this address with port 0 can get 20,000 more ports");
	assert_string_equal(advice_free(&s.range, s.reserve, 28000, SEVERITY_NORMAL, text),
			    "no socket holds 28,000 of 28,232 ports");
}

/* A tally of a few rows for the sentence of the whole host. */
struct made {
	struct situation s;
	struct target target;
	struct target_tally targets[1];
	struct peer_tally peers[1];
	struct pool_tally pools[2];
	struct tally tally;
	struct finding target_found[1], peer_found[1], pool_found[2];
	struct findings findings;
	struct scene scene;
};

static void
make(struct made *m)
{
	memset(m, 0, sizeof(*m));
	m->s = situation_ordinary();
	m->target = target_of("10.0.0.0/8");
	m->tally = (struct tally){.range = m->s.range};
	m->tally.targets = m->targets;
	m->tally.peers = m->peers;
	m->tally.pools = m->pools;
	m->targets[0] = (struct target_tally){.target = &m->target, .usage = m->s.usage};
	m->peers[0] = (struct peer_tally){.peer = address("10.1.2.3"), .usage = m->s.usage};
	for (unsigned i = 0; i < 2; i++)
		m->pools[i] = (struct pool_tally){.local = address("10.0.0.9"),
						  .peer = address("10.1.2.3"),
						  .port = (uint16_t)(443 + i),
						  .usage = m->s.usage};
	m->target_found[0] = m->peer_found[0] = m->pool_found[0] = m->pool_found[1] = m->s.finding;
	m->findings = (struct findings){.tally = &m->tally,
					.host = m->s.host,
					.limits.severity = SEVERITY_NORMAL,
					.pools = m->pool_found,
					.peers = m->peer_found,
					.targets = m->target_found};
	m->scene.findings = &m->findings;
}

static void
the_whole_host_is_its_worst_part(void **state)
{
	struct made m;
	char text[ADVICE_MAX];
	(void)state;
	make(&m);
	assert_string_equal(advice_system(&m.scene, text),
			    "no outgoing connections; 28,232 ports toward each destination");
	m.tally.pool_count = 2;
	m.pools[1].usage.tightest = 14116;
	assert_string_equal(advice_system(&m.scene, text),
			    "10.0.0.9 -> 10.1.2.3:444: 14,116 of 28,232 ports in use, at least "
			    "14,116 more connections will succeed");

	/* The CLOSE_WAIT of a peer's pools together. */
	m.tally.peer_count = 1;
	m.peer_found[0].verdict = (struct verdict){SEVERITY_WARNING, CAUSE_CLOSE_WAIT};
	m.peers[0].usage.connections = m.peers[0].usage.states.of[STATE_CLOSE_WAIT] = 1001;
	assert_string_equal(advice_system(&m.scene, text),
			    "to 10.1.2.3: CLOSE_WAIT 1,001 of 1,001: the peer has "
			    "closed, the local process has not; restart it");

	/* A target with a name, as bad as that: it comes first. */
	m.tally.target_count = 1;
	m.targets[0].usage = m.peers[0].usage;
	m.target_found[0] = m.peer_found[0];
	strcpy(m.target.name, "payments");
	assert_string_equal(advice_system(&m.scene, text),
			    "payments: CLOSE_WAIT 1,001 of 1,001: the peer has "
			    "closed, the local process has not; restart it");

	/* A limit of the host that is worse still. */
	m.findings.limits.severity = SEVERITY_CRITICAL;
	m.findings.limits.worst = RULE_FILES;
	m.findings.host.limits.value[LIMIT_FILES] = m.findings.host.limits.value[LIMIT_FILES_MAX] =
	    9;
	assert_string_equal(advice_system(&m.scene, text),
			    "open files of the host: 100 % full, 9 of 9; then socket() fails with "
			    "ENFILE: raise fs.file-max, or find who keeps them open");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(limits_of_the_host_have_a_sentence),
	    cmocka_unit_test(bind_has_sentences_of_its_own),
	    cmocka_unit_test(the_whole_host_is_its_worst_part),
	};
	return cmocka_run_group_tests_name("advice_host", tests, NULL, NULL);
}
