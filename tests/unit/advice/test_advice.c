/* SPDX-License-Identifier: ISC */
#include "kernel/natenv.h"
#include "situation.h"

#include <stdio.h>

static void
assert_says(const struct situation *s, const char *expected)
{
	char text[ADVICE_MAX];
	struct matter matter = {.usage = &s->usage,
				.finding = &s->finding,
				.range = &s->range,
				.reserve = s->reserve,
				.host = &s->host,
				.peer = &s->peer,
				.toward = s->toward,
				.holder = s->holder,
				.failed = s->failed};
	assert_string_equal(advice_text(&matter, text), expected);
	assert_true(strlen(text) < ADVICE_MAX);
}

static void
normal_says_how_many_more_will_succeed(void **state)
{
	struct situation s = situation_ordinary();
	(void)state;
	s.usage.tightest = 28229;
	assert_says(&s, "3 of 28,232 ports in use, at least 28,229 more connections will succeed");
	s.usage.uncertain = 229;
	assert_says(&s, "3 of 28,232 ports in use, at least 28,000 more connections will succeed");
	s.finding.outlook.time_left_s = 1259;
	assert_says(&s, "3 of 28,232 ports in use, at least 28,000 more connections will succeed, "
			"full in 20 min at the present rate");
}

static void
the_time_left_has_a_fitting_unit(void **state)
{
	static const struct {
		uint32_t seconds;
		const char *words;
	} row[] = {
	    {1, "full in 1 s at"},         {119, "full in 119 s at"}, {120, "full in 2 min at"},
	    {7199, "full in 119 min at"},  {7200, "full in 2 h at"},  {172799, "full in 47 h at"},
	    {172800, "full in 2 days at"},
	};
	struct situation s = situation_ordinary();
	struct matter matter = {.usage = &s.usage,
				.finding = &s.finding,
				.range = &s.range,
				.host = &s.host,
				.peer = &s.peer};
	char text[ADVICE_MAX];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		s.finding.outlook.time_left_s = row[i].seconds;
		assert_non_null(strstr(advice_text(&matter, text), row[i].words));
	}
}

static void
a_platforms_nat_is_named_when_its_default_is_reached(void **state)
{
	struct situation s = situation_ordinary();
	(void)state;
	s.host.nat = UINT32_C(1) << NAT_GCP;
	s.peer = address("8.8.8.8");
	s.usage.tightest = 28232 - 63;
	assert_says(&s, "63 of 28,232 ports in use, at least 28,169 more connections will succeed");
	s.usage.tightest--;
	assert_says(&s, "64 of 28,232 ports in use, at least 28,168 more connections will succeed; "
			"Google Cloud: Cloud NAT gives a VM 64 ports by default: see its metric "
			"nat/dropped_sent_packets_count, OUT_OF_RESOURCES");
	/* Private addresses and IPv6 do not go through it. */
	s.peer = address("10.8.8.8");
	assert_says(&s, "64 of 28,232 ports in use, at least 28,168 more connections will succeed");
	s.peer = address("2001:4860:4860::8888");
	assert_says(&s, "64 of 28,232 ports in use, at least 28,168 more connections will succeed");
}

static void
time_wait_calls_for_reuse(void **state)
{
	struct situation s = situation_loaded(27000, STATE_TIME_WAIT, CAUSE_TIME_WAIT);
	(void)state;
	assert_says(&s, "TIME_WAIT churn: 27,000 of 28,232 ports in use, 1,232 left; "
			"set net.ipv4.tcp_tw_reuse=1 (the peer needs TCP timestamps), "
			"or keep connections alive instead of opening new ones, or set "
			"net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 ports)");
	s.host.limits.value[LIMIT_TW_REUSE] = 0;
	assert_says(&s, "TIME_WAIT churn: 27,000 of 28,232 ports in use, 1,232 left; "
			"set net.ipv4.tcp_tw_reuse=1 (the peer needs TCP timestamps), "
			"or keep connections alive instead of opening new ones, or set "
			"net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 ports)");
}

