/* SPDX-License-Identifier: ISC */
#include "snmp/agent.h"

#include "base/clock.h"
#include "base/log.h"
#include "snmp/agent_claim.h"
#include "snmp/agent_notify.h"
#include "snmp/agent_serve.h"
#include "snmp/figures.h"
#include "snmp/mib_columns.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/agent/agent_sysORTable.h>
#include <net-snmp/library/large_fd_set.h>

/* How long agent_stop() waits. Closing a session with a master agent that does not answer takes one
 * second. */
#define STOP_MS 3000

/* How long notifications may take when the thread is to end. */
#define LAST_WORDS_MS 500

/* Net-SNMP has one AgentX socket and two pipes of its own. */
#define FDS_MAX 32

enum link { LINK_UNKNOWN, LINK_DOWN, LINK_UP, LINK_REFUSED };

struct agent {
	struct agent_serve serve;
	char *socket;
	oid base[AGENT_BASE_MAX + 1]; /* with the arc of srcPortObjects */
	size_t base_length;           /* without it */
	pthread_t thread;
	int wake_fd;
	int done_fd; /* readable when the thread has ended */
	atomic_bool stop;

	/* The thread's own. */
	struct agent_claim claim; /* its session is the one with the master agent */
	struct agent_notify notify;
	struct figures figures;
	enum link reported;  /* what the log says */
	bool heard;          /* the library's log has reached us */
	char complaint[128]; /* its last one, logged once */
};

/* Why nobody is there, and what may help: for a path, what the kernel says of it. */
static const char *
reason_down(const struct agent *agent, char *buf, size_t room)
{
	const char *path =
	    strncmp(agent->socket, "unix:", 5) == 0 ? agent->socket + 5 : agent->socket;
	const char *hint = "";
	struct stat status;
	if (path[0] != '/')
		return "no answer";
	if (access(path, R_OK | W_OK) == 0)
		return stat(path, &status) != 0 || S_ISSOCK(status.st_mode) ? "no answer"
									    : "not a socket";
	if (errno == ENOENT)
		hint = "; does snmpd run, with \"master agentx\" in snmpd.conf?";
	else if (errno == EACCES)
		hint = "; see agentXPerms in snmpd.conf, and the mode of the directory";
	snprintf(buf, room, "%s%s", strerror(errno), hint);
	return buf;
}

/* One line for each change. */
static void
report_link(struct agent *agent)
{
	static const enum link links[] = {
	    [CLAIM_OPEN] = LINK_UNKNOWN, [CLAIM_GRANTED] = LINK_UP, [CLAIM_REFUSED] = LINK_REFUSED};
	const struct agent_claim *claim = &agent->claim;
	enum link now = claim->session == NULL ? LINK_DOWN : links[claim->state];
	enum link before = agent->reported;
	char reason[160];
	if (now == before || now == LINK_UNKNOWN)
		return;
	agent->reported = now;
	agent->complaint[0] = '\0';
	if (now == LINK_UP)
		log_info("agent", "serving through the AgentX master agent at %s", agent->socket);
	else if (now == LINK_DOWN)
		log_warn("agent", "%s AgentX master agent at %s (%s); trying every %d s",
			 before == LINK_UNKNOWN ? "no" : "lost the", agent->socket,
			 reason_down(agent, reason, sizeof(reason)), AGENT_RETRY_S);
	else if (claim->refusal == AGENT_CLAIM_DUPLICATE)
		log_error("agent",
			  "another agent serves this module at %s already: a second srcportd? "
			  "asking again, in the end every %d s",
			  agent->socket, AGENT_CLAIM_MOST_S);
	else
		log_error("agent",
			  "%s does not let the module be registered: AgentX error %ld; see snmpd's "
			  "log; asking again, in the end every %d s",
			  agent->socket, claim->refusal, AGENT_CLAIM_MOST_S);
}

/* Callbacks of Net-SNMP, all in the agent thread, most from the depth of its calls: they take notes
 * and write to the log, no more. */

static int
on_session_init(int major, int minor, void *session, void *agent)
{
	netsnmp_session *s = session;
	(void)major;
	(void)minor;
	(void)agent;
	/* A retry would send a notification twice when the master agent is only slow. */
	s->timeout = ONE_SEC;
	s->retries = 0;
	return 0;
}

static int
on_link_up(int major, int minor, void *session, void *arg)
{
	struct agent *agent = arg;
	struct session_list *list = snmp_sess_pointer(session);
	netsnmp_transport *transport = list != NULL ? snmp_sess_transport(list) : NULL;
	(void)major;
	(void)minor;
	if (transport != NULL) {
		/* With both ends in a blocking send, subagent and master would wait for each other.
		 */
		fcntl(transport->sock, F_SETFL, fcntl(transport->sock, F_GETFL) | O_NONBLOCK);
		fcntl(transport->sock, F_SETFD, FD_CLOEXEC);
	}
	agent_claim_up(&agent->claim, session);
	agent_notify_up(&agent->notify, session);
	return 0;
}

