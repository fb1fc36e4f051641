/* SPDX-License-Identifier: ISC */
#include "kernel/attributes.h"

#include <string.h>

static int
note(const struct nlattr *attr, void *arg)
{
	struct attributes *found = arg;
	if (mnl_attr_get_type(attr) < ATTRIBUTES_MAX)
		found->of[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

void
attributes_of(const struct nlmsghdr *message, size_t header, struct attributes *out)
{
	memset(out, 0, sizeof(*out));
	mnl_attr_parse(message, (unsigned)header, note, out);
}

void
attributes_within(const struct nlattr *attr, struct attributes *out)
{
	memset(out, 0, sizeof(*out));
	if (attr != NULL)
		mnl_attr_parse_nested(attr, note, out);
}