static void
reuse_is_not_recommended_where_it_has_no_effect(void **state)
{
	static const char without[] = "TIME_WAIT churn: 27,000 of 28,232 ports in use, 1,232 left; "
				      "keep connections alive instead of opening new ones, or set "
				      "net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 "
				      "ports), or add peer or local addresses (28,232 ports each)";
	struct situation s = situation_loaded(27000, STATE_TIME_WAIT, CAUSE_TIME_WAIT);
	(void)state;
	/* 2 is on for loopback. */
	s.peer = address("127.0.0.1");
	assert_says(&s, without);
	s.peer = address("::1");
	assert_says(&s, without);
	/* It is on. */
	s.peer = address("10.1.2.3");
	s.host.limits.value[LIMIT_TW_REUSE] = 1;
	assert_says(&s, without);
	/* This kernel has no such setting. */
	s.host.limits.value[LIMIT_TW_REUSE] = LIMIT_ABSENT;
	assert_says(&s, without);
	s.host.limits.value[LIMIT_TIMESTAMPS] = 0;
	assert_says(&s, without);
}

static void
reuse_comes_with_the_timestamps_it_needs(void **state)
{
	static const char both[] = "set net.ipv4.tcp_timestamps=1 and net.ipv4.tcp_tw_reuse=1, or",
			  alone[] = "set net.ipv4.tcp_timestamps=1, which tcp_tw_reuse needs, or";
	static const struct {
		int64_t reuse;
		const char *peer, *words;
	} row[] = {
	    {0, "10.1.2.3", both},  {2, "10.1.2.3", both},   {1, "10.1.2.3", alone},
	    {0, "127.0.0.1", both}, {2, "127.0.0.1", alone},
	};
	struct situation s = situation_loaded(27000, STATE_TIME_WAIT, CAUSE_TIME_WAIT);
	struct matter matter = {.usage = &s.usage,
				.finding = &s.finding,
				.range = &s.range,
				.host = &s.host,
				.peer = &s.peer};
	char text[ADVICE_MAX];
	(void)state;
	s.host.limits.value[LIMIT_TIMESTAMPS] = 0;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		s.host.limits.value[LIMIT_TW_REUSE] = row[i].reuse;
		s.peer = address(row[i].peer);
		assert_non_null(strstr(advice_text(&matter, text), row[i].words));
	}
}

static void
a_long_delay_of_reuse_is_named(void **state)
{
	struct situation s = situation_loaded(27000, STATE_TIME_WAIT, CAUSE_TIME_WAIT);
	(void)state;
	situation_whole_range(&s);
	s.host.limits.value[LIMIT_TW_REUSE] = 1;
	s.host.limits.value[LIMIT_TW_REUSE_DELAY] = 30000;
	assert_says(&s, "TIME_WAIT churn: 27,000 of 64,512 ports in use, 37,512 left; "
			"lower net.ipv4.tcp_tw_reuse_delay (30,000 ms), "
			"or keep connections alive instead of opening new ones, "
			"or add peer or local addresses (64,512 ports each)");
}

static void
established_load_calls_for_sharing_and_width(void **state)
{
	struct situation s = situation_loaded(27000, STATE_ESTABLISHED, CAUSE_ESTABLISHED);
	(void)state;
	assert_says(&s, "established load: 27,000 of 28,232 ports in use, 1,232 left; "
			"share connections (pooling, keep-alive), "
			"or set net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 ports), "
			"or add peer or local addresses (28,232 ports each)");
	s.holder = "payments.service";
	assert_says(&s, "established load: 27,000 of 28,232 ports in use, 1,232 left, "
			"most held by payments.service; "
			"share connections (pooling, keep-alive), "
			"or set net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 ports), "
			"or add peer or local addresses (28,232 ports each)");
	/* Of nothing, nobody holds the most. */
	s.usage.tightest = s.usage.capacity;
	assert_says(&s, "established load: 0 of 28,232 ports in use, 28,232 left; "
			"share connections (pooling, keep-alive), "
			"or set net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 ports), "
			"or add peer or local addresses (28,232 ports each)");
}

static void
a_whole_range_is_never_to_be_widened(void **state)
{
	struct situation s = situation_loaded(64000, STATE_ESTABLISHED, CAUSE_ESTABLISHED);
	(void)state;
	situation_whole_range(&s);
	assert_says(&s, "established load: 64,000 of 64,512 ports in use, 512 left; "
			"share connections (pooling, keep-alive), "
			"or add peer or local addresses (64,512 ports each)");
}

