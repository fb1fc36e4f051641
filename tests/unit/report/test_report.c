/* SPDX-License-Identifier: ISC */
#include "one_host.h"
#include "report/report.h"

static struct target targets[2];
static struct config config;
static struct report_order order;
static struct scene scene;

/* A host with a listener, a peer with two pools and one with one, and an idle bind. */
static int
begin(void **state)
{
	(void)state;
	host_with_range(40000, 40999, "40900-40904");
	config_init(&config);
	host.census.features |=
	    1U << FEATURE_BOUND_IDLE | 1U << FEATURE_EXPLICIT | 1U << FEATURE_LETS_GO;
	host_add(&host, DIAG_HOLDERS, listener("0.0.0.0", 443));
	host_add(&host, DIAG_HOLDERS, listener("0.0.0.0", 40800));
	host_add(&host, DIAG_HOLDERS, bound_idle("10.0.0.1", 40802));
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.1", "10.0.0.2", 443, 40000, 300, 2);
	host_connect(&host, STATE_CLOSE_WAIT, "10.0.0.1", "10.0.0.2", 443, 40600, 40, 2);
	host_connect(&host, STATE_TIME_WAIT, "10.0.0.1", "10.0.0.2", 80, 40000, 10, 2);
	host_connect(&host, STATE_ESTABLISHED, "2001:db8::1", "2001:db8::2", 443, 40000, 3, 2);
	host_add(&host, DIAG_SOCKETS, time_wait("10.0.0.1", 40021, "10.0.0.2", 80, 300));
	host_add(&host, DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, "10.0.0.1", 443, "10.0.0.9", 5));
	targets[0] = target_of("10.0.0.0/8");
	strcpy(targets[0].name, "intern");
	targets[1] = target_of("[2001:db8::2]:443");
	return 0;
}

static struct report
report_on(unsigned target_count)
{
	static const struct alarm_list none = {.alarms = NULL};
	host.config = config;
	host_tally(&host, targets, target_count);
	report_order_free(&order);
	assert_true(report_order_make(host.tally, &order));
	scene.findings = host.findings;
	return (struct report){.scene = &scene,
			       .order = &order,
			       .alarms = &none,
			       .config = &config,
			       .duration_us = 1234,
			       .pool_limit = 2};
}

/* What a report writes; to be freed. */
static char *
text_of(void (*write)(const struct report *, FILE *), const struct report *report)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	assert_non_null(out);
	write(report, out);
	fclose(out);
	return text;
}

static char *status_line;
static int status;

static void
write_nagios(const struct report *report, FILE *out)
{
	status = report_nagios(report, out);
}

static void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void
text_for_a_ticket(void **state)
{
	static const char *const parts[] = {
	    "Source ports of recorded host, a recording\n\n",
	    "\nRANGE\n"
	    "  size             1000   ports 40000-40999 (net.ipv4.ip_local_port_range)\n"
	    "  reserved            5   of them in net.ipv4.ip_local_reserved_ports\n"
	    "  listening           1   of the rest have a listener\n"
	    "  bound               1   of the rest are blocked by other bind() calls\n"
	    "  capacity          993   connections per (local address, peer, peer port)\n"
	    "  uncertain           1   of them may be blocked without the kernel showing it\n",
	    "\nSOCKETS  358 in all: 354 outbound, 1 inbound\n"
	    "  ESTABLISHED       304  TIME_WAIT          11  CLOSE_WAIT         40\n",
	    "\nPOOLS  the tightest 2 of 3\n",
	    "\n  10.0.0.1    10.0.0.2:443     653      1    340   34%    300      0     40      0  "
	    "    0  "
	    "SAFE\n",
	    "\n  10.0.0.1    10.0.0.2:80      982      0     11    1%      0     11      0      0  "
	    "    0  "
	    "SAFE\n",
	    "LOCAL ADDRESSES  what bind(address, 0) can still get\n",
	    "\nPoll of 358 sockets in 1.234 ms.\n",
	};
	struct report report = report_on(0);
	char *text = text_of(report_text, &report);
	(void)state;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		assert_has(text, parts[i]);
	assert_null(strstr(text, "TARGET"));
	assert_null(strstr(text, "NOTE"));
	free(text);
}