static int
on_link_down(int major, int minor, void *session, void *arg)
{
	struct agent *agent = arg;
	(void)major;
	(void)minor;
	(void)session;
	agent_claim_down(&agent->claim);
	agent_notify_down(&agent->notify);
	/* At once: the attempt to connect that follows may take long. */
	report_link(agent);
	return 0;
}

/* What the library says is either told by report_link() in other words or a complaint worth one
 * line. */
static int
on_library_log(int major, int minor, void *message, void *arg)
{
	static const char refused[] = "registering pdu failed:";
	struct agent *agent = arg;
	const struct snmp_log_message *m = message;
	char text[sizeof(agent->complaint)] = "";
	(void)major;
	(void)minor;
	if (m->msg != NULL)
		snprintf(text, sizeof(text), "%s", m->msg);
	text[strcspn(text, "\n")] = '\0';
	agent->heard = true;
	if (text[0] == '\0')
		return 0;
	if (strncmp(text, refused, sizeof(refused) - 1) == 0 || m->priority > LOG_ERR ||
	    strcmp(text, agent->complaint) == 0) {
		log_debug("agent", "%s", text);
	} else {
		memcpy(agent->complaint, text, sizeof(text));
		log_warn("agent", "%s", text);
	}
	return 0;
}

/* One turn: waits for something to do, no longer than most_ms (-1 = without end), and does it. The
 * set of descriptors is made anew each time, as any call of the library may close and open some;
 * and only what this very poll() reported is read, as a read of anything else drops the session. */
static void
turn(struct agent *agent, int most_ms)
{
	struct pollfd fds[FDS_MAX] = {
	    {.fd = agent->wake_fd, .events = POLLIN},
	    {.fd = notifications_fd(published_notifications(agent->notify.published)),
	     .events = POLLIN},
	};
	nfds_t count = 2;
	int fd_limit = 0, block = 1, ms = -1;
	struct timeval wait = {0, 0};
	netsnmp_large_fd_set set;

	netsnmp_large_fd_set_init(&set, FD_SETSIZE);
	NETSNMP_LARGE_FD_ZERO(&set);
	snmp_select_info2(&fd_limit, &set, &wait, &block);
	for (int fd = 0; fd < fd_limit && count < FDS_MAX; fd++)
		if (NETSNMP_LARGE_FD_ISSET(fd, &set))
			fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	if (!block) /* rounded up: no turn for nothing */
		ms = (int)(wait.tv_sec * 1000 + (wait.tv_usec + 999) / 1000);

	if (most_ms >= 0 && (ms < 0 || ms > most_ms))
		ms = most_ms;

	int ready = poll(fds, count, ms);

	if (ready == 0) {
		snmp_timeout();
		run_alarms();
	} else if (ready > 0) {
		int readable = 0;

		NETSNMP_LARGE_FD_ZERO(&set);
		for (nfds_t i = 2; i < count; i++)
			if (fds[i].revents != 0) {
				NETSNMP_LARGE_FD_SET(fds[i].fd, &set);
				readable++;
			}
		if (readable > 0)
			snmp_read2(&set);
		if (fds[0].revents != 0) {
			eventfd_t drained;
			eventfd_read(agent->wake_fd, &drained);
		}
		if (fds[1].revents != 0)
			notifications_drain(fds[1].fd);
	}
	netsnmp_large_fd_set_cleanup(&set);
}

static const struct {
	int major, minor;
	SNMPCallback *function;
} callbacks[] = {
    {SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_library_log},
    {SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_SESSION_INIT, on_session_init},
    {SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_link_up},
    {SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_link_down},
};

static void
register_callbacks(struct agent *agent)
{
	for (size_t i = 0; i < sizeof(callbacks) / sizeof(callbacks[0]); i++)
		snmp_register_callback(callbacks[i].major, callbacks[i].minor,
				       callbacks[i].function, agent);
}

/* At its shutdown the library frees the arguments of all callbacks that are left
 * (clear_callback()), but the agent is not its own to free. */
static void
unregister_callbacks(struct agent *agent)
{
	for (size_t i = 0; i < sizeof(callbacks) / sizeof(callbacks[0]); i++)
		snmp_unregister_callback(callbacks[i].major, callbacks[i].minor,
					 callbacks[i].function, agent, 1);
}

/* A handler of the library's log hears what is as urgent as its pri_max and more, or up to 5.9.4
 * what is no more urgent; and the one that calls us is left at the most urgent. */
static void
listen_to_library(struct agent *agent)
{
	snmp_enable_calllog();
	agent->heard = false;
	snmp_log(LOG_ERR, "\n");
	netsnmp_log_handler *handler = netsnmp_find_loghandler("callback");
	if (!agent->heard && handler != NULL)
		handler->pri_max = LOG_DEBUG;
}

