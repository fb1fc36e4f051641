/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "config/config_parse.h"
#include "config/config_tokens.h"

#include <stdio.h>

/* A directory with srcportd.conf in it, what was read from it, and every complaint, a line each
 * without the directory's name. */
struct reading {
	struct directory directory;
	char path[96];
	struct config config;
	unsigned errors;
	char said[8192];
};

static void
note(void *arg, const char *line)
{
	struct reading *r = arg;
	char prefix[80];
	int own = snprintf(prefix, sizeof(prefix), "%s/", r->directory.path);
	assert_true(strlen(r->said) + strlen(line) + 2 < sizeof(r->said));
	for (const char *at; (at = strstr(line, prefix)) != NULL; line = at + own)
		strncat(r->said, line, (size_t)(at - line));
	strcat(strcat(r->said, line), "\n");
}

static void
begin(struct reading *r)
{
	memset(r, 0, sizeof(*r));
	directory_make(&r->directory);
	snprintf(r->path, sizeof(r->path), "%s/srcportd.conf", r->directory.path);
}

static void
read_all(struct reading *r)
{
	config_init(&r->config);
	r->errors = config_read(&r->config, r->path, true, note, r);
}

static void
end(struct reading *r)
{
	config_free(&r->config);
	directory_remove(&r->directory);
}

static void
begin_text(struct reading *r, const char *text)
{
	begin(r);
	directory_text(&r->directory, "srcportd.conf", text);
	read_all(r);
}

/* The text of config_dump(), to be freed. */
static char *
dump(const struct config *config)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	assert_non_null(out);
	config_dump(config, out);
	fclose(out);
	return text;
}

static void
the_defaults_are_the_documented_ones(void **state)
{
	struct reading r;
	(void)state;
	/* The two that a packager may have built in otherwise. */
	begin_text(&r, "baseOID 1.3.6.1.4.1.8072.9999.9999.7777\n"
		       "stateFile /var/lib/srcportd/alarms\n");
	assert_int_equal(r.errors, 0);
	char *text = dump(&r.config);
	assert_string_equal(text, "agentXSocket /var/agentx/master\n"
				  "baseOID 1.3.6.1.4.1.8072.9999.9999.7777\n"
				  "stateFile /var/lib/srcportd/alarms\n"
				  "interval auto\n"
				  "cpuPercent 2\n"
				  "criticalPercent 95% clear 90%\n"
				  "warningPercent 80% clear 75%\n"
				  "criticalRemaining 1 clear 2\n"
				  "warningRemaining 100 clear 120\n"
				  "closeWait 1000 clear 900\n"
				  "inboundLeak 1000 clear 900\n"
				  "localCriticalRemaining off\n"
				  "localWarningRemaining 1 clear 2\n"
				  "hostCriticalRemaining off\n"
				  "hostWarningRemaining off\n"
				  "lowWarningRemaining off\n"
				  "udpCriticalPercent 95% clear 90%\n"
				  "udpWarningPercent 80% clear 75%\n"
				  "udpCriticalRemaining 1 clear 2\n"
				  "udpWarningRemaining 100 clear 120\n"
				  "natCriticalLoss 10000 clear 9000\n"
				  "natWarningLoss 1000 clear 900\n"
				  "conntrackPercent 90% clear 85%\n"
				  "filesPercent 90% clear 85%\n"
				  "raisePolls 1\n"
				  "clearPolls auto\n"
				  "maxPools 1000\n"
				  "maxPeers 1000\n"
				  "maxLocals 256\n"
				  "maxNatPools 200\n"
				  "maxNamespaces 500\n"
				  "maxAlarms 1000\n"
				  "notifications critical warning cleared suppressed unknown\n"
				  "notificationsPerMinute 60\n"
				  "probe no\n"
				  "probeMax 1000\n"
				  "failures yes\n"
				  "owners yes\n"
				  "namespaces no\n");
	free(text);
	end(&r);
}