static void
text_says_what_the_kernel_did_not(void **state)
{
	(void)state;
	host.census.features = 0;
	struct report report = report_on(0);
	char *text = text_of(report_text, &report);
	assert_has(text, "NOTE  bound idle sockets were not listed by this kernel (6.8 and later "
			 "do)\n");
	assert_has(text, "NOTE  explicit binds cannot be told apart on this kernel\n");
	assert_has(text, "NOTE  this kernel may keep ports in use blocked for sockets that have "
			 "gone (6.18 and later do not): remaining is then less, but never below "
			 "free\n");
	free(text);
	/* They were counted: none, some that are not ours for certain, some that are. */
	static const struct {
		struct unseen_count count;
		const char *note;
	} counted[] = {
	    {{true, true, 0}, NULL},
	    {{true, true, 7}, NULL},
	    {{true, false, 1}, "NOTE  1 TCP socket may be bound idle ones"},
	    {{true, false, 2000},
	     "NOTE  2000 TCP sockets may be bound idle ones, which this "
	     "kernel does not list (6.8 and later do), or belong to network "
	     "namespaces that cannot be seen from here\n"},
	};
	for (size_t i = 0; i < COUNT_OF(counted); i++) {
		census_unseen(&host.census, &counted[i].count);
		report = report_on(0);
		text = text_of(report_text, &report);
		assert_null(strstr(text, "were not listed"));
		if (counted[i].note != NULL)
			assert_has(text, counted[i].note);
		else
			assert_null(strstr(text, "bound idle"));
		free(text);
	}
	host.census.features = 1U << FEATURE_PROBE;
	report = report_on(0);
	text = text_of(report_text, &report);
	assert_null(strstr(text, "for sockets that have gone"));
	free(text);
}

static void
text_answers_each_target(void **state)
{
	struct report report = report_on(2);
	char *text = text_of(report_text, &report);
	(void)state;
	assert_has(text, "\nTARGET intern 10.0.0.0/8  SAFE (TCP)\n");
	assert_has(
	    text,
	    "\n  connections  351 in 2 pools: 300 ESTABLISHED, 11 TIME_WAIT, 40 CLOSE_WAIT\n");
	assert_has(text, "\n  remaining    653 of 993 (34% used) in the tightest pool, 10.0.0.1 -> "
			 "10.0.0.2:443; up to 1 of them uncertain\n");
	assert_has(text, "\nTARGET [2001:db8::2]:443  SAFE (TCP)\n");
	assert_has(text, "\n  connections  3 in 1 pool: 3 ESTABLISHED\n");
	free(text);
}

static void
text_of_an_idle_host(void **state)
{
	(void)state;
	host_with_range(40000, 40999, "");
	struct report report = report_on(2);
	char *text = text_of(report_text, &report);
	assert_has(text, "POOLS  no outgoing connections\n");
	assert_has(text, "\n  connections  0 in 0 pools: none\n");
	assert_has(text, "\n  remaining    1000 of 1000 (0% used)\n");
	assert_null(strstr(text, "LOCAL ADDRESSES"));
	assert_null(strstr(text, "uncertain"));
	free(text);
}

static void
text_has_the_time_of_a_live_poll(void **state)
{
	struct report report = report_on(0);
	(void)state;
	report.when = 1700000000;
	char *text = text_of(report_text, &report);
	assert_has(text, ", 2023-11-14 22:13:20 UTC\n");
	assert_null(strstr(text, "recorded host"));
	free(text);
}

