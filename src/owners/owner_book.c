/* SPDX-License-Identifier: ISC */
#include "owners/owner_book.h"

#include "base/clean.h"
#include "count/udp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX     512
#define CLAIMS_MAX     1024
#define CGROUPS_MAX    256
#define TABLE_SMALLEST 1024 /* a power of two */

/* Behind the pools: the accepted connections of the server port, and the UDP sockets. */
enum { SERVER = OWNER_POOLS_MAX, UDP, ALL_POOLS = UDP + OWNER_UDP_MAX };

/* Sockets of one pool with the same user and cgroup, or those that nobody has. */
struct group {
	uint32_t pool;
	bool nobody;
	uint32_t uid;
	uint64_t cgroup;
	uint32_t connections, close_wait;
	uint32_t claimed, claimed_close_wait; /* of them, by processes */
};

/* What one process has of a group. */
struct claim {
	uint32_t group;
	uint32_t pid;
	uint32_t connections, close_wait;
	uint32_t open_files;
	struct file_limits files;
	char name[PROCESS_NAME_MAX];
};

struct cgroup_name {
	uint64_t id;
	bool known;
	char path[CGROUP_PATH_MAX]; /* clean */
	char words[CGROUP_WORDS_MAX];
};

struct slot {
	uint32_t inode; /* 0 = empty */
	uint16_t group;
	bool close_wait;
	bool claimed;
};

struct owner_book {
	struct owner_pool pools[ALL_POOLS];
	uint32_t pool_count;
	bool has_udp;
	struct portset udp;
	struct group groups[GROUPS_MAX];
	uint32_t group_count;
	struct claim claims[CLAIMS_MAX];
	uint32_t claim_count;
	struct cgroup_name cgroups[CGROUPS_MAX];
	uint32_t cgroup_count;
	struct slot *table; /* sockets by inode; open addressing, at most half full */
	uint32_t size, used;
	uint32_t unclaimed;
};

struct owner_book *
owner_book_new(void)
{
	return calloc(1, sizeof(struct owner_book));
}

void
owner_book_free(struct owner_book *book)
{
	if (book == NULL)
		return;
	free(book->table);
	free(book);
}

bool
owner_book_pool(struct owner_book *book, const struct addr *local, const struct addr *peer,
		uint16_t port)
{
	if (book->pool_count == OWNER_POOLS_MAX)
		return false;
	book->pools[book->pool_count++] =
	    (struct owner_pool){.local = *local, .peer = *peer, .port = port};
	return true;
}

void
owner_book_server(struct owner_book *book, uint16_t port)
{
	book->pools[SERVER].port = port;
}

void
owner_book_udp(struct owner_book *book, const struct portset *ports)
{
	book->has_udp = true;
	book->udp = *ports;
}

/* The slot of an inode, or the empty one where it belongs. */
static struct slot *
find_slot(struct slot *table, uint32_t size, uint32_t inode)
{
	uint32_t at = inode * UINT32_C(2654435761);
	for (at ^= at >> 15;; at++) {
		struct slot *slot = &table[at & (size - 1)];
		if (slot->inode == inode || slot->inode == 0)
			return slot;
	}
}

static bool
grow(struct owner_book *book)
{
	uint32_t size = book->size == 0 ? TABLE_SMALLEST : book->size * 2;
	struct slot *table = calloc(size, sizeof(*table));
	if (table == NULL)
		return false;
	for (uint32_t i = 0; i < book->size; i++)
		if (book->table[i].inode != 0)
			*find_slot(table, size, book->table[i].inode) = book->table[i];
	free(book->table);
	book->table = table;
	book->size = size;
	return true;
}

/* Position of a group, new if need be; GROUPS_MAX if there is no room. */
static uint32_t
group_of(struct owner_book *book, const struct group *wanted)
{
	uint32_t i = 0;
	for (; i < book->group_count; i++) {
		const struct group *g = &book->groups[i];
		if (g->pool == wanted->pool && g->nobody == wanted->nobody &&
		    g->uid == wanted->uid && g->cgroup == wanted->cgroup)
			return i;
	}
	if (i < GROUPS_MAX) {
		book->groups[i] = *wanted;
		book->group_count++;
	}
	return i;
}

static void
note_cgroup(struct owner_book *book, uint64_t id)
{
	if (id == 0)
		return;
	for (uint32_t i = 0; i < book->cgroup_count; i++)
		if (book->cgroups[i].id == id)
			return;
	if (book->cgroup_count < CGROUPS_MAX)
		book->cgroups[book->cgroup_count++].id = id;
}

