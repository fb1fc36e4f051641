/* SPDX-License-Identifier: ISC */
#include "count/source_left.h"
#include "support.h"

#define HERE  "10.0.0.1"
#define OTHER "10.0.0.12"
#define THIRD "10.0.0.13"
#define PEER  "10.0.1.1"

/* A range of 100 ports; in the order of addresses, each on its device. */
static struct sources
sources_of(uint32_t device, uint32_t other_device, uint32_t third_device)
{
	return (struct sources){.known = true,
				.count = 4,
				.of = {{address(HERE), device},
				       {address(OTHER), other_device},
				       {address(THIRD), third_device},
				       {address("2001:db8::1"), device}}};
}

struct load {
	struct host host;
	struct source_left left;
};

/* 80 connections from here, on 50 ports, 30 of them to another peer; 10 from the third. */
static struct load *
loaded(const struct sources *sources)
{
	struct settings settings = settings_of(40000, 40099, "");
	struct load *t = calloc(1, sizeof(*t));
	assert_non_null(t);
	host_begin(&t->host, &settings, NULL);
	host_connect(&t->host, STATE_ESTABLISHED, HERE, PEER, 80, 40000, 50, 2);
	host_connect(&t->host, STATE_ESTABLISHED, HERE, "10.0.1.2", 80, 40000, 30, 2);
	host_connect(&t->host, STATE_ESTABLISHED, THIRD, PEER, 80, 40000, 10, 2);
	host_count(&t->host, NULL, 0);
	source_left_count(sources, t->host.tally, &t->left);
	return t;
}

static void
end(struct load *t)
{
	host_free(&t->host);
	free(t);
}

static void
what_each_address_has_left(void **state)
{
	struct sources sources = sources_of(2, 2, 2);
	struct load *t = loaded(&sources);
	(void)state;
	assert_int_equal(t->left.remaining[0], 50);
	assert_int_equal(t->left.connections[0], 80);
	assert_int_equal(t->left.remaining[1], 100);
	assert_int_equal(t->left.connections[1], 0);
	assert_int_equal(t->left.remaining[2], 90);
	assert_int_equal(t->left.connections[2], 10);
	assert_int_equal(t->left.remaining[3], 100);
	end(t);
}

static void
the_best_is_on_the_same_device_and_of_the_family(void **state)
{
	struct sources sources = sources_of(2, 2, 2);
	struct load *t = loaded(&sources);
	struct addr here = address(HERE), six = address("2001:db8::1"), no = address("10.9.9.9");
	(void)state;
	assert_int_equal(source_left_best(&sources, &t->left, &here, 100), 1);
	sources.of[1].device = 3;
	assert_int_equal(source_left_best(&sources, &t->left, &here, 100), 2);
	sources.of[2].device = 3;
	assert_int_equal(source_left_best(&sources, &t->left, &here, 100), -1);
	assert_int_equal(source_left_best(&sources, &t->left, &six, 100), -1);
	assert_int_equal(source_left_best(&sources, &t->left, &no, 100), -1);
	end(t);
}

static void
half_of_the_capacity_is_worth_a_word(void **state)
{
	struct sources sources = sources_of(2, 2, 2);
	struct source_left left = {.remaining = {0, 49, 48, 100}};
	struct addr here = address(HERE);
	(void)state;
	assert_int_equal(source_left_best(&sources, &left, &here, 100), -1);
	left.remaining[1] = 50;
	assert_int_equal(source_left_best(&sources, &left, &here, 100), 1);
	left.remaining[1] = 0;
	assert_int_equal(source_left_best(&sources, &left, &here, 0), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_each_address_has_left),
	    cmocka_unit_test(the_best_is_on_the_same_device_and_of_the_family),
	    cmocka_unit_test(half_of_the_capacity_is_worth_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
