/* SPDX-License-Identifier: ISC */
#include "kernel/sources.h"
#include "support.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* One message of the kernel's answer. */
struct answer {
	_Alignas(8) uint8_t octet[256];
	struct nlmsghdr *message;
	struct ifaddrmsg *head;
};

static void
begin(struct answer *a, uint8_t family, uint8_t scope, uint8_t flags)
{
	memset(a, 0, sizeof(*a));
	a->message = mnl_nlmsg_put_header(a->octet);
	a->message->nlmsg_type = RTM_NEWADDR;
	a->head = mnl_nlmsg_put_extra_header(a->message, sizeof(*a->head));
	a->head->ifa_family = family;
	a->head->ifa_scope = scope;
	a->head->ifa_flags = flags;
	a->head->ifa_index = 2;
}

static void
put(struct answer *a, uint16_t type, const char *text)
{
	struct addr address_of = address(text);
	uint8_t octets[20];
	mnl_attr_put(a->message, type, addr_octets(&address_of, octets), octets);
}

static void
addresses_that_reach_beyond_the_link(void **state)
{
	static const struct {
		uint8_t family, scope, flags;
		const char *text;
		uint32_t count;
	} cases[] = {
	    {AF_INET, RT_SCOPE_UNIVERSE, 0, "10.0.0.1", 1},
	    {AF_INET, RT_SCOPE_UNIVERSE, IFA_F_SECONDARY, "10.0.0.1", 1},
	    {AF_INET, RT_SCOPE_LINK, 0, "169.254.0.1", 0},
	    {AF_INET, RT_SCOPE_HOST, 0, "127.0.0.1", 0},
	    {AF_INET6, RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, "2001:db8::1", 1},
	    {AF_INET6, RT_SCOPE_SITE, 0, "fec0::1", 1},
	    {AF_INET6, RT_SCOPE_LINK, 0, "fe80::1", 0},
	    {AF_INET6, RT_SCOPE_UNIVERSE, IFA_F_TEMPORARY, "2001:db8::1", 0},
	    {AF_INET6, RT_SCOPE_UNIVERSE, IFA_F_TENTATIVE, "2001:db8::1", 0},
	    {AF_INET6, RT_SCOPE_UNIVERSE, IFA_F_DEPRECATED, "2001:db8::1", 0},
	    {AF_INET6, RT_SCOPE_UNIVERSE, IFA_F_DADFAILED, "2001:db8::1", 0},
	    {AF_PACKET, RT_SCOPE_UNIVERSE, 0, "10.0.0.1", 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sources sources = {.count = 0};
		struct answer a;
		begin(&a, cases[i].family, cases[i].scope, cases[i].flags);
		put(&a, IFA_ADDRESS, cases[i].text);
		assert_int_equal(sources_take(&sources, a.message), 0);
		assert_int_equal(sources.count, cases[i].count);
	}
}

static void
the_near_end_of_a_tunnel(void **state)
{
	struct sources sources = {.count = 0};
	struct addr here = address("10.0.0.1");
	struct answer a;
	(void)state;
	begin(&a, AF_INET, RT_SCOPE_UNIVERSE, 0);
	put(&a, IFA_ADDRESS, "10.0.0.2");
	put(&a, IFA_LOCAL, "10.0.0.1");
	assert_int_equal(sources_take(&sources, a.message), 0);
	assert_int_equal(sources.count, 1);
	assert_true(addr_equal(&sources.of[0].address, &here));
	assert_int_equal(sources.of[0].device, 2);
	/* Whatever zone it is looked for with. */
	here.zone = 2;
	assert_ptr_equal(sources_find(&sources, &here), &sources.of[0]);
	here = address("10.0.0.2");
	assert_null(sources_find(&sources, &here));
}

static void
what_the_kernel_does_not_send(void **state)
{
	struct sources sources = {.count = 0};
	struct answer a;
	(void)state;
	begin(&a, AF_INET, RT_SCOPE_UNIVERSE, 0);
	assert_int_equal(sources_take(&sources, a.message), EBADMSG);
	put(&a, IFA_ADDRESS, "2001:db8::1"); /* its length is not IPv4's */
	assert_int_equal(sources_take(&sources, a.message), EBADMSG);
	a.message->nlmsg_type = RTM_NEWLINK;
	assert_int_equal(sources_take(&sources, a.message), EBADMSG);
	a.message->nlmsg_type = RTM_NEWADDR;
	a.message->nlmsg_len = sizeof(struct nlmsghdr) + 4;
	assert_int_equal(sources_take(&sources, a.message), EBADMSG);
	assert_int_equal(sources.count, 0);
}

static void
what_finds_no_room_is_counted(void **state)
{
	struct sources sources = {.count = 0};
	struct answer a;
	(void)state;
	begin(&a, AF_INET, RT_SCOPE_UNIVERSE, 0);
	put(&a, IFA_LOCAL, "10.0.0.1");
	for (unsigned i = 0; i < SOURCES_MAX + 3; i++)
		assert_int_equal(sources_take(&sources, a.message), 0);
	assert_int_equal(sources.count, SOURCES_MAX);
	assert_int_equal(sources.omitted, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_that_reach_beyond_the_link),
	    cmocka_unit_test(the_near_end_of_a_tunnel),
	    cmocka_unit_test(what_the_kernel_does_not_send),
	    cmocka_unit_test(what_finds_no_room_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
