/* SPDX-License-Identifier: ISC */
/*
 * owner_book: counts the sockets of some pools, of a server port, and of UDP, by user, cgroup and
 * process. Pure; bounded.
 *
 * First the sockets go in, as sock_diag shows them; then whoever walks over the processes claims
 * the sockets that each of them has open; then the cgroups get names; then the list comes out.
 */
#ifndef SRCPORTD_OWNER_BOOK_H
#define SRCPORTD_OWNER_BOOK_H

#include "base/portset.h"
#include "kernel/diag.h"
#include "owners/owner_list.h"

/* Sockets that can be told apart; what is more belongs to no process. */
#define OWNER_BOOK_SOCKETS 65536

struct owner_book;

struct owner_book *owner_book_new(void);       /* NULL with errno ENOMEM */
void owner_book_free(struct owner_book *book); /* NULL is allowed */

/* Counts the sockets of that pool too. Before the first socket; false if there are OWNER_POOLS_MAX
 * pools already. */
bool owner_book_pool(struct owner_book *book, const struct addr *local, const struct addr *peer,
		     uint16_t port);

/* Counts the accepted connections of that server port too that are over (struct leaked), those with
 * a process only. Before the first socket. */
void owner_book_server(struct owner_book *book, uint16_t port);

/* Counts UDP sockets on these ports too. Before the first socket. */
void owner_book_udp(struct owner_book *book, const struct portset *ports);

/* Counts a UDP socket if it is on one of these ports. False with errno ENOMEM. */
bool owner_book_udp_socket(struct owner_book *book, const struct diag_socket *socket);

/* Counts a socket of one of the pools, or of the server port; others are passed over. False with
 * errno ENOMEM. */
bool owner_book_socket(struct owner_book *book, const struct diag_socket *socket);

/* Sockets that no process has claimed yet and one may. */
uint32_t owner_book_unclaimed(const struct owner_book *book);

/* True if a socket that is not claimed yet was made by that user. */
bool owner_book_has_user(const struct owner_book *book, uint32_t uid);

/* The process has the socket open. A socket belongs to the first process that claims it. False if
 * the book does not know it or it is claimed. All claims of one process come together. */
bool owner_book_claim(struct owner_book *book, uint32_t pid, uint32_t inode);

/* What else is known of a process that has claimed a socket. */
struct owner_process {
	uint32_t pid;
	uint32_t open_files;
	struct file_limits files;
	const char *name; /* clean text */
};
void owner_book_describe(struct owner_book *book, const struct owner_process *process);

/* Cgroups of the sockets that have no path yet; the next one's number, or 0. */
uint64_t owner_book_cgroup(const struct owner_book *book);

/* Gives a cgroup its path. False if no socket is in it. */
bool owner_book_name(struct owner_book *book, uint64_t cgroup, const char *path);

/* The list, as of now_ms; complete is for the caller to set. NULL with errno ENOMEM. */
struct owner_list *owner_book_list(const struct owner_book *book, uint64_t now_ms);

#endif