/* Of the server port: over, and kept open by a process. */
static bool
is_leaked(const struct owner_book *book, const struct diag_socket *s)
{
	return book->pools[SERVER].port != 0 && s->local_port == book->pools[SERVER].port &&
	       s->inode != 0 && (s->state == STATE_CLOSE_WAIT || s->state == STATE_FIN_WAIT2);
}

/* The pool that a socket belongs to, SERVER, or ALL_POOLS: none. */
static uint32_t
pool_of(const struct owner_book *book, const struct diag_socket *s)
{
	for (uint32_t p = 0; p < book->pool_count; p++)
		if (book->pools[p].port == s->peer_port &&
		    addr_equal(&book->pools[p].peer, &s->peer) &&
		    addr_equal(&book->pools[p].local, &s->local))
			return p;
	return is_leaked(book, s) ? SERVER : ALL_POOLS;
}

/* One of the pool at that position. False with errno ENOMEM. */
static bool
take(struct owner_book *book, uint32_t p, const struct diag_socket *socket)
{
	struct group wanted = {.pool = p, .nobody = socket->inode == 0};
	bool close_wait = socket->state == STATE_CLOSE_WAIT;
	struct slot *slot = NULL;
	if (!wanted.nobody) {
		wanted.uid = socket->uid;
		wanted.cgroup = diag_cgroup(socket);
		if (book->used * 2 >= book->size && !grow(book))
			return false;
		slot = find_slot(book->table, book->size, socket->inode);
		if (slot->inode != 0)
			return true; /* a dump may show a socket twice */
	}
	book->pools[p].connections++;
	book->pools[p].close_wait += close_wait;
	uint32_t g = group_of(book, &wanted);
	if (g == GROUPS_MAX)
		return true;
	book->groups[g].connections++;
	book->groups[g].close_wait += close_wait;
	note_cgroup(book, wanted.cgroup);
	if (slot != NULL && book->used < OWNER_BOOK_SOCKETS) {
		*slot = (struct slot){socket->inode, (uint16_t)g, close_wait, false};
		book->used++;
		book->unclaimed++;
	}
	return true;
}

bool
owner_book_socket(struct owner_book *book, const struct diag_socket *socket)
{
	uint32_t p = pool_of(book, socket);
	return p == ALL_POOLS || take(book, p, socket);
}

bool
owner_book_udp_socket(struct owner_book *book, const struct diag_socket *socket)
{
	if (!portset_has(&book->udp, socket->local_port))
		return true;
	return take(book, udp_meets_v4(socket) ? UDP : UDP + 1, socket);
}

uint32_t
owner_book_unclaimed(const struct owner_book *book)
{
	return book->unclaimed;
}

bool
owner_book_has_user(const struct owner_book *book, uint32_t uid)
{
	for (uint32_t i = 0; i < book->group_count; i++) {
		const struct group *g = &book->groups[i];
		if (!g->nobody && g->uid == uid && g->claimed < g->connections)
			return true;
	}
	return false;
}

bool
owner_book_claim(struct owner_book *book, uint32_t pid, uint32_t inode)
{
	struct slot *slot =
	    book->size > 0 && inode != 0 ? find_slot(book->table, book->size, inode) : NULL;
	if (slot == NULL || slot->inode == 0 || slot->claimed)
		return false;
	/* The claims of one process are the last ones. */
	uint32_t i = book->claim_count;
	while (i > 0 && book->claims[i - 1].pid == pid && book->claims[i - 1].group != slot->group)
		i--;
	if (i > 0 && book->claims[i - 1].pid == pid) {
		i--;
	} else if (book->claim_count < CLAIMS_MAX) {
		i = book->claim_count++;
		book->claims[i] = (struct claim){.group = slot->group, .pid = pid};
	} else {
		return false;
	}
	book->claims[i].connections++;
	book->claims[i].close_wait += slot->close_wait;
	book->groups[slot->group].claimed++;
	book->groups[slot->group].claimed_close_wait += slot->close_wait;
	slot->claimed = true;
	book->unclaimed--;
	return true;
}

void
owner_book_describe(struct owner_book *book, const struct owner_process *process)
{
	for (uint32_t i = 0; i < book->claim_count; i++) {
		struct claim *claim = &book->claims[i];
		if (claim->pid != process->pid)
			continue;
		claim->open_files = process->open_files;
		claim->files = process->files;
		snprintf(claim->name, sizeof(claim->name), "%s", process->name);
	}
}

uint64_t
owner_book_cgroup(const struct owner_book *book)
{
	for (uint32_t i = 0; i < book->cgroup_count; i++)
		if (!book->cgroups[i].known)
			return book->cgroups[i].id;
	return 0;
}

