/* SPDX-License-Identifier: ISC */
/*
 * dump: asks the kernel for a list over netlink (NLM_F_DUMP) and hands each message of its answer
 * to a function, one datagram at a time, so that an event loop can do other things in between. It
 * knows no more of what is asked for than that the kernel may have it for IPv4 and for IPv6.
 */
#ifndef SRCPORTD_DUMP_H
#define SRCPORTD_DUMP_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How a list is asked for. */
enum dump_form {
	DUMP_ALL, /* in one request */
	DUMP_V4,  /* what is of IPv4 */
	DUMP_V6   /* what is of IPv6 */
};
#define DUMP_IN(form) (1U << (form))

/* Room for a request, aligned for nlmsghdr. */
#define DUMP_REQUEST_MAX 2048

/* Writes a request to buf (DUMP_REQUEST_MAX octets). Returns the message, ready to send. */
typedef struct nlmsghdr *dump_request(void *what, void *buf, enum dump_form form, uint32_t seq);

/* Takes one message of the answer, whose sequence number, port id and length are right. Returns 0,
 * or an errno: then the dump is given up. EBADMSG if it is none that the kernel could have sent. */
typedef int dump_take(void *arg, const struct nlmsghdr *message);

struct dump_question {
	/* Mask of DUMP_IN(): in which forms it may be put. DUMP_ALL comes first; where the kernel
	 * does not know that, or where it is not in the mask, one family comes after the other. */
	unsigned forms;
	dump_request *request;
	void *what;
	dump_take *take;
	void *arg;
	FILE *record;    /* to which each good datagram is added (recording.h); NULL = none */
	unsigned number; /* of the dump in the recording */
};

enum dump_result {
	DUMP_MORE,    /* it goes on in the next datagram */
	DUMP_DONE,    /* it ended as it should */
	DUMP_REFUSED, /* the kernel refused the request; nothing has been taken */
	DUMP_BROKEN   /* it failed; part may have been taken */
};

struct dump;

/* A socket of that netlink family (NETLINK_SOCK_DIAG ...) in the calling thread's network
 * namespace, where it stays, for questions of one kind. A read waits for at most timeout_s; 0 = it
 * never waits. NULL with errno: EPROTONOSUPPORT where the kernel has no such family, EMFILE, ENOMEM
 * ... */
struct dump *dump_open(int family, unsigned timeout_s);

/* The same with sockets that were opened elsewhere, in whatever network namespace, and are bound:
 * one is used after the other, and none opened beside them. They are the dump's from now on, also
 * where there is none: NULL with errno ENOMEM ... */
#define DUMP_SOCKETS_MAX 4
struct dump *dump_adopt(const int *sockets, unsigned count, unsigned timeout_s);
void dump_close(struct dump *dump); /* NULL is allowed */

/* The descriptor to wait for; -1 = it could not be opened again. It may change with each step. */
int dump_fd(const struct dump *dump);

/* Puts a question, which is copied. A dump that did not end well, or is still under way, is
 * forgotten: its socket is replaced, so that what may still come of it is never read. Returns
 * DUMP_MORE or DUMP_BROKEN. */
enum dump_result dump_begin(struct dump *dump, const struct dump_question *question);

/* Reads one datagram. An interrupted wait (EINTR) goes on. DUMP_MORE too if there is none and it
 * must not wait. DUMP_BROKEN, for an answer of this and no other question: MSG_TRUNC, a wrong
 * sequence number or port id, messages that are not whole, one that is not taken, a dump that the
 * kernel calls inconsistent (NLM_F_DUMP_INTR) or breaks off, none in time, a recording that cannot
 * be written. */
enum dump_result dump_read(struct dump *dump);

/* Begins a dump and reads it to its end, of an object whose reads wait (timeout_s is not 0). Never
 * DUMP_MORE. */
enum dump_result dump_whole(struct dump *dump, const struct dump_question *question);

/* Gives up what did not go on in time: always DUMP_BROKEN. */
enum dump_result dump_give_up(struct dump *dump);

/* After DUMP_REFUSED or DUMP_BROKEN: what failed (static), and its errno. */
const char *dump_failure(const struct dump *dump, int *error);

/* True once the kernel has answered a question in the form DUMP_ALL. */
bool dump_in_one(const struct dump *dump);

/* The rules behind it, for one datagram of `length` octets (aligned for nlmsghdr). Every message
 * must bear seq and portid. DUMP_REFUSED if it begins with the kernel's refusal. *error is a
 * positive errno for the last two results: of DUMP_BROKEN EBADMSG, what `take` returned, EINTR when
 * the kernel itself called the dump inconsistent, or what it broke off with. */
enum dump_result dump_check(const void *data, size_t length, uint32_t seq, uint32_t portid,
			    dump_take *take, void *arg, int *error);

#endif