static void
json_lines(void **state)
{
	static const char *const parts[] = {
	    "\n  \"range\":{\n    \"low\":40000,\n    \"high\":40999,\n    \"size\":1000,\n"
	    "    \"reserved\":5,\n    \"skipped\":0,\n    \"listening\":1,\n    \"bound\":1,\n    "
	    "\"capacity\":993,\n"
	    "    \"uncertain\":1,\n",
	    "\n    {\"address\":\"10.0.0.1\",\"connections\":351,\"used\":343,\"remaining\":652,"
	    "\"uncertain\":0,\"severity\":\"normal\"}",
	    "\n    {\"local\":\"10.0.0.1\",\"peer\":\"10.0.0.2\",\"port\":443,\"states\":{"
	    "\"established\":300,\"synSent\":0,\"synReceived\":0,\"finWait1\":0,\"finWait2\":0,"
	    "\"timeWait\":0,\"closed\":0,\"closeWait\":40,\"lastAck\":0,\"listen\":0,\"closing\":0}"
	    ","
	    "\"connections\":340,\"used\":340,\"remaining\":653,\"uncertain\":1,\"capacity\":993,"
	    "\"tightest\":653,\"recyclable\":0,\"percent\":34,\"severity\":\"normal\","
	    "\"cause\":\"none\",",
	    "\n    {\"peer\":\"10.0.0.2\",\"pools\":2,",
	    "\n    "
	    "{\"name\":\"intern\",\"target\":\"10.0.0.0/8\",\"protocol\":\"tcp\",\"pools\":2,",
	    "\n    "
	    "{\"name\":\"\",\"target\":\"[2001:db8::2]:443\",\"protocol\":\"tcp\",\"pools\":1,",
	    "\n    \"inbound\":1,\n    \"outbound\":354,\n",
	    "\n    \"sockets\":358,\n    \"duration_us\":1234,\n    \"unlisted\":0,\n",
	    "\"boundIdle\",\"explicitBind\",",
	};
	struct report report = report_on(2);
	char *text = text_of(report_json, &report);
	(void)state;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		assert_has(text, parts[i]);
	assert_int_equal(text[0], '{');
	assert_string_equal(text + strlen(text) - 3, "\n}\n");
	free(text);
}

/* The second of two pools is in alarm, and the third has no room in the text. */
static void
address_translation(void **state)
{
	struct nat_pool pools[3] = {
	    {.outside = address("192.0.2.1"),
	     .peer = address("198.51.100.1"),
	     .port = 443,
	     .protocol = 6,
	     .entries = 40,
	     .usage = {.capacity = 100, .used = 39, .remaining = 61, .evictable = 1, .percent = 39},
	     .range = {20000, 20099},
	     .from = NAT_RANGE_FLOWS,
	     .moved = 2,
	     .translated = 40,
	     .holder = address("10.0.0.2"),
	     .behind = "web-1",
	     .holder_entries = 39},
	    {.outside = address("2001:db8::1"),
	     .peer = address("2001:db8::2"),
	     .port = 53,
	     .zone = 5,
	     .protocol = 17,
	     .entries = 50000,
	     .usage = {64512, 50000, 14512, 0, 77, 12345},
	     .range = {1024, 65535},
	     .moved = 40000,
	     .translated = 50000}};
	struct verdict found[3] = {{SEVERITY_NORMAL, CAUSE_NONE},
				   {SEVERITY_CRITICAL, CAUSE_NAT_LOSS},
				   {SEVERITY_NORMAL, CAUSE_NONE}};
	struct nat_census nat = {.pools = pools, .count = 3, .omitted = 1, .rules.known = true};
	(void)state;
	pools[2] = pools[0];
	struct report report = report_on(0);
	struct findings with = *host.findings;
	struct scene there = scene;
	with.nat.reason = "needs CAP_NET_ADMIN";
	there.findings = &with;
	report.scene = &there;
	char *text = text_of(report_json, &report);
	assert_has(text, "\"available\":false,\n    \"reason\":\"needs CAP_NET_ADMIN\",\n    "
			 "\"pools\":null,\n    \"omitted\":null,\n    \"source\":null,\n    "
			 "\"rulesUnread\":null\n");
	free(text);
	text = text_of(report_text, &report);
	assert_null(strstr(text, "NAT POOLS")); /* nothing is tracked */
	free(text);
	with.nat.census = &nat;
	with.nat_pools = found;
	text = text_of(report_json, &report);
	assert_has(text, "\"available\":true,\n    \"reason\":null,\n    \"pools\":[");
	assert_has(text,
		   "{\"protocol\":\"tcp\",\"outside\":\"192.0.2.1\",\"peer\":\"198.51.100.1\","
		   "\"port\":443,\"zone\":0,\"entries\":40,\"used\":39,\"remaining\":61,"
		   "\"evictable\":1,\"capacity\":100,\"percent\":39,\"lossPpm\":0,\"holder\":\"10."
		   "0.0.2\",\"holderNamespace\":\"web-1\",\"holderEntries\":39,\"idle\":null,"
		   "\"severity\":\"normal\",\"cause\":\"none\",\"message\":\"39 of 100 outside "
		   "ports in use, "
		   "61 left\",\"range\":{\"low\":20000,\"high\":20099,"
		   "\"from\":\"flows\"}}");
	assert_has(text, "\"protocol\":\"udp\",\"outside\":\"2001:db8::1\"");
	assert_has(text, "\"zone\":5,");
	assert_has(text, "\"omitted\":1,\n    \"source\":\"netlink\",\n    "
			 "\"rulesUnread\":false\n");
	free(text);
	text = text_of(report_text, &report);
	assert_has(text,
		   "NAT POOLS  what each outside address has left toward a peer\n"
		   "  tcp      192.0.2.1 -> 198.51.100.1:443\n"
		   "           61 remaining of 100 (39% used), 1 of them if old entries give way, "
		   "most by 10.0.0.2 in web-1 (39); range "
		   "20000-20099, as connections show it; 0.0000% of those that change port are "
		   "lost\n"
		   "  udp/5    2001:db8::1 -> [2001:db8::2]:53  CRITICAL\n"
		   "           14512 remaining of 64512 (77% used); range 1024-65535, if the rule "
		   "names none; 1.2345% of those that change port are lost\n"
		   "  and 1 more\n"
		   "  1 connection belongs to pools beyond what is counted\n\n");
	free(text);
}