bool
owner_book_name(struct owner_book *book, uint64_t cgroup, const char *path)
{
	for (uint32_t i = 0; i < book->cgroup_count; i++) {
		struct cgroup_name *name = &book->cgroups[i];
		if (name->id != cgroup)
			continue;
		name->known = true;
		clean_text(path, strlen(path), name->path, sizeof(name->path));
		cgroup_words(path, name->words);
		return true;
	}
	return false;
}

static void
fill_group(const struct owner_book *book, const struct group *group, struct owner *out)
{
	out->uid = group->uid;
	out->cgroup = group->cgroup;
	for (uint32_t i = 0; i < book->cgroup_count; i++) {
		if (group->cgroup == 0 || book->cgroups[i].id != group->cgroup)
			continue;
		memcpy(out->path, book->cgroups[i].path, sizeof(out->path));
		memcpy(out->unit, book->cgroups[i].words, sizeof(out->unit));
	}
}

static int
compare(const void *left, const void *right)
{
	const struct owner *a = left, *b = right;
	if (a->connections != b->connections)
		return a->connections < b->connections ? 1 : -1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	return a->cgroup < b->cgroup ? -1 : a->cgroup > b->cgroup;
}

/* Writes every owner of a pool, sorted; returns how many. */
static uint32_t
list_pool(const struct owner_book *book, uint32_t pool, struct owner *out)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < book->claim_count; i++) {
		const struct claim *claim = &book->claims[i];
		if (book->groups[claim->group].pool != pool)
			continue;
		out[count] = (struct owner){.kind = OWNER_PROCESS,
					    .connections = claim->connections,
					    .close_wait = claim->close_wait,
					    .pid = claim->pid,
					    .open_files = claim->open_files,
					    .files = claim->files};
		memcpy(out[count].process, claim->name, sizeof(claim->name));
		fill_group(book, &book->groups[claim->group], &out[count++]);
	}
	for (uint32_t i = 0; i < book->group_count; i++) {
		const struct group *group = &book->groups[i];
		if (group->pool != pool || group->claimed == group->connections)
			continue;
		out[count] =
		    (struct owner){.kind = group->nobody ? OWNER_NOBODY : OWNER_GROUP,
				   .connections = group->connections - group->claimed,
				   .close_wait = group->close_wait - group->claimed_close_wait};
		fill_group(book, group, &out[count++]);
	}
	qsort(out, count, sizeof(*out), compare);
	return count;
}

/* Puts the owners of a pool with the most connections into the list, from *at on. */
static void
append_pool(const struct owner_book *book, uint32_t p, struct owner *rows, uint64_t now_ms,
	    uint32_t *at, struct owner_list *list)
{
	struct owner_pool *pool = p >= UDP      ? &list->udp[p - UDP]
				  : p == SERVER ? &list->server
						: &list->pools[p];
	*pool = book->pools[p];
	uint32_t count = list_pool(book, p, rows);
	pool->count = count < OWNER_ROWS_MAX ? count : OWNER_ROWS_MAX;
	pool->first = *at;
	*at += pool->count;
	for (uint32_t i = 0; i < pool->count; i++) {
		struct owner *owner = &list->owners[pool->first + i];
		*owner = rows[i];
		owner->local = pool->local;
		owner->peer = pool->peer;
		owner->port = pool->port;
		owner->number = i + 1;
		owner->taken_ms = now_ms;
	}
}

struct owner_list *
owner_book_list(const struct owner_book *book, uint64_t now_ms)
{
	struct owner_list *list = calloc(1, sizeof(*list));
	struct owner *rows = calloc(GROUPS_MAX + CLAIMS_MAX, sizeof(*rows));
	size_t most = ((size_t)book->pool_count + ALL_POOLS - SERVER) * OWNER_ROWS_MAX;
	struct owner *owners = calloc(most, sizeof(*owners));
	if (list == NULL || rows == NULL || owners == NULL) {
		free(list);
		free(rows);
		free(owners);
		errno = ENOMEM;
		return NULL;
	}
	list->owners = owners;
	list->pool_count = book->pool_count;
	for (uint32_t p = 0; p < book->pool_count; p++)
		append_pool(book, p, rows, now_ms, &list->owner_count, list);
	uint32_t at = list->owner_count;
	for (uint32_t p = SERVER; p < ALL_POOLS; p++)
		append_pool(book, p, rows, now_ms, &at, list);
	list->has_udp = book->has_udp;
	free(rows);
	return list;
}
