/* SPDX-License-Identifier: ISC */
/*
 * namespace_choice: which of the other network namespaces are looked at in a poll, and in which
 * order: those in which anything could be at a level, or is, the nearest first; and whose turn it
 * is otherwise. Pure.
 */
#ifndef SRCPORTD_NAMESPACE_CHOICE_H
#define SRCPORTD_NAMESPACE_CHOICE_H

#include "advice/namespace_view.h"
#include "verdict/reach.h"

/* What there is of them, in the order of `found`. */
struct namespace_stock {
	const struct namespaces *found;
	const struct namespace_view *views;
	const uint64_t *tried_ms; /* when a look was tried last; 0 = never */
};

/* What could be in use there at most; and whether that could reach any level of its own. */
struct reach namespace_choice_reach(const struct namespace_stock *stock, uint32_t i);
bool namespace_choice_may_reach(const struct namespace_stock *stock, const struct config *config,
				uint32_t i);

/* Something in it is above normal, or was and is not yet below its clear level. */
bool namespace_choice_held(const struct namespace_view *view);

struct namespace_candidate {
	unsigned nearness; /* by the bound; what is beyond its level is as near as any */
	uint64_t tried_ms;
	uint32_t row;
};

/* Those that are due, the first to be looked at first. Returns how many; *out is to be freed, and
 * NULL if there is no memory for it. */
uint32_t namespace_choice_make(const struct namespace_stock *stock, const struct config *config,
			       uint64_t now_ms, struct namespace_candidate **out);

/* The one whose figures are the oldest; LOOKUP_NONE if there is none to be looked at. */
uint32_t namespace_choice_turn(const struct namespace_stock *stock);

#endif