/* Each line is as --dump-config writes it, so that what is read is what is shown. */
static const char everything[] = "agentXSocket tcp:127.0.0.1:705\n"
				 "baseOID 1.3.6.1.4.1.64999.1\n"
				 "stateFile \"/var/lib/my state\"\n"
				 "interval 5 min 5 max 86400\n"
				 "cpuPercent 0\n"
				 "criticalPercent 98% clear 91%\n"
				 "warningPercent off\n"
				 "criticalRemaining 10 clear 40\n"
				 "warningRemaining 500 clear 501\n"
				 "closeWait 50 clear 0\n"
				 "inboundLeak 1000 clear 900\n"
				 "localCriticalRemaining 1 clear 1\n"
				 "localWarningRemaining 100 clear 120\n"
				 "hostCriticalRemaining 5 clear 6\n"
				 "hostWarningRemaining 1000 clear 65535\n"
				 "lowWarningRemaining 512\n"
				 "udpCriticalPercent 99% clear 98%\n"
				 "udpWarningPercent off\n"
				 "udpCriticalRemaining 20 clear 30\n"
				 "udpWarningRemaining 200 clear 300\n"
				 "natCriticalLoss off\n"
				 "natWarningLoss 2000 clear 1\n"
				 "conntrackPercent 70% clear 60%\n"
				 "filesPercent off\n"
				 "raisePolls 2\n"
				 "clearPolls 1000\n"
				 "target \"payments\" 10.1.2.3:443 critical 95% clear 90% "
				 "warning off closeWait 50 clear 0\n"
				 "target \"the bank, #2\" [2001:db8::1]:8443 critical 10 clear 12 "
				 "warning 70% clear 65% warning 900 clear 1000 closeWait off\n"
				 "target \"lan\" 10.0.0.0/8 critical off warning 50% clear 1% "
				 "closeWait 1 clear 0\n"
				 "maxPools 1\n"
				 "maxPeers 2\n"
				 "maxLocals 3\n"
				 "maxNatPools 4\n"
				 "maxNamespaces 5\n"
				 "maxAlarms 5000\n"
				 "notifications critical cleared\n"
				 "notificationsPerMinute 0\n"
				 "probe yes\n"
				 "probeMax 7\n"
				 "failures no\n"
				 "owners no\n"
				 "namespaces yes\n"
				 "namespaceAlias \"web\" \"nginx (pid *)\"\n"
				 "namespaceAlias \"db\" \"*/postgresql@*.service\"\n"
				 "namespace \"web-*\" critical 90% clear 85% warning off\n"
				 "namespace \"*\" closeWait 5 clear 4\n";

