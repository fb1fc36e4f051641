/* SPDX-License-Identifier: ISC */
/* What is concluded from one poll. */
#include "one_host.h"
#include "verdict/conclude.h"

#include <errno.h>
#include <netinet/in.h>

#define HERE  "10.0.0.1"
#define THERE "10.0.0.2"

static void
assert_verdict(const struct verdict *verdict, enum severity severity, enum cause cause)
{
	assert_int_equal(verdict->severity, severity);
	assert_int_equal(verdict->cause, cause);
}

/* Nothing can be used. */
static void
a_pool_of_a_range_that_offers_nothing_is_critical(void **state)
{
	struct target target = target_of(THERE);
	(void)state;
	host_with_range(40000, 40099, "0-65535");
	connect_from(HERE, 40000, THERE, 80);
	host_tally(&host, &target, 1);
	host.config.levels = level_band_default;
	assert_verdict(&host_pool_found(&host, HERE, THERE, 80)->verdict, SEVERITY_CRITICAL,
		       CAUSE_RESERVED);
	assert_int_equal(host.findings->targets[0].verdict.severity, SEVERITY_CRITICAL);
}

static void
target_is_judged_by_its_own_levels(void **state)
{
	struct target list[] = {target_of(THERE), target_of(THERE)};
	(void)state;
	host_with_range(40000, 49999, "");
	for (uint16_t i = 0; i < 1000; i++)
		connect_from(HERE, (uint16_t)(40000 + i), THERE, 80);
	list[1].levels.raise.warning_remaining = 9001;
	host_tally(&host, list, 2);
	assert_int_equal(host.findings->targets[0].verdict.severity, SEVERITY_NORMAL);
	assert_int_equal(host.findings->targets[1].verdict.severity, SEVERITY_WARNING);
	assert_int_equal(host.findings->targets[1].verdict.cause, CAUSE_SMALL_RANGE);
}

/* Severity and percent are those of the tightest pool: so is the cause, whatever the others hold.
 */
static void
the_tightest_pool_says_why(void **state)
{
	struct target list[] = {target_of("10.0.0.0/24"), target_of("10.0.0.0/24")};
	(void)state;
	host_with_range(40000, 49999, "");
	host_connect(&host, STATE_ESTABLISHED, HERE, THERE, 80, 40000, 8100, 1);
	host_connect(&host, STATE_TIME_WAIT, HERE, THERE, 443, 40000, 8500, 1);
	host_connect(&host, STATE_ESTABLISHED, HERE, THERE, 8080, 40000, 8200, 1);
	host_connect(&host, STATE_CLOSE_WAIT, HERE, THERE, 8443, 40000, 20, 1);
	list[1].levels.raise.warning_percent = LEVEL_PERCENT_OFF;
	list[1].levels.raise.close_wait = 19;
	host_tally(&host, list, 2);
	const struct usage *peer = &host_peer(&host, THERE)->usage;
	assert_int_equal(peer->states.of[STATE_ESTABLISHED], 16300);
	assert_verdict(&host_peer_found(&host, THERE)->verdict, SEVERITY_WARNING, CAUSE_TIME_WAIT);
	const struct usage *target = &host.tally->targets[0].usage;
	assert_int_equal(target->states.of[STATE_ESTABLISHED], 16300);
	assert_int_equal(target->tightest, 1500);
	assert_int_equal(target->percent, 85);
	assert_verdict(&host.findings->targets[0].verdict, SEVERITY_WARNING, CAUSE_TIME_WAIT);
	assert_ptr_equal(tally_tightest(host.tally, &host.tally->targets[0]),
			 host_pool(&host, HERE, THERE, 443));
	/* A leak is of all its connections. */
	assert_int_equal(host.findings->targets[1].verdict.severity, SEVERITY_WARNING);
	assert_int_equal(host.findings->targets[1].verdict.cause, CAUSE_CLOSE_WAIT);
}

