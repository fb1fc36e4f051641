/* SPDX-License-Identifier: ISC */
/*
 * nat_holder: the container, pod or other network namespace of this host behind the inside
 * addresses that have the most entries of pools of address translation.
 */
#ifndef SRCPORTD_NAT_HOLDER_H
#define SRCPORTD_NAT_HOLDER_H

#include "config/config.h"
#include "count/nat_census.h"
#include "kernel/procfile.h"

/* Of so many addresses it is asked, those of pools that lose connections first, then of the
 * fullest.
 */
#define NAT_HOLDER_MAX 16

/* Names who is behind holders of pools; an address that several namespaces have names none. Without
 * memory there are no names. */
void nat_holder_name(struct nat_census *census, const struct procfile_source *source,
		     const struct config *config);

/* Forgets the names. */
void nat_holder_hide(struct nat_census *census);

#endif
