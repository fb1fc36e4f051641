/* SPDX-License-Identifier: ISC */
#include "config/options.h"

#include "base/words.h"
#include "kernel/settings.h"

#include <getopt.h>
#include <string.h>

#define INTERVAL_MAX 86400
#define WATCH_MAX    3600

enum option_id {
	OPT_ONCE,
	OPT_FORMAT,
	OPT_RECORD,
	OPT_REPLAY,
	OPT_RESOLVE,
	OPT_CONFIG,
	OPT_CHECK_CONFIG,
	OPT_DUMP_CONFIG,
	OPT_AGENTX_SOCKET,
	OPT_BASE_OID,
	OPT_INTERVAL,
	OPT_NAMESPACES,
	OPT_PORT,
	OPT_PROBE,
	OPT_WATCH,
	OPT_PROC_ROOT,
	OPT_SYS_ROOT,
	OPT_PID_FILE,
	OPT_BACKGROUND,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_VERSION,
	OPT_COMPLETE
};

static const struct option_row {
	const char *name;
	const char *brief; /* short form, or NULL */
	const char *value; /* what the value is called, or NULL if there is none */
	enum option_id id;
	const char *help; /* NULL = not for people */
} table[] = {
    {"--once", NULL, NULL, OPT_ONCE, "poll once, report, exit; needs no snmpd"},
    {"--format", NULL, "text|json|nagios", OPT_FORMAT, "form of the report (text)"},
    {"--port", NULL, "N[,N...|A-B]", OPT_PORT, "with --once: who holds these local ports"},
    {"--namespaces", NULL, NULL, OPT_NAMESPACES, "with --once: other network namespaces too"},
    {"--record", NULL, "FILE", OPT_RECORD, "with --once: keep the kernel's raw answers"},
    {"--replay", NULL, "FILE", OPT_REPLAY, "with --once: report from such a file"},
    {"--resolve", NULL, NULL, OPT_RESOLVE, "with --once: a TARGET may be a host's name"},
    {"--config", NULL, "FILE", OPT_CONFIG, "configuration (/etc/snmp/srcportd.conf)"},
    {"--check-config", NULL, NULL, OPT_CHECK_CONFIG, "check the configuration, exit"},
    {"--dump-config", NULL, NULL, OPT_DUMP_CONFIG, "print the configuration in force, exit"},
    {"--agentx-socket", NULL, "PATH", OPT_AGENTX_SOCKET, "snmpd's AgentX socket"},
    {"--base-oid", NULL, "OID", OPT_BASE_OID, "where SRCPORT-MIB is registered"},
    {"--interval", NULL, "SECONDS", OPT_INTERVAL, "time between two polls, fixed"},
    {"--probe", NULL, NULL, OPT_PROBE, "settle ports in doubt (needs CAP_NET_ADMIN)"},
    {"--watch", NULL, "SECONDS", OPT_WATCH, "with --once: first count connect() calls that fail"},
    {"--proc-root", NULL, "DIR", OPT_PROC_ROOT, "read this directory in the place of /proc"},
    {"--sys-root", NULL, "DIR", OPT_SYS_ROOT, "read this directory in the place of /sys"},
    {"--pid-file", NULL, "FILE", OPT_PID_FILE, "write the process id there, and hold it locked"},
    {"--background", "-d", NULL, OPT_BACKGROUND, "detach; messages go to syslog"},
    {"--verbose", "-v", NULL, OPT_VERBOSE, "more messages"},
    {"--help", "-h", NULL, OPT_HELP, "this text"},
    {"--version", "-V", NULL, OPT_VERSION, "the version"},
    {"--complete", NULL, NULL, OPT_COMPLETE, NULL},
};
#define TABLE_ROWS (sizeof(table) / sizeof(table[0]))

void
options_help(FILE *out)
{
	fputs("Usage: srcportd [OPTION...]  or  srcportd --once [OPTION...] [TARGET...]\n"
	      "TARGET: ADDR, ADDR:PORT, [V6]:PORT, ADDR/BITS or the name of a configured one\n",
	      out);
	for (size_t i = 0; i < TABLE_ROWS && table[i].help != NULL; i++) {
		char left[64];
		snprintf(left, sizeof(left), "%s%s%s%s%s", table[i].brief ? table[i].brief : "",
			 table[i].brief ? ", " : "", table[i].name, table[i].value ? " " : "",
			 table[i].value ? table[i].value : "");
		fprintf(out, "  %-27s %s\n", left, table[i].help);
	}
}