static const char *
nagios(unsigned target_count)
{
	struct report report = report_on(target_count);
	free(status_line);
	status_line = text_of(write_nagios, &report);
	assert_ptr_equal(strchr(status_line, '\n'), status_line + strlen(status_line) - 1);
	return status_line;
}

static void
nagios_line(void **state)
{
	(void)state;
	assert_string_equal(
	    nagios(0),
	    "SRCPORT OK - 10.0.0.1 -> 10.0.0.2:443: 340 of 993 ports in use, at least 652 more "
	    "connections will succeed | used=340;794;943;0;993 remaining=653;100:;1:;0;993 "
	    "percent=34%;79;94;0;100 time_wait=0;;;0; close_wait=40;1000;;0; established=300;;;0; "
	    "free=652;;;0;995\n");
	assert_int_equal(status, 0);
	assert_has(nagios(2), "SRCPORT OK - intern (TCP): 340 of 993 ");
}

static void
nagios_statuses(void **state)
{
	(void)state;
	host_connect(&host, STATE_SYN_SENT, "10.0.0.1", "10.0.0.7", 80, 40000, 400, 2);
	assert_has(nagios(0), "SRCPORT OK - 10.0.0.1 -> 10.0.0.7:80: ");
	targets[1].levels.raise.warning_remaining = 991;
	assert_has(nagios(2), "SRCPORT WARNING - [2001:db8::2]:443 (TCP): ");
	assert_int_equal(status, 1);
	targets[0].levels.raise.critical_percent = 34;
	assert_has(nagios(2), "SRCPORT CRITICAL - intern (TCP): ");
	assert_int_equal(status, 2);
	assert_has(status_line, " | used=400;794;337;0;993 ");
}