/* With what it takes to keep the services in it, which stands first; or not at all. */
static void
a_wider_range_comes_with_its_caveat(void **state)
{
	struct situation s = situation_loaded(99, STATE_ESTABLISHED, CAUSE_SMALL_RANGE);
	(void)state;
	s.usage.capacity = 100;
	s.usage.tightest = 1;
	situation_range(&s, 40000, 40099, "50000-50009", "60000,60001,2000");
	assert_says(&s, "small range: 99 of 100 ports in use, 1 left; "
			"set net.ipv4.ip_local_reserved_ports=\"50000-50009,60000-60001\" "
			"(listeners), then net.ipv4.ip_local_port_range=\"40000 65535\" "
			"(+25,424 ports), or add peer or local addresses (100 ports each)");
	situation_range(&s, 40000, 40099, "50000-50009", "2000");
	assert_says(&s, "small range: 99 of 100 ports in use, 1 left; "
			"set net.ipv4.ip_local_port_range=\"40000 65535\" (+25,426 ports), "
			"or add peer or local addresses (100 ports each)");
	/* A list that does not fit is not cut. */
	situation_range(&s, 40000, 40099, "",
			"50000,50002,50004,50006,50008,50010,50012,50014,50016,50018,50020,50022,"
			"50024,50026,50028,50030,50032,50034,50036,50038,50040,50042,50044,50046");
	assert_says(&s, "small range: 99 of 100 ports in use, 1 left; "
			"add peer or local addresses (100 ports each)");
}

static void
one_port_is_not_one_ports(void **state)
{
	struct situation s = situation_loaded(0, STATE_ESTABLISHED, CAUSE_NONE);
	(void)state;
	situation_range(&s, 65534, 65534, "", "");
	s.usage.capacity = s.usage.tightest = 1;
	assert_says(&s, "0 of 1 port in use, at least 1 more connection will succeed");
	s.finding.verdict.cause = CAUSE_SMALL_RANGE;
	s.usage.tightest = 0;
	assert_says(&s, "small range: 1 of 1 port in use, 0 left; "
			"set net.ipv4.ip_local_port_range=\"65534 65535\" (+1 port), "
			"or add peer or local addresses (1 port each)");
}

static void
close_wait_names_the_culprit(void **state)
{
	struct situation s = situation_loaded(1310, STATE_ESTABLISHED, CAUSE_CLOSE_WAIT);
	(void)state;
	s.finding.verdict.severity = SEVERITY_WARNING;
	s.usage.states.of[STATE_ESTABLISHED] = 106;
	s.usage.states.of[STATE_CLOSE_WAIT] = 1204;
	assert_says(&s, "CLOSE_WAIT 1,204 of 1,310 to 10.1.2.3:443: the peer has closed, the local "
			"process has not; restart it");
	s.holder = "payments.service (pid 812 java)";
	assert_says(&s,
		    "CLOSE_WAIT 1,204 of 1,310 to 10.1.2.3:443, held by payments.service (pid 812 "
		    "java): it does not close its sockets; restart it");
	s.toward = NULL;
	s.holder = "";
	assert_says(&s, "CLOSE_WAIT 1,204 of 1,310: the peer has closed, the local "
			"process has not; restart it");
	/* No port is left for others. */
	s.finding.verdict.severity = SEVERITY_CRITICAL;
	s.usage.tightest = 40;
	assert_says(&s, "40 of 28,232 ports left, CLOSE_WAIT 1,204 of 1,310: the peer has closed, "
			"the local process has not; restart it");
}