void
options_complete(FILE *out)
{
	for (size_t i = 0; i < TABLE_ROWS && table[i].help != NULL; i++)
		fprintf(out, "%s:%s:%s:%s\n", table[i].name, table[i].brief ? table[i].brief : "",
			table[i].value ? table[i].value : "", table[i].help);
}

/* What getopt_long() returns for a row of the table: no character. */
#define ROW_VALUE(row) (256 + (int)(row))

/* The table as getopt_long() wants it. */
struct getopt_form {
	struct option names[TABLE_ROWS + 1];
	char briefs[TABLE_ROWS + 2];
};

static void
make_getopt_form(struct getopt_form *form)
{
	char *brief = form->briefs;
	*brief++ = ':'; /* a missing value is another error than an unknown option */
	for (size_t i = 0; i < TABLE_ROWS; i++) {
		form->names[i] = (struct option){
		    .name = table[i].name + 2,
		    .has_arg = table[i].value != NULL ? required_argument : no_argument,
		    .val = ROW_VALUE(i),
		};
		if (table[i].brief != NULL)
			*brief++ = table[i].brief[1];
	}
}

/* The row that a value of getopt_long() stands for, or NULL. */
static const struct option_row *
row_of(int value)
{
	for (size_t i = 0; i < TABLE_ROWS; i++)
		if (value == ROW_VALUE(i) || (table[i].brief != NULL && value == table[i].brief[1]))
			return &table[i];
	return NULL;
}

static bool
set_format(struct options *o, const char *value)
{
	static const char *const name[] = {"text", "json", "nagios"};
	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(value, name[i]) == 0) {
			o->format = (enum report_format)i;
			return true;
		}
	}
	return false;
}

static bool
set_seconds(uint32_t *out, uint32_t most, const char *value)
{
	int64_t seconds = words_number(value, strlen(value), 10);
	if (seconds < 1 || seconds > most)
		return false;
	*out = (uint32_t)seconds;
	return true;
}

/* Ports as ip_local_reserved_ports has them; one or more, and not 0. */
static bool
set_ports(struct options *o, const char *value)
{
	struct portset ports;
	if (settings_parse_ports(value, strlen(value), &ports) != NULL ||
	    portset_count(&ports) == 0 || portset_has(&ports, 0))
		return false;
	o->ports = ports;
	o->ask_ports = true;
	return true;
}

/* Takes one option with its value, "" if it has none; false if the value is not of its form. */
static bool
set_option(struct options *o, const struct option_row *row, const char *value)
{
	switch (row->id) {
	case OPT_ONCE: o->mode = RUN_ONCE; break;
	case OPT_CHECK_CONFIG: o->mode = RUN_CHECK_CONFIG; break;
	case OPT_DUMP_CONFIG: o->mode = RUN_DUMP_CONFIG; break;
	case OPT_HELP: o->mode = RUN_HELP; break;
	case OPT_VERSION: o->mode = RUN_VERSION; break;
	case OPT_COMPLETE: o->mode = RUN_COMPLETE; break;
	case OPT_FORMAT: return set_format(o, value);
	case OPT_INTERVAL: return set_seconds(&o->interval_s, INTERVAL_MAX, value);
	case OPT_WATCH: return set_seconds(&o->watch_s, WATCH_MAX, value);
	case OPT_PORT: return set_ports(o, value);
	case OPT_RECORD: o->record = value; break;
	case OPT_NAMESPACES: o->namespaces = true; break;
	case OPT_RESOLVE: o->resolve = true; break;
	case OPT_REPLAY: o->replay = value; break;
	case OPT_CONFIG: o->config_file = value; break;
	case OPT_AGENTX_SOCKET: o->agentx_socket = value; break;
	case OPT_BASE_OID: o->base_oid = value; break;
	case OPT_PROBE: o->probe = true; break;
	case OPT_PROC_ROOT: o->proc_root = value; break;
	case OPT_SYS_ROOT: o->sys_root = value; break;
	case OPT_PID_FILE: o->pid_file = value; break;
	case OPT_BACKGROUND: o->background = true; break;
	case OPT_VERBOSE: o->verbose = true; break;
	}
	return row->value == NULL || *value != '\0';
}

/* A daemon in the background works in the root directory, also when it reads its files again. */
static bool
any_relative(const struct options *o)
{
	const char *const paths[] = {o->config_file, o->proc_root, o->sys_root, o->pid_file};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (paths[i] != NULL && paths[i][0] != '/')
			return true;
	return false;
}