/* What a line does not name is as for other pools; the first that matches counts. */
static void
namespaces_have_levels_by_their_names(void **state)
{
	struct reading r;
	struct config own;
	(void)state;
	begin_text(&r, "namespace web-* critical 7\ncriticalPercent 90\nwarningRemaining 9\n"
		       "namespace web-1 critical off\nnamespace *.service closeWait off\n");
	assert_string_equal(r.said, "");
	const struct levels *l = &config_of_namespace(&r.config, "web-1", &own)->levels.raise;
	assert_int_equal(l->critical_percent, LEVEL_PERCENT_OFF);
	assert_int_equal(l->critical_remaining, 7);
	assert_int_equal(l->warning_remaining, 9);
	assert_int_equal(l->close_wait, 1000);
	/* UDP's too; of bind() only that nothing is to be heard. */
	assert_int_equal(own.udp.raise.critical_remaining, 7);
	assert_int_equal(own.udp.raise.warning_percent, 80);
	assert_int_equal(own.local.raise.warning_remaining, LOCAL_WARNING_BINDERS);
	l = &config_of_namespace(&r.config, "a.service", &own)->levels.raise;
	assert_int_equal(l->critical_percent, 90);
	assert_int_equal(l->close_wait, 0);
	assert_ptr_equal(config_of_namespace(&r.config, "db", &own), &r.config);
	end(&r);
	begin_text(&r, "namespace a warning off\n");
	l = &config_of_namespace(&r.config, "a", &own)->local.raise;
	assert_int_equal(l->warning_remaining, 0);
	end(&r);
	begin_text(&r, "namespace\nnamespace a\nnamespace a critical\nnamespace a b\n"
		       "namespace a critical 50% warning 60%\n");
	assert_string_equal(
	    r.said,
	    "srcportd.conf:1: namespace: found nothing, expected a pattern of 1 to 127 "
	    "characters\n"
	    "srcportd.conf:2: namespace: found nothing, expected critical, warning or closeWait\n"
	    "srcportd.conf:3: namespace: found nothing, expected a number of ports from 1 to "
	    "65535, "
	    "or off\n"
	    "srcportd.conf:4: namespace: found \"b\", expected critical, warning, closeWait or the "
	    "end of the line\n"
	    "srcportd.conf:5: namespace: found \"warning 60%\", expected at most 50%, its critical "
	    "level\n");
	end(&r);
	begin_text(&r, "namespace a critical 70%\nnamespace \"b c\" closeWait 5 warning 96%\n"
		       "criticalRemaining 9\nnamespace c warning 8\nnamespace d critical off\n");
	assert_string_equal(
	    r.said,
	    "srcportd.conf:1: namespace: found \"critical 70%\", expected at least 80%, its "
	    "warning "
	    "level, the default of warningPercent\n"
	    "srcportd.conf:2: namespace: found \"warning 96%\", expected at most 95%, its critical "
	    "level, the default of criticalPercent\n"
	    "srcportd.conf:4: namespace: found \"warning 8\", expected at least 9, its critical "
	    "level, inherited from criticalRemaining in srcportd.conf:3\n");
	end(&r);
	/* They hold for UDP, too. */
	begin_text(&r, "udpWarningPercent 85\nnamespace a critical 83%\nudpCriticalRemaining 40\n"
		       "namespace b warning 30\n");
	assert_string_equal(
	    r.said,
	    "srcportd.conf:2: namespace: found \"critical 83%\", expected at least 85%, its "
	    "warning "
	    "level, inherited from udpWarningPercent in srcportd.conf:1\n"
	    "srcportd.conf:4: namespace: found \"warning 30\", expected at least 40, its critical "
	    "level, inherited from udpCriticalRemaining in srcportd.conf:3\n");
	end(&r);
	begin_text(&r, "udpWarningPercent 96\nnamespace a critical 83%\n");
	assert_string_equal(r.said,
			    "srcportd.conf:1: udpWarningPercent: found 96, expected at most "
			    "95, which is udpCriticalPercent\n");
	end(&r);
	/* Of global ones that are wrong themselves it is told once. */
	begin_text(&r, "warningPercent 99\nnamespace a critical 85%\n");
	assert_string_equal(r.said, "srcportd.conf:1: warningPercent: found 99, expected at most "
				    "95, which is criticalPercent\n");
	end(&r);
}

static void
what_is_dumped_is_what_was_read(void **state)
{
	struct reading r;
	(void)state;
	begin_text(&r, everything);
	assert_string_equal(r.said, "");
	char *text = dump(&r.config);
	assert_string_equal(text, everything);
	free(text);
	end(&r);
}

static void
every_token_is_in_that_test(void **state)
{
	(void)state;
	for (unsigned i = 0; i < config_token_count; i++) {
		char start[64];
		snprintf(start, sizeof(start), "\n%s ", config_tokens[i].name);
		assert_true(strstr(everything, start) != NULL ||
			    strncmp(everything, start + 1, strlen(start + 1)) == 0);
		assert_ptr_equal(config_token_find(config_tokens[i].name), &config_tokens[i]);
	}
}