/* By its own levels: the fullest pool need not be the nearest to a level. */
static void
nearness_is_of_what_is_nearest(void **state)
{
	struct target list[] = {target_of("10.0.0.3")};
	(void)state;
	host_with_range(40000, 40999, "");
	host_tally(&host, NULL, 0);
	assert_int_equal(host.findings->nearness, 0);
	host_connect(&host, STATE_ESTABLISHED, HERE, THERE, 80, 40000, 400, 1);
	host_connect(&host, STATE_ESTABLISHED, HERE, "10.0.0.3", 80, 40000, 150, 1);
	host_tally(&host, list, 1);
	assert_int_equal(host.findings->nearness, 50);
	list[0].levels.raise.warning_percent = 20;
	host_tally(&host, list, 1);
	assert_int_equal(host.findings->nearness, 75);
	/* Of a peer, by what leaks in all its pools. */
	host_connect(&host, STATE_CLOSE_WAIT, HERE, "10.0.0.4", 80, 40000, 390, 1);
	host_connect(&host, STATE_CLOSE_WAIT, HERE, "10.0.0.4", 81, 40000, 390, 1);
	host_tally(&host, list, 1);
	assert_int_equal(host.findings->nearness, 77);
}

/* TIME_WAIT that connect() takes over holds nothing up, and explains nothing. */
static void
recyclable_time_wait_is_no_cause(void **state)
{
	(void)state;
	host_with_range(40000, 49999, "");
	for (uint16_t i = 0; i < 2500; i++)
		host_add(
		    &host, DIAG_SOCKETS,
		    socket_of(STATE_SYN_SENT, "127.0.0.1", (uint16_t)(40000 + i), "127.0.0.1", 80));
	for (uint16_t i = 2500; i < 5000; i++)
		connect_from("127.0.0.1", (uint16_t)(40000 + i), "127.0.0.1", 80);
	for (uint16_t i = 5000; i < 10000; i++)
		host_add(&host, DIAG_SOCKETS,
			 time_wait("127.0.0.1", (uint16_t)(40000 + i), "127.0.0.1", 80, 30000));
	host_tally(&host, NULL, 0);
	const struct usage *u = host_pool(&host, "127.0.0.1", "127.0.0.1", 80);
	assert_int_equal(u->remaining, 5000);
	assert_int_equal(u->recyclable, 5000);
	assert_int_equal(host_pool_found(&host, "127.0.0.1", "127.0.0.1", 80)->verdict.cause,
			 CAUSE_NONE);

	host.config.levels.raise.warning_percent = 50;
	host_find(&host);
	const struct verdict *v = &host.findings->pools[0].verdict;
	assert_int_equal(v->severity, SEVERITY_WARNING);
	assert_int_equal(v->cause, CAUSE_SYN_SENT);
}

