/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "alarm/alarm_watch.h"
#include "config/config_parse.h"

#include <stdio.h>

#define LOCAL "10.0.0.1"
#define PEER  "10.1.2.3"

/* A host with 100 source ports, watched under a configuration. */
struct watched {
	struct config config;
	struct alarm_rules rules;
	struct alarms *alarms;
	struct hysteresis *hysteresis;
	struct alarm_list list; /* of the last poll */
	struct alarm_clock now;
	struct host host;
	char told[1024];   /* by the last poll: "KIND key;" */
	char active[1024]; /* after it: "key severity cause used/capacity;" */
};

static void
no_complaint(void *arg, const char *line)
{
	(void)arg;
	fail_msg("%s", line);
}

static void
begin(struct watched *s, const char *text)
{
	struct directory directory;
	char path[96];
	memset(s, 0, sizeof(*s));
	directory_make(&directory);
	directory_text(&directory, "srcportd.conf", text);
	snprintf(path, sizeof(path), "%s/srcportd.conf", directory.path);
	config_init(&s->config);
	s->config.clear_polls = 1;
	assert_int_equal(config_read(&s->config, path, false, no_complaint, NULL), 0);
	directory_remove(&directory);
	s->rules = alarm_watch_rules(&s->config);
	s->rules.open = true;
	s->alarms = alarms_new();
	s->hysteresis = hysteresis_new();
	s->now.ms = 1000;
}

static void
end(struct watched *s)
{
	host_free(&s->host);
	alarm_list_free(&s->list);
	alarms_free(s->alarms);
	hysteresis_free(s->hysteresis);
	config_free(&s->config);
}

static void
poll_begin_reserved(struct watched *s, const char *reserved)
{
	struct settings settings = settings_of(40000, 40099, reserved);
	host_free(&s->host);
	host_begin(&s->host, &settings, NULL);
	s->host.config = s->config;
	s->now.ms += 10000;
}

/* The poll's sockets are added between this and poll_end(). */
static void
poll_begin(struct watched *s)
{
	poll_begin_reserved(s, "");
}

static void
tally(struct watched *s)
{
	host_count(&s->host, s->config.targets, s->config.target_count);
}

static void
watch(struct watched *s)
{
	static const char *const word[] = {"?", "CRITICAL", "WARNING", "CLEARED", "SUPPRESSED"};
	char key[ALARM_KEY_MAX];
	uint32_t count;
	const struct hysteresis_rules rules = {.raise_polls = s->config.raise_polls,
					       .clear_polls = s->config.clear_polls,
					       .room = s->config.max_alarms};
	host_find_next(&s->host, s->hysteresis, &rules);
	const struct scene scene = {.findings = s->host.findings};
	alarm_list_free(&s->list);
	alarm_watch(s->alarms, &s->rules, &s->now, &scene, &s->list);
	const struct notification *n = alarms_notifications(s->alarms, &count);
	s->told[0] = s->active[0] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		snprintf(s->told + strlen(s->told), sizeof(s->told) - strlen(s->told), "%s %s;",
			 word[n[i].kind], alarm_key(&n[i].alarm.subject, key));
		alarms_fate(s->alarms, &n[i], FATE_ACCEPTED, &s->now);
	}
	for (uint32_t i = 0; i < s->list.count; i++) {
		const struct alarm *a = &s->list.alarms[i];
		snprintf(s->active + strlen(s->active), sizeof(s->active) - strlen(s->active),
			 "%s %s %s %u/%u;", alarm_key(&a->subject, key), severity_name(a->severity),
			 cause_name(a->cause), a->used, a->capacity);
	}
	assert_int_equal(s->list.summary.active, s->list.count);
}

static void
poll_end(struct watched *s)
{
	tally(s);
	watch(s);
}

static void
connect_some(struct watched *s, enum tcp_state state, uint16_t port, uint16_t first, unsigned count)
{
	host_connect(&s->host, state, LOCAL, PEER, port, first, count, 1);
}

/* One pool with that many established connections. */
static void
poll_pool(struct watched *s, unsigned used)
{
	poll_begin(s);
	connect_some(s, STATE_ESTABLISHED, 443, 40000, used);
	poll_end(s);
}

static void
assert_found(const struct finding *finding, enum severity severity, enum cause cause)
{
	assert_non_null(finding);
	assert_int_equal(finding->verdict.severity, severity);
	assert_int_equal(finding->verdict.cause, cause);
}