static void
tokens_have_no_case_and_clear_levels_a_default(void **state)
{
	struct reading r;
	(void)state;
	begin_text(&r, "INTERVAL 7\ncriticalpercent 97\nWarningPercent 3%\ncriticalRemaining 4\n"
		       "WARNINGREMAINING 60000\ncloseWait 9\n");
	assert_string_equal(r.said, "");
	assert_int_equal(r.config.pace.usual_s, 7);
	assert_int_equal(r.config.pace.least_s, 7);
	assert_int_equal(r.config.pace.most_s, 7);
	const struct levels raise = {97, 3, 4, 60000, 9, 0, 0}, clear = {92, 1, 5, 65535, 8, 0, 0};
	assert_memory_equal(&r.config.levels.raise, &raise, sizeof(raise));
	assert_memory_equal(&r.config.levels.clear, &clear, sizeof(clear));
	end(&r);
}

/* One broken file; every error in it. */
static void
every_error_is_told_in_one_run(void **state)
{
	struct reading r;
	(void)state;
	begin_text(&r, "interval 0\n"
		       "interval\n"
		       "intervall 10\n"
		       "\n"
		       "criticalPercent 101\n"
		       "warningPercent 80 clear 81\n"
		       "criticalRemaining 10 clear 9\n"
		       "warningRemaining 100 clear\n"
		       "closeWait 10 clear 11\n"
		       "raisePolls 3 polls\n"
		       "probe maybe\n"
		       "notifications critical loud\n"
		       "baseOID 1.3.6.1.4.x\n"
		       "baseOID 1.2.840\n"
		       "agentXSocket agentx\n"
		       "stateFile state\n"
		       "target a 10.1.2.3 \"port\n"
		       "maxPools -1\n");
	/* clang-format off */
	assert_string_equal(
	    r.said,
	    "srcportd.conf:1: interval: found \"0\", expected auto, or a number from 1 to 86400\n"
	    "srcportd.conf:2: interval: found it again, expected it once in a file: it is in line 1\n"
	    "srcportd.conf:2: interval: found nothing, expected auto, or a number from 1 to 86400\n"
	    "srcportd.conf:3: found \"intervall\", expected a token of srcportd.conf(5)\n"
	    "srcportd.conf:5: criticalPercent: found \"101\", expected a percentage from 1 to 100, or off\n"
	    "srcportd.conf:6: warningPercent: found \"81\", expected a percentage from 1 to 80 to clear what 80 raises\n"
	    "srcportd.conf:7: criticalRemaining: found \"9\", expected a number of ports from 10 to 65535 to clear what 10 raises\n"
	    "srcportd.conf:8: warningRemaining: found nothing, expected a number of ports from 100 to 65535 to clear what 100 raises\n"
	    "srcportd.conf:9: closeWait: found \"11\", expected a number of connections from 0 to 10 to clear what 10 raises\n"
	    "srcportd.conf:10: raisePolls: found \"polls\", expected the end of the line\n"
	    "srcportd.conf:11: probe: found \"maybe\", expected yes or no\n"
	    "srcportd.conf:12: notifications: found \"loud\", expected some of critical, warning, cleared, suppressed, unknown; or none\n"
	    "srcportd.conf:13: baseOID: found \"1.3.6.1.4.x\", expected 7 to 32 numbers with dots that begin with 1.3.6.1\n"
	    "srcportd.conf:14: baseOID: found it again, expected it once in a file: it is in line 13\n"
	    "srcportd.conf:14: baseOID: found \"1.2.840\", expected 7 to 32 numbers with dots that begin with 1.3.6.1\n"
	    "srcportd.conf:15: agentXSocket: found \"agentx\", expected a path that begins with / and has at most 107 characters, tcp:HOST:PORT or tcp6:[ADDRESS]:PORT\n"
	    "srcportd.conf:16: stateFile: found \"state\", expected a path that begins with / and has at most 255 characters, or none\n"
	    "srcportd.conf:17: found \"\"port\", expected a word between two quotes\n"
	    "srcportd.conf:18: maxPools: found \"-1\", expected a number from 1 to 100000\n");
	/* clang-format on */
	assert_int_equal(r.errors, 19);
	end(&r);
}