/* Percentages only, and 100 only where nothing is left. */
static void
limits_have_levels(void **state)
{
	static const struct {
		int64_t used, max;
		enum severity severity;
	} row[] = {
	    {0, 1000, SEVERITY_NORMAL},
	    {899, 1000, SEVERITY_NORMAL},
	    {900, 1000, SEVERITY_WARNING},
	    {999, 1000, SEVERITY_WARNING},
	    {1000, 1000, SEVERITY_CRITICAL},
	    {1001, 1000, SEVERITY_CRITICAL},
	    {INT64_MAX - 1, INT64_MAX, SEVERITY_WARNING},
	    {INT64_MAX / 2, INT64_MAX, SEVERITY_NORMAL},
	    {7, 0, SEVERITY_NORMAL},
	    {LIMIT_ABSENT, 1000, SEVERITY_NORMAL},
	    {1000, LIMIT_ABSENT, SEVERITY_NORMAL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct limits l = limits_of_conntrack(row[i].used, row[i].max);
		assert_int_equal(conclude_limit(&l, RULE_CONNTRACK, &limit_band_default.raise),
				 row[i].severity);
		assert_int_equal(conclude_limit(&l, RULE_FILES, &limit_band_default.raise),
				 SEVERITY_NORMAL);
	}
}

static void
a_level_can_be_off(void **state)
{
	struct limits full = limits_of_conntrack(1000, 1000);
	(void)state;
	assert_int_equal(conclude_limit(&full, RULE_CONNTRACK, &level_band_off.raise),
			 SEVERITY_NORMAL);
}

static void
the_most_severe_limit_is_the_worst_or_the_fullest(void **state)
{
	(void)state;
	host.state.limits = limits_of_conntrack(500, 1000);
	host_tally(&host, NULL, 0);
	assert_int_equal(host.findings->limits.worst, RULE_CONNTRACK);
	assert_int_equal(host.findings->limits.severity, SEVERITY_NORMAL);

	host.state.limits.value[LIMIT_FILES] = 800;
	host.state.limits.value[LIMIT_FILES_MAX] = 1000;
	host_find(&host);
	assert_int_equal(host.findings->limits.worst, RULE_FILES);
	assert_int_equal(host.findings->limits.severity, SEVERITY_NORMAL);

	host.config.limits[RULE_CONNTRACK].raise.warning_percent = 50;
	host_find(&host);
	assert_int_equal(host.findings->limits.worst, RULE_CONNTRACK);
	assert_int_equal(host.findings->limits.severity, SEVERITY_WARNING);
}

/* One poll of the host, which was counted, with what else is known. */
static struct findings *
conclude_with(struct hysteresis *hysteresis, const struct hysteresis_rules *rules,
	      const struct nat_state *nat, const struct space_pools *spaces)
{
	const struct evidence evidence = {.tally = host.tally,
					  .outlooks = host.outlooks,
					  .marks = host.marks,
					  .host = &host.state,
					  .nat = nat,
					  .spaces = spaces};
	struct findings *f = conclude_poll(&evidence, &host.config, hysteresis, rules);
	assert_non_null(f);
	return f;
}

/* One poll of what a look has found there. */
static struct findings *
find_space(struct hysteresis *hysteresis, enum severity raise, enum severity hold)
{
	static const struct hysteresis_rules rules = {
	    .raise_polls = 1, .clear_polls = 1, .room = 1};
	const struct pool_tally pool = {.local = address(HERE), .peer = address(THERE), .port = 80};
	const struct finding found = {.verdict = {SEVERITY_NORMAL, CAUSE_NONE},
				      .raise = {raise, CAUSE_ESTABLISHED},
				      .hold = {hold, CAUSE_ESTABLISHED}};
	struct space_pool space = {"web", &pool, &found, "its words", 0};
	const struct space_pools spaces = {.of = &space, .count = 1};
	struct findings *f = conclude_with(hysteresis, &rules, NULL, &spaces);
	return f;
}

/* What UDP and bind() have left there. */
static void
ports_of_another_namespace_have_alarms_of_their_own(void **state)
{
	static const struct hysteresis_rules rules = {
	    .raise_polls = 1, .clear_polls = 1, .room = 8};
	const struct verdict bad = {SEVERITY_WARNING, CAUSE_SMALL_RANGE};
	struct space_ports ports[] = {{.space = "web", .udp = true, .raise = bad, .hold = bad},
				      {.space = "web", .raise = bad, .hold = bad}};
	const struct space_pools spaces = {.ports = ports, .port_count = 2};
	struct hysteresis *hysteresis = hysteresis_new();
	(void)state;
	ports[0].address = address("0.0.0.0");
	ports[1].address = address(HERE);
	host_count(&host, NULL, 0);
	struct findings *f = conclude_with(hysteresis, &rules, NULL, &spaces);
	assert_int_equal(f->ports_found[0].severity, SEVERITY_WARNING);
	assert_int_equal(f->ports_found[1].severity, SEVERITY_WARNING);
	assert_int_equal(f->standing_count, 2);
	char key[ALARM_KEY_MAX];
	assert_string_equal(alarm_key(&f->standings[0].subject, key), "udp 0.0.0.0 in web");
	assert_string_equal(alarm_key(&f->standings[1].subject, key), "local " HERE " in web");
	findings_free(f);
	hysteresis_free(hysteresis);
}

/* A pool of address translation without a port left. */
static struct nat_pool
full_nat_pool(void)
{
	return (struct nat_pool){.outside = address(HERE),
				 .peer = address(THERE),
				 .port = 443,
				 .protocol = IPPROTO_TCP,
				 .usage = {.capacity = 100, .loss_ppm = NAT_PPM},
				 .lost_ppm = NAT_PPM};
}

static enum severity
find_nat_pool(struct hysteresis *hysteresis, const struct nat_state *nat)
{
	static const struct hysteresis_rules rules = {
	    .raise_polls = 1, .clear_polls = 1, .room = 8};
	struct findings *f = conclude_with(hysteresis, &rules, nat, NULL);
	enum severity severity =
	    f->standing_count > 0 ? f->standings[0].verdict.severity : SEVERITY_NORMAL;
	findings_free(f);
	return severity;
}

/* What cannot be read any more is not known to be well again; what is not there any more is. */
static void
alarms_of_a_table_that_cannot_be_read_stay(void **state)
{
	struct nat_pool pool = full_nat_pool();
	const struct nat_census census = {.pools = &pool, .count = 1};
	const struct nat_state seen = {.census = &census}, lost = {.lost = true},
			       gone = {.lost = false};
	struct hysteresis *hysteresis = hysteresis_new();
	(void)state;
	host_count(&host, NULL, 0);
	assert_int_equal(find_nat_pool(hysteresis, &lost), SEVERITY_NORMAL);
	assert_int_equal(find_nat_pool(hysteresis, &seen), SEVERITY_CRITICAL);
	for (int poll = 0; poll < 100; poll++)
		assert_int_equal(find_nat_pool(hysteresis, &lost), SEVERITY_CRITICAL);
	assert_int_equal(find_nat_pool(hysteresis, &seen), SEVERITY_CRITICAL);
	assert_int_equal(find_nat_pool(hysteresis, &gone), SEVERITY_NORMAL);
	hysteresis_free(hysteresis);
}

/* Of no severity in its own poll, which had no past: the one here has. */
static void
a_pool_of_another_namespace_has_an_alarm_of_its_own(void **state)
{
	static const struct {
		enum severity raise, hold, expected;
	} polls[] = {{SEVERITY_NORMAL, SEVERITY_WARNING, SEVERITY_NORMAL},
		     {SEVERITY_WARNING, SEVERITY_WARNING, SEVERITY_WARNING},
		     {SEVERITY_NORMAL, SEVERITY_WARNING, SEVERITY_WARNING},
		     {SEVERITY_NORMAL, SEVERITY_NORMAL, SEVERITY_NORMAL}};
	struct hysteresis *hysteresis = hysteresis_new();
	(void)state;
	host_count(&host, NULL, 0);
	for (size_t i = 0; i < COUNT_OF(polls); i++) {
		struct findings *f = find_space(hysteresis, polls[i].raise, polls[i].hold);
		assert_int_equal(f->space_found[0].severity, polls[i].expected);
		assert_int_equal(f->standing_count, i > 0);
		if (i > 0) {
			const struct alarm_subject *subject = &f->standings[0].subject;
			char key[ALARM_KEY_MAX];
			assert_string_equal(alarm_key(subject, key),
					    "pool " HERE " -> " THERE ":80 in web");
		}
		findings_free(f);
	}
	hysteresis_free(hysteresis);
}

static void
out_of_memory_is_told(void **state)
{
	struct target target = target_of(THERE);
	struct findings *findings = NULL;
	(void)state;
	connect_from(HERE, 40000, THERE, 80);
	host_count(&host, &target, 1);
	const struct evidence evidence = {.tally = host.tally,
					  .outlooks = host.outlooks,
					  .marks = host.marks,
					  .host = &host.state};
	unsigned n = 1;
	for (; findings == NULL; n++) {
		allocations_fail_from(n);
		errno = 0;
		findings = conclude_once(&evidence, &host.config);
		assert_int_equal(findings == NULL, allocations_fail_from(0));
		assert_int_equal(errno, findings == NULL ? ENOMEM : 0);
	}
	assert_between(n, 10, 17);
	findings_free(findings);
	findings_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_pool_of_a_range_that_offers_nothing_is_critical),
	    CASE(target_is_judged_by_its_own_levels),
	    CASE(the_tightest_pool_says_why),
	    CASE(nearness_is_of_what_is_nearest),
	    CASE(recyclable_time_wait_is_no_cause),
	    CASE(limits_have_levels),
	    CASE(a_level_can_be_off),
	    CASE(the_most_severe_limit_is_the_worst_or_the_fullest),
	    CASE(alarms_of_a_table_that_cannot_be_read_stay),
	    CASE(a_pool_of_another_namespace_has_an_alarm_of_its_own),
	    CASE(ports_of_another_namespace_have_alarms_of_their_own),
	    CASE(out_of_memory_is_told),
	};
	return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
