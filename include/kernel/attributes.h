/* SPDX-License-Identifier: ISC */
/*
 * attributes: the netlink attributes of one level of a message of nfnetlink, by type. Pure.
 */
#ifndef SRCPORTD_ATTRIBUTES_H
#define SRCPORTD_ATTRIBUTES_H

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

/* Types beyond are not looked at; of the levels that are read, that of an entry has the most. */
#define ATTRIBUTES_MAX (CTA_ZONE + 1)

/* NULL = not there. They are within the message. */
struct attributes {
	const struct nlattr *of[ATTRIBUTES_MAX];
};

/* Those behind the first `header` octets of a message's payload; of more than one of a type, the
 * last. */
void attributes_of(const struct nlmsghdr *message, size_t header, struct attributes *out);

/* Those within an attribute; none if it is NULL. */
void attributes_within(const struct nlattr *attr, struct attributes *out);

#endif