static void
targets_take_the_levels_of_the_file(void **state)
{
	struct reading r;
	(void)state;
	begin_text(&r, "target all 10.1.2.3\n"
		       "target some 10.1.2.3 port 443 critical 95% critical 7 clear 7\n"
		       "target cidr 10.0.0.0/8 port 80 warning off closeWait off\n"
		       "criticalRemaining 20\n");
	assert_string_equal(r.said, "");
	assert_int_equal(r.config.target_count, 3);
	const struct target *t = r.config.targets;
	assert_string_equal(t[0].name, "all");
	assert_int_equal(t[0].port, 0);
	assert_memory_equal(&t[0].levels, &r.config.levels, sizeof(t[0].levels));
	assert_int_equal(t[0].levels.raise.critical_remaining, 20);
	const struct levels raise = {95, 80, 7, 100, 1000, 0, 0},
			    clear = {90, 75, 7, 120, 900, 0, 0};
	assert_int_equal(t[1].port, 443);
	assert_memory_equal(&t[1].levels.raise, &raise, sizeof(raise));
	assert_memory_equal(&t[1].levels.clear, &clear, sizeof(clear));
	const struct levels third = {95, LEVEL_PERCENT_OFF, 20, 0, 0, 0, 0};
	assert_int_equal(t[2].bits, 8);
	assert_int_equal(t[2].port, 80);
	assert_memory_equal(&t[2].levels.raise, &third, sizeof(third));
	end(&r);
}

static void
bad_targets_are_told_apart(void **state)
{
	struct reading r;
	(void)state;
	begin_text(&r, "target\n"
		       "target a\n"
		       "target a 10.1.2\n"
		       "target a 10.1.2.3 port 0\n"
		       "target a 10.1.2.3:443 port 443\n"
		       "target a 10.1.2.3 443\n"
		       "target a 10.1.2.3 critical\n"
		       "target a 10.1.2.3 critical 95% clear 96%\n"
		       "target a 10.1.2.3 warning 96%\n"
		       "target a 10.1.2.3 critical 50 warning 40\n"
		       "target b 10.1.2.3\n"
		       "target \"b\" 10.1.2.4\n"
		       "target abcdefghijklmnopqrstuvwxyz0123456 10.1.2.3\n");
	/* clang-format off */
	assert_string_equal(
	    r.said,
	    "srcportd.conf:1: target: found nothing, expected a name of 1 to 32 printable characters of ASCII\n"
	    "srcportd.conf:2: target: found nothing, expected ADDR, ADDR:PORT, [V6]:PORT or ADDR/BITS\n"
	    "srcportd.conf:3: target: found \"10.1.2\", expected ADDR, ADDR:PORT, [V6]:PORT or ADDR/BITS\n"
	    "srcportd.conf:4: target: found \"0\", expected a port from 1 to 65535\n"
	    "srcportd.conf:5: target: found \"443\", expected one port, not a second one\n"
	    "srcportd.conf:6: target: found \"443\", expected critical, warning, closeWait or the end of the line\n"
	    "srcportd.conf:7: target: found nothing, expected a number of ports from 1 to 65535, or off\n"
	    "srcportd.conf:8: target: found \"96%\", expected a percentage from 1 to 95 to clear what 95 raises\n"
	    "srcportd.conf:9: target: found \"warning 96%\", expected at most 95%, its critical level, the default of criticalPercent\n"
	    "srcportd.conf:10: target: found \"warning 40\", expected at least 50, its critical level\n"
	    "srcportd.conf:12: target: found \"b\", expected a name that srcportd.conf:11 has not\n"
	    "srcportd.conf:13: target: found \"abcdefghijklmnopqrstuvwxyz0123456\", expected a name of 1 to 32 printable characters of ASCII\n");
	/* clang-format on */
	end(&r);
}