static void
syn_sent_looks_along_the_path(void **state)
{
	static const char head[] = "SYN_SENT pile-up: 27,000 of 28,232 ports in use, 1,232 left; ";
	static const char *const tail[] = {
	    "the peer does not answer: check the path and its firewall",
	    ("AWS: a NAT gateway carries 55,000 connections a destination: see ErrorPortAllocation "
	     "in CloudWatch"),
	    ("AWS: a NAT gateway carries 55,000 connections a destination: see ErrorPortAllocation "
	     "in CloudWatch"),
	    "NAT on this host found no port 27,000 times since the last poll: give it more "
	    "addresses",
	    "connection tracking is 97 % full: raise net.netfilter.nf_conntrack_max",
	};
	struct situation s = situation_loaded(27000, STATE_SYN_SENT, CAUSE_SYN_SENT);
	char expected[ADVICE_MAX];
	(void)state;
	for (unsigned i = 0; i < COUNT_OF(tail); i++) {
		if (i == 1) {
			s.host.nat = UINT32_C(1) << NAT_AWS;
			s.peer = address("52.1.2.3");
		} else if (i == 2) {
			/* A clash of any two flows counts in the one, and drops no packet. */
			s.host.earlier.value[LIMIT_INSERT_FAILED] = 100;
			s.host.limits.value[LIMIT_INSERT_FAILED] = 27100;
		} else if (i == 3) {
			s.host.earlier.value[LIMIT_DROP] = 50;
			s.host.limits.value[LIMIT_DROP] = 27050;
		} else if (i == 4) {
			s.host.limits.value[LIMIT_CONNTRACK] = 97;
			s.host.limits.value[LIMIT_CONNTRACK_MAX] = 100;
		}
		snprintf(expected, sizeof(expected), "%s%s", head, tail[i]);
		assert_says(&s, expected);
	}
}

/* 12 clashes anywhere on the host explain no 960 connections to a dead peer. */
static void
nat_is_blamed_for_as_many_as_it_dropped(void **state)
{
	struct situation s = situation_loaded(960, STATE_SYN_SENT, CAUSE_SYN_SENT);
	(void)state;
	s.usage.capacity = 1000;
	s.usage.tightest = 40;
	s.host.earlier.value[LIMIT_INSERT_FAILED] = s.host.earlier.value[LIMIT_DROP] = 1;
	s.host.limits.value[LIMIT_INSERT_FAILED] = s.host.limits.value[LIMIT_DROP] = 13;
	assert_says(&s, "SYN_SENT pile-up: 960 of 1,000 ports in use, 40 left; the peer does not "
			"answer: check the path and its firewall");
}

static void
blocked_ports_are_told_apart(void **state)
{
	struct situation s = situation_loaded(40, STATE_ESTABLISHED, CAUSE_RESERVED);
	(void)state;
	situation_whole_range(&s);
	s.usage.capacity = s.range.capacity = 40;
	s.usage.tightest = 0;
	s.range.reserved = 64000;
	assert_says(&s, "reserved ports: 40 of 40 ports in use, 0 left; "
			"shorten net.ipv4.ip_local_reserved_ports (64,000 ports of the range), or "
			"add peer or local addresses (40 ports each)");
	s.finding.verdict.cause = CAUSE_BLOCKED;
	s.range.reserved = 10;
	s.range.listening = 40000;
	s.range.bound = 24000;
	assert_says(&s, "blocked ports: 40 of 40 ports in use, 0 left; "
			"move the listeners out of the range (40,000 ports)");
	s.range.listening = 20000;
	assert_says(&s, "blocked ports: 40 of 40 ports in use, 0 left; "
			"let programs connect() without bind(), or bind() with "
			"IP_BIND_ADDRESS_NO_PORT (24,000 ports)");
}

/* Whose leak it is, and the setting that matters. */
static void
what_waits_for_the_peer_has_causes_of_its_own(void **state)
{
	struct situation s = situation_loaded(27000, STATE_FIN_WAIT2, CAUSE_HALF_CLOSED);
	(void)state;
	situation_whole_range(&s);
	s.usage.capacity = 28232;
	s.usage.tightest = 1232;
	s.host.limits.value[LIMIT_FIN_TIMEOUT] = 60;
	assert_says(&s, "half-closed (FIN_WAIT2): 27,000 of 28,232 ports in use, 1,232 left; set "
			"net.ipv4.tcp_fin_timeout=15 (now 60 s), as the peer does not close its "
			"side, or have the peer close its side, or add peer or local addresses "
			"(28,232 ports each)");
	s.holder = "\"web.service\" (pid 812 \"php\")";
	assert_says(&s, "half-closed (FIN_WAIT2): 27,000 of 28,232 ports in use, 1,232 left, most "
			"held by \"web.service\" (pid 812 \"php\"); the peer does not close its "
			"side: have the holder close(), not only shutdown(), or restart it");
	s = situation_loaded(27000, STATE_LAST_ACK, CAUSE_UNACKNOWLEDGED);
	assert_says(&s, "closes without an acknowledgement: 27,000 of 28,232 ports in use, 1,232 "
			"left; check the path to the peer: it does not acknowledge, or set "
			"net.ipv4.tcp_orphan_retries=3 for what no process holds any more, or "
			"add peer or local addresses (28,232 ports each)");
}