/* The order of these calls is the library's demand. */
static void
open_library(struct agent *agent)
{
	snmp_disable_log();
	register_callbacks(agent);
	listen_to_library(agent);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	/* It would still look for certificates, and make a directory to list them in. */
	set_configuration_directory("/dev/null");
	set_persistent_directory("/dev/null");
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS,
			       1);
	netsnmp_enable_subagent();
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, agent->socket);
	init_agent("srcportd");
	/* After init_agent(), which sets its own. Also the time between attempts to connect. */
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL,
			   AGENT_RETRY_S);
	if (!agent_serve_register(&agent->serve, agent->base, agent->base_length + 1))
		log_error("agent", "Net-SNMP refused the module's registration");
	init_snmp("srcportd"); /* connects */
	register_sysORTable(agent->base, agent->base_length, "SRCPORT-MIB: TCP source ports");
}

/* What has been sent is waited for: unanswered, it would be told again after the next start. */
static void
say_last_words(struct agent *agent)
{
	uint64_t deadline = clock_us() / 1000 + LAST_WORDS_MS;
	while (agent->claim.state == CLAIM_GRANTED && !agent_notify_idle(&agent->notify) &&
	       clock_us() / 1000 < deadline) {
		agent_notify_pump(&agent->notify);
		turn(agent, LAST_WORDS_MS / 10);
	}
}

static void *
run(void *arg)
{
	struct agent *agent = arg;
	open_library(agent);
	while (!atomic_load(&agent->stop)) {
		report_link(agent);
		agent_claim_step(&agent->claim);
		/* Another agent that serves the module tells of the same. */
		if (agent->claim.state == CLAIM_GRANTED)
			agent_notify_pump(&agent->notify);
		else
			agent_notify_hold(&agent->notify);
		turn(agent, figures_look(&agent->figures));
	}
	say_last_words(agent);
	unregister_callbacks(agent);
	snmp_shutdown("srcportd");
	snmp_disable_calllog();
	eventfd_write(agent->done_fd, 1);
	return NULL;
}

static void
free_agent(struct agent *agent)
{
	if (agent->wake_fd >= 0)
		close(agent->wake_fd);
	if (agent->done_fd >= 0)
		close(agent->done_fd);
	free(agent->socket);
	free(agent);
}

/* The longest that a unix socket's address holds. */
static bool
fits(const char *socket)
{
	const char *path = strncmp(socket, "unix:", 5) == 0 ? socket + 5 : socket;
	return path[0] != '/' || strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path);
}

static struct agent *
new_agent(const struct agent_config *config, struct published *published)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	if (agent == NULL)
		return NULL;
	agent->serve = (struct agent_serve){
	    .tree = &mib_columns_tree, .published = published, .started_ms = clock_us() / 1000};
	agent->socket = strdup(config->socket);
	for (size_t i = 0; i < config->base_length; i++)
		agent->base[i] = config->base[i];
	agent->base[config->base_length] = MIB_COLUMNS_OBJECTS;
	agent->base_length = config->base_length;
	agent_claim_init(&agent->claim, agent->base, agent->base_length + 1);
	agent->figures = (struct figures){.published = published, .alarms = config->alarms};
	agent_notify_init(&agent->notify, published, agent->base, agent->base_length);
	agent->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	agent->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (agent->socket != NULL && agent->wake_fd >= 0 && agent->done_fd >= 0)
		return agent;

	int error = errno;
	free_agent(agent);
	errno = error;
	return NULL;
}

struct agent *
agent_start(const struct agent_config *config, struct published *published)
{
	sigset_t all, before;
	struct agent *agent;

	if (config->base_length == 0 || config->base_length > AGENT_BASE_MAX) {
		errno = EINVAL;
		return NULL;
	}
	if (!fits(config->socket)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	agent = new_agent(config, published);
	if (agent == NULL)
		return NULL;
	/* The library would load every MIB file it finds. */
	setenv("MIBS", "", 1);
	setenv("MIBDIRS", "/dev/null", 1);

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&agent->thread, NULL, run, agent);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0) {
		pthread_setname_np(agent->thread, "srcportd-agent");
		return agent;
	}
	free_agent(agent);
	errno = error;
	return NULL;
}

bool
agent_stop(struct agent *agent)
{
	if (agent == NULL)
		return true;
	atomic_store(&agent->stop, true);
	eventfd_write(agent->wake_fd, 1);

	struct pollfd done = {.fd = agent->done_fd, .events = POLLIN};
	uint64_t deadline = clock_us() / 1000 + STOP_MS;

	for (;;) {
		uint64_t now = clock_us() / 1000;

		if (poll(&done, 1, now < deadline ? (int)(deadline - now) : 0) > 0)
			break;
		if (now >= deadline)
			return false;
	}
	pthread_join(agent->thread, NULL);
	free_agent(agent);
	return true;
}