static void
levels_may_not_contradict_each_other(void **state)
{
	struct reading r;
	(void)state;
	begin_text(&r, "warningPercent 96\n"
		       "criticalRemaining 200\n"
		       "hostCriticalRemaining 9\n"
		       "hostWarningRemaining 8\n"
		       "target a 10.1.2.3 port x\n");
	assert_string_equal(
	    r.said, "srcportd.conf:4: hostWarningRemaining: found 8, expected at least 9, which is "
		    "hostCriticalRemaining\n"
		    "srcportd.conf:1: warningPercent: found 96, expected at most 95, which is "
		    "criticalPercent\n"
		    "srcportd.conf:5: target: found \"x\", expected a port from 1 to 65535\n");
	end(&r);

	begin_text(&r, "criticalRemaining 200\n");
	assert_string_equal(r.said,
			    "srcportd.conf:1: warningRemaining: found 100, expected at least "
			    "200, which is criticalRemaining\n");
	end(&r);

	begin_text(&r, "criticalPercent off\nwarningPercent 100\nwarningRemaining off\n"
		       "criticalRemaining 1000\n");
	assert_string_equal(r.said, "");
	end(&r);
}

/* The line that is to be changed may be another one than that of the target. */
static void
a_target_says_which_line_it_contradicts(void **state)
{
	struct reading r;
	(void)state;
	begin(&r);
	directory_text(&r.directory, "srcportd.conf",
		       "# levels\n"
		       "target a 10.1.2.3 warning 40\n"
		       "criticalRemaining 50\n"
		       "target b 10.1.2.3 critical 60\n"
		       "target c 10.1.2.3 critical 300\n"
		       "target d 10.1.2.3 critical 70%\n"
		       "target e 10.1.2.3 warning 96%\n"
		       "target f 10.1.2.3 warning 40 critical 41\n"
		       "warningRemaining 200\n");
	directory_text(&r.directory, "srcportd.conf.d/10.conf", "warningPercent 75\n");
	read_all(&r);
	/* clang-format off */
	assert_string_equal(
	    r.said,
	    "srcportd.conf:2: target: found \"warning 40\", expected at least 50, its critical level, inherited from criticalRemaining in srcportd.conf:3\n"
	    "srcportd.conf:5: target: found \"critical 300\", expected at most 200, its warning level, inherited from warningRemaining in srcportd.conf:9\n"
	    "srcportd.conf:6: target: found \"critical 70%\", expected at least 75%, its warning level, inherited from warningPercent in srcportd.conf.d/10.conf:1\n"
	    "srcportd.conf:7: target: found \"warning 96%\", expected at most 95%, its critical level, the default of criticalPercent\n"
	    "srcportd.conf:8: target: found \"warning 40\", expected at least 41, its critical level\n");
	/* clang-format on */
	end(&r);
}

static void
the_interval_has_bounds(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *found, *expected;
	} cases[] = {
	    {"interval 10 min 20\n", "\"20\"", "min with a number from 1 to 10"},
	    {"interval 10 max 9\n", "\"9\"", "max with a number from 10 to 86400"},
	    {"interval 10 max\n", "nothing", "max with a number from 10 to 86400"},
	    {"interval 10 20\n", "\"20\"", "the end of the line"},
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct reading r;
		char said[128];
		begin_text(&r, cases[i].text);
		snprintf(said, sizeof(said), "srcportd.conf:1: interval: found %s, expected %s\n",
			 cases[i].found, cases[i].expected);
		assert_string_equal(r.said, said);
		end(&r);
	}
}

