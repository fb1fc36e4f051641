/* SPDX-License-Identifier: ISC */
/*
 * visitor_process: the process of a visitor, which alone goes elsewhere; and what it and whoever
 * asks it say to each other, on a socket of packets between the two.
 */
#ifndef SRCPORTD_VISITOR_PROCESS_H
#define SRCPORTD_VISITOR_PROCESS_H

#include "kernel/neighbours.h"
#include "kernel/visit.h"

#include <stdbool.h>
#include <stdint.h>

/* In this order: the sockets, net/ipv4, and the others that are there. */
#define VISIT_HANDED_MAX (VISIT_SOCKETS + 4)

/* What of them is there, as bits of an answer, in their order. */
enum visit_handed { VISIT_NETFILTER = 1, VISIT_SOCKSTAT = 2, VISIT_SOCKSTAT6 = 4 };

/* What it was that failed; each has its words. */
enum visit_stage {
	VISIT_DONE,
	VISIT_FIND,
	VISIT_ENTER,
	VISIT_SAME,
	VISIT_OPEN,
	VISIT_HAND,
	VISIT_KILLED
};

struct visit_question {
	uint32_t number;
	uint32_t process;
	ino_t inode;
	char mount[NEIGHBOUR_MOUNT_MAX]; /* "" where there is a process */
};

struct visit_answer {
	uint32_t number; /* the question's; 0: of whoever starts the process again */
	enum visit_stage stage;
	int error;       /* errno of the stage; of VISIT_KILLED the signal */
	unsigned handed; /* enum visit_handed */
	uint64_t cookie;
	dev_t device;
	ino_t inode, files;
};

/* Answers until nobody holds the other end of the socket any more; called in a process that was
 * forked for it. lasting: as for visitor_start(). */
void visitor_process(const char *root, int socket, bool lasting) __attribute__((noreturn));

#endif