static void
a_pool_in_alarm_shows_in_its_row_and_its_peers(void **state)
{
	struct watched s;
	(void)state;
	begin(&s, "warningRemaining off\n");
	poll_pool(&s, 79);
	assert_string_equal(s.active, "");
	poll_pool(&s, 96);
	assert_string_equal(s.told, "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_string_equal(s.active, "pool 10.0.0.1 -> 10.1.2.3:443 critical smallRange 96/100;");
	assert_found(host_pool_found(&s.host, LOCAL, PEER, 443), SEVERITY_CRITICAL,
		     CAUSE_SMALL_RANGE);
	assert_found(host_peer_found(&s.host, PEER), SEVERITY_CRITICAL, CAUSE_SMALL_RANGE);
	const struct alarm *a = &s.list.alarms[0];
	struct addr local = address(LOCAL), peer = address(PEER);
	assert_true(addr_equal(&a->local, &local) && addr_equal(&a->peer, &peer));
	assert_int_equal(a->port, 443);
	assert_int_equal(a->remaining, 4);
	assert_int_equal(a->percent, 96);
	assert_int_equal(strncmp(a->message, "small range: 96 of 100 ports in use, 4 left;", 44),
			 0);

	/* Between the clear and the raise level only the past tells. */
	poll_pool(&s, 91);
	assert_string_equal(s.told, "");
	assert_found(host_pool_found(&s.host, LOCAL, PEER, 443), SEVERITY_CRITICAL,
		     CAUSE_SMALL_RANGE);
	assert_found(host_peer_found(&s.host, PEER), SEVERITY_CRITICAL, CAUSE_SMALL_RANGE);
	poll_pool(&s, 74);
	assert_string_equal(s.told, "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_found(host_pool_found(&s.host, LOCAL, PEER, 443), SEVERITY_NORMAL, CAUSE_NONE);
	assert_found(host_peer_found(&s.host, PEER), SEVERITY_NORMAL, CAUSE_NONE);
	end(&s);
}

static void
a_pool_that_must_hold_is_not_in_alarm_yet(void **state)
{
	struct watched s;
	(void)state;
	begin(&s, "raisePolls 2\n");
	poll_pool(&s, 99);
	assert_string_equal(s.active, "");
	assert_found(host_pool_found(&s.host, LOCAL, PEER, 443), SEVERITY_NORMAL, CAUSE_NONE);
	poll_pool(&s, 99);
	assert_found(host_pool_found(&s.host, LOCAL, PEER, 443), SEVERITY_CRITICAL,
		     CAUSE_SMALL_RANGE);
	end(&s);
}

static void
a_target_speaks_for_its_pools(void **state)
{
	struct watched s;
	(void)state;
	begin(&s, "warningRemaining off\n"
		  "target bank 10.1.2.3 port 443 critical 50% clear 40% warning 30%\n");
	poll_begin(&s);
	connect_some(&s, STATE_ESTABLISHED, 443, 40000, 60);
	connect_some(&s, STATE_ESTABLISHED, 80, 40000, 96);
	host_connect(&s.host, STATE_ESTABLISHED, "10.0.0.2", PEER, 443, 40000, 35, 1);
	poll_end(&s);
	assert_string_equal(s.told, "CRITICAL target bank;CRITICAL pool 10.0.0.1 -> 10.1.2.3:80;");
	assert_string_equal(s.active, "target bank critical smallRange 60/100;"
				      "pool 10.0.0.1 -> 10.1.2.3:80 critical smallRange 96/100;");
	const struct alarm *a = &s.list.alarms[0];
	struct addr local = address(LOCAL), peer = address(PEER);
	assert_true(addr_equal(&a->local, &local) && addr_equal(&a->peer, &peer));
	assert_int_equal(a->port, 443);
	assert_found(&s.host.findings->targets[0], SEVERITY_CRITICAL, CAUSE_SMALL_RANGE);
	assert_found(host_pool_found(&s.host, LOCAL, PEER, 443), SEVERITY_CRITICAL,
		     CAUSE_SMALL_RANGE);
	assert_found(host_pool_found(&s.host, "10.0.0.2", PEER, 443), SEVERITY_WARNING,
		     CAUSE_SMALL_RANGE);
	end(&s);
}

/* What most connections do is not what the tightest pool is short of ports for. */
static void
the_tightest_pool_says_why(void **state)
{
	struct watched s;
	(void)state;
	for (unsigned targeted = 0; targeted < 2; targeted++) {
		begin(&s, targeted ? "warningRemaining off\ntarget bank 10.1.2.3\n"
				   : "warningRemaining off\n");
		poll_begin(&s);
		connect_some(&s, STATE_SYN_SENT, 80, 40000, 81);
		connect_some(&s, STATE_TIME_WAIT, 443, 40000, 90);
		connect_some(&s, STATE_SYN_SENT, 8080, 40000, 82);
		poll_end(&s);
		assert_found(host_peer_found(&s.host, PEER), SEVERITY_WARNING, CAUSE_TIME_WAIT);
		assert_found(host_pool_found(&s.host, LOCAL, PEER, 80), SEVERITY_WARNING,
			     CAUSE_SYN_SENT);
		assert_string_equal(s.active,
				    targeted ? "target bank warning timeWait 90/100;"
					     : "pool 10.0.0.1 -> 10.1.2.3:80 warning synSent "
					       "81/100;"
					       "pool 10.0.0.1 -> 10.1.2.3:443 warning timeWait "
					       "90/100;"
					       "pool 10.0.0.1 -> 10.1.2.3:8080 warning synSent "
					       "82/100;");
		end(&s);
	}
}

static void
a_target_without_sockets_is_well(void **state)
{
	struct watched s;
	(void)state;
	begin(&s, "target bank 10.1.2.3 port 443 warning 100 clear 100\n");
	poll_begin(&s);
	poll_end(&s);
	assert_string_equal(s.active, "");
	assert_found(&s.host.findings->targets[0], SEVERITY_NORMAL, CAUSE_NONE);
	poll_pool(&s, 1);
	assert_string_equal(s.told, "WARNING target bank;");
	poll_begin(&s);
	poll_end(&s);
	assert_string_equal(s.told, "CLEARED target bank;");
	end(&s);
}

static void
a_leak_is_the_peers(void **state)
{
	struct watched s;
	(void)state;
	begin(&s, "warningRemaining off\ncloseWait 20 clear 0\n");
	poll_begin(&s);
	connect_some(&s, STATE_CLOSE_WAIT, 443, 40000, 15);
	connect_some(&s, STATE_CLOSE_WAIT, 80, 40000, 6);
	connect_some(&s, STATE_ESTABLISHED, 81, 40000, 6);
	poll_end(&s);
	assert_string_equal(s.told, "WARNING peer 10.1.2.3;");
	assert_string_equal(s.active, "peer 10.1.2.3 warning closeWait 15/100;");
	assert_int_equal(s.list.alarms[0].close_wait, 21);
	assert_int_equal(strncmp(s.list.alarms[0].message, "CLOSE_WAIT 21 of 27 to 10.1.2.3:", 32),
			 0);
	assert_found(host_peer_found(&s.host, PEER), SEVERITY_WARNING, CAUSE_CLOSE_WAIT);
	assert_found(host_pool_found(&s.host, LOCAL, PEER, 443), SEVERITY_WARNING,
		     CAUSE_CLOSE_WAIT);
	assert_found(host_pool_found(&s.host, LOCAL, PEER, 81), SEVERITY_NORMAL, CAUSE_NONE);

	poll_begin(&s);
	connect_some(&s, STATE_CLOSE_WAIT, 443, 40000, 1);
	poll_end(&s);
	assert_string_equal(s.active, "peer 10.1.2.3 warning closeWait 1/100;");
	poll_pool(&s, 10);
	assert_string_equal(s.told, "CLEARED peer 10.1.2.3;");
	end(&s);
}

static void
a_leak_toward_a_target_is_the_targets(void **state)
{
	struct watched s;
	(void)state;
	begin(&s, "warningRemaining off\ncloseWait 20\n"
		  "target bank 10.1.2.3 port 443 closeWait 5 clear 0\n");
	poll_begin(&s);
	connect_some(&s, STATE_CLOSE_WAIT, 443, 40000, 30);
	poll_end(&s);
	assert_string_equal(s.active, "target bank warning closeWait 30/100;");
	assert_int_equal(strncmp(s.list.alarms[0].message, "CLOSE_WAIT 30 of 30: ", 21), 0);
	assert_found(host_peer_found(&s.host, PEER), SEVERITY_WARNING, CAUSE_CLOSE_WAIT);
	/* With a pool beside the target's, the peer is watched too. */
	poll_begin(&s);
	connect_some(&s, STATE_CLOSE_WAIT, 443, 40000, 3);
	connect_some(&s, STATE_CLOSE_WAIT, 80, 40000, 30);
	poll_end(&s);
	assert_string_equal(s.active, "target bank warning closeWait 3/100;"
				      "peer 10.1.2.3 warning closeWait 30/100;");
	end(&s);
}

static void
floors_are_watched_when_they_have_levels(void **state)
{
	struct watched s;
	(void)state;
	begin(&s, "warningPercent off\ncriticalPercent off\nwarningRemaining off\n"
		  "localCriticalRemaining 5\nlocalWarningRemaining 10 clear 12\n"
		  "hostWarningRemaining 11\n");
	poll_pool(&s, 90);
	assert_string_equal(s.active, "host warning smallRange 90/100;");
	poll_pool(&s, 91);
	assert_string_equal(s.active, "host warning smallRange 91/100;"
				      "local 10.0.0.1 warning smallRange 91/100;");
	assert_true(addr_equal(&s.list.alarms[1].local, &s.host.tally->locals[0].address));
	poll_pool(&s, 96);
	assert_string_equal(s.told, "CRITICAL local 10.0.0.1;");
	assert_int_equal(s.host.findings->locals[0], SEVERITY_CRITICAL);
	poll_pool(&s, 89);
	assert_string_equal(s.told, "WARNING local 10.0.0.1;");
	assert_int_equal(s.host.findings->locals[0], SEVERITY_WARNING);
	poll_pool(&s, 88);
	assert_string_equal(s.told, "CLEARED local 10.0.0.1;");
	assert_int_equal(s.host.findings->locals[0], SEVERITY_NORMAL);
	end(&s);

	begin(&s, "criticalPercent off\nwarningPercent off\nwarningRemaining off\n"
		  "criticalRemaining off\n");
	poll_pool(&s, 100);
	assert_string_equal(s.active, "");
	end(&s);
}

/* No connection has to be there to tell of it: there can be none. */
static void
a_range_that_offers_nothing_is_critical(void **state)
{
	struct watched s;
	(void)state;
	begin(&s, "");
	poll_begin_reserved(&s, "40000-40098");
	poll_end(&s);
	assert_string_equal(s.active, "");
	poll_begin_reserved(&s, "40000-40099");
	poll_end(&s);
	assert_string_equal(s.told, "CRITICAL host;");
	assert_string_equal(s.active, "host critical reserved 0/0;");
	assert_string_equal(s.list.alarms[0].message,
			    "no port of the range 40000-40099 can be used: 100 reserved, 0 "
			    "listening, 0 bound; shorten net.ipv4.ip_local_reserved_ports (100 "
			    "ports of the range), or set net.ipv4.ip_local_port_range=\"40000 "
			    "65535\" (+25,436 ports)");
	poll_begin(&s);
	poll_end(&s);
	assert_string_equal(s.told, "CLEARED host;");
	end(&s);

	begin(&s, "criticalPercent off\nwarningPercent off\nwarningRemaining off\n"
		  "criticalRemaining off\n");
	poll_begin_reserved(&s, "40000-40099");
	poll_end(&s);
	assert_string_equal(s.active, "");
	end(&s);
}

static void
limits_of_the_host_are_alarms_too(void **state)
{
	static const int64_t conntrack[] = {50, 91, 86, 84, 100};
	static const char *const told[] = {"", "WARNING limit conntrack;", "",
					   "CLEARED limit conntrack;", "CRITICAL limit conntrack;"};
	struct watched s;
	(void)state;
	begin(&s, "conntrackPercent 90 clear 85\n");
	for (size_t i = 0; i < COUNT_OF(conntrack); i++) {
		poll_begin(&s);
		tally(&s);
		s.host.state.limits.value[LIMIT_CONNTRACK] = conntrack[i];
		s.host.state.limits.value[LIMIT_CONNTRACK_MAX] = 100;
		watch(&s);
		assert_string_equal(s.told, told[i]);
		assert_int_equal(s.host.findings->limits.severity, i == 4 ? SEVERITY_CRITICAL
								   : i == 1 || i == 2
								       ? SEVERITY_WARNING
								       : SEVERITY_NORMAL);
	}
	assert_string_equal(s.active, "limit conntrack critical limit 100/100;");
	assert_int_equal(s.host.findings->limits.worst, RULE_CONNTRACK);
	end(&s);
}

static void
a_failed_connect_is_critical_whatever_the_levels(void **state)
{
	struct watched s;
	(void)state;
	begin(&s, "criticalPercent off\nwarningPercent off\nwarningRemaining off\n"
		  "criticalRemaining off\nraisePolls 3\n");
	poll_begin(&s);
	connect_some(&s, STATE_ESTABLISHED, 443, 40000, 100);
	tally(&s);
	s.host.marks->pools[0] = (struct failure_mark){.count = 3, .recent = 1};
	watch(&s);
	assert_string_equal(s.active, "pool 10.0.0.1 -> 10.1.2.3:443 critical failures 100/100;");
	assert_found(host_pool_found(&s.host, LOCAL, PEER, 443), SEVERITY_CRITICAL, CAUSE_FAILURES);
	assert_found(host_peer_found(&s.host, PEER), SEVERITY_CRITICAL, CAUSE_FAILURES);
	poll_pool(&s, 10);
	assert_string_equal(s.told, "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;");
	end(&s);
}

/* 20 pools in alarm, room for 3: the target is in as well, and rows say what is so. */
static void
what_finds_no_room_is_counted(void **state)
{
	struct watched s;
	(void)state;
	begin(&s, "maxAlarms 3\ntarget bank 10.1.2.3\n");
	poll_begin(&s);
	connect_some(&s, STATE_ESTABLISHED, 443, 40000, 96);
	for (unsigned i = 0; i < 20; i++) {
		char peer[32];
		snprintf(peer, sizeof(peer), "10.9.0.%u", i);
		host_connect(&s.host, STATE_ESTABLISHED, LOCAL, peer, 443, 40000, 97, 1);
	}
	poll_end(&s);
	assert_int_equal(s.list.count, 4);
	assert_int_equal(s.list.summary.omitted, 17);
	assert_int_equal(s.list.alarms[0].subject.kind, ALARM_TARGET);
	for (uint32_t i = 0; i < s.host.tally->pool_count; i++)
		assert_int_equal(s.host.findings->pools[i].verdict.severity, SEVERITY_CRITICAL);
	end(&s);
}

/* With so many UDP sockets at addresses of IPv4, each on a port of its own. */
static void
poll_udp(struct watched *s, unsigned sockets)
{
	poll_begin(s);
	s->host.census.udp_held.available = true;
	for (unsigned i = 0; i < sockets; i++)
		host_add(&s->host, DIAG_UDP,
			 socket_of(STATE_ESTABLISHED, LOCAL, (uint16_t)(40000 + i), PEER, 53));
	poll_end(s);
}

static void
poll_without_udp(struct watched *s)
{
	poll_begin(s);
	udp_none(&s->host.census.udp_held, "modprobe udp_diag");
	poll_end(s);
}

/* What cannot be counted any more is not well. */
static void
an_alarm_of_udp_is_held_while_nobody_can_look(void **state)
{
	static const char active[] = "udp 0.0.0.0 critical blocked 100/100;"
				     "udp :: critical blocked 100/100;";
	struct watched s;
	(void)state;
	begin(&s, "udpWarningRemaining off\n");
	poll_udp(&s, 100);
	assert_string_equal(s.told, "CRITICAL udp 0.0.0.0;CRITICAL udp ::;");
	for (unsigned i = 0; i < 4; i++) {
		poll_without_udp(&s);
		assert_string_equal(s.told, "");
		assert_string_equal(s.active, active);
		assert_string_equal(s.list.alarms[0].message,
				    "as it was: it is not counted any more: modprobe udp_diag");
		assert_int_equal(s.list.alarms[0].remaining, 0);
	}
	poll_udp(&s, 100);
	assert_string_equal(s.told, "");
	assert_string_equal(s.active, active);
	assert_non_null(strstr(s.list.alarms[0].message, "no port is left"));
	poll_without_udp(&s);
	poll_udp(&s, 10);
	assert_string_equal(s.told, "CLEARED udp 0.0.0.0;CLEARED udp ::;");
	assert_string_equal(s.active, "");
	poll_without_udp(&s); /* nothing is made of nothing */
	assert_string_equal(s.active, "");
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pool_in_alarm_shows_in_its_row_and_its_peers),
	    cmocka_unit_test(a_pool_that_must_hold_is_not_in_alarm_yet),
	    cmocka_unit_test(a_target_speaks_for_its_pools),
	    cmocka_unit_test(the_tightest_pool_says_why),
	    cmocka_unit_test(a_target_without_sockets_is_well),
	    cmocka_unit_test(a_leak_is_the_peers),
	    cmocka_unit_test(a_leak_toward_a_target_is_the_targets),
	    cmocka_unit_test(floors_are_watched_when_they_have_levels),
	    cmocka_unit_test(a_range_that_offers_nothing_is_critical),
	    cmocka_unit_test(limits_of_the_host_are_alarms_too),
	    cmocka_unit_test(a_failed_connect_is_critical_whatever_the_levels),
	    cmocka_unit_test(what_finds_no_room_is_counted),
	    cmocka_unit_test(an_alarm_of_udp_is_held_while_nobody_can_look),
	};
	return cmocka_run_group_tests_name("alarm_watch", tests, NULL, NULL);
}