static void
drop_ins_follow_in_the_order_of_their_names(void **state)
{
	struct reading r;
	(void)state;
	begin(&r);
	directory_text(&r.directory, "srcportd.conf",
		       "interval 1\nmaxPools 11\ntarget a 10.0.0.1\n");
	directory_text(&r.directory, "srcportd.conf.d/20.conf", "interval 3\ntarget c 10.0.0.3\n");
	directory_text(&r.directory, "srcportd.conf.d/10.conf", "interval 2\ntarget b 10.0.0.2\n");
	directory_text(&r.directory, "srcportd.conf.d/30.conf.bak", "interval 4\n");
	directory_text(&r.directory, "srcportd.conf.d/.40.conf", "interval 5\n");
	read_all(&r);
	assert_string_equal(r.said, "");
	assert_int_equal(r.config.pace.usual_s, 3);
	assert_int_equal(r.config.rows.pools, 11);
	assert_int_equal(r.config.target_count, 3);
	assert_string_equal(r.config.targets[1].name, "b");
	assert_string_equal(r.config.targets[2].name, "c");
	config_free(&r.config);

	r.said[0] = '\0';
	directory_text(&r.directory, "srcportd.conf.d/25.conf", "interval x\ntarget c 10.0.0.4\n");
	read_all(&r);
	assert_non_null(strstr(r.said, "srcportd.conf.d/25.conf:1: interval: found \"x\""));
	assert_non_null(strstr(r.said, "srcportd.conf.d/25.conf:2: target: found \"c\", expected a "
				       "name that "));
	assert_non_null(strstr(r.said, "srcportd.conf.d/20.conf:2 has not"));
	assert_int_equal(r.errors, 2);
	end(&r);
}

static void
a_file_that_is_not_there_is_an_error_when_it_was_asked_for(void **state)
{
	struct reading r;
	(void)state;
	begin(&r);
	config_init(&r.config);
	assert_int_equal(config_read(&r.config, r.path, true, note, &r), 0);
	assert_int_equal(config_read(&r.config, r.path, false, note, &r), 1);
	assert_string_equal(r.said, "srcportd.conf: cannot be read: No such file or directory\n");
	r.said[0] = '\0';
	directory_text(&r.directory, "srcportd.conf/x", "");
	assert_int_equal(config_read(&r.config, r.path, true, note, &r), 1);
	assert_string_equal(r.said, "srcportd.conf: cannot be read: Is a directory\n");
	end(&r);
}

static void
control_characters_do_not_reach_the_terminal(void **state)
{
	struct reading r;
	(void)state;
	begin_text(&r, "\033[2J\007 10\n");
	assert_string_equal(
	    r.said, "srcportd.conf:1: found \"?[2J?\", expected a token of srcportd.conf(5)\n");
	end(&r);
}

/* The line numbers of targets over the limit are not worth a line each. */
static void
so_many_targets_and_no_more(void **state)
{
	struct reading r;
	char *text = NULL;
	size_t length;
	(void)state;
	for (unsigned over = 0; over < 2; over++) {
		FILE *out = open_memstream(&text, &length);
		assert_non_null(out);
		for (unsigned i = 0; i < CONFIG_TARGETS_MAX + 5 * over; i++)
			fprintf(out, "target t%u 10.%u.%u.%u\n", i, i >> 16, i >> 8 & 255, i & 255);
		fclose(out);
		begin_text(&r, text);
		free(text);
		assert_string_equal(r.said, over ? "srcportd.conf:10001: target: found 10005, "
						   "expected at most 10000\n"
						 : "");
		assert_int_equal(r.config.target_count, CONFIG_TARGETS_MAX);
		end(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_defaults_are_the_documented_ones),
	    cmocka_unit_test(namespaces_have_levels_by_their_names),
	    cmocka_unit_test(what_is_dumped_is_what_was_read),
	    cmocka_unit_test(every_token_is_in_that_test),
	    cmocka_unit_test(tokens_have_no_case_and_clear_levels_a_default),
	    cmocka_unit_test(every_error_is_told_in_one_run),
	    cmocka_unit_test(targets_take_the_levels_of_the_file),
	    cmocka_unit_test(bad_targets_are_told_apart),
	    cmocka_unit_test(levels_may_not_contradict_each_other),
	    cmocka_unit_test(a_target_says_which_line_it_contradicts),
	    cmocka_unit_test(the_interval_has_bounds),
	    cmocka_unit_test(drop_ins_follow_in_the_order_of_their_names),
	    cmocka_unit_test(a_file_that_is_not_there_is_an_error_when_it_was_asked_for),
	    cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	    cmocka_unit_test(so_many_targets_and_no_more),
	};
	return cmocka_run_group_tests_name("config_parse", tests, NULL, NULL);
}