/* These end the command line: whoever asks for help has it, whatever follows. */
static bool
is_about_itself(enum run_mode mode)
{
	return mode == RUN_HELP || mode == RUN_VERSION || mode == RUN_COMPLETE;
}

/* What does not go with --port. */
static const char *
check_port(const struct options *o)
{
	if (o->target_count > 0)
		return "--port and a TARGET exclude each other";
	if (o->watch_s != 0)
		return "--port and --watch exclude each other";
	if (o->namespaces)
		return "--port and --namespaces exclude each other";
	if (o->format == FORMAT_NAGIOS)
		return "--port needs --format text or json";
	return NULL;
}

/* What does not go with --namespaces. */
static const char *
check_namespaces(const struct options *o)
{
	if (o->replay != NULL)
		return "--namespaces and --replay exclude each other";
	if (o->format == FORMAT_NAGIOS)
		return "--namespaces needs --format text or json";
	return NULL;
}

/* What only makes sense together. */
static const char *
check_together(const struct options *o)
{
	if (o->mode != RUN_ONCE) {
		if (o->target_count > 0)
			return "a TARGET needs --once";
		if (o->record != NULL || o->replay != NULL)
			return "--record and --replay need --once";
		if (o->format != FORMAT_TEXT)
			return "--format needs --once";
		if (o->watch_s != 0)
			return "--watch needs --once";
		if (o->ask_ports)
			return "--port needs --once";
		if (o->resolve)
			return "--resolve needs --once";
		if (o->namespaces)
			return "--namespaces needs --once";
	}
	const char *wrong = o->ask_ports ? check_port(o) : NULL;
	if (wrong == NULL && o->namespaces)
		wrong = check_namespaces(o);
	if (wrong != NULL)
		return wrong;
	if (o->mode == RUN_ONCE && (o->background || o->pid_file != NULL))
		return "--background and --pid-file are the daemon's: not with --once";
	if (o->mode == RUN_DAEMON && o->background && any_relative(o))
		return "--background needs absolute paths in the other options";
	if (o->watch_s != 0 && o->replay != NULL)
		return "--watch and --replay exclude each other";
	if (o->record != NULL && o->replay != NULL)
		return "--record and --replay exclude each other";
	if (o->probe && o->replay != NULL)
		return "--probe and --replay exclude each other";
	return NULL;
}

/* One option that getopt_long() found: false with a line in error if it cannot be taken. */
static bool
take(struct options *o, int found, char **argv, char *error, size_t room)
{
	const struct option_row *row = row_of(found == ':' ? optopt : found);
	if (row == NULL) {
		const char brief[] = {'-', (char)optopt, '\0'};
		bool is_brief = optopt > 0 && optopt < ROW_VALUE(0);
		snprintf(error, room, "unknown option \"%s\", see --help",
			 is_brief ? brief : argv[optind - 1]);
		return false;
	}
	const char *value = found == ':' || optarg == NULL ? "" : optarg;
	enum run_mode before = o->mode;
	if (!set_option(o, row, value)) {
		snprintf(error, room, "%s: found \"%s\", expected %s", row->name, value,
			 row->id == OPT_INTERVAL ? "1 to 86400 seconds"
			 : row->id == OPT_WATCH  ? "1 to 3600 seconds"
			 : row->id == OPT_PORT   ? "ports 1 to 65535, as in 22,8000-8010"
						 : row->value);
		return false;
	}
	if (before != RUN_DAEMON && o->mode != before && !is_about_itself(o->mode)) {
		snprintf(error, room, "%s",
			 "--once, --check-config and --dump-config exclude each other");
		return false;
	}
	return true;
}

const char *
options_parse(int argc, char **argv, struct options *out, char *error, size_t room)
{
	struct getopt_form form = {.briefs = ""};
	bool good = true;
	int found;
	*out = (struct options){.proc_root = "/proc", .sys_root = "/sys"};
	make_getopt_form(&form);
	opterr = 0;
	optind = 0; /* glibc: from the start again */
	/* The first mistake is the one that is told; the rest still says in which format. */
	while ((found = getopt_long(argc, argv, form.briefs, form.names, NULL)) != -1) {
		if (!take(out, found, argv, error, good ? room : 0))
			good = false;
		if (good && is_about_itself(out->mode))
			return NULL;
	}
	out->targets = (const char *const *)(argv + optind);
	out->target_count = argc - optind;
	const char *wrong = good ? check_together(out) : NULL;
	if (wrong != NULL)
		snprintf(error, room, "%s", wrong);
	return good && wrong == NULL ? NULL : error;
}