static void
nothing_offered_says_what_took_it(void **state)
{
	struct situation s = situation_loaded(0, STATE_ESTABLISHED, CAUSE_BLOCKED);
	(void)state;
	s.usage.capacity = s.usage.tightest = 0;
	s.range.range = (struct port_range){40000, 40009};
	s.range.reserved = 10;
	static const enum cause whatever_else[] = {CAUSE_BLOCKED, CAUSE_CLOSE_WAIT, CAUSE_FAILURES};
	for (size_t i = 0; i < COUNT_OF(whatever_else); i++) {
		s.finding.verdict.cause = whatever_else[i];
		assert_says(&s, "no port of the range 40000-40009 can be used: 10 reserved, "
				"0 listening, 0 bound; shorten net.ipv4.ip_local_reserved_ports "
				"(10 ports of the range), or set "
				"net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 ports)");
	}
}

static void
failures_come_first(void **state)
{
	struct situation s = situation_loaded(28232, STATE_TIME_WAIT, CAUSE_FAILURES);
	(void)state;
	s.finding.failed.count = 1234;
	s.finding.failed.recent = 1;
	assert_says(&s, "failed connect() calls (1,234): 28,232 of 28,232 ports in use, 0 left; "
			"set net.ipv4.tcp_tw_reuse=1 (the peer needs TCP timestamps), or share "
			"connections (pooling, keep-alive), "
			"or set net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 ports)");
	s.failed = "java (pid 812)";
	s.usage.states = (struct state_counts){.of = {[STATE_ESTABLISHED] = 28232}};
	assert_says(&s, "failed connect() calls (1,234, the last in java (pid 812)): 28,232 of "
			"28,232 ports in use, 0 left; share connections (pooling, keep-alive), "
			"or set net.ipv4.ip_local_port_range=\"16384 65535\" (+20,920 ports)");
}

static void
failures_with_ports_left_have_another_reason(void **state)
{
	struct situation s = situation_loaded(10, STATE_ESTABLISHED, CAUSE_FAILURES);
	(void)state;
	s.finding.failed.count = 3;
	s.finding.failed.recent = 3;
	s.usage.uncertain = 28200;
	assert_says(&s, "failed connect() calls (3): 10 of 28,232 ports in use, 28,222 left, of "
			"which 28,200 may be held by bind() before connect(); srcportd --once "
			"--probe tells, or let programs that bind() set IP_BIND_ADDRESS_NO_PORT");
}

static void
doubt_says_who_and_what_settles_it(void **state)
{
	struct situation s = situation_loaded(60, STATE_ESTABLISHED, CAUSE_IN_DOUBT);
	(void)state;
	s.usage.uncertain = s.usage.tightest;
	s.holder = "\"gw.service\" (pid 812 \"gw\")";
	assert_says(&s,
		    "in doubt: 60 of 28,232 ports in use, 28,172 left, all of which may be held "
		    "by bind() before connect(), most held by \"gw.service\" (pid 812 \"gw\"); "
		    "srcportd --once --probe tells, or let programs that bind() set "
		    "IP_BIND_ADDRESS_NO_PORT");
}

static void
what_fails_elsewhere_or_with_ports_left_is_told(void **state)
{
	struct findings f = {.elsewhere = 1};
	char text[ADVICE_MAX];
	(void)state;
	assert_string_equal(advice_failures(&f, text),
			    "1 connect() call failed in another network namespace");
	/* The name is that of the last. */
	static struct failure_log log = {
	    .pools = {{.place = FAILED_ELSEWHERE, .space = "web", .last_ms = 9},
		      {.place = FAILED_ELSEWHERE, .space = "job", .last_ms = 8},
		      {.place = FAILED_HERE, .last_ms = 10}},
	    .pool_count = 3};
	f.failure_log = &log;
	assert_string_equal(advice_failures(&f, text),
			    "1 connect() call failed in another network namespace: \"web\"");
	f.elsewhere = 0;
	f.stray = 1280;
	assert_string_equal(advice_failures(&f, text),
			    "1,280 connect() calls failed with ports left: a burst, or a range of "
			    "the program's own (IP_LOCAL_PORT_RANGE)");
	f.stray = 0;
	assert_string_equal(advice_failures(&f, text), "");
}

