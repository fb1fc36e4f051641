/* SPDX-License-Identifier: ISC */
/*
 * config: what the operator decides: everything that srcportd.conf can say, with its defaults.
 */
#ifndef SRCPORTD_CONFIG_H
#define SRCPORTD_CONFIG_H

#include "count/severity.h"
#include "count/target.h"
#include "kernel/hostlimits.h"

#define CONFIG_SOCKET_MAX 128 /* octets of an AgentX address, with the NUL */
#define CONFIG_FILE_MAX   256 /* octets of a file name, with the NUL */
#define CONFIG_OID_MAX    32  /* sub-identifiers of baseOID */

/* Which notifications are sent: a bit for each. */
enum config_notify {
	NOTIFY_CRITICAL = 1,
	NOTIFY_WARNING = 2,
	NOTIFY_CLEARED = 4,
	NOTIFY_SUPPRESSED = 8, /* the summary of those that the storm limit held back */
	NOTIFY_UNKNOWN = 16,
	NOTIFY_ALL = 31
};

/* The warning level of local addresses that have nothing left. */
#define LOCAL_WARNING_BINDERS 1

/* From one poll to the next. */
/* How long a subject has to be below its clear level, unless it is said in polls. */
#define CONFIG_CLEAR_S 15

struct pace_limits {
	bool by_cost;     /* as often as polls are cheap, from least_s to most_s */
	uint32_t least_s; /* while a pool is near its level or grows fast */
	uint32_t usual_s;
	uint32_t most_s;      /* while every pool is far from its level */
	unsigned cpu_percent; /* of one CPU, that polls may cost in the long run; 0 = no bound */
};

extern const struct pace_limits config_pace_auto; /* where nothing else is said */

/* A name for network namespaces, instead of the one that they would have. */
#define CONFIG_ALIASES_MAX     256
#define CONFIG_ALIAS_NAME_MAX  33  /* octets, with the NUL */
#define CONFIG_ALIAS_MATCH_MAX 128 /* the same */
struct namespace_alias {
	char name[CONFIG_ALIAS_NAME_MAX];
	char match[CONFIG_ALIAS_MATCH_MAX]; /* a pattern, as fnmatch(3) has it */
};

/* Levels for pools of the namespaces whose name matches, those of UDP too; what the line does not
 * name is as for the pools of our own. What is off is off for bind pools as well. */
struct namespace_levels {
	char match[CONFIG_ALIAS_MATCH_MAX]; /* fnmatch(3) */
	struct level_band levels;
	bool critical, warning, close_wait; /* named */
};

/* Rows a table may hold. */
struct row_limits {
	uint32_t pools, peers, locals, nat, namespaces;
};

struct config {
	char agentx_socket[CONFIG_SOCKET_MAX];
	uint32_t base_oid[CONFIG_OID_MAX]; /* where the module is registered */
	uint32_t base_oid_length;
	char state_file[CONFIG_FILE_MAX]; /* where alarms survive a restart; empty = nowhere */
	struct pace_limits pace;

	uint32_t low_warning;     /* low_ports_severity(); 0 = never */
	struct level_band levels; /* of pools, peers, and targets that do not say otherwise */
	struct level_band local;  /* of the bind pools of local addresses; remaining only. A warning
				   * level of LOCAL_WARNING_BINDERS holds only where somebody was
				   * seen to bind first, a higher one at every address. */
	struct level_band
	    inbound;            /* of accepted connections that are not closed; close_wait only */
	struct level_band udp;  /* of what UDP sockets without an address can still get; all but
				 * close_wait */
	struct level_band host; /* of the free ports of the host; remaining only */
	struct level_band nat;  /* of pools of address translation; loss only */
	struct level_band limits[LIMIT_RULES]; /* of other limits of the host; percent only */
	uint32_t raise_polls;                  /* polls in a row that raise an alarm */
	uint32_t clear_polls; /* polls in a row that clear one; 0 = those of CONFIG_CLEAR_S */

	struct row_limits rows;
	uint32_t max_alarms; /* see struct alarm_rules */

	uint32_t notify;                   /* enum config_notify */
	uint32_t notifications_per_minute; /* 0 = no limit */

	bool probe;         /* settle ports in doubt by asking the kernel (probe.h) */
	uint32_t probe_max; /* ports asked about in one poll, at most */
	bool failures;      /* count connect() calls that fail (failures.h) */
	bool owners;        /* look who holds the sockets of pools in trouble (owners.h) */

	bool namespaces;                 /* look at other network namespaces too */
	struct namespace_alias *aliases; /* owned; the first that matches counts */
	uint32_t alias_count;
	struct namespace_levels *namespace_levels; /* owned; the first that matches counts */
	uint32_t namespace_level_count;

	struct target *targets; /* owned */
	uint32_t target_count;
};

/* Sets every value to its default; targets are none. */
void config_init(struct config *config);

/* Adds a target. False with errno ENOMEM. */
bool config_add_target(struct config *config, const struct target *target);

/* Adds an alias. False with errno ENOMEM. */
bool config_add_alias(struct config *config, const struct namespace_alias *alias);

/* Adds levels. False with errno ENOMEM. */
bool config_add_namespace_levels(struct config *config, const struct namespace_levels *levels);

/* Puts the levels that a line names in the place of others. */
void config_put_levels(struct level_band *to, const struct namespace_levels *from);

/* The configuration for a network namespace of that name: the same, or in `own` one with other
 * levels, which lives no longer than it and is not to be freed. */
const struct config *config_of_namespace(const struct config *config, const char *name,
					 struct config *own);

/* Frees the targets, the aliases and the levels. */
void config_free(struct config *config);

#endif