/* Levels that are off have no range, and what can never be reached a negative one. */
static void
nagios_ranges_are_the_levels_in_force(void **state)
{
	static const struct {
		struct levels levels;
		const char *expected;
	} cases[] = {
	    {{101, 101, 0, 0, 0, 0, 0},
	     "used=340;;;0;993 remaining=653;;;0;993 percent=34%;;;0;100 "},
	    {{101, 101, 0, 0, 7, 0, 0}, "close_wait=40;7;;0; "},
	    {{100, 50, 0, 0, 0, 0, 0},
	     "used=340;496;992;0;993 remaining=653;;;0;993 percent=34%;49;99;"},
	    {{101, 101, 1, 100, 0, 0, 0},
	     "used=340;893;992;0;993 remaining=653;100:;1:;0;993 percent="},
	    {{101, 1, 0, 0, 0, 0, 0},
	     "used=340;9;;0;993 remaining=653;;;0;993 percent=34%;0;;0;100 "},
	    {{95, 80, 500, 600, 0, 0, 0}, "used=340;393;493;0;993 remaining=653;600:;500:;0;993 "},
	    {{101, 101, 993, 994, 0, 0, 0}, "used=340;~:-1;0;0;993 remaining=653;994:;993:;0;993 "},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		targets[0].levels.raise = config.levels.raise = cases[i].levels;
		assert_has(nagios(1), cases[i].expected);
		assert_has(nagios(0), cases[i].expected);
	}
}

static void
nagios_judges_the_host_with_everything(void **state)
{
	(void)state;
	config.host.raise.warning_remaining = 200;
	config.host.raise.critical_remaining = 20;
	struct report report = report_on(2);
	host.findings->host.limits.value[LIMIT_CONNTRACK] = 10;
	host.findings->host.limits.value[LIMIT_CONNTRACK_MAX] = 40;
	free(status_line);
	status_line = text_of(write_nagios, &report);
	assert_has(status_line, " free=652;;;0;995 conntrack=25%;89;99;0;100\n");
	report.everything = true;
	free(status_line);
	status_line = text_of(write_nagios, &report);
	assert_has(status_line, " free=652;200:;20:;0;995 conntrack=25%;89;99;0;100\n");
}

static void
nagios_of_a_host_without_connections(void **state)
{
	(void)state;
	host_with_range(40000, 40999, "");
	assert_has(nagios(0),
		   "SRCPORT OK - no outgoing connections: 0 of 1,000 ports in use, at least "
		   "1,000 more connections will succeed | used=0;799;949;0;1000 ");
	assert_int_equal(status, 0);

	/* A range of an odd size may give one port less: then that is all that is promised. */
	host_with_range(40000, 40998, "");
	assert_has(nagios(0), "at least 998 more connections will succeed | used=0;799;949;0;999 "
			      "remaining=999;");

	host_with_range(40000, 40099, "40000-40099");
	assert_has(nagios(0), "SRCPORT CRITICAL - no outgoing connections: no port of the range "
			      "40000-40099 can be used: 100 reserved, 0 listening, 0 bound");
	assert_int_equal(status, 2);

	/* What a first connection would be warned of is told before it. */
	host_with_range(40000, 40049, "");
	assert_has(nagios(0), "SRCPORT WARNING - no outgoing connections: small range: 0 of 50 "
			      "ports in use, 50 left; ");
	assert_int_equal(status, 1);
}

static void
verdicts(void **state)
{
	(void)state;
	assert_string_equal(report_verdict(SEVERITY_NORMAL), "SAFE");
	assert_string_equal(report_verdict(SEVERITY_WARNING), "WARNING");
	assert_string_equal(report_verdict(SEVERITY_CRITICAL), "CRITICAL");
	assert_string_equal(report_verdict(SEVERITY_UNKNOWN), "UNKNOWN");
}

static int
forget(void **state)
{
	(void)state;
	free(status_line);
	status_line = NULL;
	report_order_free(&order);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(text_for_a_ticket),
	    CASE(text_says_what_the_kernel_did_not),
	    CASE(text_answers_each_target),
	    CASE(text_of_an_idle_host),
	    CASE(text_has_the_time_of_a_live_poll),
	    CASE(json_lines),
	    CASE(address_translation),
	    CASE(nagios_line),
	    CASE(nagios_statuses),
	    CASE(nagios_ranges_are_the_levels_in_force),
	    CASE(nagios_judges_the_host_with_everything),
	    CASE(nagios_of_a_host_without_connections),
	    CASE(verdicts),
	};
	return cmocka_run_group_tests_name("report", tests, NULL, forget);
}