static void
the_system_message_keeps_what_fits_of_it(void **state)
{
	struct tally tally = {.range.capacity = 28232};
	struct findings f = {
	    .tally = &tally, .elsewhere = 1234, .stray = 1234, .may_be_elsewhere = true};
	const struct scene scene = {.findings = &f};
	char text[ADVICE_MAX];
	(void)state;
	assert_string_equal(advice_system(&scene, text),
			    "no outgoing connections; 28,232 ports toward each destination; 1,234 "
			    "connect() calls failed in another network namespace");
}

static void
a_part_that_does_not_fit_is_left_out_whole(void **state)
{
	struct situation s = situation_loaded(27000, STATE_ESTABLISHED, CAUSE_ESTABLISHED);
	char holder[200], text[ADVICE_MAX];
	struct matter matter = {.usage = &s.usage,
				.finding = &s.finding,
				.range = &s.range,
				.host = &s.host,
				.peer = &s.peer,
				.toward = s.toward,
				.holder = holder};
	(void)state;
	/* Whatever the length of a name, what is there is whole. */
	for (size_t length = 0; length < sizeof(holder); length++) {
		memset(holder, 'x', length);
		holder[length] = '\0';
		size_t got = strlen(advice_text(&matter, text));
		assert_true(got < ADVICE_MAX);
		assert_true(text[got - 1] == 't' || text[got - 1] == ')' || text[got - 1] == 'x');
	}
}

static void
the_peer_of_a_leak_gives_way_to_who_holds_it(void **state)
{
	struct situation s = situation_loaded(28232, STATE_CLOSE_WAIT, CAUSE_CLOSE_WAIT);
	char holder[145], text[ADVICE_MAX];
	static const char toward[] = "[fe80::1234:5678:9abc:def0%interface-1234]:65535";
	struct matter matter = {
	    .usage = &s.usage, .finding = &s.finding, .toward = toward, .holder = holder};
	(void)state;
	s.finding.verdict.severity = SEVERITY_CRITICAL;
	for (size_t length = 0; length < sizeof(holder); length++) {
		memset(holder, 'x', length);
		holder[length] = '\0';
		advice_text(&matter, text);
		assert_true(length >= 60 || strstr(text, toward) != NULL);
		assert_non_null(strstr(text, holder));
		assert_string_equal(text + strlen(text) - 12, "; restart it");
	}
	assert_null(strstr(text, toward));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(normal_says_how_many_more_will_succeed),
	    cmocka_unit_test(the_time_left_has_a_fitting_unit),
	    cmocka_unit_test(a_platforms_nat_is_named_when_its_default_is_reached),
	    cmocka_unit_test(time_wait_calls_for_reuse),
	    cmocka_unit_test(reuse_is_not_recommended_where_it_has_no_effect),
	    cmocka_unit_test(reuse_comes_with_the_timestamps_it_needs),
	    cmocka_unit_test(a_long_delay_of_reuse_is_named),
	    cmocka_unit_test(established_load_calls_for_sharing_and_width),
	    cmocka_unit_test(a_whole_range_is_never_to_be_widened),
	    cmocka_unit_test(a_wider_range_comes_with_its_caveat),
	    cmocka_unit_test(one_port_is_not_one_ports),
	    cmocka_unit_test(close_wait_names_the_culprit),
	    cmocka_unit_test(syn_sent_looks_along_the_path),
	    cmocka_unit_test(nat_is_blamed_for_as_many_as_it_dropped),
	    cmocka_unit_test(blocked_ports_are_told_apart),
	    cmocka_unit_test(what_waits_for_the_peer_has_causes_of_its_own),
	    cmocka_unit_test(nothing_offered_says_what_took_it),
	    cmocka_unit_test(failures_come_first),
	    cmocka_unit_test(failures_with_ports_left_have_another_reason),
	    cmocka_unit_test(doubt_says_who_and_what_settles_it),
	    cmocka_unit_test(what_fails_elsewhere_or_with_ports_left_is_told),
	    cmocka_unit_test(the_system_message_keeps_what_fits_of_it),
	    cmocka_unit_test(a_part_that_does_not_fit_is_left_out_whole),
	    cmocka_unit_test(the_peer_of_a_leak_gives_way_to_who_holds_it),
	};
	return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
