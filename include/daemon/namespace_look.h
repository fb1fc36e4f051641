/* SPDX-License-Identifier: ISC */
/*
 * namespace_look: a look at one other network namespace: what can be known of it, from outside, or
 * by a poll in it for which a visitor opens what is needed. Everything of that is closed when it
 * returns: nothing keeps the namespace alive longer than it takes.
 *
 * Each look says what it has cost, so that whoever looks at many can keep to a budget.
 */
#ifndef SRCPORTD_NAMESPACE_LOOK_H
#define SRCPORTD_NAMESPACE_LOOK_H

#include "advice/namespace_view.h"
#include "config/options.h"
#include "daemon/namespace_survey.h"
#include "kernel/visitor.h"

struct namespace_task {
	struct visitor *visitor; /* NULL = none, and why: */
	const char *no_visitor;
	const struct options *options;
	const struct config *config; /* levels and targets */
	uint32_t features;           /* that an own poll has seen of this kernel */
	/* TCP sockets that may be in any namespace without being in a table of it; SOCKSTAT_ABSENT
	 * = not known. */
	int64_t unplaced;
	bool placed; /* of all others it is known in which they are */
	bool once;   /* for one report; then `all`: whatever targets have is asked about */
	bool all;    /* count also where there are too few sockets for any level */
	bool held;   /* see namespace_view_exact() */
	/* What is kept of who holds its sockets, and how many namespaces have that; NULL = nobody
	 * is looked for. */
	struct namespace_survey *survey;
	unsigned *surveys;
};

/* Fills in a view that is all zero; *cost_us is how long it took. False with errno ENOMEM: then
 * there is nothing in it. */
bool namespace_look(const struct namespace_task *task, const struct namespace_row *row,
		    struct namespace_view *view, uint64_t *cost_us);

/* TCP sockets that can hold a port of it at most; below 0 = not known. unplaced: see above. */
int64_t namespace_most_sockets(int64_t unplaced, const struct namespace_row *row);

/* How namespaces are entered to be told apart: by a visitor, while there is one. */
struct namespace_door {
	struct visitor *visitor; /* NULL = there is none */
	const char *root;        /* of /proc */
	uint64_t until_us;       /* by clock_us(): none is entered later; 0 = whatever it takes */
};
struct namespace_entrance namespace_door_entrance(struct namespace_door *door);

#endif
