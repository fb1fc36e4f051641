/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "base/sentence.h"

#include <inttypes.h>

static void
put_limit(uint64_t limit, FILE *out)
{
	if (limit == PROCESS_UNLIMITED)
		fputs("no limit", out);
	else
		fprintf(out, "%" PRIu64, limit);
}

static void
put_owner(const struct owner *owner, FILE *out)
{
	char text[OWNER_TEXT_MAX];
	fprintf(out, "  %10" PRIu32 " %6" PRIu32 "  %s", owner->connections, owner->close_wait,
		owner_text(owner, text));
	if (owner->kind == OWNER_PROCESS)
		fprintf(out, ", uid %" PRIu32, owner->uid);
	if (owner->kind == OWNER_NOBODY)
		fputs(": no process has them open", out);
	if (owner->open_files != 0) {
		fprintf(out, ", %" PRIu32 " open file%s (limit ", owner->open_files,
			number_s(owner->open_files));
		put_limit(owner->files.soft, out);
		fputs(", hard ", out);
		put_limit(owner->files.hard, out);
		fputc(')', out);
	}
	fputc('\n', out);
}

static void
put_owners(const struct report *report, FILE *out)
{
	const struct owner_list *list = report->scene->owners;
	if (list == NULL || list->pool_count == 0)
		return;
	fprintf(out, "OWNERS  of the sockets %sin pools that are not safe%s\n",
		report->everything ? "" : "of each TARGET, and ",
		report->everything ? ", or whose peer or target is not" : "");
	for (uint32_t p = 0; p < list->pool_count; p++) {
		const struct owner_pool *pool = &list->pools[p];
		char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
		fprintf(out, "  %10s %6s  %s -> %s\n", "SOCKETS", "CLOSEW",
			addr_text(&pool->local, local),
			addr_port_text(&pool->peer, pool->port, peer));
		for (uint32_t i = 0; i < pool->count; i++)
			put_owner(&list->owners[pool->first + i], out);
	}
	if (!list->complete)
		fputs("  Not every process was looked at: that took too long.\n", out);
	fputc('\n', out);
}

static void
put_failures(const struct report *report, FILE *out)
{
	const struct failure_state *f = &report->scene->findings->failures;
	char told[ADVICE_MAX];
	if (report->watched_s == 0)
		return;
	if (!f->available) {
		fprintf(out, "FAILURES  not available here: %s\n\n", f->reason);
		return;
	}
	fprintf(out, "FAILURES  %" PRIu64 " connect() call%s found no port in %" PRIu32 " s\n",
		f->total, number_s(f->total), report->watched_s);
	if (f->pool[0] != '\0')
		fprintf(out, "  the last: %s, pid %" PRIu32 "%s%s\n", f->pool, f->pid,
			f->process[0] != '\0' ? " " : "", f->process);
	if (*advice_failures(report->scene->findings, told) != '\0')
		fprintf(out, "  in the last minute: %s\n", told);
	if (f->lost > 0)
		fprintf(out, "  %" PRIu64 " of them came too fast to be told apart\n", f->lost);
	if (f->reason[0] != '\0')
		fprintf(out, "  %s\n", f->reason);
	fputc('\n', out);
}

void
report_who(const struct report *report, FILE *out)
{
	put_owners(report, out);
	put_failures(report, out);
}

/* null: not known. */
static void
put_known(struct json *json, const char *name, uint64_t value, bool known)
{
	if (known)
		json_number(json, name, value);
	else
		json_null(json, name);
}

static void
put_owner_json(struct json *json, const struct owner *owner)
{
	static const char *const kinds[] = {
	    [OWNER_PROCESS] = "process", [OWNER_GROUP] = "group", [OWNER_NOBODY] = "nobody"};
	char text[OWNER_TEXT_MAX];
	bool process = owner->open_files != 0;
	json_object(json, NULL);
	json_string(json, "name", owner_text(owner, text));
	json_string(json, "kind", kinds[owner->kind]);
	json_number(json, "connections", owner->connections);
	json_number(json, "closeWait", owner->close_wait);
	put_known(json, "uid", owner->uid, owner->kind != OWNER_NOBODY);
	put_known(json, "pid", owner->pid, owner->pid != 0);
	json_string(json, "process", owner->process);
	json_string(json, "unit", owner->unit);
	json_string(json, "cgroup", owner->path);
	put_known(json, "openFiles", owner->open_files, process);
	put_known(json, "fileLimit", owner->files.soft,
		  process && owner->files.soft != PROCESS_UNLIMITED);
	put_known(json, "fileLimitHard", owner->files.hard,
		  process && owner->files.hard != PROCESS_UNLIMITED);
	json_close_object(json);
}

static void
put_owners_json(struct json *json, const struct owner_list *list)
{
	json_array(json, "owners");
	for (uint32_t p = 0; list != NULL && p < list->pool_count; p++) {
		const struct owner_pool *pool = &list->pools[p];
		char text[ADDR_TEXT_MAX];
		json_object(json, NULL);
		json_string(json, "local", addr_text(&pool->local, text));
		json_string(json, "peer", addr_text(&pool->peer, text));
		json_number(json, "port", pool->port);
		json_number(json, "connections", pool->connections);
		json_number(json, "closeWait", pool->close_wait);
		json_boolean(json, "complete", list->complete);
		json_array(json, "owners");
		for (uint32_t i = 0; i < pool->count; i++)
			put_owner_json(json, &list->owners[pool->first + i]);
		json_close_array(json);
		json_close_object(json);
	}
	json_close_array(json);
}

static void
put_failures_json(struct json *json, const struct report *report)
{
	const struct failure_state *f = &report->scene->findings->failures;
	if (report->watched_s == 0) {
		json_null(json, "failures");
		return;
	}
	json_object(json, "failures");
	json_boolean(json, "available", f->available);
	json_string(json, "reason", f->reason);
	json_number(json, "seconds", report->watched_s);
	json_number(json, "total", f->total);
	json_number(json, "lost", f->lost);
	json_number(json, "elsewhere", report->scene->findings->elsewhere);
	json_number(json, "withPortsLeft", report->scene->findings->stray);
	json_string(json, "lastPool", f->pool);
	put_known(json, "lastPid", f->pid, f->pid != 0);
	json_string(json, "lastProcess", f->process);
	json_close_object(json);
}

void
report_who_json(const struct report *report, struct json *json)
{
	put_owners_json(json, report->scene->owners);
	put_failures_json(json, report);
}
