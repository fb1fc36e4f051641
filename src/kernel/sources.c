/* SPDX-License-Identifier: ISC */
#include "kernel/sources.h"

#include "kernel/dump.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

/* What a poll may wait for them. */
#define WAIT_S 1

static struct nlmsghdr *
put_request(void *what, void *buf, enum dump_form form, uint32_t seq)
{
	(void)what;
	(void)form;
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	message->nlmsg_type = RTM_GETADDR;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = seq;
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifaddrmsg));
	return message;
}

/* Of the flags, only the attribute has those beyond the eighth. */
static bool
is_shunned(uint8_t family, uint32_t flags)
{
	uint32_t shunned = IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_TEMPORARY;
	return family == AF_INET6 && (flags & shunned) != 0;
}

static void
add(struct sources *sources, const struct addr *address, uint32_t device)
{
	if (sources->count == SOURCES_MAX) {
		sources->omitted++;
		return;
	}
	sources->of[sources->count++] = (struct source_address){*address, device};
}

/* What there is in a message of the answer. */
struct found {
	size_t size; /* of an address of the family */
	const void *local, *address;
	uint32_t flags;
};

static int
take_attribute(const struct nlattr *attr, void *arg)
{
	struct found *found = arg;
	uint16_t type = mnl_attr_get_type(attr), size = mnl_attr_get_payload_len(attr);
	if (type == IFA_LOCAL && size == found->size)
		found->local = mnl_attr_get_payload(attr);
	else if (type == IFA_ADDRESS && size == found->size)
		found->address = mnl_attr_get_payload(attr);
	else if (type == IFA_FLAGS && size == sizeof(found->flags))
		found->flags = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

int
sources_take(void *arg, const struct nlmsghdr *message)
{
	if (message->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct ifaddrmsg))
		return EBADMSG;
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	bool v4 = head->ifa_family == AF_INET;
	struct found found = {.size = v4 ? 4 : 16, .flags = head->ifa_flags};
	if ((!v4 && head->ifa_family != AF_INET6) || head->ifa_scope >= RT_SCOPE_LINK)
		return 0;
	mnl_attr_parse(message, sizeof(*head), take_attribute, &found);
	/* The peer of a tunnel stands in IFA_ADDRESS, this end in IFA_LOCAL. */
	const void *octets = found.local != NULL ? found.local : found.address;
	if (octets == NULL)
		return EBADMSG;
	struct addr address = v4 ? addr_from_v4(octets) : addr_from_v6(octets);
	if (!is_shunned(head->ifa_family, found.flags))
		add(arg, &address, head->ifa_index);
	return 0;
}

static int
by_address(const void *a, const void *b)
{
	return addr_compare(&((const struct source_address *)a)->address,
			    &((const struct source_address *)b)->address);
}

void
sources_read(struct sources *out)
{
	struct dump_question question = {
	    .forms = DUMP_IN(DUMP_ALL), .request = put_request, .take = sources_take, .arg = out};
	memset(out, 0, sizeof(*out));
	struct dump *dump = dump_open(NETLINK_ROUTE, WAIT_S);
	if (dump == NULL)
		return;
	enum dump_result result = dump_whole(dump, &question);
	dump_close(dump);
	if (result == DUMP_DONE) {
		qsort(out->of, out->count, sizeof(out->of[0]), by_address);
		out->known = true;
		return;
	}
	memset(out, 0, sizeof(*out));
}

const struct source_address *
sources_find(const struct sources *sources, const struct addr *address)
{
	struct source_address key = {.address = *address};
	key.address.zone = 0;
	return bsearch(&key, sources->of, sources->count, sizeof(key), by_address);
}
